/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/kernel_feature.h"

#include "base/process.h"

#include <errno.h>
#include <unistd.h>

/* .sign is there exactly when the driver is: the files that it makes itself. A node in /dev proves
 * nothing, since kmod makes nodes for modules that are not loaded (modules.devname). */
static const struct {
    const char *module, *sign, *name, *option;
} features[] = {
    [KERNEL_DEVICE_MAPPER] = {"dm-mod", "/sys/class/misc/device-mapper", "device-mapper",
                              "CONFIG_BLK_DEV_DM"},
    [KERNEL_MD] = {"md-mod", "/proc/mdstat", "RAID driver (md)", "CONFIG_BLK_DEV_MD"},
    [KERNEL_FUSE] = {"fuse", "/sys/class/misc/fuse", "FUSE", "CONFIG_FUSE_FS"},
};

int kernel_feature_require(enum kernel_feature feature, const char *what, struct error *e)
{
    char *argv[] = {(char *)"modprobe", (char *)features[feature].module, NULL};

    if (access(features[feature].sign, F_OK) == 0)
        return 0;
    (void)process_run(argv, PROCESS_QUIET, 0, NULL, NULL);
    if (access(features[feature].sign, F_OK) == 0)
        return 0;
    (void)error_set(e, ERROR_HOST, -ENODEV, "kernel-feature",
                    "%s, and this host's kernel has no %s", what, features[feature].name);
    (void)error_advise(e, "use a host whose kernel has it (%s): every ordinary distribution's",
                       features[feature].option);
    return -ENODEV;
}
