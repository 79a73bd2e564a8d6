/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Process 1 and what it stands on: the init, its loader and libraries, /bin and /lib. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/elf_dynamic.h"
#include "system/libraries.h"
#include "system/lines.h"
#include "system/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool executes(const struct examination *x, const char *path, struct program *ret)
{
    _cleanup_fd_ int fd = program_open(x->root_fd, path, ret);

    return fd >= 0;
}

static const char *const systemd_paths[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};

/* A systemd that works, for a link to it. */
static const char *working_systemd(const struct examination *x)
{
    struct program p;

    for (size_t i = 0; i < sizeof systemd_paths / sizeof systemd_paths[0]; i++)
        if (executes(x, systemd_paths[i], &p))
            return systemd_paths[i];
    return NULL;
}

/* The kernel and every initramfs start /sbin/init first; what the kernel tries after it is no init
 * on today's systems, but a shell (init/main.c, kernel_init()). */
static void detect_not_executable(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const others[] = {"/etc/init", "/bin/init", "/init"};
    struct program p = {0};
    struct finding *finding;

    if (x->system->separate_usr || !facts_is_machine(x) || executes(x, "/sbin/init", &p))
        return;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct program other;

        if (executes(x, others[i], &other))
            return;
    }
    finding = report_add(r, f, "/sbin/init cannot be started");
    finding_at(finding, "/sbin/init", 0);
    finding_evidence(finding, "%s", p.problem);
    if (!working_systemd(x)) {
        finding_risk(finding, FAULT_RISK_NONE);
        remedy_shell(x, finding, NULL,
                     facts_has(x, "/var/lib/dpkg/status")
                         ? "apt-get install --reinstall systemd systemd-sysv"
                         : "dnf reinstall systemd");
    }
}

static int link_init(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    const char *systemd = working_systemd(x);

    if (!systemd)
        return remedy_unfit(e, "there is no systemd that /sbin/init could lead to");
    return remedy_planned(changes_link(c, "/sbin/init", systemd), "/sbin/init", e);
}

/* What has to run until somebody can log in; the paths of merged and of split systems. */
static const struct {
    const char *path;
    enum fault_severity severity;
} programs[] = {
    {"/sbin/init", FAULT_STOPS_BOOT},
    {"/bin/sh", FAULT_STOPS_BOOT},
    {"/bin/mount", FAULT_STOPS_BOOT},
    {"/usr/lib/systemd/systemd-udevd", FAULT_STOPS_BOOT},
    {"/lib/systemd/systemd-udevd", FAULT_STOPS_BOOT},
    {"/usr/bin/udevadm", FAULT_STOPS_BOOT},
    {"/usr/lib/systemd/systemd-journald", FAULT_DEGRADES},
    {"/usr/lib/systemd/systemd-logind", FAULT_DEGRADES},
    {"/usr/bin/dbus-daemon", FAULT_DEGRADES},
    {"/usr/bin/dbus-broker-launch", FAULT_DEGRADES},
    {"/sbin/agetty", FAULT_STOPS_BOOT},
    {"/bin/login", FAULT_STOPS_BOOT},
    {"/usr/bin/login", FAULT_STOPS_BOOT},
    {"/usr/sbin/sshd", FAULT_DEGRADES},
};

static bool was_said(const struct report *r, const struct fault *f, const char *subject)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == f && r->findings[i].subject &&
            strcmp(r->findings[i].subject, subject) == 0)
            return true;
    return false;
}

static void detect_library_missing(struct examination *x, const struct fault *f, struct report *r)
{
    struct libraries *l = x->system->separate_usr ? NULL : libraries_open(x->root_fd);

    for (size_t i = 0; l && i < sizeof programs / sizeof programs[0]; i++) {
        const char *library, *by;
        struct finding *finding;
        int failed = libraries_check(l, programs[i].path, &library, &by);

        if (failed == 0 || was_said(r, f, library))
            continue;
        finding = report_add(r, f, "%s cannot start: the library %s is %s", programs[i].path,
                             text_safe(library), failed == -ENOENT ? "missing" : "damaged");
        finding_at(finding, programs[i].path, 0);
        finding_subject(finding, library);
        finding_severity(finding, programs[i].severity);
        finding_evidence(finding, "%s needs %s", text_safe(by), text_safe(library));
        remedy_shell(x, finding, "--host-tools", NULL);
    }
    libraries_close(l);
}

/* Directories that are links into /usr on merged systems (file-hierarchy(7)), and a program or
 * library by which it is seen that they are needed. */
static const struct {
    const char *path, *usr, *mark;
} merged[] = {
    {"/bin", "usr/bin", "/usr/bin/sh"},
    {"/sbin", "usr/sbin", "/usr/sbin/init"},
    {"/lib", "usr/lib", "/usr/lib/systemd/systemd"},
    {"/lib64", "usr/lib64", "/usr/lib64/ld-linux-x86-64.so.2"},
};

/* Is @path missing, a dangling link or a file, although what belongs into it is in /usr? */
static bool lost_link(const struct examination *x, size_t i)
{
    struct stat st;

    return facts_has(x, merged[i].mark) &&
           (path_stat(x->root_fd, merged[i].path, &st) < 0 || !S_ISDIR(st.st_mode));
}

static void detect_usr_merge(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; i < sizeof merged / sizeof merged[0]; i++) {
        struct finding *finding;
        struct stat st;

        if (x->system->separate_usr || !lost_link(x, i))
            continue;
        finding = report_add(r, f, "%s is no longer the link to %s", merged[i].path, merged[i].usr);
        finding_at(finding, merged[i].path, 0);
        finding_subject(finding, merged[i].usr);
        finding_evidence(finding, "%s",
                         facts_lstat(x, merged[i].path, &st) < 0 ? "it is missing"
                         : S_ISLNK(st.st_mode)                   ? "the link leads nowhere"
                                                                 : "it is a file");
        finding_expected(finding, "%s is there", merged[i].mark);
    }
}

static int link_usr(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    return remedy_planned(changes_link(c, f->file, f->subject), f->file, e);
}

/* 0: a library for this machine; else why not. */
static const char *preload_problem(const struct examination *x, const char *path)
{
    _cleanup_fd_ int fd = -1;
    struct elf_dynamic elf;
    struct stat st;

    /* "$LIB", "$PLATFORM" and names without a slash are the loader's to resolve. */
    if (strchr(path, '$') || path[0] != '/')
        return NULL;
    if (path_stat(x->root_fd, path, &st) < 0)
        return "is missing";
    fd = S_ISREG(st.st_mode) ? path_open(x->root_fd, path, O_RDONLY) : -EINVAL;
    if (fd < 0 || elf_dynamic_read(&(struct elf_source){.fd = fd}, &elf) < 0)
        return "is no library";
    return NULL;
}

static void detect_preload(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, "/etc/ld.so.preload");
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];

    while (file->data && lines_next(&l, line)) {
        char *text = lines_strip(line), *word;

        for (char *c = text; *c; c++) /* ld.so(8): separated by blanks or colons */
            if (*c == ':')
                *c = ' ';
        while ((word = lines_word(&text))) {
            const char *problem = preload_problem(x, word);
            struct finding *finding =
                report_add(r, f,
                           "/etc/ld.so.preload loads %s into every "
                           "program%s%s",
                           text_safe(word), problem ? ", which " : "", problem ? problem : "");

            finding_at(finding, "/etc/ld.so.preload", l.number);
            finding_line(finding, file->data, file->size, l.number);
            if (problem)
                continue;
            finding_severity(finding, FAULT_NOTICE);
            finding_risk(finding, FAULT_RISK_MEDIUM);
            finding_why(finding, "A fault in that library is a fault in every program, init among "
                                 "them. Malware hides that way, too.");
        }
    }
}

static const struct fault faults[] = {
    {
        .id = "init.usr-merge",
        .severity = FAULT_STOPS_BOOT,
        .title = "/bin, /sbin, /lib or /lib64 is no link into /usr any more",
        .why =
            "Nothing can be executed: programs name their interpreter and loader by these paths.",
        .remedy = "make the link again",
        .risk = FAULT_RISK_LOW,
        .reference = "file-hierarchy(7)",
        .detect = detect_usr_merge,
        .repair = link_usr,
    },
    {
        .id = "init.not-executable",
        .severity = FAULT_STOPS_BOOT,
        .title = "/sbin/init cannot be started",
        .why = "The kernel ends with \"No working init found\", or the initramfs with \"Target "
               "filesystem doesn't have requested /sbin/init\".",
        .remedy = "link it to the systemd that is there, or install the init again",
        .risk = FAULT_RISK_LOW,
        .reference = "kernel init/main.c, kernel_init()",
        .detect = detect_not_executable,
        .repair = link_init,
    },
    {
        .id = "init.library-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a program that the boot needs does not find its loader or a library",
        .why = "It ends with \"error while loading shared libraries\"; when it is init, the kernel "
               "panics with \"Attempted to kill init\".",
        .remedy = "put the library back from its package with the host's tools, and inside: dpkg "
                  "-x PACKAGE.deb /sysroot, or rpm --root /sysroot -ivh --replacepkgs PACKAGE.rpm",
        .risk = FAULT_RISK_NONE,
        .reference = "ld.so(8)",
        .detect = detect_library_missing,
    },
    {
        .id = "init.preload",
        .severity = FAULT_DEGRADES,
        .title = "/etc/ld.so.preload names a library that is not there, or any at all",
        .why = "Each program that is started complains on its standard error, which breaks scripts "
               "that read it.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "ld.so(8), /etc/ld.so.preload",
        .detect = detect_preload,
        .repair = remedy_comment_line,
    },
};

FAULT_FAMILY(init, faults);
