/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/ways_back.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static struct way_back *add(struct ways_back *w, enum way_back_kind kind)
{
    struct way_back *way = &w->items[w->count];

    if (w->count == WAYS_BACK_MAX)
        return NULL;
    w->count++;
    *way = (struct way_back){.kind = kind};
    return way;
}

/* --- the kernel of the last good boot --- */

static const struct kernel *installed(const struct linux_system *s, const char *release)
{
    for (unsigned i = 0; i < s->kernel_count; i++)
        if (strcmp(s->kernels[i].release, release) == 0)
            return &s->kernels[i];
    return NULL;
}

/* When it is complete and not the newest. */
static void add_kernel(const struct linux_system *s, const struct history *h, struct ways_back *ret)
{
    const struct kernel *good = installed(s, h->good.kernel);
    struct way_back *way;

    if (!good || good == &s->kernels[0] || !good->has_image || !good->has_modules ||
        !good->has_initramfs)
        return;
    way = add(ret, WAY_BACK_KERNEL);
    if (!way)
        return;
    way->when = h->good.when;
    snprintf(way->what, sizeof way->what, "kernel %s", text_safe(good->release));
    snprintf(way->how, sizeof way->how, "choose it in the boot menu");
}

/* --- snapshots --- */

/* Since when the system is under suspicion: the first change after the last good boot. Where not
 * all of them are kept, that boot itself. 0 when nothing is known. */
static time_t suspect_since(const struct history *h)
{
    if (!h->good.when)
        return 0;
    if (h->event_total > h->event_count)
        return h->good.when;
    if (h->event_count)
        return h->events[0].when;
    return h->last.when > h->good.when ? h->last.when : 0;
}

/* The newest one from before; else the oldest, which is the nearest to it; without a history the
 * newest. One that was written to since is of a later time than its date says. */
static const struct version *choose_snapshot(const struct patient *p, unsigned of, time_t since)
{
    const struct version *before = NULL, *oldest = NULL, *newest = NULL;

    for (unsigned i = 0; i < p->found->version_count; i++) {
        const struct version *v = &p->found->versions[i];

        if (v->kind != VERSION_SNAPSHOT || v->of != of || v->changed || !v->created)
            continue;
        if (v->created <= since && (!before || v->created > before->created))
            before = v;
        if (!oldest || v->created < oldest->created)
            oldest = v;
        if (!newest || v->created > newest->created)
            newest = v;
    }
    return before ? before : since ? oldest : newest;
}

/* snapper(8), rollback: makes a new snapshot of it the default subvolume, which helps where the
 * root is the default one, and not a subvolume that fstab or the command line names. "" when it is
 * none of snapper's. */
static void say_rollback(const struct candidate *root, const struct version *v, char *ret,
                         size_t size)
{
    static const char end[] = "/snapshot", directory[] = ".snapshots/";
    const char *at = strstr(v->place.subvolume, directory);
    size_t digits;

    if (!at || root->place.subvolume_id)
        return;
    at += strlen(directory);
    digits = strspn(at, "0123456789");
    if (digits && strcmp(at + digits, end) == 0)
        snprintf(ret, size, "snapper rollback %.*s, in the system, makes it the one that boots",
                 (int)digits, at);
}

static void add_snapshot(const struct patient *p, unsigned of, const struct history *h,
                         struct ways_back *ret)
{
    time_t since = suspect_since(h);
    const struct version *v = choose_snapshot(p, of, since);
    struct way_back *way = v ? add(ret, WAY_BACK_SNAPSHOT) : NULL;

    if (!way)
        return;
    way->when = v->created;
    way->before_changes = since && v->created <= since;
    way->without_boot = patient_volume_at(p, "/boot") != NULL;
    snprintf(way->system, sizeof way->system, "%s", v->name);
    snprintf(way->what, sizeof way->what, "snapshot%s%s%s", v->description[0] ? " \"" : "",
             v->description[0] ? text_safe(v->description) : "", v->description[0] ? "\"" : "");
    say_rollback(p->root, v, way->how, sizeof way->how);
}

/* --- OSTree --- */

/* The last one that was deployed before the one that boots; where the machine has gone back
 * already, the other one. */
static void add_deployment(const struct patient *p, unsigned of, struct ways_back *ret)
{
    const struct version *current = NULL, *chosen = NULL;
    struct way_back *way;

    for (unsigned i = 0; i < p->found->version_count; i++)
        if (p->found->versions[i].of == of && p->found->versions[i].current)
            current = &p->found->versions[i];
    for (unsigned i = 0; current && i < p->found->version_count; i++) {
        const struct version *v = &p->found->versions[i];

        if (v->kind != VERSION_DEPLOYMENT || v->of != of || v == current)
            continue;
        /* They are in order, the newest first. */
        if (!chosen || (chosen->created > current->created && v->created <= current->created))
            chosen = v;
    }
    way = chosen ? add(ret, WAY_BACK_DEPLOYMENT) : NULL;
    if (!way)
        return;
    way->when = chosen->created;
    snprintf(way->system, sizeof way->system, "%s", chosen->name);
    snprintf(way->what, sizeof way->what, "deployment%s%s", chosen->description[0] ? " " : "",
             chosen->description[0] ? text_safe(chosen->description) : "");
    snprintf(way->how, sizeof way->how, "choose it in the boot menu");
}

/* --- A and B --- */

/* The same operating system of the same machine on another volume. */
static bool is_slot_of(const struct candidate *c, const struct candidate *root)
{
    return c->volume != root->volume && !c->is_version && root->system.id[0] &&
           strcmp(c->system.id, root->system.id) == 0 && root->system.hostname[0] &&
           strcmp(c->system.hostname, root->system.hostname) == 0;
}

static void add_slots(const struct patient *p, struct ways_back *ret)
{
    for (unsigned i = 0; i < p->found->count; i++) {
        const struct candidate *c = &p->found->items[i];
        struct way_back *way = is_slot_of(c, p->root) ? add(ret, WAY_BACK_SLOT) : NULL;

        if (!way)
            continue;
        way->when = c->system.last_boot;
        snprintf(way->system, sizeof way->system, "%s", c->name);
        snprintf(way->what, sizeof way->what, "other root, %.100s: %.100s", c->name,
                 c->system.pretty[0] ? text_safe(c->system.pretty) : "Linux");
    }
}

void ways_back_find(const struct patient *p, const struct linux_system *inside,
                    const struct history *h, struct ways_back *ret)
{
    unsigned of;

    ret->count = 0;
    add_kernel(inside, h, ret);
    /* Who has chosen a version, is back. */
    if (!p || !p->root || p->root->is_version)
        return;
    of = (unsigned)(p->root - p->found->items);
    add_snapshot(p, of, h, ret);
    add_deployment(p, of, ret);
    add_slots(p, ret);
}

const char *way_back_kind_name(enum way_back_kind k)
{
    static const char *const names[] = {
        [WAY_BACK_KERNEL] = "kernel",
        [WAY_BACK_SNAPSHOT] = "snapshot",
        [WAY_BACK_DEPLOYMENT] = "deployment",
        [WAY_BACK_SLOT] = "slot",
    };

    return names[k];
}
