/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is read of a system's past, and the labels of its policy; who is let in again. */

#include "unit.h"

#include "base/fd.h"
#include "faults/access.h"
#include "system/file_contexts.h"
#include "system/history.h"
#include "system/rpm_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

static void record(struct utmp *u, short type, int level, time_t when, const char *kernel)
{
    memset(u, 0, sizeof *u);
    u->ut_type = type;
    u->ut_pid = level;
    u->ut_tv.tv_sec = (int)when;
    strncpy(u->ut_host, kernel, sizeof u->ut_host - 1);
}

static void test_wtmp(void **state)
{
    struct utmp u[5];
    struct history h = {0};

    record(&u[0], BOOT_TIME, 0, 1000, "6.1.0-1");
    record(&u[1], RUN_LVL, '5', 1010, "6.1.0-1");
    record(&u[2], BOOT_TIME, 0, 2000, "6.1.0-2");
    record(&u[3], RUN_LVL, '1', 2010, "6.1.0-2"); /* rescue */
    history_from_wtmp(u, 4 * sizeof u[0] + 100, &h);
    assert_int_equal(h.good.when, 1000);
    assert_string_equal(h.good.kernel, "6.1.0-1");
    assert_int_equal(h.last.when, 2000);
    assert_string_equal(h.source, "wtmp");
    h = (struct history){0};
    history_from_wtmp(u, sizeof u[0], &h);
    assert_null(h.source);
}

static bool is_glibc(const char *package)
{
    return strncmp(package, "glibc", 5) == 0;
}

static void check_rpm_log(const char *text, unsigned wanted)
{
    struct rpm_log log;

    rpm_log_read(text, strlen(text), is_glibc, &log);
    assert_int_equal(log.unfinished, wanted);
}

#define STEP "2026-02-10T10:00:10+0000 SUBDEBUG "
#define RUN  "2026-02-10T10:00:00+0000 INFO --- logging initialized ---\n"

static void test_rpm_log(void **state)
{
    static const char half[] =
        RUN STEP "Upgrade: bash-2\n" STEP "Upgrade: glibc-2\n" STEP "Upgraded: bash-1\n";
    struct rpm_log log;

    (void)state;
    rpm_log_read(half, sizeof half - 1, is_glibc, &log);
    assert_int_equal(log.unfinished, 1);
    assert_string_equal(log.vital, "glibc-2");
    assert_string_equal(log.began, "2026-02-10T10:00:10+0000");
    /* A run that does nothing changes nothing; one that does, says that dnf works again. */
    check_rpm_log(RUN STEP "Upgrade: a-2\n" RUN RUN, 1);
    check_rpm_log(RUN STEP "Upgrade: a-2\n" RUN STEP "Installed: b-1\n", 0);
    /* What is obsoleted or was there twice; a log whose beginning is in another file. */
    check_rpm_log(RUN STEP "Upgrade: a-2\n" STEP "Obsoleted: b-1\n" STEP "Upgraded: a-1\n", 0);
    check_rpm_log(STEP "Upgraded: a-1\n" STEP "Upgraded: b-1\n", 0);
    check_rpm_log(" SUBDEBUG Upgrade: a-2\n", 0); /* at no time */
    check_rpm_log("", 0);
}

static void check_log(enum history_log log, const char *text, const char *wanted)
{
    struct history h = {.good = {.when = 1700000000}};

    history_from_log(text, strlen(text), log, &h);
    assert_int_equal(h.event_count, 1);
    assert_string_equal(h.events[0].what, wanted);
}

static void test_logs(void **state)
{
    check_log(HISTORY_DPKG,
              "2023-01-01 00:00:00 upgrade old:amd64 1 2\n"
              "2026-11-24 12:38:20 upgrade libc6:amd64 2.36-8 2.36-9\n"
              "2026-11-24 12:38:21 status installed libc6:amd64 2.36-9\n"
              "9999-99-99 nonsense\n",
              "libc6 was upgraded to 2.36-9");
    check_log(HISTORY_DNF,
              "2026-11-24T12:38:20+0000 SUBDEBUG Upgrade: glibc-2.36-9.x86_64\n"
              "2026-11-24T12:38:20+0000 INFO --- logging initialized ---\n",
              "glibc-2.36-9.x86_64 was upgraded");
    check_log(HISTORY_ZYPP,
              "# 2026-11-24 12:38:20 glibc-2.36 installed ok\n"
              "2026-11-24 12:38:20|install|glibc|2.36-9|x86_64||repo|\n"
              "2026-11-24 12:38:20|command|root@host|'zypper'\n",
              "glibc 2.36-9 was installed");
    check_log(HISTORY_PACMAN, "[2026-11-24T12:38:20+0000] [ALPM] upgraded linux (6.1-1 -> 6.2-1)\n",
              "linux was upgraded");
}

static void test_events(void **state)
{
    static struct history h;

    for (int i = 0; i < HISTORY_EVENTS_MAX + 10; i++)
        history_add(&h, 1000 - (i % 2 ? i : -i), "event %d", i);
    assert_int_equal(h.event_count, HISTORY_EVENTS_MAX);
    assert_int_equal(h.event_total, HISTORY_EVENTS_MAX + 10);
    for (unsigned i = 1; i < h.event_count; i++)
        assert_true(h.events[i - 1].when <= h.events[i].when);
    assert_int_equal(h.events[h.event_count - 1].when, 1000 + HISTORY_EVENTS_MAX + 8);
}

static void test_file_contexts(void **state)
{
    static const char text[] = "/.*\tsystem_u:object_r:default_t:s0\n"
                               "# comment\n"
                               "/etc(/.*)?\tsystem_u:object_r:etc_t:s0\n"
                               "/etc/shadow.*\t--\tsystem_u:object_r:shadow_t:s0\n"
                               "/etc/shadow\\.d\t-d\tsystem_u:object_r:dir_t:s0\n"
                               "/etc/fstab\t--\tsystem_u:object_r:fstab_t:s0\n"
                               "/etc/f(?:stab|oo)\tsystem_u:object_r:late_t:s0\n"
                               "/proc\t<<none>>\n"
                               "/bad(\tsystem_u:object_r:bad_t:s0\n";
    struct file_contexts *f = NULL;

    assert_int_equal(file_contexts_add(&f, text, sizeof text - 1), 0);
    assert_string_equal(file_contexts_lookup(f, "/etc/shadow-", S_IFREG),
                        "system_u:object_r:shadow_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/etc/shadow-", S_IFDIR),
                        "system_u:object_r:etc_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/etc/shadow.d", S_IFDIR),
                        "system_u:object_r:dir_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/etc", S_IFDIR), "system_u:object_r:etc_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/etc/fstab", S_IFREG),
                        "system_u:object_r:fstab_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/etc/foo", S_IFREG),
                        "system_u:object_r:late_t:s0");
    assert_string_equal(file_contexts_lookup(f, "/bad(", S_IFREG),
                        "system_u:object_r:default_t:s0");
    assert_null(file_contexts_lookup(f, "/proc", S_IFDIR));
    assert_null(file_contexts_lookup(NULL, "/etc", S_IFDIR));
    file_contexts_close(f);
}

/* Debian and Fedora label /etc/systemd/system like /usr/lib/systemd/system, and /usr/lib64 like
 * /usr/lib. */
static void test_file_contexts_aliases(void **state)
{
    static const char rules[] = "/etc(/.*)?\tetc_t\n"
                                "/usr/lib/systemd/system(/.*)?\tunit_t\n"
                                "/srv/.*\tsrv_t\n",
                      policy[] = "# comment\n/etc/systemd/system /usr/lib/systemd/system\n"
                                 "/lib /usr/nothing\n/lib /usr/lib\n/top /\n",
                      local[] = "/own/lib /lib\nbroken\n/ /etc\n";
    struct file_contexts *f = NULL;

    (void)state;
    assert_int_equal(file_contexts_add(&f, rules, sizeof rules - 1), 0);
    assert_string_equal(file_contexts_lookup(f, "/etc/systemd/system/a.service", S_IFREG), "etc_t");
    assert_int_equal(
        file_contexts_add_aliases(f, FILE_CONTEXTS_POLICY_ALIASES, policy, sizeof policy - 1), 0);
    assert_string_equal(file_contexts_lookup(f, "/etc/systemd/system/a.service", S_IFREG),
                        "unit_t");
    assert_string_equal(file_contexts_lookup(f, "/etc/systemd/system", S_IFDIR), "unit_t");
    assert_string_equal(file_contexts_lookup(f, "/etc/systemd/system2", S_IFDIR), "etc_t");
    /* Of two for one path the last; "/" is no double slash; the administrator's come first. */
    assert_string_equal(file_contexts_lookup(f, "/lib/systemd/system/a", S_IFREG), "unit_t");
    assert_string_equal(file_contexts_lookup(f, "/top/srv/a", S_IFREG), "srv_t");
    assert_null(file_contexts_lookup(f, "/own/lib/systemd/system/a", S_IFREG));
    assert_int_equal(
        file_contexts_add_aliases(f, FILE_CONTEXTS_LOCAL_ALIASES, local, sizeof local - 1), 0);
    assert_string_equal(file_contexts_lookup(f, "/own/lib/systemd/system/a", S_IFREG), "unit_t");
    file_contexts_close(f);
}

static char tree[64];
static struct changes c;
static struct linux_system linux_system;
static struct examination x = {.system = &linux_system};

static void put(const char *path, const char *contents)
{
    int fd = openat(c.root_fd, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, contents, strlen(contents)), 0);
    close(fd);
}

static int setup(void **state)
{
    strcpy(tree, "/tmp/unbrick-access.XXXXXX");
    if (!mkdtemp(tree))
        return -1;
    c = (struct changes){.root_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    x.root_fd = c.root_fd;
    assert_int_equal(mkdirat(c.root_fd, "etc", 0755), 0);
    put("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nold:$6$a$b:1:1::/:/bin/sh\n");
    put("etc/shadow", "rootless:*:1::::::\nroot:!$6$old$old:19000:0:90:7:14:19100:\n");
    return c.root_fd < 0;
}

static int teardown(void **state)
{
    char command[128];

    examination_close(&x);
    changes_free(&c);
    close(c.root_fd);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    return system(command);
}

static void test_access(void **state)
{
    struct error e = {0};
    char wanted[256];

    assert_string_equal(access_hash_prefix(&x), "$6$");
    assert_int_equal(access_set_root_password(&x, &c, "$6$new$new", &e), 0);
    snprintf(wanted, sizeof wanted, "rootless:*:1::::::\nroot:$6$new$new:%ld:0:90:7:14::\n",
             (long)(time(NULL) / 86400));
    assert_int_equal(c.count, 1);
    assert_string_equal(c.items[0].after, wanted);
    /* What is planned already is what the next one sees. */
    assert_int_equal(access_unlock(&x, &c, "root", &e), 0);
    assert_string_equal(c.items[0].after, wanted);
    assert_int_equal(access_unlock(&x, &c, "none", &e), -ENOENT);
    assert_int_equal(access_unlock(&x, &c, "rootless", &e), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rpm_log),
        cmocka_unit_test(test_wtmp),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_file_contexts),
        cmocka_unit_test(test_file_contexts_aliases),
        cmocka_unit_test_setup_teardown(test_access, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
