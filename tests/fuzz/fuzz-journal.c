/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What we look for in a journal whose entries are the fuzzer's, and what is taken from the process
 * that looked. libsystemd's own reading of the files is its business, and has that process for it.
 */

#include "system/history_journal_read.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The input: entries that end at a byte 0xff, in each fields "NAME=VALUE" that end at a newline. */
struct sd_journal {
    const char *data, *end;
    const char *at, *at_end; /* the entry that is looked at */
    char matches[8][256];
    size_t match_sizes[8];
    unsigned match_count;
    char *given; /* what get_data() gave: as in the library, valid until the next call */
};

static const char *end_of(const char *at, const char *end, int byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));

    return found ? found : end;
}

static const char *find_field(const struct sd_journal *j, const char *begin, size_t size)
{
    for (const char *at = j->at; at < j->at_end; at = end_of(at, j->at_end, '\n') + 1)
        if ((size_t)(j->at_end - at) >= size && memcmp(at, begin, size) == 0)
            return at;
    return NULL;
}

static bool matches(const struct sd_journal *j)
{
    for (unsigned i = 0; i < j->match_count; i++)
        if (!find_field(j, j->matches[i], j->match_sizes[i]))
            return false;
    return true;
}

static int add_match(struct sd_journal *j, const void *data, size_t size)
{
    if (j->match_count == 8 || size > sizeof j->matches[0])
        abort();
    memcpy(j->matches[j->match_count], data, size);
    j->match_sizes[j->match_count++] = size;
    return 0;
}

static void flush_matches(struct sd_journal *j)
{
    j->match_count = 0;
}

static int seek_head(struct sd_journal *j)
{
    j->at = j->at_end = NULL;
    return 0;
}

static int seek_tail(struct sd_journal *j)
{
    j->at = j->end;
    return 0;
}

static int next(struct sd_journal *j)
{
    for (const char *at = j->at_end ? j->at_end + 1 : j->data; at < j->end; at = j->at_end + 1) {
        j->at = at;
        j->at_end = end_of(at, j->end, 0xff);
        if (matches(j))
            return 1;
    }
    return 0;
}

static int previous(struct sd_journal *j)
{
    const char *limit = j->at, *last = NULL;

    for (const char *at = j->data; at < limit; at = end_of(at, j->end, 0xff) + 1) {
        j->at = at;
        j->at_end = end_of(at, j->end, 0xff);
        if (matches(j))
            last = at;
    }
    if (!last)
        return 0;
    j->at = last;
    j->at_end = end_of(last, j->end, 0xff);
    return 1;
}

static int get_data(struct sd_journal *j, const char *field, const void **ret, size_t *ret_size)
{
    char begin[64];
    const char *at;
    size_t size = strlen(field);

    memcpy(begin, field, size);
    begin[size++] = '=';
    at = find_field(j, begin, size);
    if (!at)
        return -ENOENT;
    size = (size_t)(end_of(at, j->at_end, '\n') - at);
    free(j->given);
    j->given = malloc(size);
    if (!j->given)
        abort();
    memcpy(j->given, at, size);
    *ret = j->given;
    *ret_size = size;
    return 0;
}

static int get_realtime_usec(struct sd_journal *j, uint64_t *ret)
{
    size_t size = (size_t)(j->at_end - j->at);

    if (size < sizeof *ret)
        return -EBADMSG;
    memcpy(ret, j->at, sizeof *ret);
    return 0;
}

static void check(const struct history *h)
{
    if (h->failed_count > HISTORY_UNITS_MAX || h->event_count || h->source ||
        !memchr(h->good.kernel, '\0', sizeof h->good.kernel) ||
        !memchr(h->last.kernel, '\0', sizeof h->last.kernel) ||
        !memchr(h->stopped, '\0', sizeof h->stopped))
        abort();
    for (unsigned i = 0; i < h->failed_count; i++)
        if (!memchr(h->failed[i], '\0', sizeof h->failed[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct history_journal_api api = {
        .add_match = add_match,
        .flush_matches = flush_matches,
        .seek_head = seek_head,
        .seek_tail = seek_tail,
        .next = next,
        .previous = previous,
        .get_data = get_data,
        .get_realtime_usec = get_realtime_usec,
    };
    struct sd_journal j = {.data = (const char *)data, .end = (const char *)data + size};
    static struct history h;

    memset(&h, 0, sizeof h);
    (void)history_journal_read(&api, &j, &h);
    check(&h);
    for (unsigned i = 0; i < h.failed_count; i++)
        for (unsigned k = 0; k < i; k++)
            if (strcmp(h.failed[i], h.failed[k]) == 0)
                abort(); /* each unit once */
    free(j.given);
    /* The answer of a process that what it read has led astray. */
    if (size > 0 && size <= sizeof h)
        memcpy(&h, data, size);
    history_journal_tame(&h);
    check(&h);
    return 0;
}
