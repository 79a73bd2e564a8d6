/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/text.h"
#include "terminal/console_buffer.h"
#include "terminal/escape_key.h"
#include "terminal/ui.h"
#include "terminal/ui_private.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <string.h>

#define ESC "\x1d"

static enum escape_action scan(struct escape_key *k, const char *bytes, long long now,
                               size_t *ret_forward)
{
    return escape_key_scan(k, (const unsigned char *)bytes, strlen(bytes), now, ret_forward);
}

static void escape_in_one_piece(void **state)
{
    struct escape_key k = {.byte = 0x1d};
    size_t forward;

    assert_true(scan(&k, "ab" ESC ESC ESC "rest", 0, &forward));
    assert_int_equal(forward, 4); /* "ab" and the two that could still have been typed text */
}

static void escape_over_split_reads(void **state)
{
    struct escape_key k = {.byte = 0x1d};
    size_t forward;

    assert_false(scan(&k, ESC, 5000, &forward));
    assert_int_equal(forward, 1);
    assert_false(scan(&k, ESC, 5500, &forward));
    assert_true(scan(&k, ESC, 6000, &forward)); /* exactly a second after the first */
    assert_int_equal(forward, 0);
}

static void escape_too_slow_or_interrupted(void **state)
{
    struct escape_key k = {.byte = 0x1d};
    size_t forward;

    assert_false(scan(&k, ESC ESC, 0, &forward));
    assert_false(scan(&k, ESC, 1001, &forward)); /* counts as a new first one */
    assert_false(scan(&k, ESC, 1500, &forward));
    assert_false(scan(&k, "x" ESC ESC "x" ESC, 1600, &forward));
    assert_int_equal(forward, 5);
    assert_false(scan(&k, ESC, 1700, &forward));
    assert_true(scan(&k, ESC, 1800, &forward));
}

static void escape_can_be_turned_off(void **state)
{
    struct escape_key k = {.byte = -1};
    size_t forward;

    assert_false(scan(&k, "\xff\xff\xff" ESC ESC ESC, 0, &forward));
    assert_int_equal(forward, 6);
}

static void escape_twice(void **state)
{
    struct escape_key k = {.byte = 0x1d};
    size_t forward;

    assert_true(scan(&k, ESC ESC ESC, 0, &forward));
    assert_false(scan(&k, ESC ESC, 10, &forward));
    assert_true(scan(&k, ESC, 20, &forward));
}

static void escape_and_a_letter(void **state)
{
    struct escape_key k = {.byte = 0x1d};
    size_t forward;

    assert_int_equal(scan(&k, "a" ESC ESC "pb", 0, &forward), ESCAPE_POWEROFF);
    assert_int_equal(forward, 3);
    assert_int_equal(scan(&k, ESC, 10, &forward), ESCAPE_NOTHING);
    assert_int_equal(scan(&k, ESC, 20, &forward), ESCAPE_NOTHING);
    assert_int_equal(scan(&k, "r", 30, &forward), ESCAPE_REBOOT);
    assert_int_equal(forward, 0);
    assert_int_equal(scan(&k, ESC "p" ESC ESC "x" ESC ESC, 40, &forward), ESCAPE_NOTHING);
    assert_int_equal(scan(&k, "p", 1041, &forward), ESCAPE_NOTHING); /* too late */
    assert_int_equal(forward, 1);
    k.byte = 'p';
    assert_int_equal(scan(&k, "ppp", 0, &forward), ESCAPE_END);
}

static void buffer_keeps_its_maximum(void **state)
{
    struct console_buffer b;

    assert_int_equal(console_buffer_init(&b, 8), 0);
    assert_int_equal(console_buffer_append(&b, "abcdef", 6), 6);
    console_buffer_consume(&b, 4);
    assert_int_equal(console_buffer_append(&b, "ghijklmn", 8), 6); /* moves to the front */
    assert_memory_equal(console_buffer_head(&b), "efghijkl", 8);
    assert_int_equal(console_buffer_append(&b, "x", 1), 0);
    console_buffer_append_newest(&b, "123", 3);
    assert_memory_equal(console_buffer_head(&b), "hijkl123", 8);
    console_buffer_append_newest(&b, "0123456789", 10);
    assert_memory_equal(console_buffer_head(&b), "23456789", 8);
    console_buffer_append_newest(&b, "ab\ncd\ne", 7); /* "9ab..." would begin in a line */
    assert_int_equal(b.size, 4);
    assert_memory_equal(console_buffer_head(&b), "cd\ne", 4);
    console_buffer_free(&b);
}

static void width_of_characters(void **state)
{
    assert_int_equal(width_of("abc", 3), 3);
    assert_int_equal(width_of("\xc3\xa4", 2), 1);          /* a umlaut */
    assert_int_equal(width_of("a\xcc\x88", 3), 1);         /* the same with a combining mark */
    assert_int_equal(width_of("\xe6\xbc\xa2", 3), 2);      /* a CJK character */
    assert_int_equal(width_of("\xff\xc3", 2), 2);          /* no UTF-8, cut */
    assert_int_equal(width_fit("\xe6\xbc\xa2x", 4, 1), 0); /* never half a character */
    assert_int_equal(width_fit("\xe6\xbc\xa2x", 4, 2), 3);
}

static void assert_wrapped(const char *s, unsigned columns, unsigned used, unsigned hang,
                           const char *expected)
{
    _cleanup_text_ struct text out = TEXT_INIT(4096);

    assert_int_equal(wrap_append(&out, s, columns, used, hang), 0);
    assert_string_equal(out.data, expected);
}

static void wrap_between_words(void **state)
{
    assert_wrapped("one two three", 8, 0, 2, "one two\n  three");
    assert_wrapped("one two three", 9, 4, 4, "one\n    two\n    three");
    assert_wrapped("one two three", WRAP_NEVER, 0, 2, "one two three");
    assert_wrapped("12345678", 8, 0, 2, "12345678");
    assert_wrapped("  indented\nnext  line", 40, 0, 2, "  indented\nnext  line");
    assert_wrapped("a\n\nb\n", 40, 0, 2, "a\n\nb\n");
}

static void wrap_breaks_a_word_only_when_it_must(void **state)
{
    assert_wrapped("at /dev/disk", 10, 0, 1, "at\n /dev/disk");
    assert_wrapped("x 0123456789abcdef", 10, 0, 2, "x 01234567\n  89abcdef");
    assert_wrapped("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 5, 0, 0,
                   "\xe6\xbc\xa2\xe6\xbc\xa2\n\xe6\xbc\xa2");
}

/* Whatever the text and the widths, no line is wider than asked and nothing is lost. */
static void wrap_never_too_wide(void **state)
{
    static const char text[] =
        "Repair the file system on /dev/disk/by-uuid/0123-4567 now? "
        "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2 changes it beyond what is safe.";

    for (unsigned columns = 12; columns < 120; columns++)
        for (unsigned hang = 0; hang < 10; hang++) {
            _cleanup_text_ struct text out = TEXT_INIT(4096);
            unsigned seen = 0, wanted = 0;

            assert_int_equal(wrap_append(&out, text, columns, hang, hang), 0);
            for (char *save, *copy = out.data, *line = strtok_r(copy, "\n", &save); line;
                 line = strtok_r(NULL, "\n", &save)) {
                assert_true(width_of(line, strlen(line)) + (line == copy ? hang : 0) <= columns);
                for (; *line; line++)
                    seen += *line != ' ';
            }
            for (const char *p = text; *p; p++)
                wanted += *p != ' ';
            assert_int_equal(seen, wanted);
        }
}

static void field_under_itself(void **state)
{
    _cleanup_text_ struct text out = TEXT_INIT(4096);

    assert_int_equal(
        ui_format_field(&out, 40, 9, "skipped", "/data: fstab line 4, UUID not on disk"), 0);
    assert_int_equal(ui_format_field(&out, 40, 9, "", "second"), 0);
    assert_int_equal(ui_format_field(&out, 40, 4, "longkey", "v"), 0);
    assert_string_equal(out.data, "skipped  /data: fstab line 4, UUID not\n"
                                  "         on disk\n"
                                  "         second\n"
                                  "longkey v\n");
}

static void assert_progress(unsigned columns, const char *what, int percent, unsigned elapsed,
                            const char *expected)
{
    _cleanup_text_ struct text out = TEXT_INIT(511);

    assert_int_equal(ui_progress_format(&out, columns, what, percent, elapsed), 0);
    assert_string_equal(out.data, expected);
}

static void progress_lines(void **state)
{
    assert_progress(60, "checking / (vdc2)", 48, 12,
                    "checking / (vdc2)  [#######........]  48 %  0:12");
    assert_progress(80, "checking sdb2", -1, 3672, "checking sdb2 ... 1:01:12");
    assert_progress(40, "checking /home/with/a/long/name", 100, 600,
                    "checking /...  [########]  100 %  10:00");
}

static void progress_fits_every_width(void **state)
{
    for (unsigned columns = 40; columns <= 300; columns++)
        for (int percent = -1; percent <= 101; percent += 17) {
            _cleanup_text_ struct text out = TEXT_INIT(511);

            assert_int_equal(ui_progress_format(&out, columns,
                                                "checking /srv/\xe6\xbc\xa2\xe6\xbc\xa2 (dm-12)",
                                                percent, 359999),
                             0);
            assert_true(width_of(out.data, out.size) < columns);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escape_in_one_piece),
        cmocka_unit_test(escape_over_split_reads),
        cmocka_unit_test(escape_too_slow_or_interrupted),
        cmocka_unit_test(escape_can_be_turned_off),
        cmocka_unit_test(escape_twice),
        cmocka_unit_test(escape_and_a_letter),
        cmocka_unit_test(buffer_keeps_its_maximum),
        cmocka_unit_test(width_of_characters),
        cmocka_unit_test(wrap_between_words),
        cmocka_unit_test(wrap_breaks_a_word_only_when_it_must),
        cmocka_unit_test(wrap_never_too_wide),
        cmocka_unit_test(field_under_itself),
        cmocka_unit_test(progress_lines),
        cmocka_unit_test(progress_fits_every_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
