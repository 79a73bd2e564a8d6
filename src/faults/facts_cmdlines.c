/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_cmdlines.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_private.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/kernel_arguments.h"
#include "system/lines.h"
#include "system/os_release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What generators of entries read. */
static const struct {
    const char *file;
    const char *key; /* of an assignment of the shell's; NULL: the file is the command line */
} sources[] = {
    {"/etc/default/grub", "GRUB_CMDLINE_LINUX"},
    {"/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT"},
    {"/etc/kernel/cmdline", NULL},
    {"/etc/default/u-boot", "U_BOOT_PARAMETERS"},
    {"/etc/default/extlinux", "EXTLINUX_PARAMETERS"},
};

/* Lines that have a command line in them, by the word that they begin with. */
static const char *const keywords[] = {
    "linux",
    "linuxefi",
    "linux16",
    "options",
    "append",
    "GRUB_CMDLINE_LINUX",
    "GRUB_CMDLINE_LINUX_DEFAULT", /* and not those for some entries only, as _RECOVERY */
    "U_BOOT_PARAMETERS",
    "EXTLINUX_PARAMETERS",
    "set",
    "kernelopts",
    "kernel",
    "LINUX",
    "APPEND",
};

static void free_line(struct boot_cmdline *line)
{
    free(line->file);
    free(line->text);
}

void facts_cmdlines_free(struct boot_cmdline *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free_line(&lines[i]);
    free(lines);
}

static struct boot_cmdline *add(struct facts_boot *f, const char *text, const char *file)
{
    struct boot_cmdline *grown = reallocarray(f->cmdlines, f->cmdline_count + 1, sizeof *grown);

    if (!grown)
        return NULL;
    f->cmdlines = grown;
    grown += f->cmdline_count;
    *grown = (struct boot_cmdline){.file = strdup(file), .text = strdup(text)};
    if (!grown->file || !grown->text) {
        free_line(grown);
        return NULL;
    }
    f->cmdline_count++;
    return grown;
}

static void add_entry(const struct boot_menus *menus, struct facts_boot *f, unsigned menu,
                      unsigned index)
{
    const struct boot_menu *m = &menus->items[menu];
    const struct boot_entry *e = &m->entries.items[index];
    struct boot_cmdline *line;

    if (e->submenu || e->opaque || (!e->kernel && m->loader != BOOT_PI) ||
        (e->kernel && strstr(e->kernel, "memtest")))
        return;
    line = add(f, e->options, e->options_file ? e->options_file : e->file);
    if (!line)
        return;
    line->entry = e;
    line->is_default = menu == 0 && !m->default_unknown && m->default_entry == (int)index;
    line->is_rescue = boot_entry_is_rescue(e);
    line->severity = line->is_default              ? FAULT_STOPS_BOOT
                     : line->is_rescue || menu > 0 ? FAULT_NOTICE
                                                   : FAULT_DEGRADES;
}

static void add_source(struct examination *x, struct facts_boot *f, const char *file,
                       const char *key)
{
    _cleanup_free_ char *data = NULL;
    struct boot_cmdline *line;
    char text[4096];

    if (path_read(x->root_fd, file, PATH_CONFIG_MAX, &data, NULL) < 0 ||
        (key && os_release_get(data, key, text, sizeof text) < 0))
        return;
    if (!key)
        snprintf(text, sizeof text, "%.*s", (int)strcspn(data, "\n"), data);
    line = add(f, text, file);
    if (line)
        line->severity = FAULT_NOTICE;
}

static void add_sources(struct examination *x, struct facts_boot *f)
{
    static const char pieces[] = "/etc/default/grub.d"; /* of cloud images */
    _cleanup_directory_ struct directory d = {0};

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        add_source(x, f, sources[i].file, sources[i].key);
    (void)directory_list(x->root_fd, pieces, ".cfg", &d);
    for (unsigned i = 0; i < d.count; i++) {
        add_source(x, f, directory_join(pieces, d.names[i]), "GRUB_CMDLINE_LINUX");
        add_source(x, f, directory_join(pieces, d.names[i]), "GRUB_CMDLINE_LINUX_DEFAULT");
    }
}

const struct boot_cmdline *facts_cmdlines(struct examination *x, unsigned *ret_count)
{
    struct facts_boot *f = facts_boot(x);
    const struct boot_menus *menus;

    *ret_count = 0;
    if (!f)
        return NULL;
    if (!f->cmdlines_made) {
        f->cmdlines_made = true;
        menus = facts_menus(x);
        for (unsigned i = 0; i < menus->count; i++)
            for (unsigned j = 0; j < menus->items[i].entries.count; j++)
                add_entry(menus, f, i, j);
        add_sources(x, f);
        for (unsigned i = 1; i < f->cmdline_count; i++)
            if (f->cmdlines[i].is_default) {
                struct boot_cmdline first = f->cmdlines[i];

                memmove(f->cmdlines + 1, f->cmdlines, i * sizeof first);
                f->cmdlines[0] = first;
            }
    }
    *ret_count = f->cmdline_count;
    return f->cmdlines;
}

/* --- findings --- */

/* The first line of the file, from @first on, that has the word. 0: none. */
static unsigned line_with(const char *data, size_t size, const char *word, unsigned first)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);

        if (l.number >= first && kernel_arguments_edit(line, word, word, &t) > 0)
            return l.number;
    }
    return 0;
}

struct finding *facts_cmdline_finding(struct examination *x, struct report *r,
                                      const struct fault *f, const struct boot_cmdline *line,
                                      const char *word, const char *what)
{
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    unsigned number = 0;
    size_t size = 0;

    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == f && r->findings[i].subject &&
            strcmp(r->findings[i].subject, word) == 0)
            return NULL;
    finding = report_add(r, f, "%s %s",
                         line->is_default ? "the command line that is booted by default"
                         : line->entry    ? "the command line of another entry"
                                          : "the command line that new entries get",
                         what);
    if (!finding)
        return NULL;
    if (!(line->entry && line->entry->unified) &&
        path_read(x->root_fd, line->file, PATH_CONFIG_MAX, &data, &size) == 0)
        number = line_with(data, size, word,
                           line->entry && !line->entry->options_file ? line->entry->line : 1);
    finding_at(finding, line->file, number);
    finding_evidence(finding, "%s",
                     number ? examination_line(data, size, number) : text_safe(line->text));
    finding_subject(finding, word);
    if (line->severity > f->severity) /* milder */
        finding_severity(finding, line->severity);
    if (line->entry && line->entry->unified) {
        finding_risk(finding, FAULT_RISK_NONE);
        finding_remedy(finding,
                       "correct what the image is made from (/etc/kernel/cmdline), and make "
                       "it again inside: ukify, dracut --uefi, mkinitcpio, kernel-install");
    }
    return finding;
}

/* --- changes --- */

static bool is_command_line(const char *line, bool whole_file)
{
    line += strspn(line, " \t");
    if (*line == '#')
        return false;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0] && !whole_file; i++) {
        size_t length = strlen(keywords[i]);

        if (strncmp(line, keywords[i], length) == 0 && line[length] &&
            strchr(" \t=+", line[length]))
            return true;
    }
    return whole_file;
}

/* Is the line of a rescue's entry? An entry goes on until the next one begins. */
static bool is_of_rescue(const struct boot_menus *menus, const char *file, unsigned line)
{
    const struct boot_entry *of = NULL;

    for (unsigned i = 0; i < menus->count; i++)
        for (unsigned j = 0; j < menus->items[i].entries.count; j++) {
            const struct boot_entry *e = &menus->items[i].entries.items[j];

            if (e->line <= line && (!of || e->line >= of->line) && strcmp(e->file, file) == 0)
                of = e;
        }
    return of && boot_entry_is_rescue(of);
}

/* @spared: the menus whose entries for a rescue stay as they are; NULL: all are changed. Returns
 * how many were changed, or a negative errno. */
static int edit_text(struct changes *c, const char *file, bool whole_file, const char *word,
                     const char *with, const struct boot_menus *spared)
{
    _cleanup_free_ char *data = NULL;
    char line[LINES_WIDTH];
    struct lines l;
    size_t size;
    int count = 0, r = changes_read(c, file, &data, &size);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    l = LINES_OF(data, size);
    while (r >= 0 && lines_next(&l, line)) {
        _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);
        int n = 0;

        if (l.length < LINES_WIDTH && is_command_line(line, whole_file))
            n = kernel_arguments_edit(line, word, with, &t);
        if (n > 0 && spared && is_of_rescue(spared, file, l.number))
            n = 0;
        if (n > 0)
            r = changes_replace_line(c, file, l.number, t.data ? t.data : "");
        count += n > 0;
    }
    return r < 0 ? r : count;
}

/* A variable of GRUB's environment block, which must keep its size. */
static int edit_environment(struct changes *c, const char *file, const char *word, const char *with)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * GRUB_ENVIRONMENT_SIZE);
    char value[GRUB_ENVIRONMENT_SIZE + 1], block[GRUB_ENVIRONMENT_SIZE];
    _cleanup_free_ char *data = NULL;
    struct grub_environment env;
    size_t size;
    int r = changes_read(c, file, &data, &size);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    env = (struct grub_environment){data, size};
    if (grub_environment_get(&env, "kernelopts", value, sizeof value) < 0 ||
        kernel_arguments_edit(value, word, with, &t) <= 0)
        return 0;
    r = grub_environment_write(&env, "kernelopts", t.data ? t.data : "", block);
    if (r == 0)
        r = changes_write(c, file, block, sizeof block, 0600);
    return r < 0 ? r : 1;
}

static bool was_edited(struct boot_cmdline *lines, unsigned before, const char *file)
{
    for (unsigned i = 0; i < before; i++)
        if (strcmp(lines[i].file, file) == 0)
            return true;
    return false;
}

static int edit_all(struct examination *x, struct changes *c, const char *word, const char *with,
                    bool spare_rescue, struct error *e)
{
    const struct boot_menus *menus = facts_menus(x);
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);
    int changed = 0, r = 0;

    for (unsigned i = 0; r >= 0 && i < count; i++) {
        bool whole_file = (lines[i].entry && lines[i].entry->options_file) ||
                          strcmp(lines[i].file, "/etc/kernel/cmdline") == 0;

        if ((lines[i].entry && lines[i].entry->unified) ||
            was_edited(x->boot->cmdlines, i, lines[i].file))
            continue;
        r = edit_text(c, lines[i].file, whole_file, word, with, spare_rescue ? menus : NULL);
        changed += r > 0 ? r : 0;
    }
    if (r >= 0 && menus->environment_file[0]) {
        r = edit_environment(c, menus->environment_file, word, with);
        changed += r > 0 ? r : 0;
    }
    if (r < 0)
        return error_errno(e, r, "changing the kernel command line");
    return changed ? 0 : remedy_unfit(e, "%s is in no file that can be changed", text_safe(word));
}

int facts_cmdline_edit(struct examination *x, struct changes *c, const char *word, const char *with,
                       struct error *e)
{
    return edit_all(x, c, word, with, false, e);
}

int facts_cmdline_drop_but_of_rescue(struct examination *x, struct changes *c, const char *word,
                                     struct error *e)
{
    return edit_all(x, c, word, NULL, true, e);
}
