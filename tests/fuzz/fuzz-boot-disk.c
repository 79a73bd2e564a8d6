/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Partition tables, boot sectors and superblocks of a stranger. */

#include "storage/boot_sector.h"
#include "storage/gpt.h"
#include "storage/grub_readable.h"
#include "storage/partition_type.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

static int read_bytes(void *userdata, uint64_t offset, void *ret, size_t size)
{
    const struct bytes *b = userdata;

    if (offset > b->size || size > b->size - offset)
        return -EIO;
    memcpy(ret, b->data + offset, size);
    return 0;
}

/* What it would write lies on the disk, and is what the disk has there. */
static void plan_type(struct bytes *b, bool is_gpt, const char *from, const char *to)
{
    const struct partition_type_table t = {read_bytes, b, b->size, 512, is_gpt};
    struct partition_type_edit edit;
    unsigned char now[16];

    if (partition_type_plan(&t, 1, from, to, &edit) < 0)
        return;
    for (unsigned i = 0; i < edit.count; i++) {
        const struct partition_type_piece *p = &edit.pieces[i];

        if (p->size > sizeof now || read_bytes(b, p->offset, now, p->size) < 0 ||
            memcmp(now, p->before, p->size) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct grub_obstacle obstacle;
    struct boot_sector sector;
    struct gpt_state state;

    if (gpt_check(read_bytes, &bytes, size, 512, &state) == 0 &&
        ((state.primary == GPT_DAMAGED) != (state.primary_problem[0] != '\0') ||
         (state.backup == GPT_DAMAGED) != (state.backup_problem[0] != '\0')))
        abort();
    plan_type(&bytes, true, "00000000-0000-0000-0000-000000000000",
              "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    plan_type(&bytes, false, "0x83", "0xef");
    if (size >= BOOT_SECTOR_SIZE)
        boot_sector_parse(data, &sector);
    if (grub_find_obstacle("ext4", data, size, 206, &obstacle) == 0 && !obstacle.feature)
        abort();
    (void)grub_find_obstacle("xfs", data, size, 206, &obstacle);
    (void)grub_can_open_luks(data, size);
    (void)grub_version_of_module((const char *)data, size);
    return 0;
}
