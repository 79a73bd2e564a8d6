/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/facts_boot.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_private.h"
#include "system/kernel_arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files --- */

/* The directory of the configuration that the entry is from, up to what belongs to the loader:
 * where the file system begins that its paths are on. @inner: with a slash, for a path that goes on
 * there. */
static void place_of_configuration(const struct boot_entry *e, enum boot_loader loader, bool inner,
                                   char *ret, size_t size)
{
    static const char *const directories[] = {"/loader/", "/EFI/"};
    const char *end = strrchr(e->file, '/');

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        if (loader == BOOT_SYSTEMD_BOOT && strstr(e->file, directories[i]))
            end = strstr(e->file, directories[i]);
    snprintf(ret, size, "%.*s%s", end ? (int)(end - e->file) : 0, e->file, inner ? "/" : "");
}

static enum facts_place try_place(const struct examination *x, const char *prefix, const char *path,
                                  char *ret)
{
    int r;

    if ((size_t)snprintf(ret, PATH_MAX, "%s%s", prefix, path) >= PATH_MAX)
        return PLACE_UNKNOWN;
    r = path_exists(x->root_fd, ret);
    if (r == 1)
        return PLACE_FOUND;
    return r == 0 && examination_sees(x, ret) ? PLACE_MISSING : PLACE_UNKNOWN;
}

/* Where a volume of the patient is mounted: "" is the root; NULL: nowhere. */
static const char *mount_of(const struct examination *x, const struct volume *v)
{
    if (v == x->root)
        return "";
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (x->fstab.entries[i].class == FSTAB_MOUNT &&
            examination_volume_at(x, x->fstab.entries[i].target) == v)
            return x->fstab.entries[i].target;
    return NULL;
}

/* Paths of GRUB on a btrfs begin at its top level: "/@/boot/vmlinuz". */
static const char *without_subvolume(const struct examination *x, const char *path)
{
    size_t length = x->root_subvolume ? strlen(x->root_subvolume) : 0;
    const char *boot;

    if (length && path[0] == '/' && strncmp(path + 1, x->root_subvolume, length) == 0 &&
        path[1 + length] == '/')
        return path + 1 + length;
    boot = path[1] == '@' ? strstr(path, "/boot/") : NULL;
    return boot ? boot : path;
}

/* It is not said, or not known, which file system it is on: any of those that it may be. */
static enum facts_place try_usual_places(const struct examination *x, const char *path, char *ret)
{
    static const char *const prefixes[] = {"", "/boot", "/boot/efi", "/efi", "/boot/firmware"};
    enum facts_place first = PLACE_MISSING;
    char missing[PATH_MAX] = "";

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        enum facts_place place = try_place(x, prefixes[i], path, ret);

        if (place == PLACE_FOUND)
            return place;
        if (place == PLACE_UNKNOWN)
            first = PLACE_UNKNOWN;
        /* "/vmlinuz" is for a file system of its own, "/boot/vmlinuz" for the root's. */
        if (i == (text_starts_with(path, "/boot/") ? 0 : 1))
            snprintf(missing, sizeof missing, "%s", ret);
    }
    snprintf(ret, PATH_MAX, "%s", missing);
    return first;
}

enum facts_place facts_loader_file(const struct examination *x, const struct boot_entry *e,
                                   enum boot_loader loader, const char *path, char *ret)
{
    char place[PATH_MAX], why[256];
    const struct volume *v;
    const char *mount;

    place_of_configuration(e, loader, path[0] != '/', place, sizeof place);
    if (loader == BOOT_SYSTEMD_BOOT || loader == BOOT_PI || path[0] != '/')
        return try_place(x, place, path, ret);
    path = without_subvolume(x, path);
    if (!e->search)
        return try_usual_places(x, path, ret);
    switch (examination_device(x, e->search, &v, why, sizeof why)) {
    case DEVICE_FOUND:
        mount = v ? mount_of(x, v) : NULL;
        if (mount)
            return try_place(x, mount, path, ret);
        /* Mounted by no line of fstab: by a unit, or below an overlay. */
        if (x->running && try_usual_places(x, path, ret) == PLACE_FOUND)
            return PLACE_FOUND;
        break;
    case DEVICE_UNKNOWN:
    case DEVICE_MISSING: /* GRUB goes on with the disk that it was started from */
        return try_usual_places(x, path, ret);
    case DEVICE_AMBIGUOUS:
        break;
    }
    snprintf(ret, PATH_MAX, "%s", path);
    return PLACE_UNKNOWN;
}

/* --- choices --- */

bool facts_kernel_image(const struct examination *x, const char *path, struct kernel_image *ret,
                        uint64_t *ret_size)
{
    _cleanup_free_ unsigned char *data = malloc(KERNEL_IMAGE_BYTES);
    _cleanup_fd_ int fd = path_open(x->root_fd, path, O_RDONLY);
    struct stat st;
    ssize_t n;

    if (!data || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    n = pread(fd, data, KERNEL_IMAGE_BYTES, 0);
    if (n < 0)
        return false;
    kernel_image_parse(data, (size_t)n, ret);
    *ret_size = (uint64_t)st.st_size;
    return true;
}

/* The release that goes with a kernel: as the image says it, else as its name does. */
static void find_release(const struct examination *x, struct boot_choice *c)
{
    const char *name = strrchr(c->kernel, '/');
    struct kernel_image image;
    uint64_t size;

    if (c->entry && c->entry->unified) { /* its name says nothing of it */
        snprintf(c->release, sizeof c->release, "%.120s",
                 c->entry->release ? c->entry->release : "");
        return;
    }
    if (c->kernel_place == PLACE_FOUND && facts_kernel_image(x, c->kernel, &image, &size) &&
        image.release[0]) {
        memcpy(c->release, image.release, sizeof c->release);
        return;
    }
    for (unsigned i = 0; name && i < x->system->kernel_count; i++)
        if (text_ends_with(name, x->system->kernels[i].release) &&
            strlen(x->system->kernels[i].release) > strlen(c->release))
            snprintf(c->release, sizeof c->release, "%s", x->system->kernels[i].release);
    /* "linux" in a directory, as kernel-install(8) calls it. */
    for (unsigned i = 0;
         !c->release[0] && c->entry && c->entry->version && i < x->system->kernel_count; i++)
        if (strcmp(c->entry->version, x->system->kernels[i].release) == 0)
            snprintf(c->release, sizeof c->release, "%s", c->entry->version);
    /* "vmlinuz-6.1.0-28-amd64" of which nothing is left but the name. */
    if (!c->release[0] && name && strchr(name, '-'))
        snprintf(c->release, sizeof c->release, "%.120s", strchr(name, '-') + 1);
}

/* A Linux, and not memtest86+ or another system's loader. */
static bool is_linux(const struct boot_entry *e)
{
    char root[16];

    return e->kernel && !e->submenu && !strstr(e->kernel, "memtest") &&
           (e->initrd_count || e->unified ||
            kernel_arguments_get(e->options, "root", root, sizeof root) ||
            strstr(e->options, "root="));
}

static void fill_choice(const struct examination *x, const struct boot_menu *menu,
                        const struct boot_entry *e, struct boot_choice *c)
{
    c->menu = menu;
    c->entry = e;
    c->is_rescue = boot_entry_is_rescue(e);
    c->kernel_place = facts_loader_file(x, e, menu->loader, e->kernel, c->kernel);
    for (unsigned i = 0; i < e->initrd_count; i++)
        c->initrds[i].place =
            facts_loader_file(x, e, menu->loader, e->initrds[i], c->initrds[i].path);
    c->initrd_count = e->initrd_count;
    find_release(x, c);
}

/* A kernel by itself: the names that distributions give it and its initramfs. */
static bool fill_from_kernel(const struct examination *x, const struct kernel *k,
                             struct boot_choice *c)
{
    static const struct {
        const char *before, *after;
        bool initramfs;
    } names[] = {
        {"/boot/vmlinuz-", "", false},      {"/usr/lib/modules/", "/vmlinuz", false},
        {"/boot/vmlinux-", "", false},      {"/boot/Image-", "", false},
        {"/boot/kernel-", "", false},       {"/boot/initrd.img-", "", true},
        {"/boot/initramfs-", ".img", true}, {"/boot/initrd-", "", true},
        {"/boot/initramfs-", "", true},
    };

    snprintf(c->release, sizeof c->release, "%s", k->release);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[300];

        snprintf(path, sizeof path, "%s%s%s", names[i].before, k->release, names[i].after);
        if (path_exists(x->root_fd, path) != 1)
            continue;
        if (!names[i].initramfs && !c->kernel[0]) {
            snprintf(c->kernel, sizeof c->kernel, "%s", path);
        } else if (names[i].initramfs && !c->initrd_count) {
            snprintf(c->initrds[0].path, sizeof c->initrds[0].path, "%s", path);
            c->initrd_count = 1;
        }
    }
    return c->kernel[0] != '\0'; /* found: PLACE_FOUND is zero */
}

static struct boot_choice *add_choice(struct facts_boot *f)
{
    struct boot_choice *grown = reallocarray(f->choices, f->choice_count + 1, sizeof *grown);

    if (!grown)
        return NULL;
    f->choices = grown;
    grown += f->choice_count++;
    *grown = (struct boot_choice){0};
    return grown;
}

static void add_from_menu(const struct examination *x, struct facts_boot *f,
                          const struct boot_menu *menu, bool first)
{
    for (unsigned i = 0; i < menu->entries.count; i++) {
        const struct boot_entry *e = &menu->entries.items[i];
        struct boot_choice *c = is_linux(e) && !e->opaque ? add_choice(f) : NULL;

        if (!c)
            continue;
        fill_choice(x, menu, e, c);
        c->is_default = first && !menu->default_unknown && menu->default_entry == (int)i;
    }
}

/* systemd-boot leaves an entry out whose kernel is not there, and boots the next one (seen with
 * 252; config_entry_add_type1()). */
static void pass_over_missing(struct facts_boot *f)
{
    struct boot_choice *missing = NULL, *next = NULL;

    for (unsigned i = 0; i < f->choice_count; i++) {
        struct boot_choice *c = &f->choices[i];

        if (c->menu->loader != BOOT_SYSTEMD_BOOT)
            continue;
        if (c->is_default && c->kernel_place == PLACE_MISSING)
            missing = c;
        else if (c->menu == f->choices[0].menu && c->kernel_place == PLACE_FOUND && !next)
            next = c;
    }
    if (!missing || !next)
        return;
    missing->is_default = false;
    next->is_default = true;
}

static void make_choices(struct examination *x, struct facts_boot *f)
{
    const struct boot_menus *menus = facts_menus(x);

    for (unsigned i = 0; i < menus->count; i++)
        add_from_menu(x, f, &menus->items[i], i == 0);
    pass_over_missing(f);
    for (unsigned i = 0; i < x->system->kernel_count && menus->count == 0; i++) {
        struct boot_choice c = {.is_default = f->choice_count == 0}, *added;

        if (fill_from_kernel(x, &x->system->kernels[i], &c) && (added = add_choice(f)))
            *added = c;
    }
    for (unsigned i = 1; i < f->choice_count; i++)
        if (f->choices[i].is_default) {
            struct boot_choice first = f->choices[i];

            memmove(f->choices + 1, f->choices, i * sizeof *f->choices);
            f->choices[0] = first;
        }
}

const struct boot_choice *facts_choices(struct examination *x, unsigned *ret_count)
{
    struct facts_boot *f = facts_boot(x);

    *ret_count = 0;
    if (!f)
        return NULL;
    if (!f->choices_made)
        make_choices(x, f);
    f->choices_made = true;
    *ret_count = f->choice_count;
    return f->choices;
}

const struct boot_choice *facts_default(struct examination *x)
{
    unsigned count;
    const struct boot_choice *c = facts_choices(x, &count);

    return count && c[0].is_default ? c : NULL;
}

static void name_choice(const struct boot_choice *c, char *ret, size_t size)
{
    if (!c->entry)
        snprintf(ret, size, "the kernel %s", text_safe(c->release));
    else if (c->is_default)
        snprintf(ret, size, "the entry that is booted by default");
    else
        snprintf(ret, size, "the entry \"%.200s\"",
                 text_safe(c->entry->title[0] ? c->entry->title : c->entry->id));
}

struct finding *facts_choice_finding(const struct examination *x, struct report *r,
                                     const struct fault *f, const struct boot_choice *c,
                                     const char *subject, unsigned line, const char *what)
{
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    char name[300];
    size_t size;

    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == f && r->findings[i].subject &&
            strcmp(r->findings[i].subject, subject) == 0)
            return NULL;
    name_choice(c, name, sizeof name);
    finding = report_add(r, f, "%s %s", name, what);
    finding_subject(finding, subject);
    if (c->entry) {
        finding_at(finding, c->entry->file, line ? line : c->entry->line);
        if (line && path_read(x->root_fd, c->entry->file, PATH_CONFIG_MAX, &data, &size) == 0)
            finding_line(finding, data, size, line);
    }
    if (c->is_rescue)
        finding_severity(finding, FAULT_NOTICE);
    else if (!c->is_default && f->severity == FAULT_STOPS_BOOT)
        finding_severity(finding, FAULT_DEGRADES);
    if (finding && finding->severity != FAULT_STOPS_BOOT && f->severity == FAULT_STOPS_BOOT)
        finding_why(finding,
                    "It is not what is booted when nobody chooses; whoever chooses it gets "
                    "no system.");
    return finding;
}
