/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a BIOS starts: the first sector of the disk, and GRUB's core image behind it. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_loader.h"
#include "faults/rebuild.h"
#include "storage/grub_readable.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BIOS_BOOT_TYPE "21686148-6449-6e6f-744e-656564454649"
#define CORE_MAX       ((size_t)4 << 20)

/* The first kilobyte has what grub-install writes of the place that it lies in (util/setup.c):
 * everything behind it is the same wherever it is. */
#define CORE_OWN_BYTES 1024

/* --- the boot sector --- */

static const struct disk *disk_with_grub(const struct examination *x, struct boot_sector *ret)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (facts_boot_sector(x->disks[i], ret) && ret->is_grub)
            return x->disks[i];
    return NULL;
}

static bool any_code(const struct examination *x)
{
    for (unsigned i = 0; i < x->disk_count; i++) {
        struct boot_sector s;

        if (facts_boot_sector(x->disks[i], &s) && s.has_code && s.signature)
            return true;
    }
    return false;
}

/* core.img is left by grub-install(8) beside what it wrote to the disk. */
static bool was_installed(const struct examination *x, char path[PATH_MAX])
{
    char directory[PATH_MAX];

    return facts_grub_bios(x, directory) &&
           (size_t)snprintf(path, PATH_MAX, "%s/core.img", directory) < PATH_MAX &&
           path_exists(x->root_fd, path) == 1;
}

static void check_remedy(const struct examination *x, struct finding *finding)
{
    if (!rebuild_has_loader(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_code_missing(struct examination *x, const struct fault *f, struct report *r)
{
    char path[PATH_MAX];
    struct finding *finding;

    if (!x->root || x->incomplete || !was_installed(x, path) || any_code(x) ||
        facts_esp_has_loader(x))
        return;
    finding = report_add(r, f, "the first sector of %s has no boot loader in it",
                         text_safe(x->disks[x->root_disk]->name));
    finding_expected(finding, "GRUB, which was installed once: %s is there", path);
    check_remedy(x, finding);
}

/* Is what stands on the disk another core image? false when it cannot be read. */
static bool core_differs(const struct disk *d, const struct boot_sector *s, const char *core,
                         size_t size)
{
    _cleanup_free_ char *installed = malloc(size);

    return installed &&
           pread(d->node_fd, installed, size, (off_t)(s->core_sector * 512)) == (ssize_t)size &&
           memcmp(installed + CORE_OWN_BYTES, core + CORE_OWN_BYTES, size - CORE_OWN_BYTES) != 0;
}

static void detect_core_differs(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_free_ char *core = NULL;
    char path[PATH_MAX];
    struct boot_sector s;
    const struct disk *d = disk_with_grub(x, &s);
    struct finding *finding;
    size_t size;

    if (!d || !was_installed(x, path) || path_read(x->root_fd, path, CORE_MAX, &core, &size) < 0 ||
        size <= CORE_OWN_BYTES || !core_differs(d, &s, core, size))
        return;
    /* The running host may have a disk from another machine for its data. */
    for (unsigned i = 0; x->running && i < x->disk_count; i++) {
        struct boot_sector other;

        if (facts_boot_sector(x->disks[i], &other) && other.is_grub &&
            !core_differs(x->disks[i], &other, core, size))
            return;
    }
    finding = report_add(r, f, "GRUB on %s and its files in /boot do not belong together",
                         text_safe(d->name));
    finding_at(finding, path, 0);
    finding_expected(finding,
                     "what stands from sector %2$llu of the disk on is not what is in %1$s", path,
                     (unsigned long long)s.core_sector);
    check_remedy(x, finding);
}

/* With GPT there is no gap behind the first sector: without a partition for it GRUB's core image
 * lies in a file, which any tool may move. */
static void detect_no_place(struct examination *x, const struct fault *f, struct report *r)
{
    struct boot_sector s;
    const struct disk *d = disk_with_grub(x, &s);

    if (!d || strcmp(d->table, "gpt") != 0)
        return;
    for (unsigned i = 0; i < d->volume_count; i++)
        if (strcasecmp(d->volumes[i].part_type, BIOS_BOOT_TYPE) == 0)
            return;
    finding_expected(report_add(r, f, "%s has no partition for GRUB", text_safe(d->name)),
                     "there is no partition of type \"BIOS boot\", of one MiB");
}

/* --- what GRUB has to read --- */

static void detect_unreadable(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *v = facts_grub_volume(x);
    unsigned version = v ? facts_grub_version(x) : 0;
    unsigned char data[GRUB_READABLE_BYTES];
    struct grub_obstacle obstacle;
    struct finding *finding;
    _cleanup_fd_ int fd = -1;

    /* Only where GRUB is seen to be installed. */
    if (!version)
        return;
    fd = open(v->node, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, data, sizeof data, 0) != (ssize_t)sizeof data ||
        grub_find_obstacle(v->fs.type, data, sizeof data, version, &obstacle) < 0)
        return;
    finding = report_add(r, f, "GRUB cannot read the file system that its files are on (%s)",
                         text_safe(v->name));
    if (obstacle.since)
        finding_expected(finding, "no %s, or GRUB %u.%02u or newer; it is %u.%02u",
                         obstacle.feature, obstacle.since / 100, obstacle.since % 100,
                         version / 100, version % 100);
    else
        finding_expected(finding, "no %s on %s", obstacle.feature, text_safe(v->fs.type));
    /* Distributions put the patches for these into the version before. */
    if (obstacle.since && version + 6 >= obstacle.since) {
        finding_severity(finding, FAULT_NOTICE);
        finding_why(finding, "A GRUB of that version that is not patched for it stops at its "
                             "rescue prompt: \"unknown filesystem\".");
    }
}

/* GRUB opens the volume itself, before it can read anything in it. */
static void detect_luks_unreadable(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *v = facts_grub_version(x) ? facts_grub_volume(x) : NULL;

    for (unsigned i = 0; v && i < x->disk_count; i++) {
        const struct disk *d = x->disks[i];
        _cleanup_free_ unsigned char *data = NULL;
        _cleanup_fd_ int fd = -1;
        ssize_t n;

        if (d->kind != DISK_LUKS || !d->on || v < d->volumes || v >= d->volumes + d->volume_count)
            continue;
        fd = open(d->on->node, O_RDONLY | O_CLOEXEC);
        data = malloc(GRUB_LUKS_BYTES);
        n = data && fd >= 0 ? pread(fd, data, GRUB_LUKS_BYTES, 0) : -1;
        if (n > 0 && !grub_can_open_luks(data, (size_t)n))
            finding_expected(report_add(r, f,
                                        "GRUB cannot open the encrypted volume that its "
                                        "files are on (%s)",
                                        text_safe(d->on->name)),
                             "a key slot with PBKDF2; all have Argon2");
    }
}

static int install(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    (void)f;
    return rebuild_loader(x, c, e);
}

static const struct fault faults[] = {
    {
        .id = "loader.code-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the first sector of the disk has no boot loader",
        .why = "The BIOS says that there is no bootable device.",
        .remedy = "install GRUB on the disk",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8)",
        .detect = detect_code_missing,
        .repair = install,
    },
    {
        .id = "loader.core-differs",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB on the disk and its modules are of different versions",
        .why = "GRUB stops at its rescue prompt: \"symbol '...' not found\".",
        .remedy = "install GRUB on the disk that is booted",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8)",
        .detect = detect_core_differs,
        .repair = install,
    },
    {
        .id = "loader.unreadable",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB cannot read the file system that its files are on",
        .why = "GRUB stops at its rescue prompt: \"unknown filesystem\".",
        .remedy = "take the feature away (tune2fs -O ^metadata_csum_seed), or install a newer GRUB",
        .risk = FAULT_RISK_NONE,
        .reference = "grub-core/fs/ext2.c, grub-core/fs/xfs.c",
        .detect = detect_unreadable,
    },
    {
        .id = "loader.luks-unreadable",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB cannot open the encrypted volume that its files are on",
        .why = "GRUB before 2.14 says \"Invalid passphrase\" to every passphrase.",
        .remedy = "convert a key slot: cryptsetup luksConvertKey --pbkdf pbkdf2",
        .risk = FAULT_RISK_NONE,
        .reference = "cryptsetup-luksConvertKey(8), grub-core/disk/luks2.c",
        .detect = detect_luks_unreadable,
    },
    {
        .id = "loader.no-place",
        .severity = FAULT_NOTICE,
        .title = "GRUB has no partition of its own",
        .why = "Its core image lies in a file: when that is moved, the machine does not boot.",
        .remedy = "make a partition of type \"BIOS boot\" of one MiB, and install GRUB again",
        .risk = FAULT_RISK_NONE,
        .reference = "grub-install(8), \"BIOS installation\" in GRUB's manual",
        .detect = detect_no_place,
    },
};

FAULT_FAMILY(loader, faults);
