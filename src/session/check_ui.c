/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/check_ui.h"

#include "base/text.h"
#include "session/interrupt.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void show_progress(void *userdata, const char *what, int percent, unsigned elapsed)
{
    (void)userdata;
    ui_progress(what, percent, elapsed);
}

static int ask_repair(void *userdata, const struct volume *v, const char *summary)
{
    (void)userdata;
    ui_progress_end();
    /* One text: where nobody can be asked nothing is said here, but with the result. */
    return ui_ask_of_risk(
        "%s (%s): %s. Repair the file system now? This changes it beyond what is always "
        "safe.",
        text_safe(v->name), text_safe(v->fs.type), summary);
}

/* Where it was said, Ctrl-C skips the check; else it ends everything, as elsewhere. */
static bool is_interrupted(void *userdata)
{
    return *(const bool *)userdata ? interrupt_take_ctrl_c() : interrupt_pending() != 0;
}

static void log_line(void *userdata, const char *line)
{
    (void)userdata;
    ui_log_raw(line);
}

void check_say_result(const char *target, const struct volume *v, const struct check_report *r)
{
    switch (r->result) {
    case CHECK_CLEAN:
        ui_detail("%s (%s): clean", text_safe(target), text_safe(v->name));
        break;
    case CHECK_NOT_CHECKED:
        ui_detail("%s (%s): not checked%s%s", text_safe(target), text_safe(v->name),
                  r->summary[0] ? ": " : "", r->summary);
        break;
    case CHECK_REPLAYED:
    case CHECK_FIXED_SAFE:
    case CHECK_REPAIRED:
        ui_note("%s (%s): %s", text_safe(target), text_safe(v->name), r->summary);
        if (r->undo_file[0])
            ui_note("undo data of the repair: %s (e2undo FILE DEVICE takes it back)",
                    text_safe(r->undo_file));
        break;
    case CHECK_ERRORS_LEFT:
        /* Who was asked has read it; of the root it is what the command fails with. */
        if (!r->shown && strcmp(target, "/") != 0)
            ui_warn("%s (%s): %s", text_safe(target), text_safe(v->name), r->summary);
        break;
    case CHECK_INTERRUPTED:
        ui_warn("%s (%s): %s", text_safe(target), text_safe(v->name), r->summary);
        break;
    }
}

int check_with_ui(const struct volume *v, const char *target, enum check_mode mode, bool look,
                  struct check_report *ret, struct error *e)
{
    unsigned estimate = check_estimate_seconds(v);
    bool skips = mode != CHECK_SKIP && mode != CHECK_QUICK && estimate > CHECK_ANNOUNCE_SECONDS;
    const struct check_callbacks callbacks = {
        .progress = show_progress,
        .ask = ask_repair,
        .interrupted = is_interrupted,
        .transcript = log_line,
        .userdata = &skips,
    };
    char size[24], duration[24];
    int r;

    if (skips)
        ui_note("checking %s (%s, %s, %s): about %s; Ctrl-C skips it", text_safe(target),
                text_safe(v->name), text_safe(v->fs.type), text_bytes(v->size, size),
                text_duration(estimate, duration));
    r = check_volume(v, mode, look, &callbacks, ret, e);
    ui_progress_end();
    if (r < 0)
        return error_context(e, r, "checking %s", text_safe(v->name));
    r = interrupt_check(e);
    if (r < 0)
        return r;
    if (!look)
        check_say_result(target, v, ret);
    return 0;
}
