/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many file systems looked at, at once or in turn. In the place of check_volume() stands, by --wrap
 * of the linker, one that does what the name of the volume says. */

#include "unit.h"
#include "machine.h"

#include "base/fd.h"
#include "session/check_look.h"
#include "session/interrupt.h"
#include "storage/failing.h"
#include "storage/rotation.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Longer than any of them has to wait for another. */
#define PATIENCE_MS 20000

/* Shared with the children. */
static struct {
    atomic_uint inside, most, begun;
} * seen;

int __wrap_check_volume(const struct volume *v, enum check_mode mode, bool readonly,
                        const struct check_callbacks *cb, struct check_report *ret,
                        struct error *e);

static void wait_until_inside(unsigned wanted)
{
    for (unsigned ms = 0; ms < PATIENCE_MS && seen->most < wanted; ms++)
        usleep(1000);
}

int __wrap_check_volume(const struct volume *v, enum check_mode mode, bool readonly,
                        const struct check_callbacks *cb, struct check_report *ret, struct error *e)
{
    unsigned inside = ++seen->inside;
    int r = 0;

    assert_true(readonly);
    seen->begun++;
    if (inside > seen->most)
        seen->most = inside;
    *ret = (struct check_report){.result = CHECK_CLEAN, .summary = "clean"};
    if (strcmp(v->name, "meets another") == 0)
        wait_until_inside(2);
    else if (strcmp(v->name, "takes long") == 0) {
        for (unsigned ms = 0; ms < PATIENCE_MS && !cb->interrupted(cb->userdata); ms++)
            usleep(1000);
        ret->result = CHECK_INTERRUPTED;
    } else if (strcmp(v->name, "cannot be read") == 0) {
        wait_until_inside(2);
        r = failing_disk(v->name, "Input/output error", e);
    } else if (strcmp(v->name, "dies") == 0)
        _exit(0);
    else if (strcmp(v->name, "presses Ctrl-C") == 0) {
        (void)kill(getppid(), SIGINT);
        for (unsigned ms = 0; ms < PATIENCE_MS && !cb->interrupted(cb->userdata); ms++)
            usleep(1000);
        ret->result = CHECK_INTERRUPTED;
    } else if (strcmp(v->name, "says much") == 0)
        for (unsigned i = 0; i < 5000; i++) {
            cb->transcript(cb->userdata, "Inode 12 has an extra size (5555) which is invalid");
            cb->progress(cb->userdata, "checking", (int)(i / 50), 1);
        }
    seen->inside--;
    return r;
}

static int set_up(void **state)
{
    (void)state;
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return seen == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return munmap(seen, sizeof *seen);
}

/* Volumes of these names, of @type. */
static void prepare(const char *const names[], unsigned count, const char *type,
                    struct volume *volumes, struct check_look *looks)
{
    for (unsigned i = 0; i < count; i++) {
        volumes[i] = (struct volume){.size = 1 << 20};
        snprintf(volumes[i].name, sizeof volumes[i].name, "%s", names[i]);
        snprintf(volumes[i].fs.type, sizeof volumes[i].fs.type, "%s", type);
        looks[i] = (struct check_look){.volume = &volumes[i]};
    }
}

static void test_at_once(void **state)
{
    static const char *const names[] = {"meets another", "meets another"};
    struct check_look looks[COUNT(names)];
    struct volume volumes[COUNT(names)];
    struct error e = {0};

    (void)state;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        skip();
    prepare(names, COUNT(names), "ext4", volumes, looks);
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, false, &e), 0);
    assert_int_equal(seen->most, 2);
    for (unsigned i = 0; i < COUNT(names); i++) {
        assert_int_equal(looks[i].result, 0);
        assert_int_equal(looks[i].report.result, CHECK_CLEAN);
        assert_string_equal(looks[i].report.summary, "clean");
    }
}

static void test_in_turn(void **state)
{
    static const char *const names[] = {"a", "b", "says much", "d", "e", "f", "g", "h", "i", "j"};
    struct check_look looks[COUNT(names)];
    struct volume volumes[COUNT(names)];
    struct error e = {0};

    (void)state;
    prepare(names, COUNT(names), "xfs", volumes, looks);
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, true, &e), 0);
    assert_int_equal(seen->most, 1);
    assert_int_equal(seen->begun, COUNT(names));
    for (unsigned i = 0; i < COUNT(names); i++)
        assert_int_equal(looks[i].report.result, CHECK_CLEAN);
}

/* Large file systems on a host with little memory, one after the other. */
static void test_little_memory(void **state)
{
    static const char memory[] =
        "proc/meminfo:\n\tMemTotal: 2000000 kB\n\tMemAvailable: 1000000 kB\n";
    static const char *const names[] = {"a", "b", "says much", "d"};
    static const char *const few[] = {"meets another", "meets another"};
    char path[] = "/tmp/unbrick-record-XXXXXX";
    _cleanup_fd_ int fd = mkstemp(path);
    struct check_look looks[COUNT(names)];
    struct volume volumes[COUNT(names)];
    struct error e = {0};

    (void)state;
    assert_int_equal(fd_write_all(fd, memory, sizeof memory - 1), 0);
    assert_int_equal(machine_show(path), 0);
    prepare(names, COUNT(names), "ext4", volumes, looks);
    volumes[1].size = (uint64_t)1 << 41;
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, false, &e), 0);
    assert_int_equal(seen->most, 1);
    assert_int_equal(seen->begun, COUNT(names));
    if (sysconf(_SC_NPROCESSORS_ONLN) >= 2) {
        prepare(few, COUNT(few), "ext4", volumes, looks);
        volumes[1].size = (uint64_t)1 << 39;
        assert_int_equal(check_look_at_all(looks, COUNT(few), CHECK_ASK, false, &e), 0);
        assert_int_equal(seen->most, 2);
    }
    machine_hide();
    unlink(path);
}

/* What needs no tool needs no child either. */
static void test_answered_here(void **state)
{
    static const char *const names[] = {"dies not"};
    struct check_look look;
    struct volume volume;
    struct error e = {0};

    (void)state;
    prepare(names, 1, "jfs", &volume, &look);
    assert_int_equal(check_look_at_all(&look, 1, CHECK_ASK, false, &e), 0);
    assert_int_equal(look.report.result, CHECK_CLEAN);
    prepare(names, 1, "ext4", &volume, &look);
    assert_int_equal(check_look_at_all(&look, 1, CHECK_SKIP, false, &e), 0);
    assert_int_equal(seen->begun, 2);
    assert_int_equal(check_look_at_all(&look, 0, CHECK_ASK, false, &e), 0);
}

static void test_one_dies(void **state)
{
    static const char *const names[] = {"dies", "b"};
    struct check_look looks[COUNT(names)];
    struct volume volumes[COUNT(names)];
    struct error e = {0};

    (void)state;
    prepare(names, COUNT(names), "ext4", volumes, looks);
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, false, &e), 0);
    assert_int_equal(looks[0].result, -EIO);
    assert_string_equal(looks[0].error.reason, "check-died");
    assert_non_null(strstr(looks[0].error.text, "dies"));
    assert_int_equal(looks[0].report.result, CHECK_NOT_CHECKED);
    assert_int_equal(looks[1].report.result, CHECK_CLEAN);
}

/* Nothing more is asked of a disk that fails: what runs is stopped, what waits is not begun. */
static void test_failing_disk(void **state)
{
    static const char *const at_once[] = {"takes long", "cannot be read", "c", "d"};
    static const char *const in_turn[] = {"cannot be read", "b"};
    struct check_look looks[COUNT(at_once)];
    struct volume volumes[COUNT(at_once)];
    struct error e = {0};

    (void)state;
    if (sysconf(_SC_NPROCESSORS_ONLN) >= 2) {
        prepare(at_once, COUNT(at_once), "ext4", volumes, looks);
        assert_int_equal(check_look_at_all(looks, COUNT(at_once), CHECK_ASK, false, &e), 0);
        assert_int_equal(looks[0].report.result, CHECK_NOT_CHECKED);
        assert_string_equal(looks[0].report.summary, "");
        assert_int_equal(looks[1].result, -EIO);
        assert_true(failing_disk_is(&looks[1].error));
    }
    seen->most = 2; /* nobody to wait for */
    seen->begun = 0;
    prepare(in_turn, COUNT(in_turn), "ext4", volumes, looks);
    assert_int_equal(check_look_at_all(looks, COUNT(in_turn), CHECK_ASK, true, &e), 0);
    assert_true(failing_disk_is(&looks[0].error));
    assert_int_equal(seen->begun, 1);
    assert_int_equal(looks[1].result, 0);
    assert_int_equal(looks[1].report.result, CHECK_NOT_CHECKED);
}

static void test_ctrl_c(void **state)
{
    static const char *const names[] = {"presses Ctrl-C", "b"};
    struct check_look looks[COUNT(names)];
    struct volume volumes[COUNT(names)];
    struct error e = {0};

    (void)state;
    interrupt_setup();
    prepare(names, COUNT(names), "btrfs", volumes, looks);
    volumes[1].size = 1ULL << 40; /* long enough for it to be said that Ctrl-C skips it */
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, true, &e), 0);
    assert_int_equal(seen->begun, 1);
    for (unsigned i = 0; i < COUNT(names); i++)
        assert_int_equal(looks[i].report.result, CHECK_INTERRUPTED);
    assert_non_null(strstr(looks[1].report.summary, "Ctrl-C"));
    /* It meant the checks. */
    assert_int_equal(interrupt_check(&e), 0);
    /* Where nobody said so, it means all. */
    seen->begun = 0;
    volumes[1].size = volumes[0].size;
    assert_int_equal(check_look_at_all(looks, COUNT(names), CHECK_ASK, true, &e), -EINTR);
    assert_int_equal(seen->begun, 1);
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    assert_true(interrupt_take_ctrl_c());
}

/* A disk that rotates, one that does not, a partition of the first, and one without a word. */
static const char record[] = "sys/dev/block/8:0 -> ../../block/sda\n"
                             "sys/dev/block/8:1 -> ../../block/sda/sda1\n"
                             "sys/dev/block/259:0 -> ../../block/nvme0n1\n"
                             "sys/block/sda/queue/rotational = 1\n"
                             "sys/block/sda/dev = 8:0\n"
                             "sys/block/sda/sda1/partition = 1\n"
                             "sys/block/sda/sda1/dev = 8:1\n"
                             "sys/block/nvme0n1/queue/rotational = 0\n";

static void test_rotation(void **state)
{
    char path[] = "/tmp/unbrick-record-XXXXXX";
    _cleanup_fd_ int fd = mkstemp(path);
    struct disk *disks = calloc(4, sizeof *disks);
    struct disk *all[] = {&disks[0], &disks[1], &disks[2], &disks[3]};

    (void)state;
    assert_non_null(disks);
    assert_int_equal(fd_write_all(fd, record, sizeof record - 1), 0);
    assert_int_equal(machine_show(path), 0);
    disks[0].devno = makedev(259, 0);
    disks[1].devno = makedev(8, 1);
    disks[2].devno = makedev(253, 7);
    disks[3] = (struct disk){.kind = DISK_GROUP, .devno = makedev(8, 0)};
    assert_true(disks_rotate(&all[1], 1));
    assert_true(disks_rotate(all, 4));
    assert_false(disks_rotate(&all[0], 1));
    assert_false(disks_rotate(&all[2], 2));
    disks[1].devno = makedev(8, 0);
    assert_true(disks_rotate(all, 2));
    machine_hide();
    unlink(path);
    free(disks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_little_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answered_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_dies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ctrl_c, set_up, tear_down),
        cmocka_unit_test(test_rotation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
