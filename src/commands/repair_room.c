/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/repair_room.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/statvfs.h>

/* An initramfs has 30 to 200 MiB, and is written beside the one before; a package is unpacked. */
#define ROOM_LITTLE ((uint64_t)50 << 20)
#define ROOM_ENOUGH ((uint64_t)256 << 20) /* also where that is less than the twentieth part */

static bool has_little(int root_fd, const char *place, uint64_t *ret)
{
    _cleanup_fd_ int fd = path_open(root_fd, place, O_RDONLY | O_DIRECTORY);
    uint64_t left, twentieth;
    struct statvfs st;

    if (fd < 0 || fstatvfs(fd, &st) < 0 || st.f_blocks == 0)
        return false;
    left = (uint64_t)st.f_bavail * st.f_frsize;
    twentieth = (uint64_t)st.f_blocks * st.f_frsize / 20;
    *ret = left;
    return left < ROOM_LITTLE || (left < twentieth && left < ROOM_ENOUGH);
}

void repair_room_advise(int root_fd, bool wrote, struct error *e)
{
    static const char *const places[] = {"/", "/boot"};
    char size[24];
    uint64_t left;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (has_little(root_fd, places[i], &left)) {
            (void)error_advise(e, "only %s are free on %s: make room first%s",
                               text_bytes(left, size), places[i],
                               wrote ? "; what was changed before stays" : "");
            return;
        }
    if (wrote)
        (void)error_advise(e, "what was changed before stays");
}
