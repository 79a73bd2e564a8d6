/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/table_lost.h"

#include "base/text.h"
#include "storage/gpt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_disk(void *userdata, uint64_t offset, void *ret, size_t size)
{
    const struct disk *d = userdata;
    ssize_t n = pread(d->content_fd, ret, size, (off_t)offset);

    return n < 0 ? -errno : (size_t)n < size ? -EIO : 0;
}

/* Nothing, or no more than the entry that protects a GPT. */
static bool is_empty(const struct disk *d)
{
    for (unsigned i = 0; i < d->volume_count; i++) {
        const struct volume *v = &d->volumes[i];

        if (v->fs.type[0] || v->fs.ambiguous || v->fs.backup_block || v->unreadable ||
            (v->number && strcmp(v->part_type, "0xee") != 0))
            return false;
    }
    return strcmp(d->table, "gpt") != 0;
}

static void look_with_sectors(struct disk *d, uint32_t sector)
{
    struct gpt_state s;
    char is[24], was[24];

    if (gpt_check(read_disk, d, d->size, sector, &s) < 0)
        return;
    if (s.made_for > d->size / sector) {
        d->lost = DISK_LOST_END;
        snprintf(d->table_error, sizeof d->table_error,
                 "the disk is %s, its partition table is for %s: it is incomplete",
                 text_bytes(d->size, is), text_bytes(s.made_for * sector, was));
    } else if (s.primary != GPT_GOOD && s.backup == GPT_GOOD && s.backup_at_end) {
        d->lost = DISK_LOST_START;
        snprintf(d->table_error, sizeof d->table_error,
                 "the partition table at the start is %s, the copy at the end is intact",
                 s.primary == GPT_ABSENT ? "gone" : "damaged");
    }
}

void table_lost_look(struct disk *d)
{
    d->lost = DISK_LOST_NOTHING;
    if (!is_empty(d))
        return;
    look_with_sectors(d, d->sector_size);
    /* What size they have in an image shows in the table at the start. */
    if (d->lost == DISK_LOST_NOTHING && d->is_image && d->sector_size != 4096)
        look_with_sectors(d, 4096);
}
