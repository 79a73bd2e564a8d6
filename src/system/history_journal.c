/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/history_journal.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"
#include "system/history_journal_read.h"

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

#define FILES_MAX   64
#define SECONDS_MAX 5

static struct history_journal_api sd;

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
        (void)history_journal_read(&sd, j, &h);
        (void)fd_write_all(out, &h, sizeof h);
    }
    _exit(0);
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
    history_journal_tame(ret);
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
