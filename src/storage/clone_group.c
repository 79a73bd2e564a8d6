/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/clone_group.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/device_mapper.h"
#include "storage/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTOR UINT64_C(512)

/* Of all volumes of a group together. Metadata is a MiB at the start, sometimes another at the end;
 * data is aligned behind it, and up to one extent is left over. It is copied into memory, and its
 * size is the patient's word: what is zero is left a hole, and costs nothing. */
#define METADATA_MAX (UINT64_C(256) << 20)

static unsigned made; /* groups by this process */

void clone_group_prefix(char *ret, size_t size)
{
    snprintf(ret, size, "UNBRICK-%d-%u-", (int)getpid(), made + 1);
}

/* -EFBIG when there is more than *@left, which gets less by it. */
static int copy_range(int from, int to, uint64_t offset, uint64_t size, uint64_t *left)
{
    _cleanup_free_ char *buffer = malloc(1 << 20);

    if (!buffer)
        return -ENOMEM;
    while (size > 0) {
        size_t chunk = size < 1 << 20 ? (size_t)size : 1 << 20;
        ssize_t n = pread(from, buffer, chunk, (off_t)offset);

        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        if (!bytes_are_zero(buffer, (size_t)n)) {
            if ((uint64_t)n > *left)
                return -EFBIG;
            if (pwrite(to, buffer, (size_t)n, (off_t)offset) != n)
                return -EIO;
            *left -= (uint64_t)n;
        }
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

/* A physical volume of the patient, and the copy of its metadata. */
struct twin {
    const char *node;
    struct physical_volume pv;
    char copy[64]; /* a loop device as large as the volume, with a hole where its data are */
    int copy_fd;   /* keeps it until a mapping does */
};

struct twins {
    struct twin twin[CLONE_PVS_MAX];
    char *copies[CLONE_PVS_MAX + 1]; /* their loop devices, NULL-ended */
    unsigned count;
    uint64_t left; /* of METADATA_MAX */
};

static void twins_free(struct twins *t)
{
    for (unsigned i = 0; t && i < t->count; i++)
        fd_close(t->twin[i].copy_fd);
    free(t);
}

/* A file in memory takes a hole of any size. */
static int copy_metadata(struct twin *t, uint64_t *left, loop_record *record, void *userdata,
                         struct error *e)
{
    const uint64_t tail = t->pv.data_start + t->pv.data_size;
    _cleanup_fd_ int fd = open(t->node, O_RDONLY | O_CLOEXEC), file = -1;
    int r = 0;

    if (fd < 0)
        return error_errno(e, -errno, "cannot open %s", t->node);
    file = memfd_create("unbrick-metadata", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)t->pv.size) < 0)
        r = -errno;
    if (r == 0)
        r = copy_range(fd, file, 0, t->pv.data_start, left);
    if (r == 0)
        r = copy_range(fd, file, tail, t->pv.size - tail, left);
    if (r == -EFBIG)
        return error_set(e, ERROR_TARGET, r, "assembly",
                         "the physical volumes have more metadata than can be: over %u MiB",
                         (unsigned)(METADATA_MAX >> 20));
    if (r < 0)
        return error_errno(e, r, "cannot copy the metadata of a physical volume");
    return loop_attach(file, "unbrick-metadata", false, SECTOR, record, userdata, t->copy,
                       sizeof t->copy, &t->copy_fd, e);
}

static int copy_group(struct twins *t, char *const *nodes, const struct volume_group *vg,
                      loop_record *record, void *userdata, struct error *e)
{
    int r = 0;

    for (char *const *node = nodes; r == 0 && *node; node++) {
        struct twin *new = &t->twin[t->count];
        struct physical_volume pv;

        r = volume_group_physical(nodes, *node, &pv, e);
        if (r < 0 || strcmp(pv.vg_uuid, vg->uuid) != 0)
            continue;
        if (t->count == CLONE_PVS_MAX)
            return error_set(e, ERROR_TARGET, -E2BIG, "assembly",
                             "the volume group %s has more than %d physical volumes",
                             text_safe(vg->name), CLONE_PVS_MAX);
        *new = (struct twin){.node = *node, .pv = pv, .copy_fd = -1};
        t->copies[t->count++] = new->copy;
        r = copy_metadata(new, &t->left, record, userdata, e);
    }
    return r;
}

/* The patient's data between the metadata of the copy. */
static int make_stand_in(struct clone_group *c, unsigned index, const struct twin *t,
                         bool read_only, struct error *e)
{
    const uint64_t head = t->pv.data_start / SECTOR, data = t->pv.data_size / SECTOR;
    const uint64_t tail = t->pv.size / SECTOR - head - data;
    const struct dm_segment segments[] = {
        {.start = 0, .length = head, .device = t->copy, .offset = 0},
        {.start = head, .length = data, .device = t->node, .offset = head},
        {.start = head + data, .length = tail, .device = t->copy, .offset = head + data},
    };
    char name[64], uuid[DM_UUID_MAX];
    struct dm_device device;
    int r;

    snprintf(name, sizeof name, "unbrick-%d-%u-pv%u", (int)getpid(), made, index);
    snprintf(uuid, sizeof uuid, "%spv%u", c->prefix, index);
    r = dm_create_linear(name, uuid, segments, tail ? 3 : 2, read_only, e);
    if (r == 0)
        step_reached("assembled-stand-in");
    if (r == 0 && dm_find_name(name, &device) < 0)
        r = error_set(e, ERROR_HOST, -ENODEV, "assembly", "the mapping %s is not there", name);
    if (r == 0) {
        snprintf(c->names[index], sizeof c->names[0], "%s", device.node);
        c->nodes[index] = c->names[index];
    }
    return r;
}

int clone_group_make(struct clone_group *ret, char *const *nodes, const struct volume_group *vg,
                     bool read_only, loop_record *record, void *userdata, struct error *e)
{
    struct twins *twins = calloc(1, sizeof *twins);
    char name[VG_NAME_MAX];
    int r = twins ? 0 : -ENOMEM;

    memset(ret, 0, sizeof *ret);
    clone_group_prefix(ret->prefix, sizeof ret->prefix);
    made++;
    snprintf(name, sizeof name, "%.100s_patient", vg->name);
    if (r == 0) {
        twins->left = METADATA_MAX;
        r = copy_group(twins, nodes, vg, record, userdata, e);
    }
    if (r == 0)
        r = volume_group_rename_copy(twins->copies, name, e);
    if (r == 0)
        step_reached("assembled-group-copy");
    for (unsigned i = 0; r == 0 && i < twins->count; i++)
        r = make_stand_in(ret, i, &twins->twin[i], read_only, e);
    twins_free(twins);
    if (r == 0)
        r = volume_group_scan(ret->nodes, &ret->group, 1, e);
    if (r == 0)
        return error_set(e, ERROR_TARGET, -ENOENT, "assembly",
                         "the copy of the volume group cannot be found");
    return r < 0 ? r : 0;
}
