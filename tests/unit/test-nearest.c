/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/nearest.h"

#include <string.h>

static const char *nearest(const char *typed)
{
    static const char *const words[] = {"list", "boot", "examine", "repair", "shell", "stop"};

    return nearest_word(typed, words, sizeof words / sizeof words[0]);
}

static void a_typing_error_is_seen_through(void **state)
{
    assert_string_equal(nearest("boto"), "boot");   /* exchanged */
    assert_string_equal(nearest("bot"), "boot");    /* missing */
    assert_string_equal(nearest("boott"), "boot");  /* too much */
    assert_string_equal(nearest("shall"), "shell"); /* wrong */
    assert_string_equal(nearest("exmaien"), "examine");
    assert_string_equal(nearest("list"), "list");
}

static void what_is_far_off_is_left(void **state)
{
    assert_null(nearest("frobnicate"));
    assert_null(nearest("nope"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
    assert_null(nearest("a-word-that-is-longer-than-all-there-are-to-compare"));
}

/* As long as a unit's name may be, and one letter longer. */
static void a_long_word_is_compared_too(void **state)
{
    static const char *const units[] = {"systemd-networkd-wait-online.service"};
    char typed[260], word[260];
    const char *const words[] = {word};

    assert_string_equal(nearest_word("systemd-netwrokd-wait-onlin.service", units, 1), units[0]);
    assert_null(nearest_word("systemd-timesyncd.service", units, 1));
    memset(typed, 'u', 255);
    typed[255] = '\0';
    strcpy(word, typed);
    word[0] = 'x';
    assert_string_equal(nearest_word(typed, words, 1), word);
    strcpy(typed + 255, "u");
    assert_null(nearest_word(typed, words, 1));
    strcpy(typed, word);
    strcpy(word + 255, "u");
    assert_null(nearest_word(typed, words, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typing_error_is_seen_through),
        cmocka_unit_test(what_is_far_off_is_left),
        cmocka_unit_test(a_long_word_is_compared_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
