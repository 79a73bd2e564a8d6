/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Detectors of what takes a failing disk, or device-mapper, to be made: on an examination that is
 * put together here; and what the fuzzer of them all fell over. All others:
 * tests/system/faults-*.bats. */

#include "unit.h"

#include "faults/examination.h"
#include "faults/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sick {
    struct disk *disk, *disks[1];
    struct examination x;
    struct report report;
};

static struct sick *new_sick(void)
{
    struct sick *s = calloc(1, sizeof *s);

    s->disk = calloc(1, sizeof *s->disk);
    s->disks[0] = s->disk;
    s->disk->volume_count = 1;
    strcpy(s->disk->name, "vg0");
    strcpy(s->disk->volumes[0].name, "part1");
    s->x = (struct examination){.root_fd = -1, .disks = s->disks, .disk_count = 1};
    return s;
}

static void free_sick(struct sick *s)
{
    report_free(&s->report);
    free(s->disk);
    free(s);
}

/* What is found: one thing, in that sentence; NULL: nothing. */
static void check(struct sick *s, const char *id, const char *what, enum fault_severity severity)
{
    const struct fault *f = fault_find(id);

    assert_non_null(f);
    report_free(&s->report);
    s->report = (struct report){0};
    f->detect(&s->x, f, &s->report);
    assert_int_equal(s->report.count, what != NULL);
    if (!what)
        return;
    assert_string_equal(s->report.findings[0].what, what);
    assert_int_equal(s->report.findings[0].severity, severity);
}

static void test_failing_disk(void **state)
{
    static const struct check_report unchecked;
    struct sick *s = new_sick();

    (void)state;
    check(s, "filesystem.failing-disk", NULL, 0);
    s->disk->volumes[0].unreadable = true;
    check(s, "filesystem.failing-disk", "part1 cannot be read: Input/output error",
          FAULT_STOPS_BOOT);
    s->disk->volumes[0].unreadable = false;
    s->x.filesystems[0] = (struct examined_filesystem){.target = "/srv",
                                                       .volume = &s->disk->volumes[0],
                                                       .report = &unchecked,
                                                       .fail_reads = "block 77"};
    s->x.filesystem_count = 1;
    check(s, "filesystem.failing-disk", "part1 cannot be read everywhere", FAULT_STOPS_BOOT);
    assert_string_equal(s->report.findings[0].evidence, "block 77");
    free_sick(s);
}

static const char *unread_sector(const void *userdata)
{
    return *(const bool *)userdata ? "sdb, sector 2048" : NULL;
}

/* What is found besides may come from what could not be read. */
static void test_failing_disk_alone(void **state)
{
    struct sick *s = new_sick();
    bool fails = false;
    struct error e = {0};

    (void)state;
    s->x.read_error = unread_sector;
    s->x.userdata = &fails;
    s->disk->kind = DISK_GROUP;
    s->disk->degraded = true;
    check(s, "filesystem.failing-disk", NULL, 0);
    /* A part of a group that is not there is no failing disk. */
    s->disk->volumes[0].unreadable = true;
    check(s, "filesystem.failing-disk", NULL, 0);
    fails = true;
    report_free(&s->report);
    assert_int_equal(faults_detect(&s->x, &s->report, &e), 0);
    assert_true(s->report.stopped);
    assert_int_equal(s->report.count, 1);
    assert_string_equal(s->report.findings[0].fault->id, "filesystem.failing-disk");
    assert_string_equal(s->report.findings[0].evidence,
                        "the kernel could not read: sdb, sector 2048");
    free_sick(s);
}

static int ctrl_c(struct error *e)
{
    return error_set(e, ERROR_INTERRUPTED, -EINTR, "interrupted", "interrupted");
}

/* Who is tired of waiting is not kept until the last detector has looked. */
static void test_interrupted(void **state)
{
    struct sick *s = new_sick();
    struct error e = {0};

    (void)state;
    s->x.interrupted = ctrl_c;
    assert_int_equal(faults_detect(&s->x, &s->report, &e), -EINTR);
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    free_sick(s);
}

static void test_member_missing(void **state)
{
    struct sick *s = new_sick();

    (void)state;
    s->disk->kind = DISK_GROUP;
    check(s, "member.missing", NULL, 0);
    s->disk->degraded = true;
    check(s, "member.missing", "the volume group vg0 is there without all of its disks",
          FAULT_STOPS_BOOT);
    /* An array is redundant, or it would not have been started. */
    s->disk->kind = DISK_ARRAY;
    strcpy(s->disk->name, "md0");
    check(s, "member.missing", "the array md0 is there without all of its disks", FAULT_DEGRADES);
    s->disk->degraded = false;
    s->x.left_out = "data has only 1 of 2 members";
    check(s, "member.missing", "data has only 1 of 2 members", FAULT_DEGRADES);
    free_sick(s);
}

/* A tree with these files in it, and a report of all that is wrong there. */
struct tree_file {
    const char *path, *text;
};

static void look_at_tree(const struct tree_file *files, size_t count, struct report *ret)
{
    static struct linux_system kind = {.init = INIT_SYSTEMD, .kernel_count = 1};
    char root[] = "/tmp/unbrick-faults.XXXXXX", path[512], command[600];
    struct examination x = {.system = &kind};
    struct error e = {0};

    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < count; i++) {
        FILE *f;

        snprintf(command, sizeof command, "mkdir -p \"$(dirname %s%s)\"", root, files[i].path);
        assert_int_equal(system(command), 0);
        snprintf(path, sizeof path, "%s%s", root, files[i].path);
        f = fopen(path, "we");
        assert_non_null(f);
        fputs(files[i].text, f);
        fclose(f);
    }
    x.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(examination_open(&x, &e), 0);
    assert_int_equal(faults_detect(&x, ret, &e), 0);
    examination_close(&x);
    close(x.root_fd);
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

static const struct finding *find(const struct report *r, const char *id)
{
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->findings[i].fault->id, id) == 0)
            return &r->findings[i];
    return NULL;
}

/* A state that dpkg has no word for was printed as it was, with what a terminal obeys in it. */
static void test_state_of_package(void **state)
{
    static const struct tree_file files[] = {
        {"/var/lib/dpkg/status", "Package: libc6\nStatus: install ok half-\033]0;x\007\n\n"
                                 "Package: a\nStatus: install ok half-installed\n"}};
    struct report r = {0};

    (void)state;
    look_at_tree(files, 1, &r);
    assert_non_null(find(&r, "packages.interrupted"));
    assert_string_equal(find(&r, "packages.interrupted")->evidence, "a: half-installed");
    report_free(&r);
}

/* A crash leaves files without contents: to systemd such a unit is masked. */
static void test_empty_unit(void **state)
{
    static const struct tree_file files[] = {
        {"/usr/lib/systemd/system/multi-user.target", ""},
        {"/usr/lib/systemd/system/sysinit.target", "[Unit]\n"},
    };
    struct report r = {0};
    bool empty = false;

    (void)state;
    look_at_tree(files, 2, &r);
    for (unsigned i = 0; i < r.count; i++)
        empty = empty || strcmp(r.findings[i].what, "the unit multi-user.target is empty") == 0;
    assert_true(empty);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_disk),     cmocka_unit_test(test_failing_disk_alone),
        cmocka_unit_test(test_member_missing),   cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_state_of_package), cmocka_unit_test(test_empty_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
