/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ui_private.h"
#include "terminal/wrap.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

bool ui_can_ask(void)
{
    return !ui_state.settings.json && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* A line without its end; what does not fit is dropped. 0; -EINTR on a signal or a terminal that is
 * gone; -ENODATA at the end of input (Ctrl-D).
 * @open: the signal mask to wait with, see hold_signals(). */
static int read_line(char *line, size_t size, const sigset_t *open)
{
    size_t used = 0;

    for (;;) {
        struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
        char c;
        ssize_t n;

        /* Handlers are installed without SA_RESTART, so Ctrl-C ends the wait. */
        if (ppoll(&wait, 1, NULL, open) < 0)
            return -EINTR;
        n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0)
            return n == 0 ? -ENODATA : -EINTR;
        if (c == '\n')
            break;
        if (used + 1 < size)
            line[used++] = c;
    }
    line[used] = '\0';
    return 0;
}

/* An Enter that was typed before the question was there is no answer to it. Always before anything
 * of the question is shown: the kernel drops also what it has not looked at yet, a Ctrl-C among it
 * (drivers/tty/tty_io.c, TCFLSH), and what is typed after the question is an answer to it. */
static void forget_typed(void)
{
    (void)tcflush(STDIN_FILENO, TCIFLUSH);
}

/* A Ctrl-C between the question and the wait for its answer would be lost: from before the question
 * on it is held back, and delivered in the wait, which uses the mask @open. */
static void hold_signals(sigset_t *ret_open)
{
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &stops, ret_open);
}

static int ask_line(const char *question, const char *hint, char *line, size_t size,
                    const sigset_t *open)
{
    _cleanup_text_ struct text out = TEXT_INIT(UI_TEXT_MAX * 2);
    int r;

    (void)wrap_append(&out, question, ui_message_columns(), 0, 2);
    (void)text_appendf(&out, hint[0] ? " %s " : "%s ", hint);
    if (out.failed)
        return out.failed;
    ui_write(out.data, out.size);
    r = read_line(line, size, open);
    if (r < 0)
        ui_write("\n", 1);
    ui_log("answer", r < 0 ? "(none)" : text_safe(line));
    return r;
}

static int read_yes_no(bool def, const char *question, const sigset_t *open)
{
    char line[64] = "";
    int r;

    for (;;) {
        r = ask_line(question, def ? "[Y/n]" : "[y/N]", line, sizeof line, open);
        if (r < 0)
            return r == -ENODATA ? 0 : r; /* Ctrl-D is no yes, whatever Enter is */
        if (line[0] == '\0')
            return def;
        if (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0)
            return 1;
        if (strcasecmp(line, "n") == 0 || strcasecmp(line, "no") == 0)
            return 0;
        forget_typed();
        ui_write("Please answer y or n.\n", 22);
    }
}

/* @by_option: --yes answers. */
static int ask(bool def, bool by_option, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static int ask(bool def, bool by_option, const char *fmt, va_list ap)
{
    _cleanup_text_ struct text question = TEXT_INIT(UI_TEXT_MAX);
    sigset_t open;
    int r = text_vappendf(&question, fmt, ap);

    if (r < 0)
        return r;
    if (by_option && ui_state.settings.yes) {
        ui_note("%s yes (--yes)", question.data);
        return 1;
    }
    if (!ui_can_ask())
        return -ENOTTY;
    ui_log("question", question.data);
    ui_progress_wipe();
    hold_signals(&open);
    forget_typed();
    r = read_yes_no(def, question.data, &open);
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
    ui_progress_redraw();
    return r;
}

int ui_ask(bool def, const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = ask(def, true, fmt, ap);
    va_end(ap);
    return r;
}

int ui_ask_of_risk(const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = ask(false, false, fmt, ap);
    va_end(ap);
    return r;
}

static void show_choices(const char *question, const char *const *lines, unsigned count)
{
    _cleanup_text_ struct text out = TEXT_INIT(UI_TEXT_MAX * 2);

    (void)wrap_append(&out, question, ui_message_columns(), 0, 2);
    (void)text_append(&out, "\n", 1);
    for (unsigned i = 0; i < count; i++) {
        (void)text_appendf(&out, "%4u  ", i + 1);
        (void)wrap_append(&out, lines[i], ui_message_columns(), 6, 6);
        (void)text_append(&out, "\n", 1);
    }
    if (out.data)
        ui_write(out.data, out.size);
}

/* The number of a line, or -EINTR. */
static int read_number(unsigned count, const sigset_t *open)
{
    char prompt[64], line[64] = "";

    snprintf(prompt, sizeof prompt, "Number (1 to %u, Ctrl-C stops):", count);
    for (;;) {
        unsigned long number;
        char *end;
        int r = ask_line(prompt, "", line, sizeof line, open);

        if (r < 0)
            return -EINTR;
        errno = 0;
        number = strtoul(line, &end, 10);
        if (errno == 0 && end != line && *end == '\0' && number >= 1 && number <= count)
            return (int)number;
        forget_typed();
    }
}

int ui_choose(const char *question, const char *const *lines, unsigned count)
{
    sigset_t open;
    int r;

    if (!ui_can_ask() || count == 0)
        return -ENOTTY;
    ui_log("question", question);
    ui_progress_wipe();
    hold_signals(&open);
    forget_typed();
    show_choices(question, lines, count);
    r = read_number(count, &open);
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
    return r < 0 ? r : r - 1;
}

int ui_passphrase(const char *question, char *ret, size_t size)
{
    _cleanup_text_ struct text out = TEXT_INIT(UI_TEXT_MAX);
    struct termios before, silent;
    sigset_t open;
    int r;

    if (!ui_can_ask() || tcgetattr(STDIN_FILENO, &before) < 0)
        return -ENOTTY;
    ui_log("question", question);
    ui_progress_wipe();
    hold_signals(&open);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    /* With TCSAFLUSH also what was typed before is forgotten. */
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    (void)wrap_append(&out, question, ui_message_columns(), 0, 2);
    (void)text_append(&out, " ", 1);
    if (out.data)
        ui_write(out.data, out.size);
    r = read_line(ret, size, &open);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    ui_write("\n", 1);
    (void)sigprocmask(SIG_SETMASK, &open, NULL);
    ui_progress_redraw();
    if (r == -ENODATA)
        return 0;
    return r < 0 ? r : (int)strlen(ret);
}
