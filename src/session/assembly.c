/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/assembly.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "session/interrupt.h"
#include "storage/resolve.h"
#include "storage/udev.h"
#include "system/crypttab.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Documentation/admin-guide/devices.txt of the kernel: misc devices, "mapper/control". */
#define CONTROL_MAJOR 10
#define CONTROL_MINOR 236

/* cryptsetup --help: the largest key file. */
#define KEY_MAX ((size_t)8 << 20)

static const char *const member_types[] = {"linux_raid_member", "crypto_LUKS", "LVM2_member"};

bool assembly_has_members(const struct disk *d)
{
    for (unsigned i = 0; i < d->volume_count; i++)
        for (size_t k = 0; k < sizeof member_types / sizeof member_types[0]; k++)
            if (strcmp(d->volumes[i].fs.type, member_types[k]) == 0)
                return true;
    return false;
}

bool assembly_is_needed(const struct disk_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        if (assembly_has_members(set->disks[i]))
            return true;
    return false;
}

enum disk_access assembly_access_of_look(struct disk *const *disks, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (disks[i]->access != DISK_SCRATCH && assembly_has_members(disks[i]))
            return DISK_READ;
    return DISK_SCRATCH;
}

/* cryptsetup and lvm make nodes and links there. On a host without udev nobody would take them away
 * after a crash: they go to a tmpfs which only our mount namespace has. */
static int keep_nodes_to_ourselves(struct error *e)
{
    (void)mkdir("/dev/mapper", 0755);
    if (mount("tmpfs", "/dev/mapper", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=1m") < 0 ||
        mknod("/dev/mapper/control", S_IFCHR | 0600, makedev(CONTROL_MAJOR, CONTROL_MINOR)) < 0)
        return error_errno(e, -errno, "cannot make a /dev/mapper of our own");
    return 0;
}

int assembly_record(void *userdata, const char *text)
{
    int r = journal_record(userdata, JOURNAL_STORAGE, text);

    return r < 0 ? r : udev_leave_alone(text, NULL);
}

static int ask_passphrase(void *userdata, const char *title, unsigned attempt, char *ret,
                          size_t size)
{
    char question[512];

    snprintf(question, sizeof question,
             "%sPassphrase for %s (Enter: leave it closed):", attempt ? "That does not fit. " : "",
             title);
    return ui_passphrase(question, ret, size);
}

static int ask(void *userdata, const char *question)
{
    return ui_ask(false, "%s", question);
}

static void note(void *userdata, const char *text)
{
    ui_note("%s", text);
}

static const struct assemble_callbacks callbacks = {
    .record = assembly_record,
    .passphrase = ask_passphrase,
    .ask = ask,
    .note = note,
};

int assembly_make(struct disk_set *set, enum disk_access access_wanted,
                  const struct assemble_request *request, struct journal *j, struct error *problem,
                  struct error *e)
{
    struct assemble_callbacks cb = callbacks;
    int r = keep_nodes_to_ourselves(e);

    cb.userdata = j;
    if (r == 0)
        r = assemble(set, access_wanted, request, &cb, problem, e);
    return r < 0 ? r : interrupt_check(e);
}

int assembly_look(struct disk_set *set, const struct assemble_request *request, struct journal *j,
                  struct error *problem, struct error *e)
{
    const struct assemble_callbacks cb = {.record = assembly_record, .userdata = j};
    int r = keep_nodes_to_ourselves(e);

    if (r == 0)
        r = assemble(set, assembly_access_of_look(set->disks, set->count), request, &cb, problem,
                     e);
    return r < 0 ? r : interrupt_check(e);
}

/* A node of ours with that name. cryptsetup and lvm make one, but a mapping may have got another
 * name since, and that of a copy is none here. */
static int make_node(const char *path, dev_t devno)
{
    struct stat st;

    if (mknod(path, S_IFBLK | 0600, devno) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    return stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == devno ? 0 : -EEXIST;
}

/*
 * Only what has been assembled: then /dev/mapper is ours. A btrfs is left out: its mounts have a
 * number of their own, and all that tells of their device is the source, which must not be a name
 * that is another device's on the host (used_mounts.c).
 */
void assembly_name_sources(const struct disk_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned j = 0; j < set->disks[i]->volume_count; j++) {
            struct volume *v = &set->disks[i]->volumes[j];
            char path[sizeof v->source];

            if ((set->disks[i]->kind != DISK_GROUP && set->disks[i]->kind != DISK_LUKS) ||
                !v->dm_name[0] || strchr(v->dm_name, '/') || v->dm_name[0] == '.' ||
                strcmp(v->fs.type, "btrfs") == 0)
                continue;
            snprintf(path, sizeof path, "/dev/mapper/%s", v->dm_name);
            if (make_node(path, v->devno) == 0)
                memcpy(v->source, path, sizeof path);
        }
}

/* The opened mapping of a volume, or NULL. */
static struct disk *opened(const struct disk_set *set, const struct volume *v)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->disks[i]->kind == DISK_LUKS && set->disks[i]->on == v)
            return set->disks[i];
    return NULL;
}

/* A key file of the target's root. 1 when the volume was opened by it. */
static int open_by_key(struct disk_set *set, const struct crypttab_entry *entry, struct volume *v,
                       int root_fd, enum disk_access access_wanted,
                       const struct assemble_callbacks *cb)
{
    _cleanup_free_ char *key = NULL;
    struct error why = {0};
    size_t size = 0;
    int r = path_read(root_fd, entry->key, KEY_MAX, &key, &size);

    if (r == 0)
        r = assemble_open_luks(set, access_wanted, v, key, size, cb, &why);
    if (key)
        explicit_bzero(key, size);
    if (r == 0)
        return 1;
    ui_warn("%s is not opened with %s of the patient's /etc/crypttab: %s", text_safe(v->name),
            text_safe(entry->key),
            r == -EKEYREJECTED ? "that key does not fit"
            : why.code         ? why.text
                               : strerror(-r));
    return 0;
}

static void name_as_crypttab(struct disk *d, const struct volume *v, const char *name)
{
    int r = assemble_rename(d, name);

    if (r == -EBUSY)
        ui_note("%s is open under another name than %s, which is taken on this host",
                text_safe(v->name), text_safe(name));
    else if (r < 0)
        ui_note("%s is open under another name than %s: %s", text_safe(v->name), text_safe(name),
                strerror(-r));
}

int assembly_follow_crypttab(struct disk_set *set, unsigned root_disk, int root_fd,
                             enum disk_access access_wanted, const struct assemble_request *request,
                             struct journal *j, struct error *e)
{
    struct crypttab_entry entries[CRYPTTAB_ENTRIES_MAX];
    /* The detached header has found its volume already. */
    const struct assemble_request further = {.degraded = request->degraded,
                                             .key_file = request->key_file,
                                             .no_passphrase = request->no_passphrase,
                                             .last = request->last};
    struct assemble_callbacks cb = callbacks;
    struct error problem = {0};
    _cleanup_free_ char *data = NULL;
    unsigned count, made = 0;
    size_t size;

    if (path_read(root_fd, "/etc/crypttab", PATH_CONFIG_MAX, &data, &size) < 0)
        return 0;
    cb.userdata = j;
    count = crypttab_parse(data, size, entries, CRYPTTAB_ENTRIES_MAX);
    for (unsigned i = 0; i < count; i++) {
        char why[256];
        /* The set is ours to change; the plan only reads it. */
        struct volume *v = (struct volume *)resolve_device(
            entries[i].source, set->disks, set->count, root_disk, NULL, why, sizeof why);
        struct disk *d = v ? opened(set, v) : NULL;

        if (!v || strcmp(v->fs.type, "crypto_LUKS") != 0)
            continue;
        if (!d && entries[i].key[0] &&
            open_by_key(set, &entries[i], v, root_fd, access_wanted, &cb)) {
            d = opened(set, v);
            made++;
        }
        if (d)
            name_as_crypttab(d, v, entries[i].name);
    }
    return made ? assemble(set, access_wanted, &further, &cb, &problem, e) : 0;
}
