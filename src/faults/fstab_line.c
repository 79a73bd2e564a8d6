/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/fstab_line.h"

#include "base/fd.h"
#include "base/text.h"
#include "faults/remedies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const essential[] = {"/usr", "/var", "/boot", "/boot/efi", "/efi", "/home"};

struct finding *fstab_line_finding(const struct examination *x, struct report *r,
                                   const struct fault *f, const struct fstab_entry *entry,
                                   const char *what)
{
    struct finding *finding = report_add(r, f, FSTAB_PATH " line %u %s", entry->line, what);

    finding_at(finding, FSTAB_PATH, entry->line);
    finding_line(finding, x->fstab_text, x->fstab_size, entry->line);
    finding_subject(finding, entry->target);
    return finding;
}

bool fstab_line_is_essential(const struct fstab_entry *entry)
{
    for (size_t i = 0; i < sizeof essential / sizeof essential[0]; i++)
        if (strcmp(essential[i], entry->target) == 0)
            return true;
    return false;
}

bool fstab_line_is_automatic(const struct fstab_entry *entry)
{
    return entry->class != FSTAB_MALFORMED && !entry->noauto &&
           !fstab_line_has_option(entry, "x-systemd.automount");
}

bool fstab_line_has_option(const struct fstab_entry *entry, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = entry->options; *at;) {
        size_t size = strcspn(at, ",");

        if (size >= length && strncmp(at, name, length) == 0 &&
            (size == length || at[length] == '='))
            return true;
        at += size + (at[size] == ',');
    }
    return false;
}

char *fstab_line_planned(struct changes *c, unsigned number)
{
    _cleanup_free_ char *data = NULL;
    size_t size;
    char *at;

    if (changes_read(c, FSTAB_PATH, &data, &size) < 0)
        return NULL;
    for (at = data; at && --number > 0;) {
        at = memchr(at, '\n', size - (size_t)(at - data));
        at = at ? at + 1 : NULL;
    }
    return at ? strndup(at, strcspn(at, "\n")) : NULL;
}

int fstab_line_replace(const struct finding *f, struct changes *c, const struct text *t, int edited,
                       struct error *e)
{
    int r = edited < 0 ? edited : changes_replace_line(c, FSTAB_PATH, f->line, t->data);

    if (r == -EILSEQ)
        return remedy_planned(r, FSTAB_PATH, e);
    return r < 0 ? error_errno(e, r, "changing " FSTAB_PATH " line %u", f->line) : 0;
}

int fstab_line_make_optional(struct examination *x, const struct finding *f, struct changes *c,
                             struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = fstab_line_planned(c, f->line);
    int r =
        line ? fstab_edit_add_options(line, "nofail,x-systemd.device-timeout=10s", &t) : -ENOENT;

    (void)x;
    return fstab_line_replace(f, c, &t, r, e);
}

int fstab_line_comment_out(struct examination *x, const struct finding *f, struct changes *c,
                           struct error *e)
{
    int r = changes_comment_line(c, FSTAB_PATH, f->line, f->fault->title);

    (void)x;
    return r < 0 ? error_errno(e, r, "changing " FSTAB_PATH " line %u", f->line) : 0;
}

int fstab_line_set(const struct finding *f, struct changes *c, enum fstab_field field,
                   const char *value, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = fstab_line_planned(c, f->line);
    int r = line ? fstab_edit_field(line, field, value, &t) : -ENOENT;

    return fstab_line_replace(f, c, &t, r, e);
}
