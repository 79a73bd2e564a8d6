/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Facts about how the patient is booted, which several families need: what the boot loaders'
 * configurations offer, and the kernels and initramfs that these name. Read when they are first
 * asked for, kept in the examination, freed with it.
 */

#include "faults/examination.h"
#include "faults/report.h"
#include "system/boot_menus.h"
#include "system/initramfs.h"
#include "system/kernel_image.h"
#include "system/kernel_modules.h"

#include <limits.h>
#include <stdbool.h>

/* All configurations of boot loaders; never NULL. */
const struct boot_menus *facts_menus(struct examination *x);

enum facts_place {
    PLACE_FOUND,
    PLACE_MISSING,
    PLACE_UNKNOWN, /* it is on a file system that is not mounted here */
};

/* Where a file is that a boot loader names: into @ret (size PATH_MAX), also a missing one's. */
enum facts_place facts_loader_file(const struct examination *x, const struct boot_entry *e,
                                   enum boot_loader loader, const char *path, char *ret);

/*
 * One of the things that the machine may boot: an entry of a menu; where there is no menu at all, a
 * kernel that is there.
 */
struct boot_choice {
    const struct boot_menu *menu;   /* NULL together with .entry */
    const struct boot_entry *entry; /* borrowed from the menu */
    bool is_default;                /* what is booted when nobody chooses */
    bool is_rescue;
    char kernel[PATH_MAX]; /* inside */
    enum facts_place kernel_place;
    struct {
        char path[PATH_MAX];
        enum facts_place place;
    } initrds[BOOT_INITRDS_MAX];
    unsigned initrd_count;
    char release[128]; /* of the kernel; "" when nothing says it */
};

/* All of them that are a Linux, the default first. */
const struct boot_choice *facts_choices(struct examination *x, unsigned *ret_count);

/* The default's, or NULL. */
const struct boot_choice *facts_default(struct examination *x);

/*
 * "the entry that is booted by default WHAT", with @line of its configuration as evidence (0:
 * none). Its severity: the row's for the default, milder for what is booted only when somebody
 * chooses it. NULL when @f was already found for @subject: the default is looked at first.
 */
struct finding *facts_choice_finding(const struct examination *x, struct report *r,
                                     const struct fault *f, const struct boot_choice *c,
                                     const char *subject, unsigned line, const char *what);

/* What is in an initramfs, by its path inside; never NULL (.unknown when it cannot be read). The
 * first call reads those of all choices, side by side. */
const struct initramfs *facts_initramfs(struct examination *x, const char *path);

/* What sort of kernel it is; *ret_size: the file's. False when it cannot be read. */
bool facts_kernel_image(const struct examination *x, const char *path, struct kernel_image *ret,
                        uint64_t *ret_size);

/* The modules of a release; never NULL. */
const struct kernel_modules *facts_modules(struct examination *x, const char *release);

void facts_boot_free(struct facts_boot *f);
