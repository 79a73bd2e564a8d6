/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/boot_menus.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/boot_text.h"
#include "system/directory.h"
#include "system/pi_config.h"
#include "system/unified_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tree {
    int fd;
    enum boot_tree kind;
};

/* A menu that is not one of a person's: entries are small. */
#define ENTRY_MAX 65536

const char *boot_loader_name(enum boot_loader l)
{
    static const char *const names[] = {
        [BOOT_GRUB] = "GRUB",
        [BOOT_SYSTEMD_BOOT] = "systemd-boot",
        [BOOT_EXTLINUX] = "extlinux",
        [BOOT_PI] = "the Raspberry Pi's firmware",
    };

    return names[l];
}

static void free_menu(struct boot_menu *m)
{
    boot_entries_free(&m->entries);
    free(m->default_name);
    *m = (struct boot_menu){0};
}

void boot_menus_free(struct boot_menus *m)
{
    for (unsigned i = 0; i < m->count; i++)
        free_menu(&m->items[i]);
    free(m->environment);
    *m = (struct boot_menus){0};
}

static struct boot_menu *add_menu(struct boot_menus *m, enum boot_loader loader, const char *file)
{
    struct boot_menu *menu;

    if (m->count == BOOT_MENUS_MAX)
        return NULL;
    menu = &m->items[m->count++];
    *menu = (struct boot_menu){.loader = loader, .default_entry = -1};
    snprintf(menu->file, sizeof menu->file, "%s", file);
    return menu;
}

/* --- the tree: paths are those of the system --- */

static const char *path_in(const struct tree *t, const char *path)
{
    return t->kind == BOOT_TREE_BOOT && text_starts_with(path, "/boot/") ? path + strlen("/boot")
                                                                         : path;
}

static int read_file(const struct tree *t, const char *path, size_t max, char **ret,
                     size_t *ret_size)
{
    return path_read(t->fd, path_in(t, path), max, ret, ret_size);
}

static int list(const struct tree *t, const char *path, const char *suffix, struct directory *ret)
{
    return directory_list(t->fd, path_in(t, path), suffix, ret);
}

static bool exists(const struct tree *t, const char *path)
{
    return path_exists(t->fd, path_in(t, path)) == 1;
}

/* The entries of a directory, newest first, behind those that are there. */
static int add_bls(const struct tree *t, const char *directory,
                   const struct grub_environment *environment, struct boot_menu *menu)
{
    _cleanup_directory_ struct directory d = {0};
    unsigned first = menu->entries.count;
    int r = 0;

    if (list(t, directory, ".conf", &d) < 0)
        return 0;
    for (unsigned i = 0; i < d.count && (r == 0 || r == -E2BIG); i++) {
        const char *path = directory_join(directory, d.names[i]);
        _cleanup_free_ char *data = NULL;
        char undefined[sizeof menu->undefined];
        size_t size;

        if (read_file(t, path, ENTRY_MAX, &data, &size) < 0)
            continue;
        r = bls_parse(data, size, path, environment, &menu->entries, undefined, sizeof undefined);
        if (undefined[0] && !menu->undefined[0])
            memcpy(menu->undefined, undefined, sizeof undefined);
    }
    bls_sort(&menu->entries, first);
    return r == -E2BIG ? 0 : r;
}

/* --- GRUB --- */

static const char *const grub_directories[] = {"/boot/grub", "/boot/grub2"};

static void read_environment(const struct tree *t, struct boot_menus *m)
{
    for (size_t i = 0; i < sizeof grub_directories / sizeof grub_directories[0]; i++) {
        const char *path = directory_join(grub_directories[i], "grubenv");
        int r = read_file(t, path, ENTRY_MAX, &m->environment, &m->environment_size);

        if (r == -ENOENT || r == -ENOTDIR)
            continue;
        snprintf(m->environment_file, sizeof m->environment_file, "%s", path);
        return;
    }
}

/* What GRUB reads is a menu when there is something in it; the stub in the ESP goes on elsewhere.
 */
static int read_grub_file(const struct tree *t, const char *path, struct boot_menus *m)
{
    struct grub_environment block = {m->environment, m->environment_size};
    const struct grub_environment *environment = m->environment ? &block : NULL;
    _cleanup_free_ char *data = NULL;
    struct grub_config config;
    struct boot_menu *menu;
    size_t size;
    int r = read_file(t, path, PATH_CONFIG_MAX, &data, &size);

    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = grub_config_parse(data, size, path, environment, &config);
    if (r < 0)
        return r;
    menu = config.config_file && !config.entries.count ? NULL : add_menu(m, BOOT_GRUB, path);
    if (!menu) {
        grub_config_free(&config);
        return 0;
    }
    menu->entries = config.entries;
    menu->default_name = take_ptr(&config.default_entry);
    menu->default_unknown = config.default_unknown;
    menu->blscfg = config.blscfg;
    menu->error_line = config.error_line;
    memcpy(menu->error, config.error, sizeof menu->error);
    config.entries = (struct boot_entries){0};
    grub_config_free(&config);
    if (menu->blscfg) {
        struct grub_environment none = {"", 0};

        r = add_bls(t, "/boot/loader/entries", environment ? environment : &none, menu);
    }
    menu->default_entry =
        grub_config_find(&menu->entries, menu->default_name ? menu->default_name : "");
    if (menu->default_entry < 0) {
        menu->default_missing = !menu->default_unknown;
        menu->default_entry = grub_config_find(&menu->entries, "0");
    }
    return r;
}

static int read_grub(const struct tree *t, struct boot_menus *m)
{
    _cleanup_directory_ struct directory vendors = {0};
    int r = 0;

    read_environment(t, m);
    for (size_t i = 0; r == 0 && i < sizeof grub_directories / sizeof grub_directories[0]; i++)
        r = read_grub_file(t, directory_join(grub_directories[i], "grub.cfg"), m);
    if (r < 0 || m->count > 0 || list(t, "/boot/efi/EFI", "", &vendors) < 0)
        return r;
    for (unsigned i = 0; r == 0 && i < vendors.count && m->count == 0; i++) {
        char path[300];

        snprintf(path, sizeof path, "/boot/efi/EFI/%.200s/grub.cfg", vendors.names[i]);
        r = read_grub_file(t, path, m);
    }
    return r;
}

/* --- systemd-boot --- */

/* The image @directory/@name on the ESP at @esp, if it is one. */
static int add_image(const struct tree *t, const char *esp, const char *directory, const char *name,
                     bool damaged, struct boot_menu *menu)
{
    const char *path = directory_join(directory, name), *file = directory_join(esp, path + 1);
    _cleanup_fd_ int fd = path_open(t->fd, path_in(t, file), O_RDONLY);

    return fd < 0 ? 0 : unified_image_add(fd, file, path, damaged, &menu->entries);
}

/* Unified kernel images are entries by being there (the Boot Loader Specification, "Type #2"). */
static int add_unified(const struct tree *t, const char *esp, struct boot_menu *menu)
{
    _cleanup_directory_ struct directory d = {0};
    int r = 0;

    if (list(t, directory_join(esp, "EFI/Linux"), ".efi", &d) < 0)
        return 0;
    for (unsigned i = 0; r == 0 && i < d.count; i++)
        r = add_image(t, esp, "/EFI/Linux", d.names[i], true, menu);
    return r;
}

/* One that takes the loader's own place: firmware starts it without any. */
static int add_unified_fallback(const struct tree *t, const char *esp, struct boot_menu *menu)
{
    static const char *const names[] = {"BOOTX64.EFI", "BOOTAA64.EFI", "bootx64.efi",
                                        "bootaa64.efi"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof names / sizeof names[0] && !menu->entries.count; i++)
        r = add_image(t, esp, "/EFI/BOOT", names[i], false, menu);
    return r;
}

static const char *const boot_places[] = {"/efi", "/boot/efi", "/boot"};

/* The entries of the Boot Loader Specification, in files and in images: those on XBOOTLDR belong to
 * the menu, too (systemd-boot(7)). */
static int fill_systemd_boot(const struct tree *t, struct boot_menu *menu)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof boot_places / sizeof boot_places[0]; i++)
        r = add_bls(t, directory_join(boot_places[i], "loader/entries"), NULL, menu);
    for (size_t i = 0; r == 0 && i < sizeof boot_places / sizeof boot_places[0]; i++)
        r = add_unified(t, boot_places[i], menu);
    bls_sort(&menu->entries, 0);
    menu->default_entry = menu->entries.count ? 0 : -1;
    return r;
}

static int read_loader_conf(const struct tree *t, const char *path, struct boot_menus *m)
{
    _cleanup_free_ char *data = NULL;
    struct boot_menu *menu;
    char value[256];
    size_t size = 0;
    int r;

    if (read_file(t, path, ENTRY_MAX, &data, &size) < 0)
        return 0;
    menu = add_menu(m, BOOT_SYSTEMD_BOOT, path);
    if (!menu)
        return 0;
    r = fill_systemd_boot(t, menu);
    if (r < 0 ||
        loader_conf_get(data, size, "default", value, sizeof value, &menu->default_line) < 0)
        return r;
    if (value[0] == '@') { /* "@saved": kept in the firmware */
        menu->default_unknown = true;
        return 0;
    }
    if (boot_entry_set(&menu->default_name, value, strlen(value)) < 0)
        return -ENOMEM;
    menu->default_entry = loader_conf_find(&menu->entries, value);
    menu->default_missing = menu->default_entry < 0;
    if (menu->default_missing && menu->entries.count)
        menu->default_entry = 0;
    return 0;
}

static int read_systemd_boot(const struct tree *t, struct boot_menus *m)
{
    unsigned before = m->count;
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof boot_places / sizeof boot_places[0]; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/loader/loader.conf", boot_places[i]);
        r = read_loader_conf(t, path, m);
    }
    /* It does well without a configuration, and so do entries of which the loader is not known. */
    if (r == 0 && m->count == before && before == 0) {
        struct boot_menu *menu = add_menu(m, BOOT_SYSTEMD_BOOT, "/boot/loader/entries");

        r = fill_systemd_boot(t, menu);
        for (size_t i = 0; r == 0 && i < sizeof boot_places / sizeof boot_places[0]; i++)
            r = add_unified_fallback(t, boot_places[i], menu);
        menu->default_entry = menu->entries.count ? 0 : -1;
        if (!menu->entries.count)
            free_menu(&m->items[--m->count]);
    }
    return r;
}

/* --- the others --- */

static int read_extlinux(const struct tree *t, struct boot_menus *m)
{
    static const char *const files[] = {
        "/boot/extlinux/extlinux.conf",          "/boot/extlinux.conf",
        "/boot/syslinux/syslinux.cfg",           "/boot/syslinux/extlinux.conf",
        "/boot/firmware/extlinux/extlinux.conf",
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = NULL;
        struct boot_menu *menu;
        size_t size;

        if (read_file(t, files[i], PATH_CONFIG_MAX, &data, &size) < 0)
            continue;
        menu = add_menu(m, BOOT_EXTLINUX, files[i]);
        if (!menu)
            return 0;
        r = extlinux_parse(data, size, files[i], &menu->entries, &menu->default_entry,
                           &menu->default_name);
        /* "DEFAULT menu.c32" is the module that shows the menu. */
        if (menu->default_name && text_ends_with(menu->default_name, ".c32")) {
            free(menu->default_name);
            menu->default_name = NULL;
        }
        menu->default_missing = menu->default_entry < 0 && menu->default_name;
        if (menu->default_entry < 0 && !menu->default_name && menu->entries.count)
            menu->default_entry = 0;
    }
    return r;
}

/* The firmware takes the one that goes with its model: any that is there stands for it. */
static void choose_pi_kernel(const struct tree *t, const char *place, struct pi_config *pi)
{
    static const char *const names[] = {"kernel8.img", "kernel_2712.img", "kernel7l.img",
                                        "kernel7.img", "kernel.img"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s%s", place, pi->prefix, names[i]);
        if (exists(t, path)) {
            snprintf(pi->kernel, sizeof pi->kernel, "%s", names[i]);
            return;
        }
    }
    snprintf(pi->kernel, sizeof pi->kernel, "%s", names[0]);
}

static int read_pi(const struct tree *t, struct boot_menus *m)
{
    static const char *const places[] = {"/boot/firmware", "/boot"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *config = directory_join(places[i], "config.txt");
        _cleanup_free_ char *data = NULL, *cmdline = NULL;
        struct boot_menu *menu;
        size_t size, cmdline_size = 0;
        struct pi_config pi;

        if (read_file(t, config, ENTRY_MAX, &data, &size) < 0)
            continue;
        pi_config_parse(data, size, &pi);
        (void)read_file(t, directory_join(places[i], pi.cmdline), ENTRY_MAX, &cmdline,
                        &cmdline_size);
        if (!cmdline && !exists(t, directory_join(places[i], "bootcode.bin")) &&
            !exists(t, directory_join(places[i], "start4.elf")))
            continue; /* some other program's config.txt */
        menu = add_menu(m, BOOT_PI, config);
        if (!menu)
            return 0;
        menu->default_entry = 0;
        if (!pi.kernel[0])
            choose_pi_kernel(t, places[i], &pi);
        if (pi_config_entry(&pi, config, cmdline ? cmdline : "", &menu->entries) < 0)
            return -ENOMEM;
        config = directory_join(places[i], pi.cmdline);
        return boot_entry_set(&menu->entries.items[0].options_file, config, strlen(config));
    }
    return 0;
}

int boot_menus_read(int tree_fd, enum boot_tree kind, struct boot_menus *ret)
{
    static int (*const readers[])(const struct tree *t, struct boot_menus *m) = {
        read_grub, read_systemd_boot, read_extlinux, read_pi};
    const struct tree t = {tree_fd, kind};
    struct boot_menus menus = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof readers / sizeof readers[0]; i++)
        r = readers[i](&t, &menus);
    if (r < 0)
        boot_menus_free(&menus);
    else
        *ret = menus;
    return r;
}
