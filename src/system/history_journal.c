/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/history_journal.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX    64
#define SECONDS_MAX  5
#define KERNEL_LINES 200 /* of a boot; the release is in the first */

/* systemd.journal-fields(7), systemd/sd-messages.h */
#define UNIT_STARTED "MESSAGE_ID=39f53479d3a045ac8e11786248231fbf"
#define UNIT_FAILED  "MESSAGE_ID=be02cf6855d2428ba40df7e9d022f03d"

/* sd-journal(3), as far as it is used; there may be no header and no library. */
struct sd_journal;
static struct {
    int (*open_files_fd)(struct sd_journal **ret, int fds[], unsigned count, int flags);
    void (*close)(struct sd_journal *j);
    int (*add_match)(struct sd_journal *j, const void *data, size_t size);
    void (*flush_matches)(struct sd_journal *j);
    int (*seek_head)(struct sd_journal *j);
    int (*seek_tail)(struct sd_journal *j);
    int (*next)(struct sd_journal *j);
    int (*previous)(struct sd_journal *j);
    int (*get_data)(struct sd_journal *j, const char *field, const void **ret, size_t *ret_size);
    int (*get_realtime_usec)(struct sd_journal *j, uint64_t *ret);
} sd;

static const struct {
    const char *name;
    void *place;
} symbols[] = {
    {"sd_journal_open_files_fd", &sd.open_files_fd},
    {"sd_journal_close", &sd.close},
    {"sd_journal_add_match", &sd.add_match},
    {"sd_journal_flush_matches", &sd.flush_matches},
    {"sd_journal_seek_head", &sd.seek_head},
    {"sd_journal_seek_tail", &sd.seek_tail},
    {"sd_journal_next", &sd.next},
    {"sd_journal_previous", &sd.previous},
    {"sd_journal_get_data", &sd.get_data},
    {"sd_journal_get_realtime_usec", &sd.get_realtime_usec},
};

static int load(void)
{
    void *library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; library && i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(library, symbols[i].name);

        if (!symbol)
            return -EOPNOTSUPP;
        memcpy(symbols[i].place, &symbol, sizeof symbol);
    }
    return library ? 0 : -EOPNOTSUPP;
}

/* The value of a field of the entry that is looked at, raw, cut to @size. */
static bool field(struct sd_journal *j, const char *name, char *ret, size_t size)
{
    const void *data;
    size_t length, skip = strlen(name) + 1;

    if (sd.get_data(j, name, &data, &length) < 0 || length < skip)
        return false;
    length -= skip;
    if (length >= size)
        length = size - 1;
    memcpy(ret, (const char *)data + skip, length);
    ret[length] = '\0';
    return true;
}

static void match(struct sd_journal *j, const char *fmt, const char *value)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s", fmt, value);
    (void)sd.add_match(j, text, strlen(text));
}

static time_t time_of(struct sd_journal *j)
{
    uint64_t usec;

    return sd.get_realtime_usec(j, &usec) < 0 ? 0 : (time_t)(usec / 1000000);
}

static void find_kernel(struct sd_journal *j, const char *boot, struct history_boot *ret)
{
    static const char begin[] = "Linux version ";
    char message[512];

    sd.flush_matches(j);
    match(j, "_BOOT_ID=", boot);
    match(j, "_TRANSPORT=", "kernel");
    (void)sd.seek_head(j);
    for (unsigned i = 0; i < KERNEL_LINES && sd.next(j) > 0; i++)
        if (field(j, "MESSAGE", message, sizeof message) && text_starts_with(message, begin)) {
            snprintf(ret->kernel, sizeof ret->kernel, "%.*s",
                     (int)strcspn(message + strlen(begin), " "), message + strlen(begin));
            return;
        }
}

static void find_failed(struct sd_journal *j, const char *boot, struct history *h)
{
    char unit[128];

    sd.flush_matches(j);
    match(j, "_BOOT_ID=", boot);
    match(j, "", UNIT_FAILED);
    (void)sd.seek_head(j);
    while (h->failed_count < HISTORY_UNITS_MAX && sd.next(j) > 0) {
        bool known = false;

        if (!field(j, "UNIT", unit, sizeof unit))
            continue;
        for (unsigned i = 0; i < h->failed_count; i++)
            known = known || strcmp(h->failed[i], unit) == 0;
        if (!known)
            memcpy(h->failed[h->failed_count++], unit, sizeof unit);
    }
}

static int read_boots(struct sd_journal *j, struct history *h)
{
    char good[64] = "", last[64] = "";

    match(j, "", UNIT_STARTED);
    match(j, "UNIT=", "multi-user.target");
    (void)sd.seek_tail(j);
    if (sd.previous(j) > 0 && field(j, "_BOOT_ID", good, sizeof good))
        h->good.when = time_of(j);
    sd.flush_matches(j);
    (void)sd.seek_tail(j);
    if (sd.previous(j) > 0 && field(j, "_BOOT_ID", last, sizeof last) && strcmp(good, last) != 0) {
        h->last.when = time_of(j);
        (void)field(j, "MESSAGE", h->stopped, sizeof h->stopped);
        find_kernel(j, last, &h->last);
        find_failed(j, last, h);
    }
    if (h->good.when)
        find_kernel(j, good, &h->good);
    return h->good.when || h->last.when ? 0 : -ENOENT;
}

/* The system's own files, the newest first; users' are not looked at. A link is no file. */
static unsigned open_files(int root_fd, int fds[FILES_MAX])
{
    static const char top[] = "/var/log/journal";
    _cleanup_directory_ struct directory machines = {0};
    unsigned count = 0;

    (void)directory_list(root_fd, top, "", &machines);
    for (unsigned i = 0; i < machines.count; i++) {
        _cleanup_directory_ struct directory files = {0};
        char directory[PATH_MAX];

        snprintf(directory, sizeof directory, "%s/%s", top, machines.names[i]);
        if (directory_list(root_fd, directory, "", &files) < 0)
            continue;
        for (unsigned k = files.count; k-- > 0 && count < FILES_MAX;) {
            const char *name = files.names[k];
            struct stat st;
            int fd;

            if (!text_starts_with(name, "system") ||
                (!text_ends_with(name, ".journal") && !text_ends_with(name, ".journal~")))
                continue;
            fd = path_open(root_fd, directory_join(directory, name), O_RDONLY | O_NOFOLLOW);
            if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                fds[count++] = fd;
            else
                fd_close(fd);
        }
    }
    return count;
}

/* The reader's process. What it finds goes through @out, whole or not at all. */
static _Noreturn void read_in_child(int fds[], unsigned count, int out)
{
    static const struct rlimit seconds = {SECONDS_MAX, SECONDS_MAX};
    struct history h = {0};
    struct sd_journal *j = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CPU, &seconds);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(SIGBUS, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    if (load() == 0 && sd.open_files_fd(&j, fds, count, 0) >= 0) {
        (void)read_boots(j, &h);
        (void)fd_write_all(out, &h, sizeof h);
    }
    _exit(0);
}

/* The reader may have been led astray by what it read: its answer is data, and no more. */
static void tame(struct history *h)
{
    h->source = NULL;
    h->event_count = h->event_total = 0;
    h->good.kernel[sizeof h->good.kernel - 1] = '\0';
    h->last.kernel[sizeof h->last.kernel - 1] = '\0';
    h->stopped[sizeof h->stopped - 1] = '\0';
    if (h->failed_count > HISTORY_UNITS_MAX)
        h->failed_count = HISTORY_UNITS_MAX;
    for (unsigned i = 0; i < h->failed_count; i++)
        h->failed[i][sizeof h->failed[i] - 1] = '\0';
}

static int receive(int in, struct history *ret)
{
    size_t done = 0;

    while (done < sizeof *ret) {
        struct pollfd wait = {.fd = in, .events = POLLIN};
        ssize_t n;

        if (poll(&wait, 1, SECONDS_MAX * 1000) <= 0)
            return -EIO;
        n = read(in, (char *)ret + done, sizeof *ret - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        done += (size_t)n;
    }
    tame(ret);
    return 0;
}

int history_from_journal(int root_fd, struct history *ret)
{
    int fds[FILES_MAX], ends[2], r;
    unsigned count = open_files(root_fd, fds);
    struct history h = {0};
    pid_t pid = -1;

    if (count == 0)
        return -ENOENT;
    r = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
    if (r == 0) {
        pid = fork();
        if (pid == 0)
            read_in_child(fds, count, ends[1]);
        r = pid < 0 ? -errno : 0;
        fd_close(ends[1]);
        if (r == 0)
            r = receive(ends[0], &h);
        fd_close(ends[0]);
    }
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (unsigned i = 0; i < count; i++)
        fd_close(fds[i]);
    if (r < 0 || (!h.good.when && !h.last.when))
        return r < 0 ? r : -ENOENT;
    *ret = h;
    ret->source = "the journal";
    return 0;
}
