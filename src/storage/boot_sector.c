/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/boot_sector.h"

#include <endian.h>
#include <string.h>

/* Behind the code come the disk's number and the table (MBR). */
#define CODE_SIZE 440

/* grub-core/boot/i386/pc/boot.S and include/grub/i386/pc/boot.h: GRUB_BOOT_MACHINE_KERNEL_SECTOR.
 */
#define GRUB_CORE_SECTOR 0x5c

void boot_sector_parse(const unsigned char *sector, struct boot_sector *ret)
{
    struct boot_sector s = {.signature = sector[510] == 0x55 && sector[511] == 0xaa};
    uint64_t core;

    for (unsigned i = 0; i < CODE_SIZE && !s.has_code; i++)
        s.has_code = sector[i] != 0;
    /* Its messages: "GRUB " when it starts, "Geom" and so on when it cannot. */
    s.is_grub = memmem(sector, CODE_SIZE, "GRUB ", 5) && memmem(sector, CODE_SIZE, "Geom", 4);
    if (s.is_grub) {
        memcpy(&core, sector + GRUB_CORE_SECTOR, sizeof core);
        s.core_sector = le64toh(core);
    }
    *ret = s;
}
