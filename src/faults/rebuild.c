/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/rebuild.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_loader.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Words of a command that are filled in. */
#define RELEASE "%RELEASE%"
#define PATH    "%PATH%"

struct generator {
    const char *program; /* looked for in the directories below */
    const char *argv[8];
    const char *every[6]; /* initramfs: of all kernels that have one */
};

/*
 * The one that the distribution has, in this order: what calls another comes first. Each is told to
 * make an initramfs for any machine, since this host is not the one that it is for.
 */
static const struct generator initramfs[] = {
    {"update-initramfs",
     {"update-initramfs", "-c", "-k", RELEASE},
     {"update-initramfs", "-u", "-k", "all"}},
    {"dracut",
     {"dracut", "--force", "--no-hostonly", PATH, RELEASE},
     {"dracut", "--force", "--no-hostonly", "--regenerate-all"}},
    {"mkinitcpio",
     {"mkinitcpio", "-S", "autodetect", "-k", RELEASE, "-g", PATH},
     {"mkinitcpio", "-P", "--", "-S", "autodetect"}},
    {"mkinitfs", {"mkinitfs", "-o", PATH, RELEASE}, {"mkinitfs"}}, /* Alpine */
};

/* update-initramfs(8) knows /boot/initrd.img-RELEASE alone; where else one is looked for (an entry
 * of systemd-boot, without the hook that copies it) it is made there. */
static const struct generator initramfs_elsewhere = {"mkinitramfs",
                                                     {"mkinitramfs", "-o", PATH, RELEASE}};

/* Other systems are not looked for: the disks of this host are none of its business. */
static const struct generator grub[] = {
    {"update-grub", {"env", "GRUB_DISABLE_OS_PROBER=true", "update-grub"}},
    {"grub2-mkconfig", {"env", "GRUB_DISABLE_OS_PROBER=true", "grub2-mkconfig", "-o", PATH}},
    {"grub-mkconfig", {"env", "GRUB_DISABLE_OS_PROBER=true", "grub-mkconfig", "-o", PATH}},
};

/* PATH is the disk. */
static const struct generator loader[] = {
    {"grub-install", {"grub-install", "--target=i386-pc", PATH}},
    {"grub2-install", {"grub2-install", "--target=i386-pc", PATH}},
};

/* RELEASE is GRUB's platform, PATH where the EFI system partition is. On Fedora and its like
 * grub2-install refuses this: there the loader is a package's file. */
static const struct generator efi_grub[] = {
    {"grub-install", {"grub-install", "--target", RELEASE, "--efi-directory", PATH, "--no-nvram"}},
    {"grub-install",
     {"grub-install", "--target", RELEASE, "--efi-directory", PATH, "--no-nvram", "--removable"}},
};

/* By itself it makes the copy for any machine. What it checks of the partition by udev's database
 * is not to be had inside (bootctl(1), "ENVIRONMENT"). */
static const struct generator efi_systemd_boot[] = {
    {"bootctl",
     {"env", "SYSTEMD_RELAX_ESP_CHECKS=1", "bootctl", "--no-variables", "--esp-path", PATH,
      "install"}},
};

static const struct generator depmod[] = {
    {"depmod", {"depmod", "-a", RELEASE}},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool has_program(const struct examination *x, const char *name)
{
    static const char *const places[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

    for (size_t i = 0; i < COUNT(places); i++) {
        struct stat st;

        if (path_stat(x->root_fd, directory_join(places[i], name), &st) == 0 &&
            S_ISREG(st.st_mode) && (st.st_mode & 0111))
            return true;
    }
    return false;
}

static const struct generator *find(const struct examination *x, const struct generator *table,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_program(x, table[i].program))
            return &table[i];
    return NULL;
}

/* initramfs-tools with MODULES=dep takes the modules that this host needs, by its /sys; there is no
 * option against that. */
static bool builds_for_this_host(const struct examination *x)
{
    _cleanup_directory_ struct directory d = {0};
    bool dep = false;

    (void)directory_list(x->root_fd, "/etc/initramfs-tools/conf.d", "", &d);
    for (unsigned i = 0; i <= d.count; i++) {
        const char *path = i ? directory_join("/etc/initramfs-tools/conf.d", d.names[i - 1])
                             : "/etc/initramfs-tools/initramfs.conf";
        _cleanup_free_ char *data = NULL;
        char line[LINES_WIDTH];
        struct lines l;
        size_t size;

        if (path_read(x->root_fd, path, PATH_CONFIG_MAX, &data, &size) < 0)
            continue;
        l = LINES_OF(data, size);
        while (lines_next(&l, line)) {
            const char *at = lines_strip(line);

            if (text_starts_with(at, "MODULES="))
                dep = text_starts_with(at + 8, "dep");
        }
    }
    return dep;
}

static bool can_run(const struct examination *x)
{
    return x->system->arch_runs_here && x->system->shell[0] && !x->running;
}

static int refuse_copied_group(struct error *e)
{
    return remedy_unfit(e, "its /boot is in a copy of a volume group that this host has: a GRUB "
                           "installed here would look for a group that there is only here");
}

bool rebuild_has_initramfs(const struct examination *x)
{
    const struct generator *g = find(x, initramfs, COUNT(initramfs));

    return g && can_run(x) && !(g == &initramfs[0] && builds_for_this_host(x));
}

bool rebuild_has_grub(const struct examination *x)
{
    return can_run(x) && x->root && find(x, grub, COUNT(grub));
}

bool rebuild_has_loader(const struct examination *x)
{
    return can_run(x) && x->root && find(x, loader, COUNT(loader)) &&
           path_exists(x->root_fd, "/usr/lib/grub/i386-pc/boot.img") == 1;
}

static int plan_command(const struct generator *g, const char *const *argv, struct changes *c,
                        struct error *e)
{
    int r = changes_command(c, argv);

    return r < 0 ? error_errno(e, r, "planning %s", g->program) : 0;
}

static int plan(struct examination *x, const struct generator *g, const char *what,
                const char *release, const char *path, struct changes *c, struct error *e)
{
    const char *argv[9] = {0};

    if (!g)
        return remedy_unfit(e, "it has no program that makes %s", what);
    if (!can_run(x))
        return remedy_unfit(e, "its programs cannot be run here");
    for (size_t i = 0; i < 8 && g->argv[i]; i++)
        argv[i] = strcmp(g->argv[i], RELEASE) == 0 ? release
                  : strcmp(g->argv[i], PATH) == 0  ? path
                                                   : g->argv[i];
    return plan_command(g, argv, c, e);
}

int rebuild_initramfs(struct examination *x, const char *release, const char *path,
                      struct changes *c, struct error *e)
{
    const struct generator *g = find(x, initramfs, COUNT(initramfs));

    if (g == &initramfs[0] && builds_for_this_host(x))
        return remedy_unfit(e, "its initramfs-tools builds for the machine that it runs on "
                               "(MODULES=dep), and that is this host");
    if (g == &initramfs[0] && !text_starts_with(path, "/boot/initrd.img-") &&
        has_program(x, initramfs_elsewhere.program))
        g = &initramfs_elsewhere;
    return plan(x, g, "an initramfs", release, path, c, e);
}

char *rebuild_initramfs_path(const struct examination *x, const char *release, char *buf,
                             size_t size)
{
    bool tools = find(x, initramfs, COUNT(initramfs)) == &initramfs[0];

    snprintf(buf, size, tools ? "/boot/initrd.img-%s" : "/boot/initramfs-%s.img", release);
    return buf;
}

int rebuild_every_initramfs(struct examination *x, struct changes *c, struct error *e)
{
    const struct generator *g = find(x, initramfs, COUNT(initramfs));

    return rebuild_has_initramfs(x) ? plan_command(g, g->every, c, e) : 0;
}

int rebuild_grub(struct examination *x, const char *path, struct changes *c, struct error *e)
{
    return plan(x, find(x, grub, COUNT(grub)), "grub.cfg", "", path, c, e);
}

int rebuild_loader(struct examination *x, struct changes *c, struct error *e)
{
    /* A disk that a name of the kernel's stands for: the first of those that were named, when the
     * root is on something that was assembled. */
    const struct disk *d = x->disk_count ? x->disks[x->root_disk] : NULL;

    for (unsigned i = 0; d && d->kind != DISK_TARGET && i < x->disk_count; i++)
        if (x->disks[i]->kind == DISK_TARGET)
            d = x->disks[i];
    if (facts_grub_in_copied_group(x))
        return refuse_copied_group(e);
    if (!d || d->kind != DISK_TARGET)
        return remedy_unfit(e, "which disk is booted is not known");
    return plan(x, find(x, loader, COUNT(loader)), "a boot loader", "", d->node, c, e);
}

static const char *efi_platform(const struct examination *x)
{
    return strcmp(x->system->arch, "aarch64") == 0 ? "arm64-efi" : "x86_64-efi";
}

bool rebuild_has_efi_loader(const struct examination *x, bool entries)
{
    char path[64];

    if (entries)
        return can_run(x) && x->root && find(x, efi_systemd_boot, COUNT(efi_systemd_boot)) &&
               path_exists(x->root_fd, "/usr/lib/systemd/boot/efi") == 1;
    snprintf(path, sizeof path, "/usr/lib/grub/%s/modinfo.sh", efi_platform(x));
    return can_run(x) && x->root && find(x, efi_grub, COUNT(efi_grub)) &&
           path_exists(x->root_fd, path) == 1;
}

int rebuild_efi_loader(struct examination *x, bool entries, const char *esp, struct changes *c,
                       struct error *e)
{
    const struct generator *table = entries ? efi_systemd_boot : efi_grub;
    size_t count = entries ? COUNT(efi_systemd_boot) : COUNT(efi_grub);
    int r = 0;

    if (!entries && facts_grub_in_copied_group(x))
        return refuse_copied_group(e);
    if (!rebuild_has_efi_loader(x, entries))
        return remedy_unfit(e, "it has no boot loader for EFI to install");
    for (size_t i = 0; r == 0 && i < count; i++)
        r = plan(x, &table[i], "a boot loader", efi_platform(x), esp, c, e);
    return r;
}

int rebuild_module_index(struct examination *x, const char *release, struct changes *c,
                         struct error *e)
{
    return plan(x, find(x, depmod, COUNT(depmod)), "the index of modules", release, "", c, e);
}
