/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char plan[65536];
static unsigned failures;

void wrong(const char *fmt, ...)
{
    va_list ap;

    failures++;
    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

static void read_to(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    size_t used = 0;
    ssize_t n;

    while (fd >= 0 && used + 1 < size && (n = read(fd, buf + used, size - 1 - used)) > 0)
        used += (size_t)n;
    buf[used] = '\0';
    if (fd >= 0)
        close(fd);
}

const char *contents(const char *path)
{
    static char ring[4][65536];
    static unsigned next;
    char *buf = ring[next++ % 4];

    read_to(path, buf, sizeof ring[0]);
    return buf;
}

/* The next line "KEY: VALUE" from *@at on: its value, in a static buffer; NULL at the end. */
static const char *next_value(const char **at, const char *key)
{
    static char ring[4][8192];
    static unsigned next;
    size_t length = strlen(key);

    for (const char *line = *at; line && *line; line = *at) {
        const char *end = strchrnul(line, '\n');

        *at = *end ? end + 1 : end;
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            char *value = ring[next++ % 4];

            line += length + 1;
            line += *line == ' ';
            snprintf(value, sizeof ring[0], "%.*s", (int)(end - line), line);
            return value;
        }
    }
    return NULL;
}

const char *plan_value(const char *key)
{
    const char *at = plan;

    return next_value(&at, key);
}

void plan_words(const char *key, void (*each)(const char *word))
{
    const char *at = plan, *value;

    while ((value = next_value(&at, key))) {
        char copy[8192], *rest = copy, *word;

        snprintf(copy, sizeof copy, "%s", value);
        while ((word = strsep(&rest, " ")))
            if (*word)
                each(word);
    }
}

void plan_lines(const char *key, void (*each)(const char *value))
{
    const char *at = plan, *value;

    while ((value = next_value(&at, key)))
        each(value);
}

static const char *wanted;
static bool found;

static void compare(const char *word)
{
    found = found || strcmp(word, wanted) == 0;
}

bool plan_has(const char *key, const char *word)
{
    wanted = word;
    found = false;
    plan_words(key, compare);
    return found;
}

bool has_option(const char *options, const char *option)
{
    size_t length = strlen(option);

    for (const char *at = options; (at = strstr(at, option)); at += length)
        if ((at == options || at[-1] == ',') &&
            (at[length] == ',' || at[length] == '=' || !at[length]))
            return true;
    return false;
}

/* "36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw" (proc_pid_mountinfo(5)) */
bool find_mount(const char *path, struct mount_entry *ret)
{
    char copy[65536], *rest = copy, *line;
    bool is_there = false;

    snprintf(copy, sizeof copy, "%s", contents("/proc/self/mountinfo"));
    while ((line = strsep(&rest, "\n"))) {
        struct mount_entry m = {.root = ""};
        char *second = strstr(line, " - ");

        if (!second ||
            sscanf(line, "%*s %*s %*s %255s %255s %255s", m.root, m.point, m.options) != 3 ||
            sscanf(second, " - %31s %*s %511s", m.type, m.super) != 2 || strcmp(m.point, path) != 0)
            continue;
        *second = '\0';
        if (strstr(line, " shared:"))
            snprintf(m.shared, sizeof m.shared, "%.63s", strstr(line, " shared:") + 1);
        *ret = m;
        is_there = true;
    }
    return is_there;
}

static bool is_among(const char *name, char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Without @act only the names are printed. */
static void run(const struct check *checks, bool act, char *const *without, unsigned *count,
                unsigned *bad)
{
    for (; checks->name; checks++) {
        if (!act) {
            printf("%s\n", checks->name);
            continue;
        }
        if (is_among(checks->name, without))
            continue;
        failures = 0;
        checks->run();
        printf("%sok %u %s\n", failures ? "not " : "", ++*count, checks->name);
        *bad += failures > 0;
    }
}

int main(int argc, char **argv)
{
    static const struct check *const tables[] = {mount_checks,   proc_checks, device_checks,
                                                 process_checks, file_checks, syscall_checks};
    unsigned count = 0, bad = 0;
    bool act;

    if (argc < 2) {
        fprintf(stderr, "usage: probe PLAN [CHECK...]|--list\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    act = strcmp(argv[1], "--list") != 0;
    if (act)
        read_to(argv[1], plan, sizeof plan);
    if (act && !plan_value("container")) {
        fprintf(stderr, "probe: %s is no plan\n", argv[1]);
        return 2;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        run(tables[i], act, argv + 2, &count, &bad);
    if (act)
        printf("1..%u\n", count);
    return bad > 0;
}
