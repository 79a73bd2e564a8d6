/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/core_units.h"

#include <string.h>

const struct core_unit core_units[] = {
    {"sysinit.target", FAULT_STOPS_BOOT, "Every service needs it: none is started."},
    {"basic.target", FAULT_STOPS_BOOT, "Every service comes after it: none is started in order."},
    {"multi-user.target", FAULT_STOPS_BOOT, "The default target needs it: there is no login."},
    {"local-fs.target", FAULT_STOPS_BOOT, "sysinit.target needs it: no file system is waited for."},
    {"systemd-udevd.service", FAULT_STOPS_BOOT,
     "No device of fstab appears: each one is waited for, then comes emergency mode."},
    {"systemd-udev-trigger.service", FAULT_STOPS_BOOT,
     "Devices that are there already are not announced: fstab's are waited for in vain."},
    {"systemd-journald.service", FAULT_DEGRADES, "Services cannot write a log; many do not start."},
    {"systemd-journald.socket", FAULT_DEGRADES, "Services cannot write a log."},
    {"systemd-remount-fs.service", FAULT_DEGRADES, "The root stays read-only."},
    {"systemd-tmpfiles-setup.service", FAULT_DEGRADES,
     "Directories of services in /run are missing."},
    {"dbus.service", FAULT_DEGRADES, "systemctl, logind and the network manager cannot talk."},
    {"dbus.socket", FAULT_DEGRADES, "systemctl, logind and the network manager cannot talk."},
    {"systemd-logind.service", FAULT_DEGRADES, "Logins take half a minute or fail."},
    {"getty.target", FAULT_DEGRADES, "There is no login prompt on the console."},
    {"getty@tty1.service", FAULT_DEGRADES, "There is no login prompt on the console."},
};

const size_t core_unit_count = sizeof core_units / sizeof core_units[0];

const struct core_unit *core_unit_find(const char *name)
{
    for (size_t i = 0; i < core_unit_count; i++)
        if (strcmp(core_units[i].name, name) == 0)
            return &core_units[i];
    return NULL;
}
