/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/supervise.h"
#include "session/supervise_private.h"

#include "base/fd.h"
#include "base/text.h"
#include "session/interrupt.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* A boot that takes longer than this shows what its init says. */
#define SILENT_START_MS 8000

/* After SIGKILL of everything the kernel needs a moment for the last of it. */
#define KILL_WAIT_MS 10000

/* A shell that says nothing when it begins is ready by then. */
#define FIRST_OUTPUT_MS 1000

/* Time for the last bytes of the pty after the payload is dead. */
#define CONSOLE_DRAIN_MS 200

/* Time for a slow reader of --run's output. */
#define PUMP_DRAIN_MS 5000

enum slot {
    SLOT_SIGNAL,
    SLOT_SYNC,
    SLOT_STUB,
    SLOT_CONTROL,
    SLOT_GATE,
    SLOT_NOTIFY,
    SLOT_PUMPS,
    SLOT_COUNT = SLOT_PUMPS + SUPERVISE_PUMPS,
};

long long supervise_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* On the terminal the payload's output is on; beside it when that is a file or a pipe. */
static void say(struct loop *l, const char *text)
{
    if (l->console && (l->lost || isatty(l->options->out_fd)))
        console_print(l->console, text);
    else
        ui_note("%s", text);
}

void supervise_kill(struct loop *l)
{
    if (l->killed)
        return;
    l->killed = true;
    l->result->killed = true;
    l->stopping = true;
    l->deadline_ms = supervise_now_ms() + KILL_WAIT_MS;
    container_kill(l->container);
}

/* What asks for that end; 0: nothing does. */
static int signal_of(const struct loop *l, enum supervise_end end)
{
    int signal = end == SUPERVISE_POWEROFF ? l->options->poweroff_signal
                 : end == SUPERVISE_REBOOT ? l->options->reboot_signal
                                           : 0;

    return signal ? signal : l->options->stop_signal;
}

/* Begin the orderly end; a second call kills. The first reason given stays. */
void supervise_stop(struct loop *l, enum supervise_end end, int code)
{
    int signal = signal_of(l, end);

    if (l->stopping) {
        supervise_kill(l);
        return;
    }
    l->stopping = true;
    l->result->end = end;
    l->result->code = code;
    l->deadline_ms = supervise_now_ms() + l->options->stop_seconds * 1000LL;
    l->shown_seconds = 0;
    /* How our own session is taken down is of no interest to anybody. */
    if (l->console && l->options->control_fd >= 0 && l->result->ready)
        console_hold_output(l->console);
    /* Without a stop signal killing is the orderly end: nothing runs but the shell that is over. So
     * it is where the shell was not reached: an init that begins may not even hear the signal. */
    if (signal == 0 || !l->result->ready || container_stop(l->container, signal) < 0) {
        bool was_asked_for = end != SUPERVISE_ESCAPE || !l->result->ready;

        supervise_kill(l);
        l->result->killed = !was_asked_for;
    }
}

/* What a script prints comes through the pumps; the console has only what the init says. */
static void release_output(struct loop *l)
{
    if (l->console && !l->options->pump_count)
        console_release_output(l->console);
}

static void let_input_wait(struct loop *l)
{
    l->input_waits = l->console != NULL;
    l->ready_ms = supervise_now_ms();
}

static void release_input(struct loop *l)
{
    if (!l->input_waits || (l->options->waits_for_output && !console_has_heard(l->console) &&
                            supervise_now_ms() - l->ready_ms < FIRST_OUTPUT_MS))
        return;
    l->input_waits = false;
    console_release_input(l->console);
}

static void become_ready(struct loop *l)
{
    if (l->result->ready)
        return;
    l->result->ready = true;
    if (l->options->on_ready)
        l->options->on_ready(l->options->userdata, l->console);
    release_output(l);
    let_input_wait(l);
}

/* What was said up to now is the init's; what comes next, the shell's own. */
static void announce(struct loop *l)
{
    if (l->announced)
        return;
    l->announced = true;
    l->announced_ms = supervise_now_ms();
    if (l->console)
        console_discard_held_output(l->console);
}

static void control_line(struct loop *l, const char *line)
{
    if (strcmp(line, "ready") == 0) {
        announce(l);
    } else if (strncmp(line, "exit ", 5) == 0 && !l->finishing) {
        long code = strtol(line + 5, NULL, 10);

        /* A shell that cannot run has said why, and its prompt is not waited for. */
        release_output(l);
        l->finishing = true;
        l->result->end = SUPERVISE_EXIT;
        l->result->code = code >= 0 && code <= 255 ? (int)code : 1;
    } else if (strcmp(line, "poweroff") == 0 && !l->stopping) {
        supervise_stop(l, SUPERVISE_POWEROFF, 0);
    } else if (strcmp(line, "reboot") == 0 && !l->stopping) {
        supervise_stop(l, SUPERVISE_REBOOT, 0);
    }
}

/* The shell is there; is what is shown at its prompt, too? */
static bool gate_is_open(const struct loop *l, bool event)
{
    return event || l->options->gate_fd < 0 ||
           supervise_now_ms() - l->announced_ms > l->options->gate_ms;
}

/* The payload writes here: lines are short, anything longer is cut. */
static void read_control(struct loop *l)
{
    char chunk[256];
    ssize_t n = read(l->options->control_fd, chunk, sizeof chunk);

    for (ssize_t i = 0; i < n; i++) {
        if (chunk[i] == '\n') {
            l->line[l->line_size] = '\0';
            l->line_size = 0;
            control_line(l, l->line);
        } else if (l->line_size + 1 < sizeof l->line) {
            l->line[l->line_size++] = chunk[i];
        }
    }
}

static void read_notify(struct loop *l)
{
    if (!container_read_notify(l->container) || l->notified)
        return;
    l->notified = true;
    if (l->options->on_notify)
        l->options->on_notify();
}

void supervise_lose_terminal(struct loop *l)
{
    if (l->lost)
        return;
    l->lost = true;
    if (l->console)
        console_detach(l->console);
    if (!l->stopping)
        l->deadline_ms = supervise_now_ms() + l->options->grace_seconds * 1000LL;
}

int supervise_take_terminal(struct loop *l, const int fds[PROTOCOL_FDS], const char *from,
                            struct error *e)
{
    for (int i = 0; i < PROTOCOL_FDS; i++)
        if (fds[i] < 0 || !isatty(fds[i]))
            return error_set(e, ERROR_USAGE, -ENOTTY, "no-terminal",
                             "the console can be taken over only by a terminal");
    if (!l->lost) {
        char text[128];

        snprintf(text, sizeof text, "\nunbrick: %s takes the console over\n", text_safe(from));
        console_print(l->console, text);
    }
    console_detach(l->console);
    for (int i = 0; i < PROTOCOL_FDS; i++)
        if (dup2(fds[i], i) < 0)
            return error_errno(e, -errno, "cannot use the terminal");
    ui_terminal_changed();
    l->lost = false;
    l->has_terminal = true;
    return console_attach(l->console, STDIN_FILENO, STDOUT_FILENO, e);
}

static void read_signal(struct loop *l)
{
    struct signalfd_siginfo info;

    if (read(l->signal_fd, &info, sizeof info) != sizeof info)
        return;
    switch (info.ssi_signo) {
    case SIGWINCH:
        if (l->console)
            console_window_changed(l->console);
        break;
    case SIGHUP:
        supervise_lose_terminal(l);
        break;
    default:
        supervise_stop(l, SUPERVISE_SIGNAL, (int)info.ssi_signo);
        break;
    }
}

static void drain_pumps(struct loop *l)
{
    for (unsigned i = 1; i < l->options->pump_count; i++)
        pump_drain(&l->options->pumps[i], PUMP_DRAIN_MS);
}

static void show_countdown(struct loop *l, long long now)
{
    unsigned left = (unsigned)((l->deadline_ms - now + 999) / 1000);
    unsigned waited = l->options->stop_seconds > left ? l->options->stop_seconds - left : 0;
    char text[160];

    /* Most ends take a fraction of a second and need no word. */
    if (l->killed || waited == 0 || waited == l->shown_seconds)
        return;
    l->shown_seconds = waited;
    snprintf(text, sizeof text, "\runbrick: ending in order, %2u s left (again to kill at once) ",
             left);
    say(l, text);
}

static void handle_timers(struct loop *l)
{
    long long now = supervise_now_ms();

    if (!l->result->ready && l->console && !l->stopping && now - l->started_ms > SILENT_START_MS) {
        l->started_ms = now + (1LL << 40); /* once */
        if (l->announced) {
            say(l, "unbrick: the shell is there; still looking for what keeps it from booting\n");
        } else {
            say(l, "unbrick: it takes long to start; this is what its init says:\n");
            console_release_output(l->console);
        }
    }
    if (l->stopping) {
        show_countdown(l, now);
        if (now >= l->deadline_ms)
            supervise_kill(l);
    } else if (l->lost && now >= l->deadline_ms) {
        supervise_stop(l, SUPERVISE_HANGUP, SIGHUP);
    }
}

static void handle_console(struct loop *l, const struct pollfd *fds, unsigned count)
{
    switch (console_handle(l->console, fds, count)) {
    case CONSOLE_ESCAPE:
        supervise_stop(l, SUPERVISE_ESCAPE, 0);
        break;
    case CONSOLE_INTERRUPT:
        supervise_stop(l, SUPERVISE_SIGNAL, SIGINT);
        break;
    case CONSOLE_POWEROFF:
        supervise_stop(l, SUPERVISE_POWEROFF, 0);
        break;
    case CONSOLE_REBOOT:
        supervise_stop(l, SUPERVISE_REBOOT, 0);
        break;
    case CONSOLE_HANGUP:
    case CONSOLE_OUTPUT_FAILED:
        supervise_lose_terminal(l);
        break;
    case CONSOLE_NOTHING:
    case CONSOLE_INPUT_END:
        break;
    }
}

/* First the fixed slots, then the console's, then the peers', from *ret_peers on. */
static unsigned fill_poll(struct loop *l, struct pollfd *fds, unsigned *ret_peers, int *ret_timeout)
{
    const struct supervise_options *o = l->options;
    unsigned count = SLOT_COUNT;

    fds[SLOT_SIGNAL] = (struct pollfd){.fd = l->signal_fd, .events = POLLIN};
    fds[SLOT_SYNC] = (struct pollfd){.fd = l->container->sync_fd, .events = POLLIN};
    fds[SLOT_STUB] = (struct pollfd){.fd = l->container->stub_fd, .events = POLLIN};
    fds[SLOT_CONTROL] = (struct pollfd){.fd = o->control_fd, .events = POLLIN};
    fds[SLOT_GATE] = (struct pollfd){.fd = l->announced && !l->result->ready ? o->gate_fd : -1,
                                     .events = POLLIN};
    fds[SLOT_NOTIFY] = (struct pollfd){.fd = l->container->notify_fd, .events = POLLIN};
    for (unsigned i = 0; i < SUPERVISE_PUMPS; i++) {
        bool used = i < o->pump_count && (i > 0 || l->result->ready);

        fds[SLOT_PUMPS + i] = used ? pump_poll(&o->pumps[i]) : (struct pollfd){.fd = -1};
    }
    *ret_timeout = 1000;
    if (l->console) {
        int wanted;

        count += console_poll(l->console, fds + count, &wanted);
        if (wanted >= 0 && wanted < *ret_timeout)
            *ret_timeout = wanted;
    }
    *ret_peers = count;
    return count + peers_poll(l, fds + count, ret_timeout);
}

static bool something_happened(const struct pollfd *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (fds[i].revents)
            return true;
    return false;
}

static int turn(struct loop *l, struct error *e)
{
    struct pollfd fds[SLOT_COUNT + CONSOLE_POLL_MAX + PEERS_POLL_MAX];
    int timeout, r;
    unsigned peers, count = fill_poll(l, fds, &peers, &timeout);

    if (poll(fds, count, timeout) < 0)
        return errno == EINTR ? 0 : error_errno(e, -errno, "poll");
    if (fds[SLOT_SIGNAL].revents)
        read_signal(l);
    if (fds[SLOT_SYNC].revents || fds[SLOT_STUB].revents) {
        r = container_dispatch(l->container, e);
        if (r < 0)
            return r;
    }
    if (fds[SLOT_CONTROL].revents)
        read_control(l);
    if (l->announced && gate_is_open(l, fds[SLOT_GATE].revents))
        become_ready(l);
    if (fds[SLOT_NOTIFY].revents)
        read_notify(l);
    for (unsigned i = 0; i < l->options->pump_count; i++)
        if (fds[SLOT_PUMPS + i].revents)
            (void)pump_run(&l->options->pumps[i]);
    if (l->console)
        handle_console(l, fds + SLOT_COUNT, peers - SLOT_COUNT);
    release_input(l);
    peers_handle(l, something_happened(fds + peers, count - peers));
    if (l->finishing && !l->stopping) {
        drain_pumps(l);
        supervise_stop(l, l->result->end, l->result->code);
    }
    handle_timers(l);
    return 0;
}

static int begin(struct loop *l, sigset_t *ret_old, struct error *e)
{
    const struct supervise_options *o = l->options;
    sigset_t mine;
    int r;

    sigemptyset(&mine);
    sigaddset(&mine, SIGWINCH);
    sigaddset(&mine, SIGTERM);
    sigaddset(&mine, SIGINT);
    sigaddset(&mine, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &mine, ret_old) < 0)
        return error_errno(e, -errno, "sigprocmask");
    l->signal_fd = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->signal_fd < 0)
        return error_errno(e, -errno, "signalfd");
    if (o->control_fd < 0)
        l->result->ready = true;
    r = peers_open(l, e);
    if (r < 0)
        return r;
    l->has_terminal = (o->in_fd >= 0 && isatty(o->in_fd)) || isatty(o->out_fd);
    if (l->container->pty_fd < 0)
        return 0;
    r = console_new(
        &l->console, l->container->pty_fd,
        &(struct console_options){.in_fd = o->in_fd,
                                  .out_fd = o->out_fd,
                                  .escape = o->escape,
                                  .log_fd = o->log_fd,
                                  .unfiltered = o->unfiltered,
                                  .hold_input = !l->result->ready || o->waits_for_output,
                                  .hold_output = !l->result->ready},
        e);
    if (r == 0 && l->result->ready && o->waits_for_output)
        let_input_wait(l);
    return r;
}

/* One that came before they were ours to read. */
static void take_pending_signal(struct loop *l)
{
    int signal = interrupt_pending();

    if (signal == SIGHUP)
        supervise_lose_terminal(l);
    else if (signal)
        supervise_stop(l, SUPERVISE_SIGNAL, signal);
}

int supervise(struct container *c, const struct supervise_options *o, struct supervise_result *ret,
              struct error *e)
{
    struct loop l = {
        .container = c,
        .options = o,
        .result = ret,
        .signal_fd = -1,
        .listen_fd = -1,
        .started_ms = supervise_now_ms(),
    };
    sigset_t old;
    int r;

    *ret = (struct supervise_result){.end = SUPERVISE_PAYLOAD};
    sigemptyset(&old);
    r = begin(&l, &old, e);
    if (r == 0)
        take_pending_signal(&l);
    while (r == 0 && !c->ended)
        r = turn(&l, e);
    if (r < 0)
        container_kill(c);
    /* What the payload said last is in the pipes and the pty; a boot that never got ready is
     * explained by nothing else. */
    drain_pumps(&l);
    if (l.console && !ret->ready && !l.stopping)
        console_release_output(l.console);
    console_free(l.console, CONSOLE_DRAIN_MS);
    peers_close(&l);
    fd_close(l.signal_fd);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    return r;
}
