/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Settings of the kernel (sysctl.d(5), and the same by its command line) that turn a small trouble
 * into a machine that does not come up. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_cmdlines.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/kernel_arguments.h"
#include "system/sysctl_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a log: its end, where the last boot is. */
#define LOG_MAX ((size_t)4 << 20)

/* --- panics --- */

static const struct {
    const char *name, *effect;
} panics[] = {
    {"vm.panic_on_oom", "when memory runs out"},
    {"kernel.panic_on_oops", "at each error in a driver"},
    {"kernel.unknown_nmi_panic", "at an interrupt that nobody knows"},
    {"kernel.panic_on_unrecovered_nmi", "at an interrupt that nobody knows"},
    {"kernel.softlockup_panic", "when a processor is busy for 20 seconds"},
    {"kernel.hung_task_panic", "when a disk does not answer for two minutes"},
    {"kernel.panic_on_warn", "at each warning"},
};

static void check_panics(struct examination *x, const struct fault *f, struct report *r,
                         const char *path, const char *data, size_t size)
{
    struct sysctl_walk w = SYSCTL_WALK(data, size);
    struct sysctl_line line;

    while (sysctl_next(&w, &line))
        for (size_t i = 0; i < sizeof panics / sizeof panics[0]; i++) {
            struct finding *finding;

            if (strcmp(line.name, panics[i].name) != 0 || strtol(line.value, NULL, 10) == 0)
                continue;
            finding = report_add(r, f, "%s line %u lets the kernel panic %s", text_safe(path),
                                 line.line, panics[i].effect);
            finding_at(finding, path, line.line);
            finding_line(finding, data, size, line.line);
        }
}

typedef void check_fn(struct examination *x, const struct fault *f, struct report *r,
                      const char *path, const char *data, size_t size);

/* Only what an administrator wrote: distributions have their reasons. */
static void for_each_file(struct examination *x, const struct fault *f, struct report *r,
                          check_fn *check)
{
    _cleanup_directory_ struct directory d = {0};

    (void)directory_list(x->root_fd, "/etc/sysctl.d", ".conf", &d);
    for (unsigned i = 0; i <= d.count; i++) {
        const char *path =
            i < d.count ? directory_join("/etc/sysctl.d", d.names[i]) : "/etc/sysctl.conf";
        _cleanup_free_ char *data = NULL;
        _cleanup_fd_ int link = -1;
        struct stat st;
        size_t size;

        /* Debian's 99-sysctl.conf is a link to the other. */
        link = path_open(x->root_fd, path, O_PATH | O_NOFOLLOW);
        if (link < 0 || fstat(link, &st) < 0 || !S_ISREG(st.st_mode) ||
            path_read(x->root_fd, path, PATH_CONFIG_MAX, &data, &size) < 0)
            continue;
        check(x, f, r, path, data, size);
    }
}

static void detect_panics(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_file(x, f, r, check_panics);
}

/* --- huge pages --- */

/* "Memory: 2012345K/2096632K available": of the last boot that left a log. 0: not known. */
static unsigned long long memory_of_last_boot(const struct examination *x)
{
    static const char *const logs[] = {"/var/log/dmesg", "/var/log/kern.log", "/var/log/messages",
                                       "/var/log/boot.msg"};
    unsigned long long bytes = 0;

    for (size_t i = 0; i < sizeof logs / sizeof logs[0] && !bytes; i++) {
        _cleanup_free_ char *data = NULL;
        size_t size;

        if (path_read(x->root_fd, logs[i], LOG_MAX, &data, &size) < 0)
            continue;
        for (const char *at = data; (at = strstr(at, "Memory: ")); at++) {
            char *end;

            (void)strtoull(at + strlen("Memory: "), &end, 10);
            if (!text_starts_with(end, "K/"))
                continue;
            bytes = strtoull(end + 2, &end, 10) * 1024;
            if (!text_starts_with(end, "K available"))
                bytes = 0;
        }
    }
    return bytes;
}

/* A system needs about that much to come up. */
#define NEEDED (512ULL << 20)

/* Databases and hosts of virtual machines reserve most of the memory for good reasons: what counts
 * is what remains. Where the memory is not known, a lot is worth a word. */
static bool is_too_much(unsigned long long reserved, unsigned long long memory)
{
    if (!memory)
        return reserved >= 4ULL << 30;
    /* What is less than half is too much for no machine, however small. */
    return reserved > memory / 2 && (reserved >= memory || memory - reserved < NEEDED);
}

static void judge(struct finding *finding, unsigned long long reserved, unsigned long long memory)
{
    char reserved_text[24], memory_text[24], needed_text[24];

    text_bytes(reserved, reserved_text);
    text_bytes(NEEDED, needed_text);
    if (memory) {
        finding_expected(finding, "%s of memory that remain, of %s at the last boot; reserved: %s",
                         needed_text, text_bytes(memory, memory_text), reserved_text);
        return;
    }
    finding_expected(finding, "%s of memory that remain; reserved: %s", needed_text, reserved_text);
    finding_severity(finding, FAULT_NOTICE);
    finding_why(finding, "A machine with hardly more memory than that does not come up.");
    finding_risk(finding, FAULT_RISK_NONE);
    finding_remedy(finding, "reserve less where the machine has not much more memory than that");
}

static void check_huge_pages(struct examination *x, const struct fault *f, struct report *r,
                             const char *path, const char *data, size_t size)
{
    struct sysctl_walk w = SYSCTL_WALK(data, size);
    struct sysctl_line line;

    while (sysctl_next(&w, &line)) {
        unsigned long long reserved = strtoull(line.value, NULL, 10) << 21; /* of 2 MiB each */
        unsigned long long memory;
        struct finding *finding;
        char reserved_text[24];

        if (strcmp(line.name, "vm.nr_hugepages") != 0 || reserved == 0)
            continue;
        memory = memory_of_last_boot(x);
        if (!is_too_much(reserved, memory))
            continue;
        finding = report_add(r, f, "%s line %u reserves %s of memory for huge pages",
                             text_safe(path), line.line, text_bytes(reserved, reserved_text));
        finding_at(finding, path, line.line);
        finding_line(finding, data, size, line.line);
        judge(finding, reserved, memory);
    }
}

static void detect_huge_pages(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_file(x, f, r, check_huge_pages);
}

/* "hugepagesz=1G hugepages=16": the size holds for the counts behind it. */
static unsigned long long reserved_by(const char *line, char *ret_word, size_t size)
{
    unsigned long long page = 2ULL << 20, sum = 0;
    const char *at;
    size_t n;

    ret_word[0] = '\0';
    while ((at = kernel_arguments_next(&line, &n))) {
        if (text_starts_with(at, "hugepagesz=")) {
            page = strtoull(at + 11, NULL, 10);
            page <<= at[n - 1] == 'G' || at[n - 1] == 'g' ? 30 : at[n - 1] == 'K' ? 10 : 20;
        } else if (text_starts_with(at, "hugepages=") && n < size) {
            sum += page * strtoull(at + 10, NULL, 10);
            snprintf(ret_word, size, "%.*s", (int)n, at);
        }
    }
    return sum;
}

static void detect_huge_pages_of_kernel(struct examination *x, const struct fault *f,
                                        struct report *r)
{
    unsigned long long memory;
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++) {
        struct finding *finding;
        char word[128], what[64], reserved_text[24];
        unsigned long long reserved = reserved_by(lines[i].text, word, sizeof word);

        if (!reserved)
            continue;
        memory = memory_of_last_boot(x);
        if (!is_too_much(reserved, memory))
            continue;
        snprintf(what, sizeof what, "reserves %s of memory for huge pages",
                 text_bytes(reserved, reserved_text));
        finding = facts_cmdline_finding(x, r, f, &lines[i], word, what);
        judge(finding, reserved, memory);
    }
}

static int drop_argument(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    return facts_cmdline_edit(x, c, f->subject, NULL, e);
}

static const struct fault faults[] = {
    {
        .id = "sysctl.huge-pages",
        .severity = FAULT_STOPS_BOOT,
        .title = "huge pages leave hardly any memory",
        .why = "Programs of the boot find no memory (\"System is deadlocked on memory\").",
        .remedy = "turn the line into a comment, or reserve less",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "Documentation/admin-guide/mm/hugetlbpage.rst",
        .detect = detect_huge_pages,
        .repair = remedy_comment_line,
    },
    {
        .id = "sysctl.huge-pages-of-kernel",
        .severity = FAULT_STOPS_BOOT,
        .title = "huge pages of the kernel command line leave hardly any memory",
        .why = "Programs of the boot find no memory (\"System is deadlocked on memory\").",
        .remedy = "take hugepages= out of the command line, or reserve less",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "Documentation/admin-guide/mm/hugetlbpage.rst",
        .detect = detect_huge_pages_of_kernel,
        .repair = drop_argument,
    },
    {
        .id = "sysctl.panic",
        .severity = FAULT_NOTICE,
        .title = "the kernel is told to panic where it could go on",
        .why = "A trouble that would be a line in the log stops the machine.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "Documentation/admin-guide/sysctl/kernel.rst",
        .detect = detect_panics,
        .repair = remedy_comment_line,
    },
};

FAULT_FAMILY(sysctl, faults);
