/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel is told of an emulator, against the lines that Debian's qemu-user-static brings
 * (/usr/lib/binfmt.d), and which of the kernel's entries is good for which machine. */

#include "unit.h"

#include "system/emulator.h"

#include <errno.h>
#include <string.h>

#define NUL8 "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
#define FF8  "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"

static void test_registration(void **state)
{
    char line[512];

    (void)state;
    assert_int_equal(
        emulator_registration(elf_machine_find("aarch64"), "name", "/path", line, sizeof line), 0);
    assert_string_equal(line, ":name:M::\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00" NUL8
                              "\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00" FF8
                              "\\xfe\\xff\\xff\\xff:/path:POF");
    /* The other byte order. */
    assert_int_equal(
        emulator_registration(elf_machine_find("s390x"), "name", "/path", line, sizeof line), 0);
    assert_string_equal(line, ":name:M::\\x7f\\x45\\x4c\\x46\\x02\\x02\\x01\\x00" NUL8
                              "\\x00\\x02\\x00\\x16:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00" FF8
                              "\\xff\\xfe\\xff\\xff:/path:POF");
    assert_int_equal(emulator_registration(elf_machine_find("arm"), "name", "/path", line, 100),
                     -ENAMETOOLONG);
}

#define ENTRY(state, flags, magic, mask)                                                           \
    state "\ninterpreter /usr/libexec/qemu-binfmt/x\nflags: " flags "\noffset 0\nmagic " magic     \
          "\nmask " mask "\n"
#define ARM64_MAGIC "7f454c460201010000000000000000000200b700"
#define ARM64_MASK  "ffffffffffffff00fffffffffffffffffeffffff"

static void test_entries(void **state)
{
    const struct elf_machine *arm64 = elf_machine_find("aarch64");
    static const struct {
        const char *text;
        bool serves;
    } entries[] = {
        {ENTRY("enabled", "POF", ARM64_MAGIC, ARM64_MASK), true},
        {ENTRY("enabled", "F", ARM64_MAGIC, ARM64_MASK), true},
        {ENTRY("disabled", "POF", ARM64_MAGIC, ARM64_MASK), false},
        {ENTRY("enabled", "OC", ARM64_MAGIC, ARM64_MASK), false}, /* looked for in the tree */
        {ENTRY("enabled", "POF", "7f454c4601010100000000000000000002002800", ARM64_MASK), false},
        /* Not every entry masks; one that wants ET_EXEC alone still starts some. */
        {"enabled\ninterpreter /q\nflags: F\noffset 0\nmagic " ARM64_MAGIC "\n", true},
        {ENTRY("enabled", "F", "7f454c46", "ffffffff"), false},
        {ENTRY("enabled", "F", ARM64_MAGIC, "ffff"), false},
        {ENTRY("enabled", "F", "zz454c460201010000000000000000000200b700", ARM64_MASK), false},
        {"enabled\ninterpreter /q\nflags: F\nextension .jar\n", false},
        {"enabled\n", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        assert_int_equal(emulator_entry_serves(entries[i].text, arm64), entries[i].serves);
    assert_false(emulator_entry_serves(entries[0].text, elf_machine_find("riscv64")));
}

static void test_machines(void **state)
{
    (void)state;
    assert_null(elf_machine_find("machine 9999"));
    assert_null(elf_machine_find("x32")->emulator);
    assert_string_equal(elf_machine_find("x86-64")->emulator, "x86_64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registration),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
