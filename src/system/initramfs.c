/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/initramfs.h"

#include "base/fd.h"
#include "base/text.h"
#include "system/initramfs_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the worker says, each as a byte of these, four bytes of length, and the text. */
enum record {
    RECORD_NAME = 'n',
    RECORD_FILE = 'f',
    RECORD_COMPRESSION = 'c',
    RECORD_PROBLEM = 'p',
    RECORD_OURS = 'o',
    RECORD_END = 'e'
};

/* Of the worker. */
#define MEMORY_MAX  ((rlim_t)1 << 30)
#define SECONDS_MAX 60
#define NOBODY      65534
#define PIPE_SIZE   (1 << 20)

/* --- the worker --- */

static void put(FILE *out, enum record kind, const char *text, size_t size)
{
    uint32_t length = (uint32_t)size;

    (void)fputc(kind, out);
    (void)fwrite(&length, sizeof length, 1, out);
    (void)fwrite(text, 1, size, out);
}

static void on_name(void *userdata, const char *name)
{
    put(userdata, RECORD_NAME, name, strlen(name));
}

static void on_file(void *userdata, const char *name, const char *data, size_t size)
{
    (void)name; /* its record came before */
    put(userdata, RECORD_FILE, data, size);
}

static void on_compression(void *userdata, const char *name)
{
    put(userdata, RECORD_COMPRESSION, name, strlen(name));
}

static void on_problem(void *userdata, const char *text, bool ours)
{
    put(userdata, ours ? RECORD_OURS : RECORD_PROBLEM, text, strlen(text));
}

static void limit(int resource, rlim_t value)
{
    const struct rlimit l = {.rlim_cur = value, .rlim_max = value};

    (void)setrlimit((__rlimit_resource_t)resource, &l);
}

/* Nothing is left to it but to read the one file and to write to the one pipe. */
static int give_up_rights(void)
{
#if !defined(__SANITIZE_ADDRESS__) /* it maps terabytes */
    limit(RLIMIT_AS, MEMORY_MAX);
#endif
    limit(RLIMIT_CPU, SECONDS_MAX);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NPROC, 0);
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) < 0))
        return -errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

__attribute__((noreturn)) static void work(int file, int pipe, pid_t parent)
{
    struct initramfs_sink sink = {on_name, on_file, on_compression, on_problem, NULL};
    FILE *out;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(file, 0) < 0 ||
        dup2(pipe, 1) < 0)
        _exit(1);
    closefrom(3); /* it has another way than close_range(2), and ends us without one */
    out = fdopen(1, "w");
    if (!out || give_up_rights() < 0)
        _exit(1);
    sink.userdata = out;
    if (initramfs_scan(0, &sink) < 0)
        _exit(1);
    put(out, RECORD_END, "", 0);
    _exit(fflush(out) == 0 ? 0 : 1);
}

int initramfs_start(struct initramfs_reader *r, int fd, struct error *e)
{
    _cleanup_fd_ int read_end = -1, write_end = -1;
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(e, -errno, "starting to read an initramfs");
    read_end = ends[0];
    write_end = ends[1];
    (void)fcntl(read_end, F_SETPIPE_SZ, PIPE_SIZE); /* so that several work at a time */
    r->pid = fork();
    if (r->pid < 0)
        return error_errno(e, -errno, "starting to read an initramfs");
    if (r->pid == 0)
        work(fd, write_end, parent);
    r->fd = take_fd(&read_end);
    return 0;
}

/* --- what it says --- */

struct receive {
    struct initramfs *to;
    char *last_name; /* of the record before; in *to */
    bool ended;
};

static int add_name(struct receive *s, const char *text, size_t size)
{
    struct initramfs *to = s->to;
    char **grown;

    if (to->count == INITRAMFS_NAMES_MAX)
        return -E2BIG;
    if (to->count % 1024 == 0) {
        grown = reallocarray(to->names, to->count + 1024, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        to->names = grown;
    }
    s->last_name = strndup(text, size);
    if (!s->last_name)
        return -ENOMEM;
    to->names[to->count++] = s->last_name;
    return 0;
}

static int add_file(struct receive *s, const char *text, size_t size)
{
    struct initramfs *to = s->to;
    struct initramfs_file file = {.size = size};

    if (to->file_count == INITRAMFS_FILES_MAX || !s->last_name || size > INITRAMFS_FILE_MAX)
        return 0;
    file.name = strdup(s->last_name);
    file.data = malloc(size + 1);
    if (!file.name || !file.data) {
        free(file.name);
        free(file.data);
        return -ENOMEM;
    }
    memcpy(file.data, text, size);
    file.data[size] = '\0';
    to->files[to->file_count++] = file;
    return 0;
}

static int take_record(struct receive *s, enum record kind, const char *text, size_t size)
{
    struct initramfs *to = s->to;

    switch (kind) {
    case RECORD_NAME:
        return add_name(s, text, size);
    case RECORD_FILE:
        return add_file(s, text, size);
    case RECORD_COMPRESSION:
        snprintf(to->compression, sizeof to->compression, "%.*s", (int)size, text);
        return 0;
    case RECORD_PROBLEM:
    case RECORD_OURS:
        to->unknown = kind == RECORD_OURS;
        snprintf(to->problem, sizeof to->problem, "%s", text_safe_bytes(text, size));
        return 0;
    case RECORD_END:
        s->ended = true;
        return 0;
    }
    return -EBADMSG;
}

/* Take all whole records from the front of @t. */
static int take_records(struct receive *s, struct text *t)
{
    size_t at = 0;
    uint32_t length;
    int r = 0;

    while (r == 0 && t->size - at >= 1 + sizeof length) {
        memcpy(&length, t->data + at + 1, sizeof length);
        if (length > INITRAMFS_FILE_MAX)
            return -EBADMSG;
        if (t->size - at - 1 - sizeof length < length)
            break;
        r = take_record(s, (enum record)t->data[at], t->data + at + 1 + sizeof length, length);
        at += 1 + sizeof length + length;
    }
    if (at) {
        memmove(t->data, t->data + at, t->size - at);
        t->size -= at;
    }
    return r;
}

static int seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int)now.tv_sec;
}

/* Until the worker closes its end, and not longer than it may take. */
static int receive(int fd, struct receive *s)
{
    _cleanup_text_ struct text t = TEXT_INIT(4 * INITRAMFS_FILE_MAX);
    int until = seconds_now() + SECONDS_MAX, r = 0;
    char buffer[INITRAMFS_FILE_MAX];

    while (r == 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int left = until - seconds_now();
        ssize_t n;

        if (left <= 0 || poll(&p, 1, left * 1000) == 0)
            return -ETIMEDOUT;
        n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        if (n > 0)
            r = text_append(&t, buffer, (size_t)n);
        if (r == 0 && n > 0)
            r = take_records(s, &t);
    }
    return r;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int initramfs_finish(struct initramfs_reader *reader, struct initramfs *ret, struct error *e)
{
    struct receive s = {.to = ret};
    int r, status = 0;

    *ret = (struct initramfs){.compression = "none"};
    r = receive(reader->fd, &s);
    if (r < 0)
        (void)kill(reader->pid, SIGKILL);
    reader->fd = fd_close(reader->fd);
    while (waitpid(reader->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (r == -ENOMEM) {
        initramfs_free(ret);
        return error_errno(e, r, "reading an initramfs");
    }
    if (r < 0 || !s.ended) {
        ret->unknown = true;
        snprintf(ret->problem, sizeof ret->problem,
                 "unpacking it takes more time, memory or names than it may have");
    }
    if (ret->count)
        qsort(ret->names, ret->count, sizeof *ret->names, compare);
    return 0;
}

void initramfs_free(struct initramfs *i)
{
    for (unsigned n = 0; n < i->count; n++)
        free(i->names[n]);
    free(i->names);
    for (unsigned n = 0; n < i->file_count; n++) {
        free(i->files[n].name);
        free(i->files[n].data);
    }
    *i = (struct initramfs){0};
}

/* --- questions --- */

bool initramfs_has(const struct initramfs *i, const char *name)
{
    return i->count && bsearch(&name, i->names, i->count, sizeof *i->names, compare);
}

bool initramfs_has_program(const struct initramfs *i, const char *name)
{
    static const char *const places[] = {"usr/sbin", "usr/bin",         "sbin",
                                         "bin",      "usr/lib/systemd", "lib/systemd"};
    char path[300];

    for (size_t n = 0; n < sizeof places / sizeof places[0]; n++) {
        snprintf(path, sizeof path, "%s/%.200s", places[n], name);
        if (initramfs_has(i, path))
            return true;
    }
    return false;
}

/* "virtio-blk.ko.xz" is the module virtio_blk. */
static bool is_module(const char *file, const char *module)
{
    size_t n = 0;

    while (module[n] && (file[n] == module[n] || (file[n] == '-' && module[n] == '_')))
        n++;
    return !module[n] && text_starts_with(file + n, ".ko") &&
           (file[n + 3] == '\0' || file[n + 3] == '.');
}

bool initramfs_has_module(const struct initramfs *i, const char *module)
{
    for (unsigned n = 0; n < i->count; n++) {
        const char *slash = strrchr(i->names[n], '/');

        if (slash && is_module(slash + 1, module))
            return true;
    }
    return false;
}

bool initramfs_has_init(const struct initramfs *i)
{
    return initramfs_has(i, "init");
}
