/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * grub.cfg: the menu that it makes, without running it. Conditions are not evaluated: what stands
 * in any branch counts, which for the files that grub-mkconfig(8) makes gives what GRUB makes of
 * them. Pure and tolerant.
 */

#include "system/boot_entry.h"
#include "system/grub_environment.h"

#include <stdbool.h>
#include <stddef.h>

struct grub_config {
    struct boot_entries entries; /* in the order of the file, submenus among them */
    char *default_entry;         /* what "default" is set to; owned; NULL: nothing */
    bool default_unknown;        /* it is decided when GRUB runs */
    bool blscfg;                 /* the entries of /boot/loader/entries belong to the menu */
    char *config_file;           /* "configfile": goes on with that; owned; NULL */
    char *search;                /* what the last "search" outside of entries looks for; owned */
    unsigned search_line;
    unsigned error_line; /* where GRUB could not go on reading; 0: nowhere */
    char error[128];     /* safe text */
};

/* Parse @size bytes of the file that is @file inside; @environment (may be NULL) is what load_env
 * would bring. 0 or -ENOMEM. */
int grub_config_parse(const char *data, size_t size, const char *file,
                      const struct grub_environment *environment, struct grub_config *ret);
void grub_config_free(struct grub_config *c);

/*
 * The entry that @choice means ("0", "1>2", a title, an id, with ">" between levels), among
 * @entries; a submenu stands for its first entry. -1: none.
 */
int grub_config_find(const struct boot_entries *entries, const char *choice);
