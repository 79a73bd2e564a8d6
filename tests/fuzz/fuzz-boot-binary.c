/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernels, EFI programs and initramfs of a stranger. */

#include "system/elf_note.h"
#include "system/initramfs_scan.h"
#include "system/kernel_image.h"
#include "system/pe_image.h"
#include "system/shim_image.h"
#include "system/systemd_version.h"
#include "system/unified_image.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void on_name(void *userdata, const char *name)
{
    if (name[0] == '/' || strlen(name) >= CPIO_NAME_MAX)
        abort();
    ++*(unsigned *)userdata;
}

static void on_file(void *userdata, const char *name, const char *data, size_t size)
{
    if (!name[0] || size == 0 || !data)
        abort();
}

static void on_compression(void *userdata, const char *name)
{
    if (!name[0])
        abort();
}

static void on_problem(void *userdata, const char *text, bool ours)
{
    if (!text[0])
        abort();
}

static void add_image(int fd)
{
    struct boot_entries entries = {0};

    if (unified_image_add(fd, "/efi/EFI/Linux/a.efi", "/EFI/Linux/a.efi", true, &entries) < 0)
        abort();
    for (unsigned i = 0; i < entries.count; i++)
        if (!entries.items[i].unified || !entries.items[i].kernel)
            abort();
    boot_entries_free(&entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned names = 0, version[3];
    const struct initramfs_sink sink = {on_name, on_file, on_compression, on_problem, &names};
    int fd = memfd_create("initramfs", MFD_CLOEXEC);
    struct kernel_image k;
    struct pe_image p;
    char next[64];

    if (shim_image_next(data, size, next, sizeof next) &&
        (strchr(next, '/') || strlen(next) < 5 || strlen(next) >= sizeof next))
        abort();
    kernel_image_parse(data, size, &k);
    if (strlen(k.release) >= sizeof k.release)
        abort();
    if (pe_image_parse(data, size, &p) == 0 && p.section_count > PE_SECTIONS_MAX)
        abort();
    (void)elf_note_abi(data, size, version);
    (void)systemd_version_from_program(data, size);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size && initramfs_scan(fd, &sink) < 0)
        abort();
    if (fd >= 0)
        add_image(fd);
    if (fd >= 0)
        close(fd);
    return 0;
}
