/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/takeover.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/process.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "storage/array.h"
#include "storage/device_mapper.h"
#include "storage/host_mounts.h"
#include "storage/in_use.h"
#include "storage/mapping.h"
#include "storage/sysfs.h"
#include "storage/undo.h"
#include "storage/used.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* udisks2 mounts there for a desktop (udisks(8)). */
static const char *const desktop_mounts[] = {"/media/", "/run/media/"};

#define TAKE_WAIT_MS 3000
#define WORDS_MAX    ((size_t)65536)

/* Devices of the patient: its disks and partitions, then what is built on them. */
struct world {
    dev_t devices[512];
    unsigned own; /* so many at the beginning are the targets with their partitions */
    unsigned count;
};

static bool is_in(const struct world *w, dev_t devno)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->devices[i] == devno)
            return true;
    return false;
}

static void add(struct world *w, dev_t devno)
{
    if (w->count < sizeof w->devices / sizeof w->devices[0] && !is_in(w, devno))
        w->devices[w->count++] = devno;
}

static void add_target(struct world *w, const char *target)
{
    struct sysfs_partition parts[USED_DEVICES_MAX];
    struct stat st;
    unsigned number;
    dev_t disk;
    int count;

    if (stat(target, &st) < 0 || !S_ISBLK(st.st_mode))
        return;
    if (sysfs_parent(st.st_rdev, &disk, &number) < 0)
        disk = st.st_rdev;
    add(w, disk);
    count = sysfs_partitions(disk, parts, USED_DEVICES_MAX);
    for (int i = 0; i < count; i++)
        add(w, parts[i].devno);
}

/* All that stands on them, and on that. The list grows while it is walked. */
static void add_holders(struct world *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        dev_t above[64];
        int count = sysfs_related(w->devices[i], "holders", above, 64);

        for (int j = 0; j < count; j++)
            add(w, above[j]);
    }
}

/* A device below @devno that is none of the patient's: 1 with its name, or 0. */
static int outside(const struct world *w, dev_t devno, char *ret, size_t size)
{
    dev_t below[64];
    int count = sysfs_related(devno, "slaves", below, 64);

    for (int i = 0; i < count; i++)
        if (!is_in(w, below[i]))
            return sysfs_name(below[i], ret, size) == 0;
    return 0;
}

static bool is_idle(dev_t devno, const char *dm_name)
{
    const struct used_target t = {.devices = {devno}, .device_count = 1};
    char who[600];
    dev_t above;

    if (used_by_mount(&t, who, sizeof who) || used_by_swap(&t, who, sizeof who) ||
        used_by_loop(&t, who, sizeof who))
        return false;
    if (sysfs_related(devno, "holders", &above, 1) > 0)
        return true; /* that one tells */
    return dm_name[0] ? dm_open_count(dm_name) == 0 : !used_exclusively(&t, who, sizeof who);
}

static struct takeover_item *new_item(struct takeover *t, enum takeover_kind kind, const char *name,
                                      const char *id)
{
    for (unsigned i = 0; i < t->count; i++)
        if (t->items[i].kind == kind && strcmp(t->items[i].id, id) == 0 &&
            (id[0] || strcmp(t->items[i].name, name) == 0))
            return &t->items[i];
    if (t->count == TAKEOVER_MAX)
        return NULL;
    t->items[t->count].kind = kind;
    snprintf(t->items[t->count].name, sizeof t->items[0].name, "%s", name);
    snprintf(t->items[t->count].id, sizeof t->items[0].id, "%s", id);
    return &t->items[t->count++];
}

/* "vg0" of "vg0-my--data": the name up to a hyphen that is not doubled (dm_build_dm_name() of LVM).
 */
static void group_of(const char *dm_name, char *ret, size_t size)
{
    size_t used = 0;

    for (; *dm_name && used + 1 < size; dm_name++) {
        if (dm_name[0] == '-' && dm_name[1] != '-')
            break;
        if (dm_name[0] == '-')
            dm_name++;
        ret[used++] = *dm_name;
    }
    ret[used] = '\0';
}

/* LVM prints the 32 characters of an id in groups of 6-4-4-4-4-4-6. */
static void format_lvm_uuid(const char *plain, char *ret, size_t size)
{
    snprintf(ret, size, "%.6s-%.4s-%.4s-%.4s-%.4s-%.4s-%.6s", plain, plain + 6, plain + 10,
             plain + 14, plain + 18, plain + 22, plain + 26);
}

struct search {
    const struct world *world;
    struct takeover *found;
    bool busy; /* something is in use, or is nothing that we take over */
};

static int look_at_mapping(struct search *s, dev_t devno, const char *name, const char *uuid,
                           struct error *e)
{
    char group[128], id[64], other[64];

    /* Opened by somebody who had the key, or multipath: not made by a rule. */
    if (!text_starts_with(uuid, "LVM-") || strlen(uuid) < 36 || !is_idle(devno, name)) {
        s->busy = true;
        return 0;
    }
    group_of(name, group, sizeof group);
    if (outside(s->world, devno, other, sizeof other)) {
        (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                        "the volume group %s, which this host has activated, has a part on /dev/%s "
                        "too",
                        text_safe(group), text_safe(other));
        (void)error_advise(e,
                           "name all disks of the patient; or, when that one is not its, "
                           "deactivate the group: vgchange -an %s",
                           shell_word(group));
        return -EBUSY;
    }
    format_lvm_uuid(uuid + 4, id, sizeof id);
    (void)new_item(s->found, TAKEOVER_GROUP, group, id);
    return 0;
}

/* Documentation/admin-guide/md.rst of the kernel, "array_state". */
static bool array_is_writable(dev_t devno)
{
    static const char *const states[] = {"clean", "active", "write-pending", "active-idle"};
    char state[32];

    sysfs_text(devno, "md/array_state", state, sizeof state);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

static int look_at_array(struct search *s, dev_t devno, const char *name, struct error *e)
{
    char id[64], other[64];
    struct takeover_item *item;

    if (!is_idle(devno, "")) {
        s->busy = true;
        return 0;
    }
    if (outside(s->world, devno, other, sizeof other)) {
        (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                        "the array %s, which this host has started, has a part on /dev/%s too",
                        name, text_safe(other));
        (void)error_advise(e, "name all disks of the patient");
        return -EBUSY;
    }
    sysfs_text(devno, "md/uuid", id, sizeof id);
    item = new_item(s->found, TAKEOVER_ARRAY, name, id);
    if (item)
        item->writable = array_is_writable(devno);
    else
        s->busy = true;
    return 0;
}

static int look_at_device(struct search *s, dev_t devno, struct error *e)
{
    char name[64], dm_name[DM_NAME_MAX], dm_uuid[DM_UUID_MAX];

    if (sysfs_name(devno, name, sizeof name) < 0)
        return 0;
    if (text_starts_with(name, "md"))
        return look_at_array(s, devno, name, e);
    if (!text_starts_with(name, "dm-"))
        return 0;
    sysfs_text(devno, "dm/name", dm_name, sizeof dm_name);
    sysfs_text(devno, "dm/uuid", dm_uuid, sizeof dm_uuid);
    return look_at_mapping(s, devno, dm_name, dm_uuid, e);
}

static void look_for_mounts(struct search *s)
{
    for (unsigned i = 0; i < s->world->count; i++) {
        char where[512];

        if (in_use_mount_point(s->world->devices[i], where, sizeof where) < 0)
            continue;
        for (size_t j = 0; j < sizeof desktop_mounts / sizeof desktop_mounts[0]; j++)
            if (text_starts_with(where, desktop_mounts[j]))
                (void)new_item(s->found, TAKEOVER_MOUNT, where, "");
    }
}

/* What stands on others goes first. */
static int collect(struct search *s, struct error *e)
{
    int r = 0;

    for (unsigned i = s->world->count; r == 0 && i-- > s->world->own;)
        r = look_at_device(s, s->world->devices[i], e);
    return r;
}

int takeover_find(char *const *targets, unsigned count, struct takeover *ret, struct error *e)
{
    struct world w = {.count = 0};
    struct search s = {.world = &w, .found = ret};
    int r;

    *ret = (struct takeover){.count = 0};
    for (unsigned i = 0; i < count; i++)
        add_target(&w, targets[i]);
    w.own = w.count;
    add_holders(&w);
    look_for_mounts(&s);
    /* A mounted volume is in use until it is unmounted: then there is another look. */
    if (ret->count)
        return 0;
    r = collect(&s, e);
    /* All of it or nothing: in_use.h says who has the rest. */
    if (r < 0 || s.busy)
        ret->count = 0;
    return r;
}

char *takeover_describe(const struct takeover_item *item, char *buf, size_t size)
{
    static const char *const formats[] = {
        [TAKEOVER_MOUNT] = "its file system on",
        [TAKEOVER_GROUP] = "the volume group",
        [TAKEOVER_ARRAY] = "the array",
    };

    snprintf(buf, size, "%s %s", formats[item->kind], text_safe(item->name));
    return buf;
}

/* Is @devno an active volume of the group that a person knows? Then its uuid, as LVM prints it. */
static bool is_volume_of(dev_t devno, const char *group_uuid, char *ret, size_t size)
{
    char uuid[DM_UUID_MAX], group[64];
    struct mapping m;

    if (mapping_find(devno, &m) < 0 || m.kind != MAPPING_VOLUME || m.internal)
        return false;
    format_lvm_uuid(m.group_id, group, sizeof group);
    sysfs_text(devno, "dm/uuid", uuid, sizeof uuid); /* LVM-, the group's 32 characters, its own */
    if (strcmp(group, group_uuid) != 0 || strlen(uuid) < 4 + 64)
        return false;
    format_lvm_uuid(uuid + 4 + 32, ret, size);
    return true;
}

static int each_volume(const char *group_uuid, int (*each)(void *userdata, const char *record),
                       void *userdata)
{
    DIR *dir = host_opendir("/sys/block");
    struct dirent *entry;
    int r = 0;

    while (dir && r == 0 && (entry = readdir(dir))) {
        char path[320], uuid[64], record[160];
        _cleanup_free_ char *number = NULL;
        dev_t devno;

        snprintf(path, sizeof path, "/sys/block/%.255s/dev", entry->d_name);
        if (!text_starts_with(entry->d_name, "dm-") || host_read(path, 64, &number, NULL) < 0 ||
            sysfs_parse_devno(number, &devno) < 0 ||
            !is_volume_of(devno, group_uuid, uuid, sizeof uuid))
            continue;
        snprintf(record, sizeof record, UNDO_GIVE_VOLUME "%s", uuid);
        r = each(userdata, record);
    }
    if (dir)
        closedir(dir);
    return r;
}

int takeover_each_record(const struct takeover_item *item,
                         int (*each)(void *userdata, const char *record), void *userdata)
{
    char record[160];

    if (item->kind == TAKEOVER_GROUP)
        return each_volume(item->id, each, userdata);
    if (item->kind != TAKEOVER_ARRAY || !item->id[0])
        return 0;
    snprintf(record, sizeof record, UNDO_GIVE_ARRAY "%.32s %s%s", item->name, item->id,
             item->writable ? " rw" : "");
    return each(userdata, record);
}

int takeover_take(const struct takeover_item *item, struct error *e)
{
    char prefix[80] = "LVM-";
    size_t used = 4;

    switch (item->kind) {
    case TAKEOVER_MOUNT:
        if (umount2(item->name, UMOUNT_NOFOLLOW) < 0)
            return error_set(e, ERROR_REFUSED, -errno, "in-use", "%s cannot be unmounted: %s",
                             text_safe(item->name), strerror(errno));
        return 0;
    case TAKEOVER_GROUP:
        for (const char *c = item->id; *c && used + 1 < sizeof prefix; c++)
            if (*c != '-')
                prefix[used++] = *c;
        prefix[used] = '\0';
        return dm_remove(prefix, TAKE_WAIT_MS, e);
    case TAKEOVER_ARRAY:
        return array_stop(item->name, TAKE_WAIT_MS, e);
    }
    return -EINVAL;
}

static int run(char *const argv[], const char *what, struct error *e)
{
    _cleanup_free_ char *output = NULL;
    int r = process_run(argv, PROCESS_OUTLIVES_US | PROCESS_OWN_GROUP | PROCESS_WITH_UDEV,
                        WORDS_MAX, &output, e);

    if (r <= 0)
        return r;
    output[strcspn(output, "\n")] = '\0';
    return error_set(e, ERROR_FAILED, -EIO, "give-back", "cannot give %s back to this host: %s",
                     what, text_safe(output));
}

int takeover_give_back_volume(const char *uuid, unsigned wait_ms, struct error *e)
{
    char select[80];
    char *argv[] = {(char *)"lvm", (char *)"lvchange", (char *)"--activate",
                    (char *)"y",   (char *)"--select", select,
                    NULL};

    (void)wait_ms;
    snprintf(select, sizeof select, "lv_uuid=%.40s", uuid);
    return run(argv, "a logical volume", e);
}

int takeover_give_back_array(const char *name_and_uuid, unsigned wait_ms, struct error *e)
{
    char node[64], uuid[80], running[64];
    const char *space = strchr(name_and_uuid, ' ');
    char *assemble[] = {
        (char *)"mdadm", (char *)"--assemble", (char *)"--config=partitions", node, uuid, NULL};
    char *readwrite[] = {(char *)"mdadm", (char *)"--readwrite", node, NULL};
    struct stat st;
    int r;

    (void)wait_ms;
    if (!space)
        return error_set(e, ERROR_FAILED, -EINVAL, "journal", "the record of an array is damaged");
    snprintf(node, sizeof node, "/dev/%.*s", (int)(space - name_and_uuid), name_and_uuid);
    snprintf(uuid, sizeof uuid, "--uuid=%.*s", (int)strcspn(space + 1, " "), space + 1);
    r = run(assemble, "the array", e);
    /* The host's own rules see the members come back, and may have been faster. */
    if (array_find_running(strchr(uuid, '=') + 1, running, sizeof running)) {
        snprintf(node, sizeof node, "/dev/%.50s", running);
        error_clear(e);
        r = 0;
    }
    if (r < 0 || !text_ends_with(space, " rw") || stat(node, &st) < 0 ||
        array_is_writable(st.st_rdev))
        return r;
    /* By md_mod.start_ro it came back read-only until the first write, and is not synced before. */
    return run(readwrite, "the array", e);
}
