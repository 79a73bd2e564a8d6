/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* stop: end an open session from elsewhere, and come back when everything is released. */

#include "base/shell_word.h"
#include "base/text.h"
#include "commands/commands.h"
#include "session/client.h"
#include "session/interrupt.h"
#include "terminal/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* While a session is being opened it has no socket yet, but obeys a signal; while it is closed
 * there is nothing to tell it. */
static int tell(struct client *c, bool force, struct error *e)
{
    static struct request request;
    struct reply reply;

    if (c->socket >= 0) {
        client_prepare(&request, REQUEST_STOP);
        request.force = force;
        return client_ask(c, &request, NULL, 0, &reply, NULL, e);
    }
    if (pidfd_send_signal(c->pid_fd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(e, -errno, "cannot reach the session");
    return 0;
}

/* Its disks are flushed, which may take minutes. */
static int wait_for_end(const struct client *c, const char *name, struct error *e)
{
    struct pollfd ended = {.fd = c->pid_fd, .events = POLLIN};
    char what[128];
    int r = 0;

    snprintf(what, sizeof what, "%s is ending", name);
    for (unsigned seconds = 0; r == 0 && poll(&ended, 1, 1000) <= 0; seconds++) {
        ui_progress(what, -1, seconds);
        r = interrupt_check(e);
    }
    ui_progress_end();
    return r < 0 ? error_advise(e, "the session ends all the same") : 0;
}

/* Somebody may be typing in it: without a name it is not ended unasked. */
static int confirm(const struct client *c, const char *name, struct error *e)
{
    int r = ui_ask(true, "End the session %s (%s)?", name, text_safe(c->session.target));

    if (r == 1)
        return 0;
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped; the session goes on");
    (void)error_set(e, ERROR_REFUSED, -ECANCELED, "declined",
                    "%s is open, and is not ended without being named", name);
    return error_advise(e, "unbrick stop %s", shell_word(name));
}

int command_stop(const struct options *o, struct error *e)
{
    struct client c;
    char dir[96];
    const char *name;
    int r;

    if (o->target_count > 1)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage", "stop takes one session"), ERROR_USAGE;
    r = client_open(&c, o->target_count ? o->targets[0] : NULL, e);
    if (r < 0)
        return e->kind;
    name = text_safe(c.session.name[0] ? c.session.name : c.session.id);
    r = o->target_count ? 0 : confirm(&c, name, e);
    if (r == 0)
        r = tell(&c, o->kill, e);
    if (r == 0)
        r = wait_for_end(&c, name, e);
    client_close(&c);
    if (r < 0)
        return e->kind;
    snprintf(dir, sizeof dir, JOURNAL_DIR "/%s/journal", c.session.id);
    if (access(dir, F_OK) == 0) {
        (void)error_set(e, ERROR_FAILED, -EBUSY, "busy", "%s has ended, but something is left",
                        name);
        (void)error_advise(e, "`unbrick cleanup` takes it down");
        return ERROR_FAILED;
    }
    ui_note("%s is closed.%s%s%s", name, c.session.target[0] ? " Nothing is left open of " : "",
            text_safe(c.session.target), c.session.target[0] ? "." : "");
    return 0;
}
