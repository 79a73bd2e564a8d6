/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "filter-oracle.h"
#include "terminal/filter.h"

#include <string.h>

#define OUT_MAX 4096

/* Filter @in in two pieces, the first of @cut bytes. */
static size_t run_cut(struct filter *f, const char *in, size_t size, size_t cut, char *out)
{
    size_t used;

    assert_true(FILTER_ROOM(size) * 2 <= OUT_MAX);
    used = filter_run(f, in, cut, out);
    return used + filter_run(f, in + cut, size - cut, out + used);
}

/* The same comes out for every cut, and nothing but what is allowed. */
static void check(const char *in, size_t size, bool utf8, const char *expected)
{
    for (size_t cut = 0; cut <= size; cut++) {
        char out[OUT_MAX];
        struct filter f;
        size_t n;

        filter_init(&f, utf8);
        n = run_cut(&f, in, size, cut, out);
        out[n] = '\0';
        assert_string_equal(out, expected);
        assert_true(oracle_allows(out, n, utf8));
    }
}

static void passes(const char *text)
{
    check(text, strlen(text), true, text);
}

static void becomes(const char *in, const char *expected)
{
    check(in, strlen(in), true, expected);
}

static void text_passes(void **state)
{
    passes("plain\r\n\ttext\a\b \v\f");
    passes("\xc3\xa9 \xe2\x94\x80 \xf0\x9f\x90\xa7 \xef\xbf\xbd"); /* é ─ 🐧 and U+FFFD itself */
    passes("\xc2\xa0 \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf"); /* next to what is refused */
}

static void controls_do_not(void **state)
{
    becomes("a\001\002\005\x7f\x11\x13z", "az"); /* ENQ asks for the answerback */
    check("a\0z", 3, true, "az");
}

static void bytes_that_are_no_utf8(void **state)
{
    becomes("a\xff z", "a\xef\xbf\xbd z");
    becomes("\x9b"
            "6n",
            "\xef\xbf\xbd"
            "6n"); /* CSI in eight bits */
    becomes("\xc2\x9b"
            "6n\xc2\x90q",
            "6nq"); /* the same as characters */
    becomes("\xc0\x9b\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* overlong */
    becomes("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");                 /* surrogate */
    becomes("\xe2\x94\033[1mx", "\xef\xbf\xbd\033[1mx");                             /* cut off */
    becomes("\xe2\x94\x18x", "\xef\xbf\xbdx");
    becomes("\xe2\x94\nx", "\xef\xbf\xbd\nx");
}

static void a_terminal_without_utf8(void **state)
{
    /* Its second byte would be CSI there. */
    check("a\xdb\x9b"
          "6n\xff",
          6, false, "a?6n?");
    check("\033[1mb", 5, false, "\033[1mb");
}

static void drawing_passes(void **state)
{
    passes("\033[m\033[0m\033[1;31m\033[38;5;208m\033[38;2;1;2;3m\033[4:3m\033[48:2::1:2:3mx");
    passes("\033[H\033[2J\033[J\033[0J\033[1J\033[K\033[1K\033[2K");
    passes("\033[5A\033[B\033[C\033[D\033[E\033[F\033[10G\033[12;40H\033[3d\033[7`\033[2a\033[2e");
    passes("\033[2L\033[3M\033[4@\033[5P\033[6X\033[7S\033[8T\033[9b\033[2;20r\033[r\033[s\033[u");
    passes("\0337\0338\033D\033E\033M\033=\033>\033(0\033(B\033)0\033)B\016\017");
    passes("\033[?1049h\033[?25l\033[?7l\033[?1h\033[?12h\033[?5h\033[?2004h\033[?1000h\033[?1002h"
           "\033[?1006h\033[?47h\033[?1047h\033[?1048h\033[4h\033[4l\033[?25h");
}

static void questions_do_not(void **state)
{
    becomes("a\033[c\033[0c\033[>c\033[=c\033[?6c\033[6n\033[5n\033[?6n\033[x\033Z\033[>q\033[?"
            "u\033[?4m"
            "\033[?1$p\033[4$p\033[18t\033[21t\033[?1;3;0S\033[+pz",
            "az");
    becomes("a\033P$qm\033\\\033P+q544e\033\\z", "az"); /* DECRQSS, XTGETTCAP */
    becomes("a\033]10;?\a\033]4;1;?\033\\\033]52;c;?\a\033]50;?\az", "az");
}

static void strings_disappear(void **state)
{
    becomes("a\033]0;title\ab\033]2;t\033\\c\033]52;c;ZWNobyBwd25lZAo=\ad", "abcd");
    becomes("a\033Pdcs\033\\b\033Xsos\033\\c\033^pm\033\\d\033_apc\033\\e\033kscreen\033\\f",
            "abcdef");
    becomes("a\033]8;;http://x/\033\\link\033]8;;\033\\z", "alinkz");
    becomes("a\033]0;never ended\033[1mb", "a\033[1mb"); /* a new sequence ends it */
    becomes("a\033]0;x\x18z\033]0;y\x1az", "azz");
    becomes("a\033]Rb\033]P0a1B2c3d\033]P0zz\ac", "abdc"); /* console_codes(4) */
    becomes("a\033]\ab", "ab");
}

static void lasting_changes_do_not(void **state)
{
    becomes(
        "a\033%G\033%@\033 F\033 G\033#8\033#3\033*0\033+0\033-A\033n\033o\033N\033O\033|\033}\033~"
        "\033H\033[g\033[3g\033l\033m\0336\0339\033Fz",
        "az");
    becomes("a\033(U\033(K\033)A\033((0\033((Bz", "az");
    becomes("a\033[20h\033[2h\033[12h\033[34h\033[?2h\033[?3h\033[?6h\033[?69h\033[?66h\033[?1001h"
            "\033[?1003h\033[?1004h\033[?1005h\033[?1015h\033[?2026h\033[?9h\033[?1s\033[?1rz",
            "az");
    becomes("a\033[>4;2m\033[>1u\033[=1u\033[<u\033[4 q\033[\"q\033[62\"p\033[1$}\033[2*x\033[!pz",
            "az");
    becomes("a\033[8;5;5t\033[22;0t\033[i\033[4i\033[5i\033[?5i\033[1;2;3;4;5T\033[10;20s\033[5uz",
            "az");
    becomes("a\033[3Jz", "az"); /* what was on the screen before the session */
}

static void several_modes_in_one(void **state)
{
    becomes("\033[?1006;1000h", "\033[?1006;1000h");
    becomes("\033[?25;3;1l", "\033[?25;1l");
    becomes("a\033[?3;69hz", "az");
    becomes("a\033[4;20hz", "a\033[4hz");
    becomes("a\033[?hz\033[lz", "azz");
}

static void odd_sequences(void **state)
{
    char many[400] = "a\033[";

    becomes("\033[\n2\rJx", "\n\r\033[2Jx"); /* controls in the middle work at once */
    becomes("\033[1\033[2mx", "\033[2mx");
    becomes("\033[1\xc3\xa9x", "\xc3\xa9x");
    becomes("\033\xc3\xa9x", "\xc3\xa9x");
    becomes("\033\033[1mx", "\033[1mx");
    becomes("a\033[99999Cb\033[2147483647bc", "abc");
    becomes("a\033[1;2;3Hb\033[1:2Hc\033[1?md", "abcd");
    becomes("a\033[ 1mb\033[1 mc", "abc");
    memset(many + 3, ';', 300);
    strcat(many, "mz");
    becomes(many, "az");
    memset(many + 3, ';', 128);
    strcpy(many + 131, "mz");
    becomes(many, "az");
}

/* What was changed is taken back, and nothing else is said. */
static void leaves_as_it_was(void **state)
{
    static const struct {
        const char *in, *leave, *enter;
    } cases[] = {
        {"plain\033[H\033[2J", "", ""},
        {"\033[1m", "\033[0;10m", ""},
        {"\033[1mx\033[m", "", ""},
        {"\033[?1049h", "\033[?1049l", "\033[?1049h"},
        {"\033[?1049h\033[?1049l", "", ""},
        {"\033[?25l", "\033[?25h", "\033[?25l"},
        {"\033[?7l\033[?7h", "", ""},
        {"\033[2;5r", "\0337\033[r\0338", ""},
        {"\033[2;5r\033[r", "", ""},
        {"\033=\033[?1h", "\033>\033[?1l", "\033[?1h\033="},
        {"\033)0\016", "\033)B\017", "\016\033)0"},
        {"\033[?1006;1000h\033[?2004h", "\033[?1000l\033[?1006l\033[?2004l",
         "\033[?2004h\033[?1006h\033[?1000h"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[OUT_MAX];
        struct filter f;
        size_t n;

        filter_init(&f, true);
        (void)filter_run(&f, cases[i].in, strlen(cases[i].in), out);
        n = filter_enter(&f, out);
        out[n] = '\0';
        assert_string_equal(out, cases[i].enter);
        n = filter_leave(&f, out);
        out[n] = '\0';
        assert_string_equal(out, cases[i].leave);
        assert_int_equal(filter_leave(&f, out), 0);
    }
}

static void reset_works(void **state)
{
    becomes("\033[?25l\033c", "\033[?25l\033[?25h\033[H\033[2J");
    becomes("\033=\033[!px", "\033=\033>x");
}

/* Everything on at once fits where it is promised to. */
static void all_modes_fit(void **state)
{
    static const char all[] =
        "\033=\033(0\033)0\016\033[1;2r\033[1m\033[4h\033[?1;5;7;12;1000;1002;1006;"
        "2004;47;1047;1049;25h\033[?7;25l";
    char out[OUT_MAX];
    struct filter f;

    filter_init(&f, true);
    (void)filter_run(&f, all, sizeof all - 1, out);
    assert_in_range(filter_enter(&f, out), 60, FILTER_MODES_MAX);
    assert_in_range(filter_leave(&f, out), 100, FILTER_MODES_MAX - 16);
}

/* xorshift: the same numbers everywhere, so that a failure comes again. */
static uint32_t next_number(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Pieces of sequences, more often than bytes of any value: these alone rarely come far. */
static size_t make_output(uint32_t *seed, char *out, size_t max)
{
    static const char *const pieces[] = {
        "\033",
        "\033[",
        "\033[?",
        "\033]",
        "\033P",
        "\033(",
        "\033)",
        "\033\\",
        "\233",
        "\302\233",
        "\a",
        ";",
        ":",
        "0",
        "1",
        "2",
        "4",
        "7",
        "25",
        "1049",
        "1006",
        "99999",
        "m",
        "H",
        "J",
        "K",
        "h",
        "l",
        "n",
        "c",
        "r",
        "q",
        "p",
        "t",
        "B",
        "$",
        ">",
        "!",
        " ",
        "\030",
        "\032",
        "\016",
        "\303\251",
        "\360\237\220",
        "\355\240\200",
        "\033c",
        "\033[!p",
        "text",
    };
    size_t used = 0;

    while (used < max) {
        const char *piece = pieces[next_number(seed) % (sizeof pieces / sizeof pieces[0])];
        size_t n = strlen(piece);

        if (next_number(seed) % 8 == 0 || n > max - used) {
            out[used++] = (char)(next_number(seed) >> 16);
            continue;
        }
        memcpy(out + used, piece, n);
        used += n;
    }
    return used;
}

/* Whatever comes in: for every cut the same comes out, only what is allowed, and the way out and
 * back in is as clean. */
static void anything_at_all(void **state)
{
    enum { ROUNDS = 3000, SIZE_MAX_IN = 160 };
    uint32_t seed = 0x2545f491;

    for (unsigned round = 0; round < ROUNDS; round++) {
        char in[SIZE_MAX_IN], whole[OUT_MAX], split[OUT_MAX], end[FILTER_MODES_MAX];
        size_t size = make_output(&seed, in, next_number(&seed) % SIZE_MAX_IN + 1);
        bool utf8 = next_number(&seed) % 4 != 0;
        struct filter f;
        size_t n;

        filter_init(&f, utf8);
        n = run_cut(&f, in, size, 0, whole);
        assert_true(oracle_allows(whole, n, utf8));
        for (unsigned i = 0; i < 4; i++) {
            filter_init(&f, utf8);
            assert_int_equal(run_cut(&f, in, size, next_number(&seed) % (size + 1), split), n);
            assert_memory_equal(split, whole, n);
        }
        assert_true(oracle_allows(end, filter_enter(&f, end), true));
        assert_true(oracle_allows(end, filter_leave(&f, end), true));
        assert_int_equal(filter_leave(&f, end), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_passes),
        cmocka_unit_test(controls_do_not),
        cmocka_unit_test(bytes_that_are_no_utf8),
        cmocka_unit_test(a_terminal_without_utf8),
        cmocka_unit_test(drawing_passes),
        cmocka_unit_test(questions_do_not),
        cmocka_unit_test(strings_disappear),
        cmocka_unit_test(lasting_changes_do_not),
        cmocka_unit_test(several_modes_in_one),
        cmocka_unit_test(odd_sequences),
        cmocka_unit_test(leaves_as_it_was),
        cmocka_unit_test(reset_works),
        cmocka_unit_test(all_modes_fit),
        cmocka_unit_test(anything_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
