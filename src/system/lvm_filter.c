/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/lvm_filter.h"

#include "system/regex_bound.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct pattern {
    bool known, accepts;
    char text[256];
    regex_t regex; /* where it is known */
};

struct lvm_filter {
    bool cut;
    unsigned count;
    struct pattern patterns[LVM_VALUES_MAX];
};

/* "a|...|", "r(...)": a bracket is closed by its counterpart. */
static bool parse(const char *text, struct pattern *ret)
{
    size_t length = strlen(text);
    char close;

    if (length < 3 || (text[0] != 'a' && text[0] != 'r'))
        return false;
    close = text[1] == '(' ? ')' : text[1] == '[' ? ']' : text[1] == '{' ? '}' : text[1];
    if (text[length - 1] != close)
        return false;
    ret->accepts = text[0] == 'a';
    memcpy(ret->text, text + 2, length - 3);
    ret->text[length - 3] = '\0';
    return true;
}

/* LVM matches with expressions of its own kind. Where they hold no brace, which is a plain
 * character there, they mean what they do in POSIX. */
static bool compile(struct pattern *p)
{
    return !strchr(p->text, '{') && regex_is_bounded(p->text) &&
           regcomp(&p->regex, p->text, REG_EXTENDED | REG_NOSUB) == 0;
}

struct lvm_filter *lvm_filter_open(const struct lvm_setting *setting)
{
    struct lvm_filter *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->cut = setting->cut;
    for (; f->count < setting->count; f->count++) {
        struct pattern *p = &f->patterns[f->count];

        p->known = parse(setting->values[f->count], p) && compile(p);
    }
    return f;
}

void lvm_filter_close(struct lvm_filter *f)
{
    for (unsigned i = 0; f && i < f->count; i++)
        if (f->patterns[i].known)
            regfree(&f->patterns[i].regex);
    free(f);
}

bool lvm_filter_accepts(const struct lvm_filter *f, unsigned pattern)
{
    return f->patterns[pattern].accepts;
}

bool lvm_filter_has_branches(const struct lvm_filter *f, unsigned pattern)
{
    return strchr(f->patterns[pattern].text, '|') != NULL;
}

bool lvm_filter_fits(const struct lvm_filter *f, unsigned pattern, const char *device)
{
    const struct pattern *p = &f->patterns[pattern];

    return p->known && regexec(&p->regex, device, 0, NULL, 0) == 0;
}

enum lvm_verdict lvm_filter_match(const struct lvm_filter *f, const char *device,
                                  unsigned *ret_pattern)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (!f->patterns[i].known)
            return LVM_UNKNOWN;
        if (lvm_filter_fits(f, i, device)) {
            *ret_pattern = i;
            return f->patterns[i].accepts ? LVM_ACCEPTED : LVM_REJECTED;
        }
    }
    return f->cut ? LVM_UNKNOWN : LVM_UNMATCHED;
}
