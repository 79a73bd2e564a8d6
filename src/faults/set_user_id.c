/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/set_user_id.h"

#include <sys/stat.h>

#define EXECUTE (S_IXUSR | S_IXGRP | S_IXOTH)

bool set_user_id_is_right(mode_t mode)
{
    return (mode & S_ISUID) && (mode & EXECUTE);
}

mode_t set_user_id_mode(mode_t mode)
{
    if (!(mode & EXECUTE))
        return 04755;
    return (mode & 07777 & ~(mode_t)(S_IWGRP | S_IWOTH)) | S_ISUID;
}
