/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/history.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"
#include "system/history_journal.h"
#include "system/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmp.h>

#define WTMP_MAX ((size_t)16 << 20)

/* Of a longer log the end is read. */
#define LOG_MAX ((size_t)4 << 20)

void history_add(struct history *h, time_t when, const char *fmt, ...)
{
    struct history_event event = {.when = when};
    unsigned at;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(event.what, sizeof event.what, fmt, ap);
    va_end(ap);
    for (unsigned i = 0; i < h->event_count; i++)
        if (h->events[i].when == when && strcmp(h->events[i].what, event.what) == 0)
            return;
    h->event_total++;
    if (h->event_count == HISTORY_EVENTS_MAX) {
        if (when <= h->events[0].when)
            return;
        memmove(h->events, h->events + 1, (HISTORY_EVENTS_MAX - 1) * sizeof *h->events);
        h->event_count--;
    }
    for (at = h->event_count; at > 0 && h->events[at - 1].when > when; at--)
        h->events[at] = h->events[at - 1];
    h->events[at] = event;
    h->event_count++;
}

/* systemd-update-utmp(8) writes a boot record, and one of the runlevel when the default target is
 * reached; both have the kernel's release as their host. */
void history_from_wtmp(const void *data, size_t size, struct history *ret)
{
    struct history_boot boot = {0};
    bool reached = false;

    for (size_t at = 0; at + sizeof(struct utmp) <= size; at += sizeof(struct utmp)) {
        struct utmp record;
        int level;

        memcpy(&record, (const char *)data + at, sizeof record);
        level = record.ut_pid % 256;
        if (record.ut_type == BOOT_TIME) {
            boot.when = record.ut_tv.tv_sec;
            snprintf(boot.kernel, sizeof boot.kernel, "%.*s", (int)sizeof boot.kernel - 1,
                     record.ut_host);
            reached = false;
        } else if (record.ut_type == RUN_LVL && level >= '2' && level <= '5' && boot.when) {
            ret->good = boot;
            ret->source = "wtmp";
            reached = true;
        }
    }
    if (boot.when && !reached)
        ret->last = boot;
}

/* "2026-11-24 12:38:20", with a "T" in its middle too. In the patient's local time, which is taken
 * for the host's: hours may be wrong, days hardly. */
static time_t parse_time(const char *s)
{
    struct tm tm = {.tm_isdst = -1};

    s = strptime(s, "%Y-%m-%d", &tm);
    if (!s || (*s != ' ' && *s != 'T') || !strptime(s + 1, "%H:%M:%S", &tm) || tm.tm_year < 70)
        return 0;
    return mktime(&tm);
}

/* "2026-11-24 12:38:20 upgrade libc6:amd64 2.36-8 2.36-9" */
static void read_dpkg(char *line, time_t when, struct history *ret)
{
    char *at = line + strlen("2026-11-24 12:38:20"), *verb = lines_word(&at),
         *package = lines_word(&at), *old = lines_word(&at), *new = lines_word(&at);

    if (!verb || !package || !old || !new)
        return;
    package[strcspn(package, ":")] = '\0';
    if (strcmp(verb, "upgrade") == 0)
        history_add(ret, when, "%.60s was upgraded to %.60s", text_safe(package), text_safe(new));
    else if (strcmp(verb, "install") == 0)
        history_add(ret, when, "%.60s %.60s was installed", text_safe(package), text_safe(new));
    else if (strcmp(verb, "remove") == 0 || strcmp(verb, "purge") == 0)
        history_add(ret, when, "%.60s was removed", text_safe(package));
}

/* "2026-11-24T12:38:20+0000 SUBDEBUG Upgrade: libc-2.36-9.x86_64" */
static void read_dnf(char *line, time_t when, struct history *ret)
{
    static const struct {
        const char *word, *what;
    } verbs[] = {{"Upgrade: ", "upgraded"},
                 {"Installed: ", "installed"},
                 {"Install: ", "installed"},
                 {"Erase: ", "removed"}};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const char *at = strstr(line, verbs[i].word);

        if (at && at[-1] == ' ') {
            history_add(ret, when, "%.100s was %s", text_safe(at + strlen(verbs[i].word)),
                        verbs[i].what);
            return;
        }
    }
}

/* "2026-11-24 12:38:20|install|glibc|2.36-9|x86_64|..." */
static void read_zypp(char *line, time_t when, struct history *ret)
{
    char *rest = strchr(line, '|'), *verb, *package, *version;

    if (!rest)
        return;
    rest++;
    verb = strsep(&rest, "|");
    package = strsep(&rest, "|");
    version = strsep(&rest, "|");
    verb[strcspn(verb, " ")] = '\0';
    if (package && version && strcmp(verb, "install") == 0)
        history_add(ret, when, "%.60s %.60s was installed", text_safe(package), text_safe(version));
    else if (package && strcmp(verb, "remove") == 0)
        history_add(ret, when, "%.60s was removed", text_safe(package));
}

/* "[2026-11-24T12:38:20+0000] [ALPM] upgraded linux (6.1-1 -> 6.2-1)" */
static void read_pacman(char *line, time_t when, struct history *ret)
{
    static const char mark[] = "[ALPM] ";
    char *at = strstr(line, mark), *verb, *package;

    if (!at)
        return;
    at += strlen(mark);
    verb = lines_word(&at);
    package = lines_word(&at);
    if (package && (strcmp(verb, "upgraded") == 0 || strcmp(verb, "installed") == 0 ||
                    strcmp(verb, "removed") == 0))
        history_add(ret, when, "%.100s was %s", text_safe(package), verb);
}

void history_from_log(const char *data, size_t size, enum history_log log, struct history *ret)
{
    static void (*const readers[])(char *line, time_t when, struct history *ret) = {
        [HISTORY_DPKG] = read_dpkg,
        [HISTORY_DNF] = read_dnf,
        [HISTORY_ZYPP] = read_zypp,
        [HISTORY_PACMAN] = read_pacman,
    };
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        char *at = line + (line[0] == '[');
        time_t when = strlen(at) > strlen("2026-11-24 12:38:20") ? parse_time(at) : 0;

        if (when > ret->good.when)
            readers[log](at, when, ret);
    }
}

/* The end of a file, which may be large. */
static int read_end(int root_fd, const char *path, char **ret, size_t *ret_size)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_RDONLY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return fd < 0 ? fd : -EINVAL;
    if ((size_t)st.st_size > LOG_MAX && lseek(fd, st.st_size - (off_t)LOG_MAX, SEEK_SET) < 0)
        return -errno;
    return fd_read_all(fd, LOG_MAX + 65536, ret, ret_size);
}

static void read_logs(int root_fd, struct history *h)
{
    static const struct {
        const char *path;
        enum history_log log;
    } logs[] = {
        {"/var/log/dpkg.log.1", HISTORY_DPKG},   {"/var/log/dpkg.log", HISTORY_DPKG},
        {"/var/log/dnf.rpm.log.1", HISTORY_DNF}, {"/var/log/dnf.rpm.log", HISTORY_DNF},
        {"/var/log/zypp/history", HISTORY_ZYPP}, {"/var/log/pacman.log", HISTORY_PACMAN},
    };

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        _cleanup_free_ char *data = NULL;
        size_t size = 0;

        if (read_end(root_fd, logs[i].path, &data, &size) == 0)
            history_from_log(data, size, logs[i].log, h);
    }
}

/* Configuration that decides about the boot: files, and directories of such files. */
static const char *const watched[] = {
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/default/grub",
    "/etc/kernel/cmdline",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
    "/etc/ssh/sshd_config",
    "/etc/lvm/lvm.conf",
    "/etc/mdadm/mdadm.conf",
    "/etc/selinux/config",
    "/etc/ld.so.preload",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/sysctl.d",
    "/etc/sysctl.conf",
    "/etc/systemd/system",
    "/etc/dracut.conf.d",
    "/etc/initramfs-tools",
    "/etc/pam.d",
    "/etc/network/interfaces",
    "/etc/netplan",
    "/etc/rc.local",
};

/* Was it changed after the last good boot? */
static bool watch(int root_fd, const char *path, struct history *h)
{
    struct stat st;

    if (path_stat(root_fd, path, &st) < 0 || st.st_mtime <= h->good.when)
        return false;
    history_add(h, st.st_mtime, "%.130s was changed", text_safe(path));
    return true;
}

static void read_changes(int root_fd, struct history *h)
{
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        _cleanup_directory_ struct directory d = {0};
        bool inside = false;

        (void)directory_list(root_fd, watched[i], "", &d);
        for (unsigned k = 0; k < d.count; k++) {
            const char *path = directory_join(watched[i], d.names[k]);
            struct stat st;

            if (path_stat(root_fd, path, &st) == 0 && S_ISREG(st.st_mode))
                inside = watch(root_fd, path, h) || inside;
        }
        /* A directory's own date says that something was taken away. */
        if (!inside)
            (void)watch(root_fd, watched[i], h);
    }
}

void history_read(int root_fd, struct history *ret)
{
    _cleanup_free_ char *data = NULL;
    struct history wtmp = {0};
    size_t size;

    memset(ret, 0, sizeof *ret);
    if (path_read(root_fd, "/var/log/wtmp", WTMP_MAX, &data, &size) == 0)
        history_from_wtmp(data, size, &wtmp);
    if (history_from_journal(root_fd, ret) == 0) {
        /* A container's journal has no messages of a kernel; wtmp knows its release. */
        if (!ret->good.kernel[0] && labs((long)(wtmp.good.when - ret->good.when)) < 3600)
            memcpy(ret->good.kernel, wtmp.good.kernel, sizeof ret->good.kernel);
    } else {
        ret->last = wtmp.last;
    }
    /* The journal may begin after the last good boot, or know of none. */
    if (!ret->good.when) {
        ret->good = wtmp.good;
        ret->source = wtmp.source;
    }
    if (!ret->good.when)
        return;
    read_logs(root_fd, ret);
    read_changes(root_fd, ret);
}
