/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A kernel as boot loaders load it: which sort of image, whether it is whole, and of which release.
 * Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough of the start of the file. */
#define KERNEL_IMAGE_BYTES 65536

enum kernel_image_kind {
    KERNEL_UNKNOWN, /* nothing that we know; another architecture may boot it */
    KERNEL_BZIMAGE, /* x86 (Documentation/arch/x86/boot.rst) */
    KERNEL_ARM64,   /* Image (Documentation/arch/arm64/booting.rst) */
    KERNEL_PE,      /* an EFI program: a unified kernel image, a compressed kernel (zboot) */
    KERNEL_ELF,
    KERNEL_UBOOT,      /* uImage, or a flattened image tree */
    KERNEL_COMPRESSED, /* gzip and the like, of an Image */
};

struct kernel_image {
    enum kernel_image_kind kind;
    char release[128]; /* "6.1.0-28-amd64", raw; "" when the image does not say it */
    uint64_t bytes;    /* the file is at least that long, or it is cut short; 0: not known */
    bool is_signed;    /* as an EFI program: Secure Boot may take it */
    bool is_32bit;     /* BZIMAGE: it cannot run programs of x86-64 */
    bool empty;        /* nothing but zeros at its start: lost in a crash */
};

/* Look at the first @size bytes of the file, at most KERNEL_IMAGE_BYTES. */
void kernel_image_parse(const void *data, size_t size, struct kernel_image *ret);
