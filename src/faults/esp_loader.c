/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/esp_loader.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/fat_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *esp_shown(const struct facts_esp *esp, const char *path)
{
    return directory_join(esp->place[0] ? esp->place : "(ESP)", path);
}

const char *esp_spelt(const struct facts_esp *esp, const char *path)
{
    char directory[300], found[300], whole[600];
    const char *slash = strrchr(path, '/');

    if (fat_path_find(esp->fd, path, whole, sizeof whole) == 1) {
        slash = strrchr(whole, '/');
        snprintf(found, sizeof found, "%.*s", (int)(slash ? slash - whole : 0), whole);
        return slash ? directory_join(found, slash + 1) : path;
    }
    snprintf(directory, sizeof directory, "%.*s", (int)(slash ? slash - path : 0), path);
    if (slash && fat_path_find(esp->fd, directory, found, sizeof found) == 1)
        return directory_join(found, slash + 1);
    return path;
}

bool esp_is_arm(const struct examination *x)
{
    return strcmp(x->system->arch, "aarch64") == 0;
}

const char *esp_fallback(const struct examination *x)
{
    return esp_spelt(facts_esp((struct examination *)x),
                     esp_is_arm(x) ? "EFI/BOOT/BOOTAA64.EFI" : "EFI/BOOT/BOOTX64.EFI");
}

/* The directories of the distributions that do not call it as their os-release(5) calls them. */
static const struct {
    const char *id, *directory;
} vendor_names[] = {{"rhel", "redhat"}, {"ol", "redhat"}};

/* What is the loader of this system and of no other one beside it, in the order of preference: a
 * system that has moved to systemd-boot may have GRUB left over. Names for an architecture: %s is
 * "x64" or "aa64"; SUSE has names without (shim-install(8)). */
static const struct loader {
    const char *directory; /* NULL: the vendor's */
    const char *name;
    bool entries;          /* only where there are some for it */
    const char *beside[2]; /* what it starts, from the directory that it is in itself */
} loaders[] = {
    {"systemd", "systemd-boot%s.efi", true, {NULL}},
    {NULL, "shim%s.efi", false, {"grub%s.efi", "mm%s.efi"}},
    {NULL, "shim.efi", false, {"grub.efi", "MokManager.efi"}},
    {NULL, "grub%s.efi", false, {NULL}},
    {NULL, "grub.efi", false, {NULL}},
    {"systemd", "systemd-boot%s.efi", false, {NULL}},
};

static const char *for_architecture(const struct examination *x, const char *directory,
                                    const char *name)
{
    const char *gap = strstr(name, "%s");
    char file[64];

    if (gap)
        snprintf(file, sizeof file, "%.*s%s%s", (int)(gap - name), name,
                 esp_is_arm(x) ? "aa64" : "x64", gap + 2);
    else
        snprintf(file, sizeof file, "%s", name);
    return esp_spelt(facts_esp((struct examination *)x),
                     directory_join(directory_join("EFI", directory), file));
}

const char *esp_vendor(const struct examination *x)
{
    for (size_t i = 0; i < sizeof vendor_names / sizeof vendor_names[0]; i++)
        if (strcmp(x->system->id, vendor_names[i].id) == 0)
            return vendor_names[i].directory;
    if (text_starts_with(x->system->id, "opensuse")) /* -leap, -tumbleweed, -microos */
        return "opensuse";
    return strchr(x->system->id, '/') ? "" : x->system->id;
}

bool esp_has_entries(struct examination *x)
{
    _cleanup_directory_ struct directory entries = {0}, images = {0};
    int fd = facts_esp(x)->fd;

    if (fd < 0)
        return false;
    (void)directory_list(fd, "loader/entries", ".conf", &entries);
    (void)directory_list(fd, "EFI/Linux", ".efi", &images);
    return entries.count || images.count;
}

static const struct loader *own_loader(struct examination *x, const char **ret_directory)
{
    const struct facts_esp *esp = facts_esp(x);

    for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++) {
        const char *directory = loaders[i].directory ? loaders[i].directory : esp_vendor(x);

        if (directory[0] && (!loaders[i].entries || esp_has_entries(x)) &&
            path_exists(esp->fd, for_architecture(x, directory, loaders[i].name)) == 1) {
            *ret_directory = directory;
            return &loaders[i];
        }
    }
    return NULL;
}

bool esp_has_shim(struct examination *x)
{
    static const char *const places[] = {"debian", "ubuntu",    "fedora",   "redhat", "centos",
                                         "rocky",  "almalinux", "opensuse", "sles",   "BOOT"};
    const char *const names[] = {esp_is_arm(x) ? "shimaa64.efi" : "shimx64.efi", "shim.efi"};
    const struct facts_esp *esp = facts_esp(x);
    char path[64], found[300];

    for (size_t i = 0; esp->fd >= 0 && i < sizeof places / sizeof places[0]; i++)
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            snprintf(path, sizeof path, "EFI/%s/%s", places[i], names[j]);
            if (fat_path_find(esp->fd, path, found, sizeof found) == 1)
                return true;
        }
    return false;
}

bool esp_has_own_loader(struct examination *x)
{
    const char *directory;

    return own_loader(x, &directory) != NULL;
}

static bool same_contents(int fd, const char *a, const char *b)
{
    _cleanup_free_ char *first = NULL, *second = NULL;
    size_t size, other;

    return path_read(fd, a, CHANGES_COPY_MAX, &first, &size) == 0 &&
           path_read(fd, b, CHANGES_COPY_MAX, &second, &other) == 0 && size == other &&
           memcmp(first, second, size) == 0;
}

/* What has the name already, and is something else, is another system's: that one needs it, and our
 * shim would start it. */
static int check_place(struct examination *x, const char *from, const char *to, struct error *e)
{
    const struct facts_esp *esp = facts_esp(x);

    return path_exists(esp->fd, to) != 1 || same_contents(esp->fd, from, to)
               ? 0
               : remedy_unfit(e, "%s is there, and is not this system's",
                              text_safe(esp_shown(esp, to)));
}

static int plan_copy(struct examination *x, const char *from, const char *to, struct changes *c,
                     struct error *e)
{
    const struct facts_esp *esp = facts_esp(x);
    int r = changes_copy(c, esp_shown(esp, to), esp_shown(esp, from), 0700);

    /* The same is there, or planned. */
    return remedy_planned(r == -EEXIST ? 0 : r, esp_shown(esp, to), e);
}

/* shim starts what lies beside it; GRUB and systemd-boot know by themselves where their files are.
 * All places are checked before the first copy is planned. */
int esp_copy_loader(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    const struct facts_esp *esp = facts_esp(x);
    const char *directory;
    const struct loader *loader = own_loader(x, &directory);
    int r;

    (void)f;
    if (!loader)
        return remedy_unfit(e, "there is no loader of this system to copy");
    r = check_place(x, for_architecture(x, directory, loader->name), esp_fallback(x), e);
    for (size_t i = 0; r == 0 && i < 2 && loader->beside[i]; i++) {
        const char *from = for_architecture(x, directory, loader->beside[i]);

        if (path_exists(esp->fd, from) == 1)
            r = check_place(x, from, for_architecture(x, "BOOT", loader->beside[i]), e);
    }
    if (r == 0 && path_exists(esp->fd, esp_spelt(esp, "EFI/BOOT")) == 0)
        r = remedy_planned(changes_directory(c, esp_shown(esp, "EFI/BOOT"), 0700),
                           esp_shown(esp, "EFI/BOOT"), e);
    if (r == 0)
        r = plan_copy(x, for_architecture(x, directory, loader->name), esp_fallback(x), c, e);
    for (size_t i = 0; r == 0 && i < 2 && loader->beside[i]; i++) {
        const char *from = for_architecture(x, directory, loader->beside[i]);

        if (path_exists(esp->fd, from) == 1)
            r = plan_copy(x, from, for_architecture(x, "BOOT", loader->beside[i]), c, e);
    }
    return r;
}
