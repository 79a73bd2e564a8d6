/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_loader.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_private.h"
#include "storage/grub_readable.h"
#include "system/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ESP_TYPE   "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define MODULE_MAX ((size_t)2 << 20)

const char *facts_grub_directory(const struct examination *x)
{
    static const char *const places[] = {"/boot/grub", "/boot/grub2"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct stat st;

        if (path_stat(x->root_fd, places[i], &st) == 0 && S_ISDIR(st.st_mode))
            return places[i];
    }
    return NULL;
}

bool facts_grub_bios(const struct examination *x, char *ret)
{
    const char *directory = facts_grub_directory(x);
    struct stat st;

    if (!directory)
        return false;
    snprintf(ret, PATH_MAX, "%s/i386-pc", directory);
    return path_stat(x->root_fd, ret, &st) == 0 && S_ISDIR(st.st_mode);
}

const struct volume *facts_grub_volume(const struct examination *x)
{
    const struct volume *boot = examination_volume_at(x, "/boot");

    return !facts_grub_directory(x) ? NULL : boot ? boot : x->root;
}

bool facts_grub_in_copied_group(const struct examination *x)
{
    const struct volume *v = facts_grub_volume(x);

    for (unsigned i = 0; v && i < x->disk_count; i++) {
        const struct disk *d = x->disks[i];

        if (v >= d->volumes && v < d->volumes + d->volume_count)
            return d->kind == DISK_GROUP && d->opened_as[0];
    }
    return false;
}

unsigned facts_grub_version(const struct examination *x)
{
    static const char *const platforms[] = {"i386-pc", "x86_64-efi", "arm64-efi"};
    const char *directory = facts_grub_directory(x);
    unsigned version = 0;

    for (size_t i = 0; directory && i < sizeof platforms / sizeof platforms[0] && !version; i++) {
        _cleanup_free_ char *data = NULL;
        char path[128];
        size_t size;

        snprintf(path, sizeof path, "%s/%s/normal.mod", directory, platforms[i]);
        if (path_read(x->root_fd, path, MODULE_MAX, &data, &size) == 0)
            version = grub_version_of_module(data, size);
    }
    return version;
}

bool facts_boot_sector(const struct disk *d, struct boot_sector *ret)
{
    unsigned char sector[BOOT_SECTOR_SIZE];

    if (d->kind != DISK_TARGET ||
        pread(d->node_fd, sector, sizeof sector, 0) != (ssize_t)sizeof sector)
        return false;
    boot_sector_parse(sector, ret);
    return true;
}

/* --- the ESP --- */

/* By its type; on disks with an MBR it is 0xef. The root's own disk first. */
static const struct volume *find_esp(const struct examination *x)
{
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned i = 0; i < x->disk_count; i++)
            for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
                const struct volume *v = &x->disks[i]->volumes[j];

                if ((turn == 0) == (i == x->root_disk) &&
                    (strcasecmp(v->part_type, ESP_TYPE) == 0 || strcmp(v->part_type, "0xef") == 0))
                    return v;
            }
    return NULL;
}

static bool open_in_tree(const struct examination *x, struct facts_esp *esp)
{
    static const char *const places[] = {"/boot/efi", "/efi", "/boot"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct volume *mounted = examination_volume_at(x, places[i]);
        char path[64];
        struct stat st;

        snprintf(path, sizeof path, "%s/EFI", places[i]);
        if (!(esp->volume && mounted == esp->volume) &&
            (path_stat(x->root_fd, path, &st) < 0 || !S_ISDIR(st.st_mode)))
            continue;
        esp->fd = path_open(x->root_fd, places[i], O_RDONLY | O_DIRECTORY);
        if (esp->fd < 0)
            continue;
        snprintf(esp->place, sizeof esp->place, "%s", places[i]);
        return true;
    }
    return false;
}

const struct facts_esp *facts_esp(struct examination *x)
{
    static const struct facts_esp none = {.fd = -1};
    struct facts_boot *f = facts_boot(x);

    if (!f)
        return &none;
    if (f->esp_found)
        return &f->esp;
    f->esp_found = true;
    f->esp.volume = find_esp(x);
    if (open_in_tree(x, &f->esp) || !f->esp.volume || strcmp(f->esp.volume->fs.type, "vfat") != 0)
        return &f->esp;
    /* Mounted by none of its lines: systemd-gpt-auto-generator(8) would. */
    f->esp.fd = examination_mount(x, f->esp.volume, NULL);
    return &f->esp;
}

bool facts_esp_has_loader(struct examination *x)
{
    const struct facts_esp *esp = facts_esp(x);
    _cleanup_directory_ struct directory vendors = {0};

    if (esp->fd < 0 || directory_list(esp->fd, "EFI", "", &vendors) < 0)
        return false;
    for (unsigned i = 0; i < vendors.count; i++) {
        _cleanup_directory_ struct directory files = {0};

        if ((strcasecmp(vendors.names[i], "Linux") == 0 &&
             path_exists(esp->fd, "loader/loader.conf") == 1) ||
            directory_list(esp->fd, directory_join("EFI", vendors.names[i]), "", &files) < 0)
            continue;
        for (unsigned j = 0; j < files.count; j++) {
            const char *dot = strrchr(files.names[j], '.');

            if (dot && strcasecmp(dot, ".efi") == 0)
                return true;
        }
    }
    return false;
}
