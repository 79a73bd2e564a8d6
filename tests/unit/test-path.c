/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tree in which every link tries to lead out: /etc/passwd of the host must never be read. */
static int make_tree(void **state)
{
    static char dir[] = "/tmp/unbrick-path-XXXXXX";
    int fd;

    strcpy(dir, "/tmp/unbrick-path-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    *state = dir;
    fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || mkdirat(fd, "etc", 0755) < 0 || mkdirat(fd, "run", 0755) < 0 ||
        mkdirat(fd, "var", 0755) < 0 || symlinkat("/run", fd, "var/run") < 0 ||
        symlinkat("/etc/passwd", fd, "etc/absolute") < 0 ||
        symlinkat("../../../../../../etc/passwd", fd, "etc/upwards") < 0 ||
        symlinkat("loop", fd, "etc/loop") < 0 || symlinkat("/proc/self/root", fd, "etc/magic") < 0 ||
        mkfifoat(fd, "etc/fifo", 0600) < 0)
        return -1;
    fd_close(fd);
    return 0;
}

static int remove_tree(void **state)
{
    char cmd[128];

    snprintf(cmd, sizeof cmd, "rm -rf '%s'", (char *)*state);
    return system(cmd);
}

static void links_stay_inside(void **state)
{
    _cleanup_fd_ int root = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);

    assert_int_equal(path_open(root, "/etc/absolute", O_RDONLY), -ENOENT);
    assert_int_equal(path_open(root, "/etc/upwards", O_RDONLY), -ENOENT);
    assert_int_equal(path_open(root, "/etc/loop", O_RDONLY), -ELOOP);
    assert_true(path_open(root, "/etc/magic", O_RDONLY) < 0);
    assert_int_equal(path_exists(root, "/../../etc/passwd"), 0);
    assert_int_equal(path_exists(root, "/var/run"), 1);
}

static void strict_follows_no_link(void **state)
{
    _cleanup_fd_ int root = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    _cleanup_fd_ int run = path_open_strict(root, "/run", O_DIRECTORY);

    assert_true(run >= 0);
    assert_int_equal(path_open_strict(root, "/var/run/x", 0), -ELOOP);
    assert_int_equal(path_open_strict(root, "/var/run", O_DIRECTORY), -ENOTDIR);
}

static void a_fifo_is_no_config_file(void **state)
{
    _cleanup_fd_ int root = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    _cleanup_free_ char *data = NULL;

    assert_int_equal(path_read(root, "/etc/fifo", 100, &data, NULL), -EINVAL);
    assert_int_equal(path_read(root, "/etc", 100, &data, NULL), -EINVAL);
    assert_null(data);
}

static void files_have_a_maximum(void **state)
{
    _cleanup_fd_ int root = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    _cleanup_fd_ int file = openat(root, "etc/big", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    _cleanup_free_ char *data = NULL;
    size_t size;

    assert_int_equal(fd_write_all(file, "0123456789", 10), 0);
    assert_int_equal(path_read(root, "/etc/big", 9, &data, &size), -EFBIG);
    assert_int_equal(path_read(root, "/etc/big", 10, &data, &size), 0);
    assert_int_equal(size, 10);
    assert_string_equal(data, "0123456789");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_stay_inside, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(strict_follows_no_link, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(a_fifo_is_no_config_file, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(files_have_a_maximum, make_tree, remove_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
