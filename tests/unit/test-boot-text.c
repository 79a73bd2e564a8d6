/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts that decide what is booted, and how: golden examples, odd and hostile ones. */

#include "unit.h"

#include "system/unit_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_unit_file(void **state)
{
    static const char unit[] = "# What=no\n"
                               "What=outside\n"
                               "[Unit]\n"
                               "Description=What=\n"
                               "[Mount]\n"
                               "; What=no\n"
                               "What=/dev/first\n"
                               " What = /dev/disk/by-uuid/1-2  \r\n"
                               "Where=/srv/a b\n"
                               "Options=ro,\\\n"
                               "# in between\n"
                               "noatime\n"
                               "[Install]\n"
                               "What=other\n"
                               "WantedBy=local-fs.target";
    char value[64];
    unsigned line;

    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "What", value, sizeof value, &line),
                     0);
    assert_string_equal(value, "/dev/disk/by-uuid/1-2");
    assert_int_equal(line, 8);
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Where", value, sizeof value, NULL),
                     0);
    assert_string_equal(value, "/srv/a b");
    assert_int_equal(
        unit_file_get(unit, strlen(unit), "Mount", "Options", value, sizeof value, &line), 0);
    assert_string_equal(value, "ro, noatime");
    assert_int_equal(line, 10);
    assert_int_equal(
        unit_file_get(unit, strlen(unit), "Install", "WantedBy", value, sizeof value, NULL), 0);
    assert_string_equal(value, "local-fs.target");
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Type", value, sizeof value, NULL),
                     -ENOENT);
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Options", value, 4, NULL),
                     -ENAMETOOLONG);
}

/* As systemd-escape --path has them. */
static void test_unit_names(void **state)
{
    static const char *const names[][2] = {
        {"/", "-.mount"},
        {"/srv/data", "srv-data.mount"},
        {"//srv///data/", "srv-data.mount"},
        {"/srv/a-b", "srv-a\\x2db.mount"},
        {"/srv/.hidden", "srv-.hidden.mount"},
        {"/.hidden", "\\x2ehidden.mount"},
        {"/a b/\xc3\xa4", "a\\x20b-\\xc3\\xa4.mount"},
    };
    char name[64];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(unit_name_from_path(names[i][0], ".mount", name, sizeof name), 0);
        assert_string_equal(name, names[i][1]);
    }
    assert_int_equal(unit_name_from_path("srv", ".mount", name, sizeof name), -EINVAL);
    assert_int_equal(unit_name_from_path("/srv/data", ".mount", name, 8), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_file),
        cmocka_unit_test(test_unit_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
