/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mounting by /etc/fstab: where the lines lead, in which order, and with which options. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/fstab_line.h"
#include "storage/btrfs_subvolumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- mount points --- */

/* Is what is in the tree at @target the system's: are the mounts above it there? */
static bool parents_are_mounted(const struct examination *x, const char *target)
{
    char parent[1024];
    char *slash;

    if ((size_t)snprintf(parent, sizeof parent, "%s", target) >= sizeof parent)
        return false;
    slash = strrchr(parent, '/');
    if (!slash || slash == parent)
        return true;
    *slash = '\0';
    return examination_sees(x, parent);
}

/* What stands in the way of a mount on @target; NULL: nothing. A missing directory does not:
 * systemd makes it (systemd.mount(5), Where=). */
static const char *obstacle(const struct examination *x, const char *target)
{
    _cleanup_fd_ int fd = -1;
    struct stat st;
    int r = path_stat(x->root_fd, target, &st);

    if (r == 0)
        return S_ISDIR(st.st_mode) ? NULL : "a file is in its place";
    fd = path_open(x->root_fd, target, O_PATH | O_NOFOLLOW);
    if (r == -ENOENT && fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
        return "a link that leads nowhere is in its place";
    return r == -ELOOP ? "links without an end are in its place" : NULL;
}

static void detect_point_unusable(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const char *why;
        struct finding *finding;

        if (entry->class != FSTAB_MOUNT || !fstab_line_is_automatic(entry) ||
            !parents_are_mounted(x, entry->target))
            continue;
        why = obstacle(x, entry->target);
        if (!why)
            continue;
        finding = fstab_line_finding(x, r, f, entry, "mounts on what is no directory");
        finding_expected(finding, "the directory %s: %s", text_safe(entry->target), why);
        if (entry->nofail)
            finding_severity(finding, FAULT_DEGRADES);
    }
}

static int make_point(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    int r = changes_remove(c, f->subject);

    (void)x;
    if (r == 0)
        r = changes_directory(c, f->subject, 0755);
    return r < 0 ? error_errno(e, r, "making %s", text_safe(f->subject)) : 0;
}

/* --- one line against another --- */

static bool mounts_something(const struct fstab_entry *entry)
{
    return entry->class != FSTAB_MALFORMED && entry->class != FSTAB_SWAP &&
           fstab_line_is_automatic(entry);
}

static void detect_duplicate(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 1; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        for (unsigned j = 0; j < i && mounts_something(entry); j++) {
            const struct fstab_entry *first = &x->fstab.entries[j];

            if (!mounts_something(first) || strcmp(entry->target, first->target) != 0)
                continue;
            finding_expected(
                fstab_line_finding(x, r, f, entry, "mounts where another line does, too"),
                "line %u: %s", first->line,
                examination_line(x->fstab_text, x->fstab_size, first->line));
            break;
        }
    }
}

/* systemd sorts mounts by their paths; the scripts of other inits go from line to line. */
static void detect_order(struct examination *x, const struct fault *f, struct report *r)
{
    if (x->system->init == INIT_SYSTEMD)
        return;
    for (unsigned i = 1; i < x->fstab.count; i++) {
        const struct fstab_entry *parent = &x->fstab.entries[i];
        size_t length = strlen(parent->target);

        for (unsigned j = 0; j < i && mounts_something(parent) && length > 1; j++) {
            const struct fstab_entry *child = &x->fstab.entries[j];

            if (!mounts_something(child) || strncmp(child->target, parent->target, length) != 0 ||
                child->target[length] != '/')
                continue;
            finding_expected(fstab_line_finding(x, r, f, parent, "comes too late"),
                             "it stands before line %u, which mounts below it: %s", child->line,
                             examination_line(x->fstab_text, x->fstab_size, child->line));
            break;
        }
    }
}

/* --- what cannot be mounted or checked --- */

/* Neither _netdev nor a type of systemd's list (fstype_is_network()): it is mounted before there is
 * a network. */
static bool needs_network_unsaid(const struct fstab_entry *entry)
{
    static const char *const types[] = {"fuse.s3fs",    "fuse.rclone",   "fuse.gcsfuse",
                                        "fuse.mfs",     "fuse.blobfuse", "fuse.curlftpfs",
                                        "fuse.moosefs", "s3fs",          "rclone",
                                        "beegfs",       "juicefs",       "fuse.juicefs"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(entry->type, types[i]) == 0)
            return true;
    /* A disk of an iSCSI or AoE server, by the name that says so. */
    return strstr(entry->source, "-iscsi-") || text_starts_with(entry->source, "/dev/etherd/");
}

static void detect_network(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        struct finding *finding;

        /* What the initramfs mounts is there, with its network, before fstab is read. */
        if (!fstab_line_is_automatic(entry) || entry->nofail || strcmp(entry->target, "/") == 0 ||
            strcmp(entry->target, "/usr") == 0)
            continue;
        if (needs_network_unsaid(entry) && !fstab_line_has_option(entry, "_netdev")) {
            finding = fstab_line_finding(x, r, f, entry, "is mounted before there is a network");
            finding_expected(finding, "_netdev among its options");
        } else if (entry->class == FSTAB_NETWORK) {
            finding = fstab_line_finding(x, r, f, entry, "waits for a server");
            finding_severity(finding, FAULT_NOTICE);
            finding_risk(finding, FAULT_RISK_MEDIUM);
            finding_why(finding, "While the server does not answer the boot waits, up to some "
                                 "minutes; then it goes on without it.");
        }
    }
}

static int add_network_options(struct examination *x, const struct finding *f, struct changes *c,
                               struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = fstab_line_planned(c, f->line);
    int r = line ? fstab_edit_add_options(line, "_netdev,nofail", &t) : -ENOENT;

    (void)x;
    return fstab_line_replace(f, c, &t, r, e);
}

/* systemd-fsck passes over what it has no checker for; the scripts of others stop for it. */
static void detect_check_impossible(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const places[] = {"/sbin", "/usr/sbin", "/bin", "/usr/bin"};

    if (x->system->init == INIT_SYSTEMD)
        return;
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        bool found = entry->class != FSTAB_MOUNT || entry->noauto || entry->passno == 0 ||
                     strcmp(entry->type, "auto") == 0 || strchr(entry->type, '/') ||
                     strchr(entry->type, ',');
        char path[300];

        for (size_t j = 0; !found && j < sizeof places / sizeof places[0]; j++) {
            snprintf(path, sizeof path, "%s/fsck.%.200s", places[j], entry->type);
            found = path_exists(x->root_fd, path) != 0;
        }
        if (!found)
            finding_expected(
                fstab_line_finding(x, r, f, entry, "wants a check that the system cannot make"),
                "fsck.%s, or 0 at the end of the line", text_safe(entry->type));
    }
}

static int drop_check(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    (void)x;
    return fstab_line_set(f, c, FSTAB_PASSNO, "0", e);
}

/* --- subvolumes --- */

/* A descriptor in the btrfs of @v: what is mounted as "/", or a mount of its own for the look. */
static int open_btrfs(const struct examination *x, const struct volume *v)
{
    _cleanup_fd_ int mount_fd = -1;

    if (v == x->root)
        return path_open(x->root_fd, "/", O_RDONLY | O_DIRECTORY);
    mount_fd = examination_mount(x, v, "subvolid=5");
    return mount_fd < 0 ? mount_fd : path_open(mount_fd, "/", O_RDONLY | O_DIRECTORY);
}

static void detect_subvolume_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        struct btrfs_subvolumes subvolumes = {0};
        _cleanup_fd_ int fd = -1;
        const struct volume *v;
        struct finding *finding;
        char why[256];

        if ((entry->class != FSTAB_MOUNT && entry->class != FSTAB_ROOT) ||
            !fstab_line_is_automatic(entry) || strstr(entry->options, "subvol") == NULL ||
            examination_device(x, entry->source, &v, why, sizeof why) != DEVICE_FOUND || !v ||
            strcmp(v->fs.type, "btrfs") != 0)
            continue;
        fd = open_btrfs(x, v);
        if (fd < 0 || btrfs_subvolumes_read(fd, &subvolumes) < 0)
            continue;
        if (!subvolumes.incomplete && !btrfs_subvolumes_have(&subvolumes, entry->options)) {
            finding = fstab_line_finding(x, r, f, entry, "names a subvolume that is not there");
            if (entry->class == FSTAB_ROOT) {
                finding_severity(finding, FAULT_DEGRADES);
                finding_why(finding, "The root is mounted by the kernel command line; snapshots "
                                     "and tools that go by fstab work on a wrong subvolume.");
                finding_risk(finding, FAULT_RISK_NONE);
                finding_remedy(finding, "name the subvolume that the kernel is told to mount");
            } else if (entry->nofail) {
                finding_severity(finding, FAULT_DEGRADES);
                finding_risk(finding, FAULT_RISK_NONE);
                finding_remedy(finding, FSTAB_LINE_OPTIONAL_ALREADY);
            } else if (fstab_line_is_essential(entry)) {
                finding_risk(finding, FAULT_RISK_MEDIUM);
            }
        }
        btrfs_subvolumes_free(&subvolumes);
    }
}

static const struct fault faults[] = {
    {
        .id = "mount.point-unusable",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab mounts on what is no directory",
        .why = "The mount fails, local-fs.target with it, and systemd ends in emergency mode.",
        .remedy = "make the directory; what is in its place is kept beside it",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "systemd.mount(5), mount(2) ENOTDIR",
        .detect = detect_point_unusable,
        .repair = make_point,
    },
    {
        .id = "mount.subvolume-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab names a btrfs subvolume that is not there",
        .why = "The mount fails (\"subvolume not found\"), local-fs.target with it, and systemd "
               "ends in emergency mode.",
        .remedy = "let the boot go on without it: nofail, and 10 seconds to wait",
        .risk = FAULT_RISK_LOW,
        .reference = "btrfs(5), subvol=",
        .detect = detect_subvolume_missing,
        .repair = fstab_line_make_optional,
    },
    {
        .id = "mount.network",
        .severity = FAULT_STOPS_BOOT,
        .title = "a network file system is waited for",
        .why = "It is taken for a local one, fails before the network is there, and systemd ends "
               "in emergency mode.",
        .remedy = "say that it needs the network, and let the boot go on without it: "
                  "_netdev,nofail",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.mount(5), _netdev",
        .detect = detect_network,
        .repair = add_network_options,
    },
    {
        .id = "mount.check-impossible",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab wants a check for which there is no program",
        .why = "fsck ends with status 8, and the boot scripts stop for maintenance.",
        .remedy = "do not check that file system at boot",
        .risk = FAULT_RISK_LOW,
        .reference = "fsck(8)",
        .detect = detect_check_impossible,
        .repair = drop_check,
    },
    {
        .id = "mount.order",
        .severity = FAULT_DEGRADES,
        .title = "fstab mounts a directory after what lies below it",
        .why = "The later mount hides the earlier one: what is below it is not to be seen.",
        .remedy = "move the line up in /etc/fstab",
        .risk = FAULT_RISK_NONE,
        .reference = "findmnt(8) --verify",
        .detect = detect_order,
    },
    {
        .id = "mount.duplicate",
        .severity = FAULT_DEGRADES,
        .title = "two lines of fstab mount in the same place",
        .why = "systemd takes the first line and passes over the second; mount -a mounts one over "
               "the other.",
        .remedy = "turn the second line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd-fstab-generator(8), findmnt(8) --verify",
        .detect = detect_duplicate,
        .repair = fstab_line_comment_out,
    },
};

FAULT_FAMILY(mount, faults);
