/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file system of /boot: is it mounted where the system writes its kernels, and is there room?
 */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_loader.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "faults/space.h"
#include "system/directory.h"
#include "system/kernels.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* The newest kernel in the directory @path below @fd; false when there is none. */
static bool newest_kernel(int fd, const char *path, char *ret, size_t size)
{
    _cleanup_directory_ struct directory d = {0};

    ret[0] = '\0';
    (void)directory_list(fd, path, "", &d);
    for (unsigned i = 0; i < d.count; i++)
        if (text_starts_with(d.names[i], "vmlinuz-") && !strstr(d.names[i], "rescue") &&
            (!ret[0] || kernels_compare(d.names[i] + 8, ret) > 0))
            snprintf(ret, size, "%s", d.names[i] + 8);
    return ret[0] != '\0';
}

/* --- a partition that nothing mounts --- */

static bool fstab_has(const struct examination *x, const char *target)
{
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (strcmp(x->fstab.entries[i].target, target) == 0)
            return true;
    return false;
}

/* On the running host only what a boot loader reads and no guest has is opened for the look. */
static bool may_be_boot(const struct examination *x, const struct volume *v)
{
    static const char *const types[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(v->fs.type, types[i]) == 0)
            return !x->running || !v->dm_name[0];
    return false;
}

/* A file system that looks like /boot of this system: by the kernels whose modules are in the root.
 */
static bool is_boot_of(const struct examination *x, const struct volume *v)
{
    char release[128];
    _cleanup_fd_ int fd = -1;

    if (v == x->root || v->taken || strcmp(v->fs.usage, "filesystem") != 0 || !v->fs.uuid[0])
        return false;
    if (!may_be_boot(x, v))
        return false;
    fd = examination_mount(x, v, NULL);
    if (fd < 0 || !newest_kernel(fd, "/", release, sizeof release))
        return false;
    for (unsigned i = 0; i < x->system->kernel_count; i++)
        if (x->system->kernels[i].has_modules &&
            strcmp(x->system->kernels[i].release, release) == 0)
            return true;
    return false;
}

static void detect_line_lost(struct examination *x, const struct fault *f, struct report *r)
{
    char release[128];

    if (!x->root || fstab_has(x, "/boot") || !x->system->kernel_count ||
        newest_kernel(x->root_fd, "/boot", release, sizeof release))
        return;
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *v = &x->disks[i]->volumes[j];
            struct finding *finding;

            if (!is_boot_of(x, v))
                continue;
            finding = report_add(r, f, "/etc/fstab has no line for /boot, which is on %s",
                                 text_safe(v->name));
            finding_at(finding, "/etc/fstab", 0);
            finding_expected(finding, "there is no line UUID=%s /boot %s", text_safe(v->fs.uuid),
                             text_safe(v->fs.type));
            finding_subject(finding, v->fs.uuid);
            return;
        }
}

static int add_line(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    const struct volume *found = NULL;
    char line[256];

    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (strcmp(x->disks[i]->volumes[j].fs.uuid, f->subject) == 0)
                found = &x->disks[i]->volumes[j];
    if (!found)
        return remedy_unfit(e, "the file system is gone");
    snprintf(line, sizeof line, "UUID=%s /boot %s defaults 0 2", found->fs.uuid, found->fs.type);
    return remedy_planned(changes_append_line(c, "/etc/fstab", line, 0644), "/etc/fstab", e);
}

/* GRUB for EFI is what mounts the ESP there; a system that is booted by a BIOS has none of these.
 */
static bool boots_by_grub_efi(const struct examination *x)
{
    static const char *const signs[] = {"/boot/grub/x86_64-efi", "/boot/grub/arm64-efi",
                                        "/boot/grub2/x86_64-efi", "/boot/grub2/arm64-efi",
                                        "/etc/grub2-efi.cfg"};
    struct stat st;

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (facts_lstat(x, signs[i], &st) == 0)
            return path_stat(x->root_fd, "/boot/efi", &st) == 0 && S_ISDIR(st.st_mode);
    return false;
}

static void detect_esp_line_lost(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *esp = facts_esp(x)->volume;
    struct finding *finding;

    if (!esp || !esp->fs.uuid[0] || facts_esp(x)->place[0] || fstab_has(x, "/boot/efi") ||
        fstab_has(x, "/efi") || !examination_sees(x, "/boot/efi") || !boots_by_grub_efi(x))
        return;
    finding = report_add(r, f, "/etc/fstab has no line for /boot/efi, which is on %s",
                         text_safe(esp->name));
    finding_at(finding, "/etc/fstab", 0);
    finding_expected(finding, "there is no line UUID=%s /boot/efi vfat", text_safe(esp->fs.uuid));
}

static int add_esp_line(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    const struct volume *esp = facts_esp(x)->volume;
    char line[256];

    if (!esp)
        return remedy_unfit(e, "the EFI system partition is gone");
    /* Without it the system comes up all the same; and it is nobody's to read. */
    snprintf(line, sizeof line, "UUID=%s /boot/efi vfat umask=0077,nofail 0 0", esp->fs.uuid);
    return remedy_planned(changes_append_line(c, f->file, line, 0644), f->file, e);
}

/* --- kernels below the mount point --- */

static void detect_shadowed(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *boot = examination_volume_at(x, "/boot");
    char below[128], above[128];
    _cleanup_fd_ int root = -1;

    if (!boot || boot == x->root)
        return;
    /* The root's own file system, without what is mounted in it. */
    root = open_tree(x->root_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (root < 0 || !newest_kernel(root, "/boot", below, sizeof below))
        return;
    if (newest_kernel(x->root_fd, "/boot", above, sizeof above) &&
        kernels_compare(below, above) <= 0)
        return;
    finding_expected(report_add(r, f, "a newer kernel lies below the mount point /boot"),
                     "vmlinuz-%s on %s, where the boot loader looks; the newest there is %s",
                     text_safe(below), text_safe(boot->name), above[0] ? text_safe(above) : "none");
}

/* --- room --- */

static void detect_full(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned long long largest = 0, room;
    char room_text[24], largest_text[24];
    struct stat boot, root;
    struct statvfs st;
    bool with_root;
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);
    _cleanup_fd_ int fd = -1;

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < choices[i].initrd_count; j++) {
            struct stat file;

            if (choices[i].initrds[j].place == PLACE_FOUND &&
                path_stat(x->root_fd, choices[i].initrds[j].path, &file) == 0 &&
                (unsigned long long)file.st_size > largest)
                largest = (unsigned long long)file.st_size;
        }
    if (!largest || !examination_sees(x, "/boot/vmlinuz"))
        return;
    fd = path_open(x->root_fd, "/boot", O_RDONLY | O_DIRECTORY);
    if (fd < 0 || fstatvfs(fd, &st) < 0)
        return;
    room = (unsigned long long)st.f_bavail * st.f_frsize;
    if (room >= 2 * largest)
        return;
    with_root =
        fstat(fd, &boot) == 0 && fstat(x->root_fd, &root) == 0 && boot.st_dev == root.st_dev;
    if (with_root && room < SPACE_NEARLY_FULL)
        return; /* space.full says so */
    finding_expected(report_add(r, f, "%s has no room for another initramfs",
                                with_root ? "the root file system" : "/boot"),
                     "twice the size of the largest one, %s, is needed; free: %s",
                     text_bytes(largest, largest_text), text_bytes(room, room_text));
}

static const struct fault faults[] = {
    {
        .id = "boot.line-lost",
        .severity = FAULT_DEGRADES,
        .title = "fstab has no line for the partition of /boot",
        .why = "It boots; but the next kernel is written into the directory of the root, where the "
               "boot loader does not look.",
        .remedy = "add the line",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5)",
        .detect = detect_line_lost,
        .repair = add_line,
    },
    {
        .id = "boot.esp-line-lost",
        .severity = FAULT_DEGRADES,
        .title = "fstab has no line for the EFI system partition",
        .why = "It boots; but upgrades of the boot loader are written into the directory of the "
               "root, until the one that is started does not fit its modules any more.",
        .remedy = "add the line",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5), grub-install(8)",
        .detect = detect_esp_line_lost,
        .repair = add_esp_line,
    },
    {
        .id = "boot.shadowed",
        .severity = FAULT_DEGRADES,
        .title = "kernels were written below the mount point of /boot",
        .why = "/boot was not mounted at an upgrade: the boot loader does not see the new kernel, "
               "while its modules are installed.",
        .remedy = "install the newest kernel package again, with /boot mounted: unbrick shell",
        .risk = FAULT_RISK_NONE,
        .reference = "mount(8)",
        .detect = detect_shadowed,
    },
    {
        .id = "boot.full",
        .severity = FAULT_NOTICE,
        .title = "/boot is nearly full",
        .why = "The next upgrade of the kernel leaves half an initramfs, or none.",
        .remedy = "remove old kernels with the package manager",
        .risk = FAULT_RISK_NONE,
        .reference = "apt-get(8) autoremove, dnf(8) installonly_limit",
        .detect = detect_full,
    },
};

FAULT_FAMILY(boot, faults);
