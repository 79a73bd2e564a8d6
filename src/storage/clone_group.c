/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/clone_group.h"

#include "base/fd.h"
#include "base/text.h"
#include "storage/device_mapper.h"
#include "storage/loop.h"
#include "storage/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define SECTOR UINT64_C(512)

/* Metadata is a MiB at the start, sometimes another at the end; data is aligned behind it. */
#define METADATA_MAX (UINT64_C(256) << 20)

static unsigned made; /* groups by this process */

void clone_group_prefix(char *ret, size_t size)
{
    snprintf(ret, size, "UNBRICK-%d-%u-", (int)getpid(), made + 1);
}

static int copy_range(int from, int to, uint64_t from_offset, uint64_t to_offset, uint64_t size)
{
    _cleanup_free_ char *buffer = malloc(1 << 20);

    if (!buffer)
        return -ENOMEM;
    while (size > 0) {
        size_t chunk = size < 1 << 20 ? (size_t)size : 1 << 20;
        ssize_t n = pread(from, buffer, chunk, (off_t)from_offset);

        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        if (pwrite(to, buffer, (size_t)n, (off_t)to_offset) != n)
            return -EIO;
        from_offset += (uint64_t)n;
        to_offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    return 0;
}

/* What is before and behind the data of a physical volume, one after the other in a loop device of
 * its own. *ret_fd keeps it until a mapping does. */
static int copy_metadata(int fd, const struct physical_volume *pv, loop_record *record,
                         void *userdata, char *ret_node, size_t size, int *ret_fd, struct error *e)
{
    uint64_t tail = pv->data_start + pv->data_size, tail_size = pv->size - tail;
    _cleanup_fd_ int file = scratch_file_open();
    int r = file < 0 ? file : 0;

    if (pv->data_start + tail_size > METADATA_MAX)
        return error_set(e, ERROR_TARGET, -EFBIG, "damaged",
                         "the metadata of a physical volume is larger than it can be");
    if (r == 0 && ftruncate(file, (off_t)(pv->data_start + tail_size)) < 0)
        r = -errno;
    if (r == 0)
        r = copy_range(fd, file, 0, 0, pv->data_start);
    if (r == 0)
        r = copy_range(fd, file, tail, pv->data_start, tail_size);
    if (r < 0)
        return error_errno(e, r, "cannot copy the metadata of a physical volume");
    return loop_attach(file, "unbrick-metadata", false, SECTOR, record, userdata, ret_node, size,
                       ret_fd, e);
}

/* The stand-in of the physical volume on @node. */
static int make_stand_in(struct clone_group *c, unsigned index, const char *node,
                         const struct physical_volume *pv, loop_record *record, void *userdata,
                         struct error *e)
{
    uint64_t head = pv->data_start / SECTOR, data = pv->data_size / SECTOR;
    uint64_t tail = pv->size / SECTOR - head - data;
    _cleanup_fd_ int fd = open(node, O_RDONLY | O_CLOEXEC), loop = -1;
    char loop_node[64], name[64], uuid[DM_UUID_MAX];
    struct dm_segment segments[] = {
        {.start = 0, .length = head, .device = loop_node, .offset = 0},
        {.start = head, .length = data, .device = node, .offset = head},
        {.start = head + data, .length = tail, .device = loop_node, .offset = head},
    };
    struct dm_device device;
    int r;

    if (fd < 0)
        return error_errno(e, -errno, "cannot open %s", node);
    r = copy_metadata(fd, pv, record, userdata, loop_node, sizeof loop_node, &loop, e);
    if (r < 0)
        return r;
    snprintf(name, sizeof name, "unbrick-%d-%u-pv%u", (int)getpid(), made, index);
    snprintf(uuid, sizeof uuid, "%spv%u", c->prefix, index);
    r = dm_create_linear(name, uuid, segments, tail ? 3 : 2, e);
    if (r == 0 && dm_find_name(name, &device) < 0)
        r = error_set(e, ERROR_HOST, -ENODEV, "assembly", "the mapping %s is not there", name);
    if (r == 0) {
        snprintf(c->names[index], sizeof c->names[0], "%s", device.node);
        c->nodes[index] = c->names[index];
    }
    return r;
}

int clone_group_make(struct clone_group *ret, char *const *nodes, const struct volume_group *vg,
                     loop_record *record, void *userdata, struct error *e)
{
    char name[VG_NAME_MAX];
    unsigned count = 0;
    int r = 0;

    memset(ret, 0, sizeof *ret);
    clone_group_prefix(ret->prefix, sizeof ret->prefix);
    made++;
    for (char *const *node = nodes; r == 0 && *node; node++) {
        struct physical_volume pv;

        r = volume_group_physical(nodes, *node, &pv, e);
        if (r < 0 || strcmp(pv.vg_uuid, vg->uuid) != 0)
            continue;
        if (count == CLONE_PVS_MAX)
            return error_set(e, ERROR_TARGET, -E2BIG, "assembly",
                             "the group has more than %d volumes", CLONE_PVS_MAX);
        r = make_stand_in(ret, count++, *node, &pv, record, userdata, e);
    }
    snprintf(name, sizeof name, "%.100s_patient", vg->name);
    if (r == 0)
        r = volume_group_rename_copy(ret->nodes, name, e);
    if (r == 0)
        r = volume_group_scan(ret->nodes, &ret->group, 1, e);
    if (r == 0)
        return error_set(e, ERROR_TARGET, -ENOENT, "assembly",
                         "the copy of the volume group cannot be found");
    return r < 0 ? r : 0;
}
