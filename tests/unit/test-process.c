/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void its_output_and_its_status(void **state)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"echo said; exit 3", NULL}, *output = NULL;
    struct error e = {0};

    assert_int_equal(process_run(argv, 0, 100, &output, &e), 3);
    assert_string_equal(output, "said\n");
    assert_int_equal(e.code, 0);
    free(output);
}

static void one_that_is_missing(void **state)
{
    char *argv[] = {(char *)"no-such-program", NULL};
    struct error e = {0};

    assert_int_equal(process_run(argv, 0, 0, NULL, &e), -ENOENT);
    assert_string_equal(e.reason, "program-missing");
}

/* What the kernel does not start looked like a program that found fault with the disk. */
static void one_that_cannot_be_started(void **state)
{
    char path[] = "/tmp/unbrick-process-XXXXXX", *argv[] = {path, NULL}, *output = NULL;
    struct error e = {0};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/no/such/interpreter\n", 23), 23);
    assert_int_equal(fchmod(fd, 0700), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(process_run(argv, PROCESS_OUTLIVES_US, 100, &output, &e), -ENOEXEC);
    assert_null(output);
    assert_int_equal(e.kind, ERROR_HOST);
    assert_string_equal(e.reason, "program-fails");
    assert_non_null(strstr(e.text, path));
    assert_int_equal(unlink(path), 0);
}

static int refuse(void *userdata)
{
    return *(int *)userdata;
}

static void one_that_cannot_be_prepared(void **state)
{
    char *argv[] = {(char *)"true", NULL};
    int with = -ENOMEM;
    const struct process_setup setup = {.prepare = refuse, .userdata = &with};
    struct error e = {0};

    assert_int_equal(process_run_with(argv, 0, &setup, 0, NULL, NULL, &e), -ENOMEM);
    assert_string_equal(e.reason, "program-fails");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_output_and_its_status),
        cmocka_unit_test(one_that_is_missing),
        cmocka_unit_test(one_that_cannot_be_started),
        cmocka_unit_test(one_that_cannot_be_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
