/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* list: which disk holds which system. Opens everything read-only, and changes nothing. */

#include "commands/list.h"

#include "base/kernel_calls.h"
#include "base/text.h"
#include "commands/commands.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int check_host(struct error *e)
{
    if (geteuid() == 0)
        return kernel_calls_check(e);
    return error_set(e, ERROR_HOST, -EPERM, "no-root",
                     "root privileges are needed to look at disks: run it with sudo");
}

/* A target that was named and cannot be opened is a failure; of all disks one may well be empty. */
static const struct error *first_problem(const struct options *o, const struct list *l)
{
    for (unsigned i = 0; o->target_count && i < l->count; i++)
        if (!l->disks[i].disk)
            return &l->disks[i].problem;
    return NULL;
}

static int show(const struct options *o, const struct list *l, struct error *e)
{
    if (o->ui.json) {
        list_print_json(l);
        return 0;
    }
    if (l->count == 0) {
        printf("No disk is attached.\n");
        return 0;
    }
    return list_print_table(l, o->ui.verbose || o->target_count, stdout, e);
}

/* That a volume is encrypted stands in the table. */
static void note_closed(const struct list *l)
{
    if (l->closed.code && strcmp(l->closed.reason, "locked") != 0)
        ui_note("%s%s%s", l->closed.text, l->closed.advice[0] ? "\n" : "", l->closed.advice);
}

/* By a UUID a boot may take either of them. */
static void note_clones(const struct list *l)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->disks[i].clone[0]) {
            ui_warn("%s is a copy: do not reboot this host while both are attached",
                    text_safe(l->disks[i].target));
            return;
        }
}

int command_list(const struct options *o, struct error *e)
{
    const struct list_request request = {
        .targets = o->targets,
        .target_count = o->target_count,
        .open_bases = o->ui.yes,
        .assemble = {.degraded = o->degraded,
                     .key_file = o->key_file,
                     .luks_header = o->luks_header},
    };
    const struct error *problem;
    struct list l = {0};
    int r = check_host(e), status;

    if (r == 0)
        r = list_collect(&l, &request, e);
    problem = r == 0 ? first_problem(o, &l) : NULL;
    status = problem ? (int)problem->kind : 0;
    /* The one target of the call gives its sentence, not a table with one bad line. */
    if (r == 0 && (l.count > 1 || !problem || o->ui.json))
        r = show(o, &l, e);
    if (r == 0 && !o->ui.json) {
        note_closed(&l);
        note_clones(&l);
    }
    /* The document has it already, and is the only one. */
    if (r == 0 && !o->ui.json && problem)
        *e = *problem;
    list_free(&l);
    return r < 0 ? (int)e->kind : status;
}

#define CHOICES_MAX 64

/* What can be rescued: systems on disks that nobody uses. */
static unsigned fill_choices(const struct list *l, const struct list_disk **disks,
                             const struct candidate **systems)
{
    unsigned count = 0;

    for (unsigned i = 0; i < l->count; i++)
        for (unsigned j = 0; l->disks[i].disk && !l->disks[i].use[0] &&
                             j < l->disks[i].found->count && count < CHOICES_MAX;
             j++) {
            disks[count] = &l->disks[i];
            systems[count++] = &l->disks[i].found->items[j];
        }
    return count;
}

static int ask(const struct list *l, char *ret_target, size_t size, char *ret_system,
               size_t system_size)
{
    static char texts[CHOICES_MAX][600];
    const struct list_disk *disks[CHOICES_MAX];
    const struct candidate *systems[CHOICES_MAX];
    const char *lines[CHOICES_MAX];
    unsigned count = fill_choices(l, disks, systems);
    int chosen;

    if (count == 0) {
        ui_note("No disk that is free has a Linux system. Attach one, or name an image: unbrick "
                "boot FILE");
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        char described[400];

        snprintf(texts[i], sizeof texts[i], "%.150s %s", text_safe(disks[i]->target),
                 candidate_describe(systems[i], described, sizeof described));
        lines[i] = texts[i];
    }
    chosen = ui_choose("Which one do you want to rescue?", lines, count);
    if (chosen < 0)
        return chosen;
    snprintf(ret_target, size, "%s", disks[chosen]->target);
    snprintf(ret_system, system_size, "%s", systems[chosen]->name);
    return 1;
}

int list_ask(const struct options *o, char *ret_target, size_t size, char *ret_system,
             size_t system_size, struct error *e)
{
    const struct list_request request = {.targets = NULL};
    struct list l = {0};
    int r = check_host(e);

    if (r == 0)
        r = list_collect(&l, &request, e);
    if (r == 0)
        r = show(o, &l, e);
    if (r == 0 && ui_can_ask() && !o->ui.json) {
        (void)fflush(stdout);
        r = ask(&l, ret_target, size, ret_system, system_size);
    }
    list_free(&l);
    return r;
}
