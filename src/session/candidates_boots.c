/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of several systems is the one that the machine boots. It is told, not chosen: the person
 * may be here because of the other one. */

#include "session/candidates_private.h"

#include "storage/resolve.h"

#include <string.h>
#include <strings.h>

/* ChromeOS, and what uses its partition attributes (cgpt(1); "Disk format" of the ChromiumOS design
 * documents): a kernel partition before each root, with bits 48-51 priority, 52-55 tries left, 56
 * booted successfully. */
#define CHROMEOS_KERNEL "fe3a2a5d-4f32-41a7-b725-accc3285a309"

/* Discoverable Partitions Specification: not to be mounted automatically. */
#define NO_AUTO (1ULL << 63)

static unsigned priority_of(uint64_t flags)
{
    return (unsigned)(flags >> 48 & 0xf);
}

static bool is_bootable(uint64_t flags)
{
    return priority_of(flags) && ((flags >> 52 & 0xf) || (flags >> 56 & 1));
}

static const struct volume *partition(const struct disk *d, unsigned number)
{
    for (unsigned i = 0; i < d->volume_count; i++)
        if (d->volumes[i].number == number)
            return &d->volumes[i];
    return NULL;
}

/* Its own attributes, or those of its kernel, which is the partition before. */
static uint64_t boot_flags(const struct candidate *c)
{
    const struct volume *kernel =
        c->volume->number ? partition(c->disk, c->volume->number - 1) : NULL;

    return kernel && strcasecmp(kernel->part_type, CHROMEOS_KERNEL) == 0 ? kernel->part_flags
                                                                         : c->volume->part_flags;
}

/* NULL: the attributes do not tell. */
static struct candidate *by_priority(struct candidates *f)
{
    struct candidate *best = NULL;
    bool tie = false;

    for (unsigned i = 0; i < f->count; i++) {
        uint64_t flags = boot_flags(&f->items[i]);

        if (!is_bootable(flags))
            continue;
        if (best && priority_of(flags) < priority_of(boot_flags(best)))
            continue;
        tie = best && priority_of(flags) == priority_of(boot_flags(best));
        best = &f->items[i];
    }
    return tie ? NULL : best;
}

/* Of partitions of one type the only one that is not marked. */
static struct candidate *by_no_auto(struct candidates *f)
{
    struct candidate *found = NULL;
    unsigned marked = 0;

    for (unsigned i = 0; i < f->count; i++) {
        if (!f->items[i].volume->part_type[0] ||
            strcasecmp(f->items[i].volume->part_type, f->items[0].volume->part_type) != 0)
            return NULL;
        if (f->items[i].volume->part_flags & NO_AUTO)
            marked++;
        else
            found = &f->items[i];
    }
    return marked + 1 == f->count ? found : NULL;
}

static struct candidate *on_volume(struct candidates *f, const struct volume *v)
{
    struct candidate *found = NULL;

    for (unsigned i = 0; i < f->count; i++)
        if (f->items[i].volume == v) {
            if (found)
                return NULL;
            found = &f->items[i];
        }
    return found;
}

/* The one that the defaults of the loaders agree on. @own: those on the systems' own volumes, each
 * of which may well name itself. */
static struct candidate *by_loader(const struct search *s, bool own)
{
    struct candidate *agreed = NULL;

    for (unsigned i = 0; i < s->told_count; i++) {
        const struct volume *v;
        struct candidate *c;
        char why[256];

        if (!s->told[i].says.is_default || (on_volume(s->found, s->told[i].from) != NULL) != own)
            continue;
        v = resolve_device(s->told[i].says.root, s->disks, s->disk_count, 0, NULL, why, sizeof why);
        c = v ? on_volume(s->found, v) : NULL;
        if (!c)
            continue;
        if (agreed && agreed != c)
            return NULL;
        agreed = c;
    }
    return agreed;
}

void candidates_mark_booting(struct search *s)
{
    struct candidate *c;

    if (s->found->count < 2)
        return;
    c = by_priority(s->found);
    if (!c)
        c = by_loader(s, false);
    if (!c)
        c = by_no_auto(s->found);
    if (!c)
        c = by_loader(s, true);
    if (c)
        c->boots = true;
}
