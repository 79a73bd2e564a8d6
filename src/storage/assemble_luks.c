/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/assemble_private.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/device_mapper.h"
#include "storage/undo.h"
#include "storage/luks.h"
#include "storage/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ATTEMPTS 3

static int no_key(const char *title, struct error *why)
{
    (void)error_set(why, ERROR_TARGET, -ENOKEY, "locked", "%s is encrypted (LUKS) and stays closed",
                    title);
    (void)error_advise(why, "give its key: --key-file=FILE, or a passphrase at a terminal");
    return -ENOKEY;
}

/* Until a key fits. 0, or a negative errno with *why. */
static int try_keys(struct assembly *a, const struct volume *v, const char *title, const char *name,
                    struct error *why)
{
    struct luks_key key = {.file = a->request->key_file,
                           .header = v == a->headless ? a->request->luks_header : NULL};
    bool read_only = a->access == DISK_READ;
    int r = -EKEYREJECTED;

    if (key.file) {
        r = luks_open(v, title, name, &key, read_only, why);
        if (r == -EKEYREJECTED)
            return error_set(why, ERROR_TARGET, r, "wrong-key", "%s: the key in %s does not fit",
                             title, text_safe(key.file));
        return r;
    }
    if (a->last->size) {
        key.bytes = a->last->bytes;
        key.size = a->last->size;
        r = luks_open(v, title, name, &key, read_only, why);
    }
    for (unsigned i = 0; i < ATTEMPTS && r == -EKEYREJECTED; i++) {
        bool may_ask = a->cb->passphrase && !a->request->no_passphrase;
        int size = may_ask ? a->cb->passphrase(a->cb->userdata, title, i, a->last->bytes,
                                               sizeof a->last->bytes)
                           : -ENOTTY;

        if (size == -EINTR)
            return size;
        if (size <= 0)
            return no_key(title, why);
        key.bytes = a->last->bytes;
        key.size = a->last->size = (size_t)size;
        r = luks_open(v, title, name, &key, read_only, why);
    }
    if (r == -EKEYREJECTED) {
        a->last->size = 0;
        return error_set(why, ERROR_TARGET, r, "wrong-key", "%s: no passphrase fits", title);
    }
    return r;
}

/* "luks-UUID" is what udisks and several installers call it; another program may have it open. */
static void choose_name(const struct volume *v, char *ret, size_t size)
{
    struct dm_device other;

    snprintf(ret, size, "luks-%.63s", v->fs.uuid);
    for (unsigned i = 2; dm_find_name(ret, &other) == 0 && i < 100; i++)
        snprintf(ret, size, "luks-%.63s-%u", v->fs.uuid, i);
}

/* @known: the key to use; NULL: find one that fits. */
static int open_one(struct assembly *a, const struct volume *v, const char *title,
                    const struct luks_key *known, struct error *why)
{
    char name[80], shown[32], record[DM_UUID_MAX + 16] = UNDO_MAPPING;
    struct dm_device device;
    struct disk *d;
    int r;

    choose_name(v, name, sizeof name);
    luks_dm_prefix(v, name, record + strlen(record), sizeof record - strlen(record));
    r = a->cb->record ? a->cb->record(a->cb->userdata, record) : 0;
    if (r < 0)
        return r;
    /* Before it is there: what cryptsetup leaves when it fails is to be taken down, too. */
    snprintf(shown, sizeof shown, "luks-%.8s", v->fs.uuid);
    d = assemble_add(a, shown, record);
    if (!d)
        return -ENOMEM;
    d->kind = DISK_LUKS;
    r = known ? luks_open(v, title, name, known, a->access == DISK_READ, why)
              : try_keys(a, v, title, name, why);
    if (r < 0)
        return r;
    step_reached("assembled-luks");
    if (dm_find_name(name, &device) < 0)
        return error_set(why, ERROR_HOST, -ENODEV, "assembly",
                         "%s was opened, but its mapping is not there", title);
    d->on = v;
    r = disk_use_assembled(d, device.node, why);
    if (r == 0 && d->volume_count == 1)
        memcpy(d->volumes[0].dm_name, device.name, sizeof device.name);
    return r;
}

/* Nothing is known to be on it, and the target is that partition or the whole disk. */
static bool may_be_headless(const struct disk *d, const struct volume *v)
{
    return !v->fs.type[0] && !v->fs.ambiguous && !v->unreadable && d->kind == DISK_TARGET &&
           (!d->selected || d->selected == v->number);
}

int assemble_find_headless(struct assembly *a, struct error *e)
{
    const char *header = a->request->luks_header;
    _cleanup_fd_ int fd = open(header, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct volume *found = NULL;
    struct filesystem fs;
    unsigned count = 0;

    if (fd < 0 || probe_filesystem(fd, 0, 0, &fs, NULL) < 0 || strcmp(fs.type, "crypto_LUKS") != 0)
        return error_set(e, ERROR_USAGE, -EINVAL, "luks-header", "%s is no LUKS header",
                         text_safe(header));
    for (unsigned i = 0; i < a->set->count; i++)
        for (unsigned j = 0; j < a->set->disks[i]->volume_count; j++)
            if (may_be_headless(a->set->disks[i], &a->set->disks[i]->volumes[j])) {
                found = &a->set->disks[i]->volumes[j];
                count++;
            }
    if (count == 0)
        return error_set(e, ERROR_TARGET, -ENOENT, "luks-header",
                         "no volume can be the one of the header %s: on each something else is "
                         "known",
                         text_safe(header));
    if (count > 1) {
        (void)error_set(e, ERROR_REFUSED, -ENOTUNIQ, "luks-header",
                        "%u volumes can be the one of the header %s", count, text_safe(header));
        (void)error_advise(e, "name the partition itself as the target");
        return -ENOTUNIQ;
    }
    found->fs = fs;
    a->headless = found;
    return 0;
}

int assemble_luks(struct assembly *a, struct error *e)
{
    unsigned disk = 0, volume = 0, before = a->set->count;
    struct volume *v;

    while ((v = assemble_next(a, "crypto_LUKS", &disk, &volume))) {
        struct error why = {0};
        char title[160];
        int r;

        v->taken = true;
        (void)disk_volume_title(a->set->disks[disk], v, title, sizeof title);
        r = assemble_require(KERNEL_DEVICE_MAPPER, title, "is encrypted (LUKS)", &why);
        if (r == 0)
            r = open_one(a, v, title, NULL, &why);
        if (r == -EINTR)
            return assemble_interrupted(e);
        if (r == -ENOMEM && !why.code)
            return error_errno(e, r, "opening %s", title);
        if (r < 0)
            assemble_failed(a, &why);
    }
    return (int)(a->set->count - before);
}

int assemble_open_luks(struct disk_set *set, enum disk_access access, struct volume *v,
                       const void *key, size_t key_size, const struct assemble_callbacks *cb,
                       struct error *why)
{
    struct assembly a = {.set = set, .access = access, .cb = cb};
    struct luks_key known = {.bytes = key, .size = key_size};

    v->taken = true;
    return open_one(&a, v, text_safe(v->name), &known, why);
}
