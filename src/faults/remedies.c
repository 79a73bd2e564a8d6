/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/remedies.h"

#include "base/shell_word.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int remedy_planned(int r, const char *path, struct error *e)
{
    if (r == -EILSEQ)
        return remedy_unfit(e, "%s has NUL bytes where the change would be: look at it in a shell",
                            text_safe(path));
    return r < 0 ? error_errno(e, r, "cannot plan a change of %s", text_safe(path)) : 0;
}

void remedy_shell(const struct examination *x, struct finding *f, const char *option,
                  const char *inside)
{
    _cleanup_text_ struct text t = TEXT_INIT(8192);

    if (x->running) {
        if (inside)
            finding_command(f, "%s", inside);
        return;
    }
    (void)text_appendf(&t, "unbrick shell%s%s", option ? " " : "", option ? option : "");
    for (unsigned i = 0; i < x->target_count; i++)
        (void)text_appendf(&t, " %s", shell_word(x->targets[i]));
    if (inside)
        (void)text_appendf(&t, " -- %s", inside);
    if (!t.failed)
        finding_command(f, "%s", t.data);
}

int remedy_unfit(struct error *e, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return error_set(e, ERROR_FAILED, -ENOTSUP, "no-remedy", "%s", text);
}

int remedy_comment_line(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    return remedy_planned(changes_comment_line(c, f->file, f->line, f->fault->title), f->file, e);
}

int remedy_remove_file(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    return remedy_planned(changes_remove(c, f->file), f->file, e);
}
