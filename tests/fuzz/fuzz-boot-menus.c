/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The boot loaders' files of a whole tree, of all loaders at once. */

#include "fuzz-tree.h"

#include "system/boot_menus.h"

#include <stdlib.h>
#include <string.h>

static fuzz_tree_base base[] = {
    "boot/bootcode.bin * 644",
    "boot/firmware/start4.elf * 644",
    "boot/EFI/Linux/a.efi * 644",
    "boot/efi/EFI/Linux/b.efi * 644",
    NULL,
};

static const char *const paths[] = {
    "boot/grub/grub.cfg",
    "boot/grub/grubenv",
    "boot/grub2/grub.cfg",
    "boot/grub2/grubenv",
    "boot/efi/EFI/debian/grub.cfg",
    "boot/loader/entries/a.conf",
    "boot/loader/entries/b+3-1.conf",
    "boot/loader/loader.conf",
    "boot/efi/loader/loader.conf",
    "boot/efi/loader/entries/c.conf",
    "efi/loader/loader.conf",
    "boot/extlinux/extlinux.conf",
    "boot/syslinux/syslinux.cfg",
    "boot/firmware/config.txt",
    "boot/firmware/cmdline.txt",
    "boot/config.txt",
    "boot/cmdline.txt",
};

static void check_menu(const struct boot_menu *m)
{
    const struct boot_entries *e = &m->entries;

    if (!m->file[0] || !memchr(m->file, '\0', sizeof m->file) ||
        !memchr(m->undefined, '\0', sizeof m->undefined) ||
        !memchr(m->error, '\0', sizeof m->error) || m->default_entry < -1 ||
        m->default_entry >= (int)e->count)
        abort();
    /* A name that is missing is a name; and then another one is booted, if there is any. */
    if (m->default_missing && !m->default_name && m->loader != BOOT_GRUB)
        abort();
    for (unsigned i = 0; i < e->count; i++)
        if (!e->items[i].title || !e->items[i].id || !e->items[i].options || !e->items[i].file ||
            e->items[i].parent >= (int)i || e->items[i].initrd_count > BOOT_INITRDS_MAX)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int root_fd = fuzz_tree_make(base);

    fuzz_tree_fill(root_fd, paths, sizeof paths / sizeof paths[0], data, size);
    for (unsigned kind = 0; kind < 2; kind++) {
        struct boot_menus menus = {0};

        if (boot_menus_read(root_fd, kind ? BOOT_TREE_BOOT : BOOT_TREE_ROOT, &menus) < 0)
            continue;
        if (menus.count > BOOT_MENUS_MAX)
            abort();
        for (unsigned i = 0; i < menus.count; i++)
            check_menu(&menus.items[i]);
        boot_menus_free(&menus);
    }
    fuzz_tree_remove(root_fd);
    return 0;
}
