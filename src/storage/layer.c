/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/layer.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/host_mounts.h"
#include "storage/kernel_feature.h"
#include "storage/scratch_file.h"
#include "storage/used.h"
#include "storage/undo.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#define DAEMON "qemu-storage-daemon"

/* In the daemon's own mount namespace; needs no place on the host. */
#define EXPORT_DIR  "/run"
#define EXPORT_FILE EXPORT_DIR "/disk"

/* What it says when it cannot start. */
#define WORDS_MAX ((size_t)65536)

/* The first line of what a program said. */
static int program_failed(const char *output, const char *what, struct error *e)
{
    size_t size = strcspn(output, "\n");

    return error_set(e, ERROR_TARGET, -EIO, "image-format", "%s: %s", what,
                     size ? text_safe_bytes(output, size) : "no reason is given");
}

/* Run qemu-img on the chain's files. @last: one more descriptor, -1. */
static int run_qemu_img(char *const argv[], const struct image_chain *c, int last,
                        char **ret_output, struct error *e)
{
    int fds[IMAGE_CHAIN_MAX + 1], r;
    const struct process_setup setup = {.fds = fds, .fd_count = c->count + (last >= 0)};

    for (unsigned i = 0; i < c->count; i++)
        fds[i] = c->files[i].fd;
    fds[c->count] = last;
    r = process_run_with(argv, 0, &setup, WORDS_MAX, ret_output, NULL, e);
    if (r == -ENOENT)
        (void)error_advise(e, "install the package qemu-utils (Fedora: qemu-img)");
    if (r > 0)
        return program_failed(*ret_output, text_safe(c->files[0].path), e);
    return r;
}

/* Bytes of the disk that is in the image: only qemu knows for some formats. */
static int virtual_size(const struct image_chain *c, uint64_t *ret, struct error *e)
{
    _cleanup_free_ char *node = image_chain_node(c, "image", false), *output = NULL, *url = NULL;
    char *argv[] = {(char *)"qemu-img", (char *)"info", (char *)"--output=json", NULL, NULL};
    json_t *info;
    int r;

    if (!node || asprintf(&url, "json:%s", node) < 0)
        return error_errno(e, -ENOMEM, "cannot open the image");
    argv[3] = url;
    r = run_qemu_img(argv, c, -1, &output, e);
    if (r < 0)
        return r;
    info = json_loads(output, 0, NULL);
    *ret = (uint64_t)json_integer_value(json_object_get(info, "virtual-size"));
    json_decref(info);
    return *ret ? 0 : program_failed("", text_safe(c->files[0].path), e);
}

/* A file without a name, with an empty qcow2 image of the disk's size in it. */
static int make_overlay(const struct image_chain *c, struct error *e)
{
    char path[32], bytes[32];
    char *argv[] = {(char *)"qemu-img",
                    (char *)"create",
                    (char *)"-q",
                    (char *)"-f",
                    (char *)"qcow2",
                    path,
                    bytes,
                    NULL};
    _cleanup_free_ char *output = NULL;
    _cleanup_fd_ int fd = scratch_file_open();
    uint64_t size = 0;
    int r = fd < 0 ? error_errno(e, fd, "there is no place for a layer") : 0;

    if (r == 0)
        r = virtual_size(c, &size, e);
    if (r < 0)
        return r;
    (void)fd_path(fd, path);
    snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)(size & ~UINT64_C(511)));
    r = run_qemu_img(argv, c, fd, &output, e);
    return r < 0 ? r : take_fd(&fd);
}

/* In the child: everything of the host that is not needed stays free to be unmounted there. */
static int prepare(void *userdata)
{
    int fd;

    (void)userdata;
    if (host_mounts_leave(NULL, NULL) < 0)
        return -errno;
    host_mounts_detach_unneeded();
    if (mount("tmpfs", EXPORT_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=64k") < 0)
        return -errno;
    fd = open(EXPORT_FILE, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : (fd_close(fd), 0);
}

/* The node with the layer above "image". The caller frees. */
static char *overlay_node(int fd)
{
    char *text = NULL, path[32];

    /* Nobody wants it back after a crash: it need not be flushed. */
    if (asprintf(&text,
                 "{\"driver\":\"qcow2\",\"node-name\":\"top\",\"backing\":\"image\",\"discard\":"
                 "\"unmap\",\"file\":{\"driver\":\"file\",\"filename\":\"%s\",\"locking\":\"off\","
                 "\"discard\":\"unmap\",\"cache\":{\"direct\":false,\"no-flush\":true}}}",
                 fd_path(fd, path)) < 0)
        return NULL;
    return text;
}

/* Has the process @pid the token among its arguments? */
static bool has_token(const char *pid, const char *token)
{
    _cleanup_free_ char *data = NULL;
    char path[64], wanted[LAYER_TOKEN_MAX + 8];
    size_t size;

    snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    snprintf(wanted, sizeof wanted, ",id=%s,", token);
    return file_read(path, WORDS_MAX, &data, &size) == 0 &&
           memmem(data, size, DAEMON, strlen(DAEMON)) && memmem(data, size, wanted, strlen(wanted));
}

static pid_t find_daemon(const char *token)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    while (dir && !found && (entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]) && has_token(entry->d_name, token))
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    if (dir)
        closedir(dir);
    return found;
}

/* Start it; it returns when the file can be used (--daemonize). The pid, or a negative errno. */
static int run_daemon(const struct layer_request *q, const char *token, int overlay_fd,
                      struct error *e)
{
    _cleanup_free_ char *image = image_chain_node(q->chain, "image", q->write && !q->overlay),
                        *top = q->overlay ? overlay_node(overlay_fd) : NULL, *output = NULL;
    char export[160], *argv[16] = {(char *)DAEMON, (char *)"--daemonize"};
    int fds[IMAGE_CHAIN_MAX + 1], r;
    const struct process_setup setup = {
        .fds = fds, .fd_count = q->chain->count + q->overlay, .prepare = prepare};
    unsigned n = 2;

    if (!image || (q->overlay && !top))
        return error_errno(e, -ENOMEM, "cannot open the image");
    for (unsigned i = 0; i < q->chain->count; i++)
        fds[i] = q->chain->files[i].fd;
    fds[q->chain->count] = overlay_fd;
    snprintf(export, sizeof export,
             "type=fuse,id=%s,node-name=%s,mountpoint=" EXPORT_FILE ",writable=%s", token,
             q->overlay ? "top" : "image", q->write ? "on" : "off");
    argv[n++] = (char *)"--blockdev";
    argv[n++] = image;
    if (q->overlay) {
        argv[n++] = (char *)"--blockdev";
        argv[n++] = top;
    }
    argv[n++] = (char *)"--export";
    argv[n++] = export;
    r = process_run_with(argv, PROCESS_OUTLIVES_US | PROCESS_OWN_GROUP, &setup, WORDS_MAX, &output,
                         NULL, e);
    if (r == -ENOENT)
        (void)error_advise(e, "install the package qemu-system-common or qemu-utils, whichever has "
                              "it (Fedora: qemu-img)");
    if (r < 0)
        return r;
    if (r > 0)
        return program_failed(output, text_safe(q->chain->files[0].path), e);
    r = find_daemon(token);
    return r > 0 ? r : error_errno(e, -ESRCH, "cannot find " DAEMON);
}

static int open_export(pid_t pid)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/root" EXPORT_FILE, (int)pid);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int attach(struct layer *l, struct error *e)
{
    struct stat st;

    l->pid_fd = pidfd_open(l->pid, 0);
    l->file_fd = open_export(l->pid);
    if (l->pid_fd < 0 || l->file_fd < 0 || fstat(l->file_fd, &st) < 0)
        return error_errno(e, l->file_fd < 0 ? l->file_fd : -errno, "cannot reach " DAEMON);
    l->size = (uint64_t)st.st_size;
    return 0;
}

int layer_start(struct layer *ret, const struct layer_request *q, struct error *e)
{
    static unsigned count;
    struct layer l = {.pid_fd = -1, .file_fd = -1};
    char record[LAYER_TOKEN_MAX + 16];
    _cleanup_fd_ int overlay_fd = -1;
    int r = kernel_feature_require(KERNEL_FUSE, "the image is opened through FUSE", e);

    if (r < 0)
        return r;
    snprintf(l.token, sizeof l.token, "unbrick-%d-%u", (int)getpid(), ++count);
    snprintf(record, sizeof record, UNDO_LAYER "%s", l.token);
    if (q->overlay) {
        overlay_fd = make_overlay(q->chain, e);
        r = overlay_fd < 0 ? overlay_fd : 0;
    }
    if (r == 0 && q->record)
        r = q->record(q->userdata, record);
    if (r == 0)
        r = run_daemon(q, l.token, overlay_fd, e);
    if (r < 0)
        return r;
    l.pid = r;
    step_reached("layer-daemon");
    r = attach(&l, e);
    l.open = true;
    if (r < 0)
        (void)layer_stop(&l, 1000, NULL);
    else
        *ret = l;
    return r;
}

/* Ask it to end, wait, and at last kill it. */
static int end_daemon(int pid_fd, unsigned wait_ms)
{
    struct pollfd wait = {.fd = pid_fd, .events = POLLIN};

    if (pidfd_send_signal(pid_fd, SIGTERM, NULL, 0) < 0)
        return errno == ESRCH ? 0 : -errno;
    if (poll(&wait, 1, (int)wait_ms) == 1)
        return 0;
    (void)pidfd_send_signal(pid_fd, SIGKILL, NULL, 0);
    return -ETIMEDOUT;
}

int layer_stop(struct layer *l, unsigned wait_ms, struct error *e)
{
    int r;

    if (!l->open)
        return 0;
    l->file_fd = fd_close(l->file_fd);
    r = l->pid_fd >= 0 ? end_daemon(l->pid_fd, wait_ms) : 0;
    l->pid_fd = fd_close(l->pid_fd);
    l->open = false;
    return r < 0 ? error_errno(e, r, DAEMON " does not end") : 0;
}

void layer_leave(struct layer *l)
{
    if (!l->open)
        return;
    l->file_fd = fd_close(l->file_fd);
    l->pid_fd = fd_close(l->pid_fd);
    l->open = false;
}

/* A loop device on the daemon's file, that is: a file system is still mounted, or a check runs. */
static bool is_stood_on(pid_t pid, char *who, size_t size)
{
    _cleanup_fd_ int fd = open_export(pid);
    struct used_target t = {.is_file = true};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    t.dev = st.st_dev;
    t.ino = st.st_ino;
    return used_by_loop(&t, who, size) == 1;
}

int layer_undo(const char *token, unsigned wait_ms, struct error *e)
{
    pid_t pid = find_daemon(token);
    _cleanup_fd_ int pid_fd = pid ? pidfd_open(pid, 0) : -1;
    char who[128];
    int r;

    if (pid_fd < 0)
        return 0;
    for (unsigned waited = 0; is_stood_on(pid, who, sizeof who); waited += 20) {
        if (waited >= wait_ms)
            return error_set(e, ERROR_FAILED, -EBUSY, "busy",
                             "a layer is still in use on this host (%s)", who);
        (void)poll(NULL, 0, 20);
    }
    r = end_daemon(pid_fd, wait_ms);
    return r < 0 ? error_errno(e, r, DAEMON " does not end") : 0;
}
