/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/error.h"
#include "base/kernel_calls.h"

#include <errno.h>

static void context_goes_before(void **state)
{
    struct error e = {0};

    assert_int_equal(error_set(&e, ERROR_TARGET, -ENOENT, "no-system", "there is none"), -ENOENT);
    assert_int_equal(error_context(&e, -EIO, "disk.img"), -ENOENT);
    assert_string_equal(e.text, "disk.img: there is none");
    assert_string_equal(e.reason, "no-system");
    assert_int_equal(e.kind, ERROR_TARGET);
    assert_int_equal(error_context(NULL, -EIO, "disk.img"), -EIO);
}

/* Once it returned 0 then, and a mount of a container's /proc that had failed passed for done. */
static void context_of_nothing_is_a_failure(void **state)
{
    struct error e = {0};

    assert_int_equal(error_context(&e, -EBUSY, "/%s", "proc"), -EBUSY);
    assert_string_equal(e.text, "/proc: Device or resource busy");
    assert_int_equal(e.kind, ERROR_FAILED);
    assert_int_equal(e.code, -EBUSY);
}

/* A machine that runs these tests can run unbrick. */
static void this_kernel_has_what_is_needed(void **state)
{
    struct error e = {0};

    assert_int_equal(kernel_calls_check(&e), 0);
    assert_int_equal(e.code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_goes_before),
        cmocka_unit_test(context_of_nothing_is_a_failure),
        cmocka_unit_test(this_kernel_has_what_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
