/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/fd.h"
#include "terminal/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The user's terminal on one side, the container's pty on the other. */
struct world {
    int user, user_tty; /* what the person sees and types; the terminal that we are given */
    int pty, payload;   /* our master; what the payload has open */
    struct console *console;
    enum console_event event; /* the first that was not CONSOLE_NOTHING */
};

static void open_pair(int *master, int *slave)
{
    assert_int_equal(openpty(master, slave, NULL, NULL, NULL), 0);
    assert_int_equal(fcntl(*master, F_SETFL, O_NONBLOCK), 0);
}

static void make_raw(int fd)
{
    struct termios t;

    assert_int_equal(tcgetattr(fd, &t), 0);
    cfmakeraw(&t);
    assert_int_equal(tcsetattr(fd, TCSANOW, &t), 0);
}

static int world_new(void **state)
{
    static struct world w;

    w = (struct world){0};
    open_pair(&w.user, &w.user_tty);
    open_pair(&w.pty, &w.payload);
    make_raw(w.payload);
    assert_int_equal(fcntl(w.payload, F_SETFL, O_NONBLOCK), 0);
    *state = &w;
    return 0;
}

static int world_end(void **state)
{
    struct world *w = *state;

    console_free(w->console, 0);
    fd_close(w->user);
    fd_close(w->user_tty);
    fd_close(w->pty);
    fd_close(w->payload);
    return 0;
}

static void start(struct world *w, struct console_options o)
{
    struct error e = {0};

    if (o.escape == 0)
        o.escape = 0x1d;
    if (o.log_fd == 0)
        o.log_fd = -1;
    if (o.in_fd == 0)
        o.in_fd = w->user_tty;
    if (o.out_fd == 0)
        o.out_fd = w->user_tty;
    assert_int_equal(console_new(&w->console, w->pty, &o, &e), 0);
}

/* Let it work for @ms. */
static void spin(struct world *w, int ms)
{
    for (int i = 0; i < ms / 5; i++) {
        struct pollfd fds[CONSOLE_POLL_MAX];
        int timeout;
        unsigned n = console_poll(w->console, fds, &timeout);
        enum console_event event;

        if (timeout < 0 || timeout > 5)
            timeout = 5;
        (void)poll(fds, n, timeout);
        event = console_handle(w->console, fds, n);
        if (w->event == CONSOLE_NOTHING)
            w->event = event;
    }
}

static void assert_arrives(struct world *w, int fd, const void *expected, size_t size)
{
    unsigned char got[1024];
    size_t used = 0;

    assert_true(size < sizeof got);
    for (int i = 0; i < 200 && used < size; i++) {
        ssize_t n;

        spin(w, 5);
        n = read(fd, got + used, sizeof got - used);
        if (n > 0)
            used += (size_t)n;
    }
    assert_int_equal(used, size);
    assert_memory_equal(got, expected, size);
}

static void assert_silent(struct world *w, int fd)
{
    char byte;

    spin(w, 50);
    assert_int_equal(read(fd, &byte, 1), -1);
}

static void all_bytes_both_ways(void **state)
{
    struct world *w = *state;
    unsigned char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    start(w, (struct console_options){.unfiltered = true});
    assert_int_equal(write(w->user, bytes, sizeof bytes), sizeof bytes);
    assert_arrives(w, w->payload, bytes, sizeof bytes);
    assert_int_equal(write(w->payload, bytes, sizeof bytes), sizeof bytes);
    assert_arrives(w, w->user, bytes, sizeof bytes);
    assert_int_equal(w->event, CONSOLE_NOTHING);
}

/* See test-filter.c for what is let through. */
static void output_is_filtered(void **state)
{
    struct world *w = *state;
    static const char reply[] = "\033[6n\033]0;title\a\033Pq\033\\\033[1mshown";

    start(w, (struct console_options){0});
    assert_int_equal(write(w->payload, reply, sizeof reply - 1), sizeof reply - 1);
    assert_arrives(w, w->user, "\033[1mshown", 9);
    assert_int_equal(write(w->payload, "\033]0;", 4), 4);
    assert_silent(w, w->user);
    assert_int_equal(write(w->payload, "x\033\\ok", 5), 5);
    assert_arrives(w, w->user, "ok", 2);
}

static void output_to_a_file_is_not(void **state)
{
    struct world *w = *state;
    int out[2];

    assert_int_equal(pipe2(out, O_NONBLOCK), 0);
    start(w, (struct console_options){.out_fd = out[1]});
    assert_int_equal(write(w->payload, "\033[6n\xff", 5), 5);
    assert_arrives(w, out[0], "\033[6n\xff", 5);
    fd_close(out[0]);
    fd_close(out[1]);
}

static void the_transcript_is(void **state)
{
    struct world *w = *state;
    int out[2], log[2];

    assert_int_equal(pipe2(out, O_NONBLOCK), 0);
    assert_int_equal(pipe2(log, O_NONBLOCK), 0);
    start(w, (struct console_options){.out_fd = out[1], .log_fd = log[1]});
    assert_int_equal(write(w->payload, "\033[6n\xc3\xa9", 6), 6);
    assert_arrives(w, log[0], "\xc3\xa9", 2);
    for (int i = 0; i < 2; i++) {
        fd_close(out[i]);
        fd_close(log[i]);
    }
}

/* Take the terminal back, and read what it was told at the end. */
static void assert_told_at_the_end(struct world *w, const char *expected)
{
    char got[256] = "";
    ssize_t n;

    console_free(w->console, 0);
    w->console = NULL;
    n = read(w->user, got, sizeof got - 1);
    assert_string_equal(n > 0 ? got : "", expected);
}

static void modes_are_taken_back(void **state)
{
    struct world *w = *state;
    static const char full_screen[] = "\033[?1049h\033[?25l\033[31mx\n";

    start(w, (struct console_options){0});
    assert_int_equal(write(w->payload, full_screen, sizeof full_screen - 1),
                     sizeof full_screen - 1);
    assert_arrives(w, w->user, full_screen, sizeof full_screen - 1);
    assert_told_at_the_end(w, "\033[0;10m\033[?1049l\033[?25h");
}

static void nothing_is_said_when_nothing_was_changed(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){0});
    assert_int_equal(write(w->payload, "\033[31mx\033[m\n", 10), 10);
    assert_arrives(w, w->user, "\033[31mx\033[m\n", 10);
    assert_told_at_the_end(w, "");
}

/* An answer of the terminal that comes late must not be the next shell's input. */
static void late_answers_are_forgotten(void **state)
{
    struct world *w = *state;
    char byte;

    start(w, (struct console_options){.unfiltered = true});
    spin(w, 20);
    assert_int_equal(write(w->user, "\033[?62;c", 8), 8);
    console_free(w->console, 0);
    w->console = NULL;
    make_raw(w->user_tty);
    assert_int_equal(fcntl(w->user_tty, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(w->user_tty, &byte, 1), -1);
}

static void assert_same_terminal(int fd, const struct termios *before, bool same)
{
    struct termios now;

    assert_int_equal(tcgetattr(fd, &now), 0);
    assert_int_equal(now.c_lflag == before->c_lflag && now.c_oflag == before->c_oflag &&
                         now.c_iflag == before->c_iflag && now.c_cflag == before->c_cflag &&
                         memcmp(now.c_cc, before->c_cc, sizeof now.c_cc) == 0,
                     same);
}

static void raw_and_restored(void **state)
{
    struct world *w = *state;
    struct termios before;

    assert_int_equal(tcgetattr(w->user_tty, &before), 0);
    start(w, (struct console_options){0});
    assert_same_terminal(w->user_tty, &before, false);
    console_free(w->console, 0);
    w->console = NULL;
    assert_same_terminal(w->user_tty, &before, true);
}

static void restore_in_handler(int signal)
{
    console_restore_terminal();
    _exit(7);
}

static void restored_by_a_signal_handler(void **state)
{
    struct world *w = *state;
    struct termios before;
    int status;
    pid_t pid;

    assert_int_equal(tcgetattr(w->user_tty, &before), 0);
    pid = fork();
    if (pid == 0) {
        (void)signal(SIGTERM, restore_in_handler);
        start(w, (struct console_options){0});
        (void)raise(SIGTERM);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_same_terminal(w->user_tty, &before, true);
}

static void a_child_that_exits_restores_nothing(void **state)
{
    struct world *w = *state;
    struct termios before;
    pid_t pid;

    assert_int_equal(tcgetattr(w->user_tty, &before), 0);
    start(w, (struct console_options){0});
    pid = fork();
    if (pid == 0) {
        console_restore_terminal();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_same_terminal(w->user_tty, &before, false);
}

static void window_size_is_passed_on(void **state)
{
    struct world *w = *state;
    struct winsize size = {.ws_row = 33, .ws_col = 111}, got = {0};

    assert_int_equal(ioctl(w->user, TIOCSWINSZ, &size), 0);
    start(w, (struct console_options){0});
    assert_int_equal(ioctl(w->payload, TIOCGWINSZ, &got), 0);
    assert_int_equal(got.ws_row, 33);
    assert_int_equal(got.ws_col, 111);
    size.ws_col = 60;
    assert_int_equal(ioctl(w->user, TIOCSWINSZ, &size), 0);
    console_window_changed(w->console);
    assert_int_equal(ioctl(w->payload, TIOCGWINSZ, &got), 0);
    assert_int_equal(got.ws_col, 60);
}

static void escape_is_seen(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){.hold_input = true});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(w->event, CONSOLE_NOTHING);
        assert_int_equal(write(w->user, "\x1d", 1), 1);
        spin(w, 20);
    }
    assert_int_equal(w->event, CONSOLE_ESCAPE);
}

static void escape_is_seen_when_the_payload_does_not_read(void **state)
{
    struct world *w = *state;
    char many[1000];

    memset(many, 'x', sizeof many);
    start(w, (struct console_options){0});
    for (int i = 0; i < 200; i++) {
        (void)!write(w->user, many, sizeof many);
        spin(w, 5);
    }
    assert_int_equal(write(w->user, "\x1d\x1d\x1d", 3), 3);
    spin(w, 200);
    assert_int_equal(w->event, CONSOLE_ESCAPE);
}

static void ctrl_c_ends_only_the_wait(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){.hold_input = true});
    assert_int_equal(write(w->user, "\x03", 1), 1);
    spin(w, 20);
    assert_int_equal(w->event, CONSOLE_INTERRUPT);
    w->event = CONSOLE_NOTHING;
    console_release_input(w->console);
    assert_int_equal(write(w->user, "\x03", 1), 1);
    assert_arrives(w, w->payload, "\x03", 1);
    assert_int_equal(w->event, CONSOLE_NOTHING);
}

static void input_is_held(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){.hold_input = true});
    assert_int_equal(write(w->user, "ls\n", 3), 3);
    assert_silent(w, w->payload);
    console_release_input(w->console);
    assert_arrives(w, w->payload, "ls\n", 3);
}

static void output_is_held(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){.hold_output = true});
    assert_int_equal(write(w->payload, "boot", 4), 4);
    assert_silent(w, w->user);
    console_print(w->console, "slow\n");
    assert_arrives(w, w->user, "slow\r\n", 6);
    console_release_output(w->console);
    assert_arrives(w, w->user, "boot", 4);
    assert_int_equal(write(w->payload, "now", 3), 3);
    assert_arrives(w, w->user, "now", 3);
}

static void held_output_is_dropped(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){.hold_output = true});
    assert_int_equal(write(w->payload, "boot", 4), 4);
    assert_silent(w, w->user);
    console_discard_held_output(w->console);
    console_release_output(w->console);
    assert_silent(w, w->user);
}

/* Between two openers of the slave the master says EIO; systemd does this on every boot. */
static void closing_the_slave_is_not_the_end(void **state)
{
    struct world *w = *state;
    char name[64];

    assert_int_equal(ptsname_r(w->pty, name, sizeof name), 0);
    start(w, (struct console_options){0});
    assert_int_equal(write(w->payload, "one", 3), 3);
    fd_close(w->payload);
    w->payload = -1;
    assert_arrives(w, w->user, "one", 3);
    assert_int_equal(write(w->user, "early", 5), 5);
    spin(w, 60);
    assert_int_equal(w->event, CONSOLE_NOTHING);
    w->payload = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(w->payload >= 0);
    make_raw(w->payload);
    assert_int_equal(write(w->payload, "two", 3), 3);
    assert_arrives(w, w->user, "two", 3);
}

static void waits_without_spinning_while_the_slave_is_closed(void **state)
{
    struct world *w = *state;
    unsigned rounds = 0;
    struct timespec from, to;

    start(w, (struct console_options){0});
    fd_close(w->payload);
    w->payload = -1;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        struct pollfd fds[CONSOLE_POLL_MAX];
        int timeout;
        unsigned n = console_poll(w->console, fds, &timeout);

        (void)poll(fds, n, timeout);
        (void)console_handle(w->console, fds, n);
        rounds++;
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
    } while ((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 < 300);
    assert_true(rounds < 30);
}

static void lost_terminal(void **state)
{
    struct world *w = *state;

    start(w, (struct console_options){0});
    fd_close(w->user);
    w->user = -1;
    spin(w, 20);
    assert_int_equal(w->event, CONSOLE_HANGUP);
}

/* What was printed without a terminal is shown on the next one, in the modes that are on. */
static void another_terminal(void **state)
{
    struct world *w = *state;
    static const char shown[] = "meanwhile\r\nours\r\n\033[?1h";
    int user, user_tty;
    struct termios before;

    start(w, (struct console_options){0});
    assert_int_equal(write(w->payload, "\033[?1hfirst", 10), 10);
    assert_arrives(w, w->user, "\033[?1hfirst", 10);
    console_detach(w->console);
    console_detach(w->console);
    assert_arrives(w, w->user, "\033[?1l\r\n", 7);
    assert_int_equal(write(w->payload, "meanwhile\r\n", 11), 11);
    spin(w, 50);
    console_print(w->console, "ours\n");
    assert_silent(w, w->user);
    assert_int_equal(write(w->user, "nobody reads", 12), 12);
    assert_silent(w, w->payload);

    open_pair(&user, &user_tty);
    assert_int_equal(tcgetattr(user_tty, &before), 0);
    assert_int_equal(console_attach(w->console, user_tty, user_tty, NULL), 0);
    assert_arrives(w, user, shown, sizeof shown - 1);
    assert_int_equal(write(user, "typed\x1d\x1d\x1d", 8), 8);
    assert_arrives(w, w->payload, "typed\x1d\x1d", 7);
    assert_int_equal(w->event, CONSOLE_ESCAPE);
    console_free(w->console, 0);
    w->console = NULL;
    assert_same_terminal(user_tty, &before, true);
    fd_close(user);
    fd_close(user_tty);
}

static void without_a_terminal_the_payload_goes_on(void **state)
{
    struct world *w = *state;
    char line[81], got[81];
    int user, user_tty;
    size_t sent = 0;

    memset(line, 'x', sizeof line);
    line[80] = '\n';
    start(w, (struct console_options){0});
    console_detach(w->console);
    for (int i = 0; i < 20000 && sent < 200000; i++) { /* more than is held */
        ssize_t n = write(w->payload, line, sizeof line);

        if (n == sizeof line)
            sent += (size_t)n;
        else
            assert_int_equal(n, -1);
        spin(w, 5);
    }
    assert_true(sent >= 200000);
    open_pair(&user, &user_tty);
    assert_int_equal(console_attach(w->console, user_tty, user_tty, NULL), 0);
    spin(w, 50);
    assert_int_equal(read(user, got, sizeof got), sizeof got);
    assert_memory_equal(got, line, sizeof got); /* from the beginning of a line on */
    fd_close(user);
    fd_close(user_tty);
}

static void window_changes_on_the_next_terminal(void **state)
{
    struct world *w = *state;
    struct winsize size = {.ws_row = 50, .ws_col = 132}, got = {0};
    int user, user_tty;

    start(w, (struct console_options){0});
    console_detach(w->console);
    open_pair(&user, &user_tty);
    assert_int_equal(ioctl(user, TIOCSWINSZ, &size), 0);
    assert_int_equal(console_attach(w->console, user_tty, user_tty, NULL), 0);
    assert_int_equal(ioctl(w->payload, TIOCGWINSZ, &got), 0);
    assert_int_equal(got.ws_row, 50);
    assert_int_equal(got.ws_col, 132);
    console_free(w->console, 0);
    w->console = NULL;
    fd_close(user);
    fd_close(user_tty);
}

static void end_of_a_pipe(void **state)
{
    struct world *w = *state;
    int in[2];

    assert_int_equal(pipe(in), 0);
    start(w, (struct console_options){.in_fd = in[0], .hold_input = true});
    assert_int_equal(write(in[1], "\x1d\x1d\x1dls\n", 6), 6);
    fd_close(in[1]);
    assert_silent(w, w->payload);
    console_release_input(w->console);
    spin(w, 250);
    assert_int_equal(w->event, CONSOLE_NOTHING); /* "ls" was not read yet: too early for an end */
    assert_arrives(w, w->payload, "\x1d\x1d\x1dls\n", 6);
    assert_arrives(w, w->payload, "\x04", 1);
    assert_int_equal(w->event, CONSOLE_INPUT_END);
    spin(w, 600);
    assert_arrives(w, w->payload, "\x04", 1); /* again, as long as it goes on */
    fd_close(in[0]);
}

static void end_of_a_pipe_without_a_line_end(void **state)
{
    struct world *w = *state;
    int in[2];

    assert_int_equal(pipe(in), 0);
    start(w, (struct console_options){.in_fd = in[0]});
    assert_int_equal(write(in[1], "exit 3", 6), 6);
    fd_close(in[1]);
    assert_arrives(w, w->payload, "exit 3", 6);
    assert_arrives(w, w->payload, "\n\x04", 2);
    fd_close(in[0]);
}

static void output_to_a_file_that_is_full(void **state)
{
    struct world *w = *state;
    int full = open("/dev/full", O_WRONLY);

    assert_true(full >= 0);
    start(w, (struct console_options){.out_fd = full});
    assert_int_equal(write(w->payload, "x", 1), 1);
    spin(w, 20);
    assert_int_equal(w->event, CONSOLE_OUTPUT_FAILED);
    fd_close(full);
}

static void slow_output_loses_nothing(void **state)
{
    struct world *w = *state;
    char many[4096], got[4096];
    size_t sent = 0, received = 0;
    int out[2];

    assert_int_equal(pipe2(out, O_NONBLOCK), 0);
    start(w, (struct console_options){.out_fd = out[1]});
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = (char)(i % 251);
    for (int i = 0; i < 400; i++) { /* nobody reads: pipe and buffer fill, then the payload waits */
        ssize_t n = write(w->payload, many + sent % 251, 2000);

        if (n > 0)
            sent += (size_t)n;
        spin(w, 5);
    }
    assert_true(sent > 65536 && sent < 400 * 2000);
    for (int idle = 0; idle < 50;) {
        ssize_t n = read(out[0], got, sizeof got);

        idle = n > 0 ? 0 : idle + 1;
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(got[i], (char)((received + (size_t)i) % 251));
        if (n > 0)
            received += (size_t)n;
        spin(w, 5);
    }
    assert_int_equal(received, sent);
    fd_close(out[0]);
    fd_close(out[1]);
}

static void transcript_and_last_bytes(void **state)
{
    struct world *w = *state;
    char got[64] = "";
    int log[2];

    assert_int_equal(pipe(log), 0);
    start(w, (struct console_options){.log_fd = log[1]});
    assert_int_equal(write(w->payload, "bye\n", 4), 4);
    console_free(w->console, 200); /* nothing was forwarded yet */
    w->console = NULL;
    assert_int_equal(read(w->user, got, sizeof got), 4);
    assert_memory_equal(got, "bye\n", 4);
    assert_int_equal(read(log[0], got, sizeof got), 4);
    fd_close(log[0]);
    fd_close(log[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_new, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_bytes_both_ways),
        TEST(output_is_filtered),
        TEST(output_to_a_file_is_not),
        TEST(the_transcript_is),
        TEST(modes_are_taken_back),
        TEST(nothing_is_said_when_nothing_was_changed),
        TEST(late_answers_are_forgotten),
        TEST(raw_and_restored),
        TEST(restored_by_a_signal_handler),
        TEST(a_child_that_exits_restores_nothing),
        TEST(window_size_is_passed_on),
        TEST(escape_is_seen),
        TEST(escape_is_seen_when_the_payload_does_not_read),
        TEST(ctrl_c_ends_only_the_wait),
        TEST(input_is_held),
        TEST(output_is_held),
        TEST(held_output_is_dropped),
        TEST(closing_the_slave_is_not_the_end),
        TEST(waits_without_spinning_while_the_slave_is_closed),
        TEST(lost_terminal),
        TEST(another_terminal),
        TEST(without_a_terminal_the_payload_goes_on),
        TEST(window_changes_on_the_next_terminal),
        TEST(end_of_a_pipe),
        TEST(end_of_a_pipe_without_a_line_end),
        TEST(output_to_a_file_that_is_full),
        TEST(slow_output_loses_nothing),
        TEST(transcript_and_last_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
