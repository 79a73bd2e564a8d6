/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/shell_word.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void safe_keeps_plain_text(void **state)
{
    assert_string_equal(text_safe("Debian GNU/Linux 12 (bookworm) \xc3\xa4\xe2\x82\xac"),
                        "Debian GNU/Linux 12 (bookworm) \xc3\xa4\xe2\x82\xac");
    assert_string_equal(text_safe(NULL), "-");
    assert_string_equal(text_safe(""), "");
}

static void safe_escapes_what_a_terminal_would_obey(void **state)
{
    assert_string_equal(text_safe("a\x1b]0;x\x07z"), "a\\x1b]0;x\\x07z");
    assert_string_equal(text_safe("\xc2\x9b"), "\\xc2\\x9b");          /* C1 CSI in UTF-8 */
    assert_string_equal(text_safe("\x9b"), "\\x9b");                   /* C1 CSI as a byte */
    assert_string_equal(text_safe("\xe2\x80\xae"), "\\xe2\\x80\\xae"); /* right-to-left override */
    assert_string_equal(text_safe("\xc0\xaf"), "\\xc0\\xaf");          /* overlong slash */
    assert_string_equal(text_safe("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* surrogate */
    assert_string_equal(text_safe("a\nb"), "a\\x0ab");
}

static void safe_is_bounded(void **state)
{
    char big[4000];

    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_true(strlen(text_safe(big)) < 1024);
    assert_true(text_ends_with(text_safe(big), "..."));
}

static void octal_escapes_become_bytes(void **state)
{
    char text[] = "/mnt/a\\040b\\011c\\134d\\04", plain[] = "/mnt\\999";

    text_decode_octal(text);
    assert_string_equal(text, "/mnt/a b\tc\\d\\04"); /* the last is cut off, and none */
    text_decode_octal(plain);
    assert_string_equal(plain, "/mnt\\999");
}

static void buffer_has_a_maximum(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(4);

    assert_int_equal(text_append(&t, "abcd", 4), 0);
    assert_true(text_append(&t, "e", 1) < 0);
    assert_true(t.failed < 0);
    assert_string_equal(t.data, "abcd");
}

static void bytes_in_binary_units(void **state)
{
    char buf[24];

    assert_string_equal(text_bytes(512, buf), "512 B");
    assert_string_equal(text_bytes(1536, buf), "1.5 KiB");
    assert_string_equal(text_bytes(20ULL << 30, buf), "20 GiB");
    assert_string_equal(text_bytes(~0ULL, buf), "15.9 EiB");
    assert_string_equal(text_duration(0, buf), "0 s");
    assert_string_equal(text_duration(119, buf), "119 s");
    assert_string_equal(text_duration(120, buf), "2 min");
    assert_string_equal(text_duration(7199, buf), "119 min");
    assert_string_equal(text_duration(7200, buf), "2 h");
}

/* What a shell makes of the word is what it was made of. */
static void check_word(const char *s, const char *wanted)
{
    assert_string_equal(shell_word(s), wanted);
}

static void test_shell_word(void **state)
{
    char longer[3000], got[64];
    static const char odd[] = "a'b \\ $(x)\t\033[1m\377\n.";
    FILE *shell;
    size_t size;

    (void)state;
    check_word("/dev/sda1", "/dev/sda1");
    check_word("UUID=1a,b:c@d%e+f-g_h", "UUID=1a,b:c@d%e+f-g_h");
    check_word("", "''");
    check_word("/dev/disk with space", "'/dev/disk with space'");
    check_word("it's", "'it'\\''s'");
    check_word("$(reboot);`x`~*", "'$(reboot);`x`~*'");
    check_word("\xc3\xa9.img", "'\xc3\xa9.img'");
    check_word("a\x1b[1m\xff'\\", "$'a\\033[1m\\377\\'\\\\'");
    memset(longer, 'a', sizeof longer);
    longer[0] = ' ';
    longer[sizeof longer - 1] = '\0';
    assert_true(strlen(shell_word(longer)) < 1024);
    assert_true(text_ends_with(shell_word(longer), "..."));
    snprintf(got, sizeof got, "printf %%s %s", shell_word(odd));
    assert_int_equal(setenv("WORDS", got, 1), 0);
    shell = popen("exec bash -c 'eval \"$WORDS\"'", "re");
    assert_non_null(shell);
    size = fread(got, 1, sizeof got, shell);
    assert_int_equal(pclose(shell), 0);
    assert_int_equal(size, sizeof odd - 1);
    assert_memory_equal(got, odd, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell_word),
        cmocka_unit_test(safe_keeps_plain_text),
        cmocka_unit_test(safe_escapes_what_a_terminal_would_obey),
        cmocka_unit_test(safe_is_bounded),
        cmocka_unit_test(octal_escapes_become_bytes),
        cmocka_unit_test(buffer_has_a_maximum),
        cmocka_unit_test(bytes_in_binary_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
