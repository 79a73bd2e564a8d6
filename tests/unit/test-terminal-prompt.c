/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/fd.h"
#include "terminal/ui.h"
#include "terminal/width.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child on a terminal of its own does, and what it answers with: its exit status. */
struct dialogue {
    int (*child)(void);
    struct ui_settings settings;
    const char *wait_for[4]; /* before each of: */
    const char *type[4];
    int status;
    char screen[8192];
    size_t size;
};

/* -EINTR and -ENOTTY as exit statuses. */
#define STATUS_EINTR  100
#define STATUS_ENOTTY 101

static int to_status(int r)
{
    return r == -EINTR ? STATUS_EINTR : r == -ENOTTY ? STATUS_ENOTTY : r;
}

static void on_signal(int signal)
{
}

/* False when the terminal is closed. */
static bool read_screen(struct dialogue *d, int fd, int ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ssize_t n;

    if (poll(&wait, 1, ms) <= 0)
        return true;
    n = read(fd, d->screen + d->size, sizeof d->screen - 1 - d->size);
    if (n > 0)
        d->size += (size_t)n;
    d->screen[d->size] = '\0';
    return n > 0;
}

static void run(struct dialogue *d)
{
    struct winsize size = {.ws_row = 24, .ws_col = 60};
    size_t seen = 0;
    int fd, tries, status = 0;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);

    assert_true(pid >= 0);
    if (pid == 0) {
        struct sigaction action = {.sa_handler = on_signal}; /* not SA_RESTART, as in unbrick */

        (void)sigaction(SIGINT, &action, NULL);
        d->settings.log_fd = -1;
        ui_setup(&d->settings);
        _exit(d->child());
    }
    for (int i = 0; i < 4 && d->wait_for[i]; i++) {
        const char *found = NULL;

        for (tries = 0; tries < 100 && !found; tries++) {
            found = strstr(d->screen + seen, d->wait_for[i]);
            if (!found)
                (void)read_screen(d, fd, 50);
        }
        assert_non_null(found);
        seen = (size_t)(found - d->screen) + strlen(d->wait_for[i]);
        assert_true(write(fd, d->type[i], strlen(d->type[i])) > 0);
    }
    for (tries = 0; tries < 100 && read_screen(d, fd, 50); tries++)
        ;
    if (tries == 100)
        (void)kill(pid, SIGKILL); /* one that still waits is a failed test, not a stuck one */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fd_close(fd);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), d->status);
}

static int ask_no(void)
{
    return to_status(
        ui_ask(false, "Repair %s? It changes more than is always safe, so think.", "/dev/sdb2"));
}

static int ask_yes(void)
{
    return to_status(ui_ask(true, "Go on?"));
}

static int choose(void)
{
    static const char *const lines[] = {
        "web01, Debian 12 on part2",
        "a system with a name that is too long for one line, on part3"};

    return to_status(ui_choose("Which system?", lines, 2));
}

static void answers(void **state)
{
    run(&(struct dialogue){.child = ask_no, .wait_for = {"[y/N] "}, .type = {"y\n"}, .status = 1});
    run(&(struct dialogue){.child = ask_no, .wait_for = {"[y/N] "}, .type = {"\n"}, .status = 0});
    run(&(struct dialogue){.child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"\n"}, .status = 1});
    run(&(struct dialogue){
        .child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"No\n"}, .status = 0});
    run(&(struct dialogue){.child = ask_no,
                           .wait_for = {"[y/N] ", "answer y or n", "[y/N] "},
                           .type = {"perhaps\n", " ", "\x15YES\n"},
                           .status = 1});
}

static void interrupted(void **state)
{
    run(&(struct dialogue){
        .child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"\x03"}, .status = STATUS_EINTR});
    run(&(struct dialogue){
        .child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"\x04"}, .status = 0});
    run(&(struct dialogue){
        .child = choose, .wait_for = {"stops):"}, .type = {"\x03"}, .status = STATUS_EINTR});
}

/* Once a Ctrl-C that came before the program waited for the answer was lost, and it waited on. So
 * was an answer that came in the moment after the question, which was taken for one typed before.
 */
static void answered_at_once(void **state)
{
    for (int round = 0; round < 100; round++) {
        run(&(struct dialogue){
            .child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"\x03"}, .status = STATUS_EINTR});
        run(&(struct dialogue){
            .child = ask_yes, .wait_for = {"[Y/n] "}, .type = {"n\n"}, .status = 0});
        run(&(struct dialogue){
            .child = choose, .wait_for = {"Which"}, .type = {"\x03"}, .status = STATUS_EINTR});
    }
}

static void chosen(void **state)
{
    struct dialogue d = {.child = choose,
                         .wait_for = {"stops):", "stops):", "stops):"},
                         .type = {"3\n", "\n", "2\n"},
                         .status = 1};

    run(&d);
    for (char *save, *line = strtok_r(d.screen, "\r\n", &save); line;
         line = strtok_r(NULL, "\r\n", &save))
        assert_true(width_of(line, strlen(line)) <= 60);
}

static void answered_by_option(void **state)
{
    run(&(struct dialogue){.child = ask_no, .settings = {.yes = true}, .status = 1});
    run(&(struct dialogue){.child = ask_no, .settings = {.json = true}, .status = STATUS_ENOTTY});
    run(&(struct dialogue){.child = choose, .settings = {.json = true}, .status = STATUS_ENOTTY});
}

static int without_terminal(void)
{
    (void)dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
    return ui_can_ask() ? 1 : ask_no();
}

static void nobody_to_ask(void **state)
{
    run(&(struct dialogue){.child = without_terminal, .status = STATUS_ENOTTY});
}

static int say(void)
{
    ui_note("%s", "line one\nline two");
    ui_progress("checking / (vdc2)", 50, 61);
    ui_warn("a warning");
    ui_progress_end();
    ui_error("%s\n%s", "it is in use", "unmount it");
    return 0;
}

static void messages_around_progress(void **state)
{
    struct dialogue d = {.child = say, .settings = {.color = UI_COLOR_NEVER}};

    run(&d);
    assert_string_equal(d.screen, "line one\r\nline two\r\n"
                                  "checking / (vdc2)  [#######........]  50 %  1:01\r\x1b[K"
                                  "warning: a warning\r\n"
                                  "checking / (vdc2)  [#######........]  50 %  1:01\r\x1b[K"
                                  "unbrick: it is in use\r\n         unmount it\r\n");
}

static void quiet_is_quiet(void **state)
{
    struct dialogue d = {.child = say, .settings = {.quiet = true, .color = UI_COLOR_NEVER}};

    run(&d);
    assert_string_equal(d.screen, "unbrick: it is in use\r\n         unmount it\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(answered_at_once),
        cmocka_unit_test(chosen),
        cmocka_unit_test(answered_by_option),
        cmocka_unit_test(nobody_to_ask),
        cmocka_unit_test(messages_around_progress),
        cmocka_unit_test(quiet_is_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
