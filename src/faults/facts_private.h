/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of facts about booting keep together. */

#include "faults/facts_boot.h"
#include "faults/facts_cmdlines.h"
#include "faults/facts_loader.h"

#define FACTS_INITRAMFS_MAX 64
#define FACTS_MODULES_MAX   SYSTEM_KERNELS_MAX

struct facts_initramfs {
    char path[PATH_MAX];
    struct initramfs content;
};

struct facts_modules {
    char release[128];
    struct kernel_modules modules;
};

struct facts_boot {
    bool menus_read, choices_made, cmdlines_made;
    struct boot_menus menus;
    struct boot_choice *choices;
    unsigned choice_count;
    struct boot_cmdline *cmdlines;
    unsigned cmdline_count;
    struct facts_initramfs *initramfs;
    unsigned initramfs_count;
    struct facts_modules modules[FACTS_MODULES_MAX];
    unsigned modules_count;
    struct facts_esp esp;
    bool esp_found;
};

/* The examination's, made when it is not there; NULL without memory. */
struct facts_boot *facts_boot(struct examination *x);
