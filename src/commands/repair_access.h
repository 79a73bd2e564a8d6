/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of repair by which somebody gets in again: --root-password, --unlock, --ssh-key. */

#include "base/error.h"
#include "commands/options.h"
#include "faults/changes.h"
#include "faults/examination.h"

#include <stdbool.h>
#include <stddef.h>

struct repair_access {
    bool wanted;
    char password[512]; /* of root; "": none, or not asked for yet */
    char hash[512];     /* of that, made once, so that what was shown is what is written */
    char *key;          /* owned: contents of the file of --ssh-key */
    size_t key_size;
    char user[64]; /* of --ssh-key */
};

/* Read the files that the options name, which a session may no longer see. */
int repair_access_read(const struct options *o, struct repair_access *ret, struct error *e);

/* Plan the changes; asks for the password when it is to be typed. */
int repair_access_plan(const struct options *o, struct repair_access *a, struct examination *x,
                       struct changes *c, struct error *e);

/* What the changes below it do not show. 0 or a negative errno. */
int repair_access_describe(const struct options *o, struct text *out);

/* Say that it was done. */
void repair_access_say(const struct options *o, const struct repair_access *a);

/* Wipes the password. */
void repair_access_free(struct repair_access *a);
