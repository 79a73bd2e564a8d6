/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_boot.h"

#include "base/fd.h"
#include "base/path.h"
#include "faults/facts_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct facts_boot *facts_boot(struct examination *x)
{
    if (!x->boot) {
        x->boot = calloc(1, sizeof *x->boot);
        if (x->boot)
            x->boot->esp.fd = -1;
    }
    return x->boot;
}

void facts_boot_free(struct facts_boot *f)
{
    if (!f)
        return;
    boot_menus_free(&f->menus);
    (void)fd_close(f->esp.fd);
    free(f->choices);
    facts_cmdlines_free(f->cmdlines, f->cmdline_count);
    for (unsigned i = 0; i < f->initramfs_count; i++)
        initramfs_free(&f->initramfs[i].content);
    free(f->initramfs);
    for (unsigned i = 0; i < f->modules_count; i++)
        kernel_modules_free(&f->modules[i].modules);
    free(f);
}

/* Images of other systems lie on the same ESP: their modules, and maybe their disks, are elsewhere.
 */
static void leave_out_others(const struct examination *x, struct boot_menus *menus)
{
    for (unsigned i = 0; i < menus->count; i++)
        for (unsigned j = 0; j < menus->items[i].entries.count; j++) {
            struct boot_entry *e = &menus->items[i].entries.items[j];

            if (e->os_id && x->system && strcmp(e->os_id, x->system->id) != 0)
                e->opaque = true;
        }
}

const struct boot_menus *facts_menus(struct examination *x)
{
    static const struct boot_menus none;
    struct facts_boot *f = facts_boot(x);

    if (!f)
        return &none;
    if (!f->menus_read) {
        (void)boot_menus_read(x->root_fd, BOOT_TREE_ROOT, &f->menus);
        leave_out_others(x, &f->menus);
    }
    f->menus_read = true;
    return &f->menus;
}

/* --- initramfs --- */

static struct facts_initramfs *find_initramfs(struct facts_boot *f, const char *path)
{
    for (unsigned i = 0; i < f->initramfs_count; i++)
        if (strcmp(f->initramfs[i].path, path) == 0)
            return &f->initramfs[i];
    return NULL;
}

static void add_initramfs(struct facts_boot *f, const char *path)
{
    struct facts_initramfs *grown;

    if (f->initramfs_count == FACTS_INITRAMFS_MAX || find_initramfs(f, path))
        return;
    grown = reallocarray(f->initramfs, f->initramfs_count + 1, sizeof *grown);
    if (!grown)
        return;
    f->initramfs = grown;
    grown += f->initramfs_count++;
    *grown = (struct facts_initramfs){.content.unknown = true};
    snprintf(grown->path, sizeof grown->path, "%s", path);
}

/* Those from @first on. All are started before the first is waited for. */
static void read_initramfs(struct examination *x, struct facts_boot *f, unsigned first)
{
    struct initramfs_reader readers[FACTS_INITRAMFS_MAX];
    bool started[FACTS_INITRAMFS_MAX] = {0};

    for (unsigned i = first; i < f->initramfs_count; i++) {
        _cleanup_fd_ int fd = path_open(x->root_fd, f->initramfs[i].path, O_RDONLY);
        struct stat st;

        started[i] = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                     initramfs_start(&readers[i], fd, NULL) == 0;
    }
    for (unsigned i = first; i < f->initramfs_count; i++)
        if (started[i] && initramfs_finish(&readers[i], &f->initramfs[i].content, NULL) < 0)
            f->initramfs[i].content = (struct initramfs){.unknown = true};
}

const struct initramfs *facts_initramfs(struct examination *x, const char *path)
{
    static const struct initramfs unknown = {.unknown = true};
    struct facts_boot *f = facts_boot(x);
    struct facts_initramfs *found;
    const struct boot_choice *choices;
    unsigned count, before;

    if (!f)
        return &unknown;
    found = find_initramfs(f, path);
    if (found)
        return &found->content;
    before = f->initramfs_count;
    choices = facts_choices(x, &count);
    for (unsigned i = 0; i < count && before == 0; i++)
        for (unsigned j = 0; j < choices[i].initrd_count; j++)
            if (choices[i].initrds[j].place == PLACE_FOUND)
                add_initramfs(f, choices[i].initrds[j].path);
    add_initramfs(f, path);
    read_initramfs(x, f, before);
    found = find_initramfs(f, path);
    return found ? &found->content : &unknown;
}

/* --- modules --- */

const struct kernel_modules *facts_modules(struct examination *x, const char *release)
{
    static const struct kernel_modules none;
    struct facts_boot *f = facts_boot(x);
    struct facts_modules *m;

    for (unsigned i = 0; f && i < f->modules_count; i++)
        if (strcmp(f->modules[i].release, release) == 0)
            return &f->modules[i].modules;
    if (!f || f->modules_count == FACTS_MODULES_MAX)
        return &none;
    m = &f->modules[f->modules_count++];
    snprintf(m->release, sizeof m->release, "%s", release);
    kernel_modules_read(x->root_fd, release, &m->modules);
    return &m->modules;
}
