/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_choose.h"

#include "base/text.h"
#include "session/check_ui.h"
#include "session/patient_targets.h"
#include "storage/failing.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int probe_again(struct patient *p, struct error *e)
{
    for (unsigned i = 0; i < p->disk_count; i++) {
        int r = disk_probe_volumes(p->disks[i], e);

        if (r < 0)
            return r;
    }
    candidates_find(p->disks, p->disk_count, p->found);
    return 0;
}

/* "A candidate that cannot be mounted or read is checked, then tried again." */
static int check_unreadable(struct patient *p, struct error *e)
{
    for (unsigned i = 0; i < p->found->unreadable_count; i++) {
        const struct volume *v = p->found->unreadable[i];
        struct check_report report = {0};
        char command[256];
        int r;

        ui_note("%s cannot be read as it is; checking it", text_safe(v->name));
        r = check_with_ui(v, v->name, p->request.fsck, false, &report, e);
        if (r < 0)
            return r;
        if (report.result == CHECK_ERRORS_LEFT) {
            (void)error_set(e, ERROR_FILESYSTEM, -EUCLEAN, "filesystem-errors",
                            "%s cannot be mounted: %s", text_safe(v->name), report.summary);
            return error_advise(
                e, "repair it (--fsck=repair)%s",
                patient_by_hand(p, v, &report, "; by hand: ", command, sizeof command));
        }
    }
    return probe_again(p, e);
}

/* To examine it: it is looked at as it is, then repaired on layers, where that harms nobody, so
 * that its tree can be seen. */
static int see_unreadable(struct patient *p, struct journal *j, struct error *e)
{
    char problem[sizeof p->root_problem];
    int r = patient_layer_all(p, j, e);

    snprintf(problem, sizeof problem, "%.255s", p->found->unreadable_why);
    for (unsigned i = 0; r == 0 && i < p->found->unreadable_count; i++) {
        const struct volume *v = p->found->unreadable[i];
        struct check_report mended;

        r = check_with_ui(v, v->name, CHECK_ASK, true, &p->root_check, e);
        if (r == 0)
            r = check_volume(v, CHECK_REPAIR, false, NULL, &mended, e);
    }
    if (r == 0)
        r = probe_again(p, e);
    if (r == 0 && p->found->count)
        snprintf(p->root_problem, sizeof p->root_problem, "%s", problem);
    return r;
}

static int ask_which(struct patient *p, struct error *e)
{
    char lines[CANDIDATES_MAX][256];
    const char *pointers[CANDIDATES_MAX];
    int r;

    for (unsigned i = 0; i < p->found->count; i++)
        pointers[i] = candidate_describe(&p->found->items[i], lines[i], sizeof lines[i]);
    r = ui_choose("Which system?", pointers, p->found->count);
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped by Ctrl-C");
    if (r < 0)
        return r;
    p->root = &p->found->items[r];
    error_clear(e);
    return 0;
}

/* Nothing can be examined but the file systems themselves: they may be why there is no system. */
static void look_for_damage(struct patient *p, struct error *e)
{
    /* What had to be repaired on its layer is not what it was. */
    if (p->root_check.result == CHECK_ERRORS_LEFT) {
        (void)error_advise(e,
                           "a file system cannot be mounted, and has errors: %s; check and repair "
                           "it, on a copy",
                           p->root_check.summary);
        return;
    }
    for (unsigned i = 0; i < p->disk_count; i++)
        for (unsigned j = 0; j < p->disks[i]->volume_count; j++) {
            const struct volume *v = &p->disks[i]->volumes[j];
            struct check_report report = {0};
            struct error why = {0};
            char command[256];
            int r = strcmp(v->fs.usage, "filesystem") != 0
                        ? 0
                        : check_with_ui(v, v->name, p->request.fsck, true, &report, &why);

            if (r < 0 && failing_disk_is(&why))
                *e = why;
            else if (report.result == CHECK_ERRORS_LEFT)
                (void)error_advise(e,
                                   "the %s file system of %s has errors: %s; check and repair "
                                   "it, on a copy%s",
                                   text_safe(v->fs.type), text_safe(v->name), report.summary,
                                   patient_by_hand(p, v, &report, ": ", command, sizeof command));
        }
}

int patient_choose_system(struct patient *p, struct journal *j, struct error *e)
{
    int r;

    p->found = calloc(1, sizeof *p->found);
    if (!p->found)
        return error_errno(e, -ENOMEM, "looking for systems");
    candidates_find(p->disks, p->disk_count, p->found);
    if (p->found->count == 0 && p->found->unreadable_count > 0 && !p->found->unreadable_here &&
        p->request.fsck != CHECK_SKIP && (!p->request.read_only || p->request.examine)) {
        r = p->request.examine ? see_unreadable(p, j, e) : check_unreadable(p, e);
        if (r < 0)
            return r;
    }
    r = candidates_select(p->found, p->disks, p->disk_count, p->request.system, &p->root, e);
    if (r < 0 && p->found->count == 0 && p->request.examine)
        look_for_damage(p, e);
    if (r < 0 && p->found->count == 0 && p->closed.code) {
        *e = p->closed; /* no wonder */
        return error_context(e, e->code, "%s", text_safe(p->request.targets[0]));
    }
    if (r == -ENOTUNIQ && ui_can_ask())
        r = ask_which(p, e);
    return r;
}
