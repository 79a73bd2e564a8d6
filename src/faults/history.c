/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the boots before say about the next one. */

#include "base/fd.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/facts_history.h"
#include "faults/remedies.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEFAULT_GRUB "/etc/default/grub"

static bool is_complete(const struct linux_system *s, const char *release)
{
    for (unsigned i = 0; i < s->kernel_count; i++)
        if (strcmp(s->kernels[i].release, release) == 0)
            return s->kernels[i].has_image && s->kernels[i].has_modules &&
                   s->kernels[i].has_initramfs;
    return false;
}

/* The entry that boots @release as every day, or NULL. */
static const struct boot_choice *choice_of(struct examination *x, const char *release)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; release[0] && i < count; i++)
        if (choices[i].entry && !choices[i].is_rescue && choices[i].kernel_place == PLACE_FOUND &&
            strcmp(choices[i].release, release) == 0)
            return &choices[i];
    return NULL;
}

/* The default is of the kernel of the last boot, which did not come up, and the one of the last
 * good boot is there: its entry. NULL: not so. A boot that left nothing behind, since it did not
 * get as far as a log, cannot be told from none: a kernel that was never tried is no fault. */
static const struct boot_choice *good_one(struct examination *x)
{
    const struct boot_choice *now = facts_default(x), *good;
    const struct history *h;

    if (x->system->kernel_count < 2 || !now || !now->entry || !now->release[0])
        return NULL;
    h = facts_history(x);
    if (h->last.when <= h->good.when || strcmp(h->last.kernel, now->release) != 0 ||
        strcmp(h->good.kernel, now->release) == 0 || !is_complete(x->system, h->good.kernel))
        return NULL;
    good = choice_of(x, h->good.kernel);
    return good && good->menu == now->menu ? good : NULL;
}

/* What GRUB calls an entry: "SUBMENU>ENTRY", by their ids (GRUB's manual, "default"). False when
 * that would need quoting. */
static bool name_entry(const struct boot_choice *c, char *ret, size_t size)
{
    const struct boot_entry *e = c->entry;
    const struct boot_entry *in = e->parent < 0 ? NULL : &c->menu->entries.items[e->parent];
    const char *own = e->id[0] ? e->id : e->title, *outer = !in         ? ""
                                                            : in->id[0] ? in->id
                                                                        : in->title;

    return (!in || in->parent < 0) && !strpbrk(own, "\"'$\\>") && !strpbrk(outer, "\"'$\\>") &&
           (size_t)snprintf(ret, size, "%s%s%s", outer, in ? ">" : "", own) < size;
}

static bool can_choose(const struct boot_choice *c)
{
    char name[512];

    return c->menu->loader == BOOT_GRUB && !c->menu->default_unknown &&
           name_entry(c, name, sizeof name);
}

static void detect_kernel_failed(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_choice *good = good_one(x);
    const struct history *h = good ? facts_history(x) : NULL;
    char date[40] = "";
    struct finding *finding;
    struct tm tm;

    if (!good)
        return;
    finding =
        report_add(r, f, "kernel %s, which is booted by default, did not come up the last time",
                   text_safe(h->last.kernel));
    if (localtime_r(&h->good.when, &tm))
        (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
    finding_at(finding, good->menu->file, 0);
    finding_expected(finding, "kernel %s, which came up at %s, is still there",
                     text_safe(h->good.kernel), date);
    if (!can_choose(good))
        finding_risk(finding, FAULT_RISK_NONE);
}

/* grub-set-default(8) keeps the default in the environment block, if it does. */
static int set_saved(struct changes *c, const struct boot_menus *menus, const char *name)
{
    char block[GRUB_ENVIRONMENT_SIZE];
    _cleanup_free_ char *data = NULL;
    struct grub_environment env;
    size_t size;
    int r = changes_read(c, menus->environment_file, &data, &size);

    if (r < 0)
        return r;
    env = (struct grub_environment){data, size};
    r = grub_environment_write(&env, "saved_entry", name, block);
    return r < 0 ? r : changes_write(c, menus->environment_file, block, sizeof block, 0600);
}

static bool is_saved(const struct boot_menus *menus, const struct boot_menu *m)
{
    struct grub_environment env = {menus->environment, menus->environment_size};
    char saved[GRUB_ENVIRONMENT_SIZE];

    return menus->environment && m->default_name &&
           grub_environment_get(&env, "saved_entry", saved, sizeof saved) == 0 &&
           strcmp(saved, m->default_name) == 0;
}

/* Lines "KEY=OLD" in the file, quoted or not, become KEY="NAME"; *ret_count: how many. */
static int set_lines(struct changes *c, const char *path, const char *key, const char *old,
                     const char *name, unsigned *ret_count)
{
    _cleanup_free_ char *data = NULL;
    char line[LINES_WIDTH];
    struct lines l;
    size_t size;
    int r = changes_read(c, path, &data, &size);

    *ret_count = 0;
    if (r < 0)
        return r;
    l = LINES_OF(data, size);
    while (r >= 0 && lines_next(&l, line)) {
        const char *at = line + strspn(line, " \t"), *value = at + strlen(key);
        size_t length;
        char text[600];

        if (!text_starts_with(at, key))
            continue;
        value += strspn(value, "\"'");
        length = strcspn(value, "\"' \t\r");
        if (old && (strlen(old) != length || strncmp(value, old, length) != 0))
            continue;
        snprintf(text, sizeof text, "%.*s%s\"%s\"", (int)(at - line), line, key, name);
        r = changes_replace_line(c, path, l.number, text);
        ++*ret_count;
    }
    return r;
}

/* The line of grub.cfg now, and what it is made of for the next update-grub. Without a name GRUB
 * begins with the first entry. */
static int set_default(struct changes *c, const struct boot_menu *m, const char *name)
{
    unsigned count;
    int r = set_lines(c, m->file, "set default=", m->default_name ? m->default_name : "0", name,
                      &count);

    if (r < 0 || !count)
        return r < 0 ? r : -ENOENT;
    r = set_lines(c, DEFAULT_GRUB, "GRUB_DEFAULT=", NULL, name, &count);
    return r == -ENOENT ? 0 : r; /* who has no such file makes grub.cfg by hand */
}

static int choose_good(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    const struct boot_menus *menus = facts_menus(x);
    const struct boot_choice *good = good_one(x);
    char name[512];

    if (!good || !can_choose(good) || !name_entry(good, name, sizeof name))
        return remedy_unfit(e, "its entry cannot be named as default");
    if (is_saved(menus, good->menu))
        return remedy_planned(set_saved(c, menus, name), menus->environment_file, e);
    return remedy_planned(set_default(c, good->menu, name), f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "history.kernel-failed",
        .severity = FAULT_DEGRADES,
        .title = "the default kernel did not come up the last time, an older one did",
        .why = "It may not come up the next time, either. The cause need not be the kernel: see "
               "what else was changed since.",
        .remedy = "boot the kernel by default that last came up",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-set-default(8)",
        .detect = detect_kernel_failed,
        .repair = choose_good,
    },
};

FAULT_FAMILY(history, faults);
