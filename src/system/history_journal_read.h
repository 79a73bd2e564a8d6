/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is looked for in a journal, whoever reads its files: libsystemd, or a fuzz target. */

#include "system/history.h"

#include <stdint.h>

/* sd-journal(3), as far as it is used; there may be no header and no library. */
struct sd_journal;
struct history_journal_api {
    int (*open_files_fd)(struct sd_journal **ret, int fds[], unsigned count, int flags);
    void (*close)(struct sd_journal *j);
    int (*add_match)(struct sd_journal *j, const void *data, size_t size);
    void (*flush_matches)(struct sd_journal *j);
    int (*seek_head)(struct sd_journal *j);
    int (*seek_tail)(struct sd_journal *j);
    int (*next)(struct sd_journal *j);
    int (*previous)(struct sd_journal *j);
    int (*get_data)(struct sd_journal *j, const char *field, const void **ret, size_t *ret_size);
    int (*get_realtime_usec)(struct sd_journal *j, uint64_t *ret);
};

/* Fill .good, .last, .failed and .stopped. 0, or -ENOENT: there is no boot in it. */
int history_journal_read(const struct history_journal_api *sd, struct sd_journal *j,
                         struct history *ret);

/* What comes from the process that read may be anything: its strings end, its counts are true, and
 * what only others fill is empty. */
void history_journal_tame(struct history *h);
