/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One use of a patient from the first look to the last line: journal, keeper, private mount
 * namespace, patient, container; and everything undone, last made first undone.
 */

#include "base/error.h"
#include "session/journal.h"
#include "session/keeper.h"
#include "session/patient.h"
#include "session/rescue.h"
#include "session/supervise.h"

/* A package manager that is half-way when the ssh connection drops gets this long. */
#define SESSION_GRACE_SECONDS 1800u

struct session {
    struct journal journal;
    struct keeper keeper;
    bool gives_back; /* something of the host's has to be given back at the end */
    int host_ns_fd;  /* the host's mount namespace */
    int host_cwd_fd; /* the working directory there */
    struct patient patient;
};

/* Journal, keeper, mount namespace, and patient_open(). On failure all is undone. */
int session_open(struct session *ret, const struct patient_request *request, struct error *e);

/* How long a prompt waits for what is to be shown with it. */
#define SESSION_PROMPT_SECONDS 20

/* What is shown when the shell is reached; made as late as that. */
struct session_prompt {
    int wait_fd; /* .text is asked for when this is readable, or after SESSION_PROMPT_SECONDS; -1:
                    at once */
    /* Called once, before the shell reads anything; NULL: nothing is shown. The container runs. */
    const char *(*text)(void *userdata, const struct container *c);
    void *userdata;
};

struct session_console {
    int escape;
    int log_fd;                          /* -1 none */
    bool unfiltered;                     /* --console=raw */
    const struct session_prompt *prompt; /* NULL none */
};

/* Wait for it, as a prompt does; until a signal asks us to stop (session/interrupt.h). */
void session_prompt_wait(const struct session_prompt *prompt);

/* Build the container around the mounted patient and run it to its end. */
int session_run(struct session *s, struct container_plan *plan, const struct rescue_request *rescue,
                const struct session_console *console, struct supervise_result *ret,
                int *ret_wait_status, struct error *e);

/* Undo everything. Returns the first failure, which may be that of failing_write_is(): all is
 * undone then. A zeroed session is fine. */
int session_close(struct session *s, struct error *e);

/* session_close(), and be where session_open() was called, in the host's mount namespace: for
 * another session. */
int session_close_and_return(struct session *s, struct error *e);

/* The patient stays mounted on the host (unbrick mount): let go of everything else, and leave the
 * journal. */
int session_leave_mounted(struct session *s, struct error *e);
