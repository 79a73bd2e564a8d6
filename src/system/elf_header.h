/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of an ELF file that tell whether it can be executed (elf(5)). Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kind of machine, as the header tells them apart. */
struct elf_machine {
    uint16_t number;     /* e_machine */
    unsigned char class; /* EI_CLASS, EI_DATA */
    unsigned char data;
    const char *name;     /* "x86-64", "i386", "aarch64" ... */
    const char *emulator; /* qemu's word for it; NULL when there is none */
    bool runs_here;       /* this host's kernel executes it without emulation */
};

/* The one of that name, or NULL. */
const struct elf_machine *elf_machine_find(const char *name);

struct elf_header {
    char machine[16];      /* the machine's name, or its number */
    bool runs_here;        /* this host's kernel executes it without emulation */
    bool dynamic;          /* it names an interpreter */
    char interpreter[256]; /* "/lib64/ld-linux-x86-64.so.2"; "" when static */
    uint64_t file_bytes;   /* the file is at least that long, or it is cut short */
};

/* Enough of the start of a file for the header and the program headers of every linker we know. */
#define ELF_HEADER_BYTES 65536

/* 0; -ENOEXEC when @data is no ELF executable; -EBADMSG when its tables lie outside @size. */
int elf_header_parse(const void *data, size_t size, struct elf_header *ret);
