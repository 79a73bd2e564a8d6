/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/failing.h"

#include <errno.h>
#include <string.h>

#define REASON      "failing-disk"
#define LOST_WRITES "lost-writes"

int failing_disk(const char *what, const char *detail, struct error *e)
{
    (void)error_set(e, ERROR_REFUSED, -EIO, REASON,
                    "%s cannot be read everywhere, the disk may be failing: %s", what, detail);
    (void)error_advise(
        e, "copy the disk before anything else, and work on the copy: ddrescue -d "
           "DISK copy.img copy.map; to look at it as it is: boot or shell with --read-only");
    return -EIO;
}

bool failing_disk_is(const struct error *e)
{
    return strcmp(e->reason, REASON) == 0;
}

int failing_write(const char *what, int code, struct error *e)
{
    (void)error_set(e, ERROR_FAILED, code, LOST_WRITES,
                    "what was written last did not all get to %s: %s", what, strerror(-code));
    (void)error_advise(
        e, "the kernel's log says why (dmesg); is the disk, or what its image lies on, full "
           "or failing? What was changed has to be looked at again");
    return code;
}

bool failing_write_is(const struct error *e)
{
    return strcmp(e->reason, LOST_WRITES) == 0;
}
