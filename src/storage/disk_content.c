/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/disk_content.h"

#include "base/shell_word.h"
#include "base/text.h"
#include "storage/btrfs_twin.h"
#include "storage/image_chain.h"
#include "storage/partitions.h"
#include "storage/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What cannot be read as it is by a mount that writes nothing. For others it depends on the state
 * that the superblock shows, see probe.h. */
static const char *const always[] = {
    "xfs", /* only a walk through its log tells whether it is clean */
    "f2fs",
    "jfs",
    "nilfs2",
    "reiserfs",
    /* Members: what is in them cannot be seen from here. */
    "crypto_LUKS",
    "LVM2_member",
    "linux_raid_member",
};

static bool needs_a_write(int fd, uint64_t start, uint64_t size)
{
    struct filesystem fs;

    if (probe_filesystem(fd, start, size, &fs, NULL) < 0)
        return false;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (strcmp(fs.type, always[i]) == 0)
            return true;
    return fs.dirty || (strcmp(fs.type, "btrfs") == 0 && btrfs_twin_is_in_the_way(fs.uuid));
}

/* Is there anything on the disk that does? Its table is read for that, and read again later. */
static bool wants_layer(struct disk *d)
{
    if (partitions_read(d, d->backing_fd, NULL) < 0)
        return false;
    if (!d->table[0])
        return needs_a_write(d->backing_fd, 0, d->size);
    for (unsigned i = 0; i < d->volume_count; i++)
        if (needs_a_write(d->backing_fd, d->volumes[i].start, d->volumes[i].size))
            return true;
    return false;
}

static int start_layer(struct disk *d, const struct image_chain *chain,
                       const struct disk_request *request, struct error *e)
{
    const struct layer_request layer = {
        .chain = chain,
        .write = d->access != DISK_READ,
        .overlay = d->access == DISK_SCRATCH,
        .record = request->record,
        .userdata = request->userdata,
    };
    int r = layer_start(&d->layer, &layer, e);

    if (r < 0)
        return r;
    d->content_fd = d->layer.file_fd;
    d->size = d->layer.size;
    return 0;
}

/* Without the program or FUSE a raw disk can still be read, but not as it is: that is said. */
static int start_scratch(struct disk *d, const struct image_chain *chain,
                         const struct disk_request *request, struct error *e)
{
    char text[1200];
    int r = start_layer(d, chain, request, e);

    if (r >= 0 || !e || e->kind != ERROR_HOST)
        return r;
    snprintf(text, sizeof text,
             "%s is read without the replay of its journals: its newest files may be missing (%s)",
             text_safe(d->target), e->text);
    if (request->note)
        request->note(request->userdata, text);
    error_clear(e);
    d->access = DISK_READ;
    return 0;
}

static int refuse_read_only(const struct disk *d, struct error *e)
{
    (void)error_set(e, ERROR_TARGET, -EROFS, "image-format",
                    "%s is a compressed VMDK image, which cannot be written to",
                    text_safe(d->target));
    (void)error_advise(e,
                       "look at it with --read-only; or make one that can: qemu-img convert -O "
                       "qcow2 %s disk.qcow2",
                       shell_word(d->target));
    return -EROFS;
}

int disk_content_open(struct disk *d, const struct disk_request *request, struct error *e)
{
    struct image_chain *chain = calloc(1, sizeof *chain);
    enum image_format format;
    int r;

    if (!chain)
        return error_errno(e, -ENOMEM, "opening %s", text_safe(d->target));
    d->content_fd = d->backing_fd;
    if (d->is_image)
        d->sector_size = partitions_image_sector_size(d->backing_fd);
    r = image_chain_open(chain, d->backing_fd, d->target, request->confirm, request->userdata, e);
    format = chain->files[0].info.format;
    if (r == 0 && format == IMAGE_RAW && d->access == DISK_SCRATCH) {
        if (request->layer || wants_layer(d))
            r = start_scratch(d, chain, request, e);
        else
            d->access = DISK_READ;
    } else if (r == 0 && format != IMAGE_RAW) {
        r = d->access == DISK_WRITE && chain->files[0].info.read_only
                ? refuse_read_only(d, e)
                : start_layer(d, chain, request, e);
        if (r == 0)
            d->sector_size = partitions_image_sector_size(d->content_fd);
    }
    image_chain_close(chain);
    free(chain);
    return r;
}
