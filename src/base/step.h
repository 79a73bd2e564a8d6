/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbered synchronisation points for the kill -9 tests. In a build with -Dfailpoints=true the
 * process that reaches the step named in the environment variable UNBRICK_STOP_AT creates the file
 * named in UNBRICK_STOP_FILE with its pid in it and stops (SIGSTOP), so that a test can look at
 * what exists at that moment and kill it. In every other build step_reached() is nothing.
 */
#ifdef UNBRICK_FAILPOINTS
void step_reached(const char *name);

/* A time that no test can wait for: the environment variable @name, when it is set. */
unsigned step_seconds(const char *name, unsigned seconds);
#else
static inline unsigned step_seconds(const char *name, unsigned seconds)
{
    (void)name;
    return seconds;
}

static inline void step_reached(const char *name)
{
    (void)name;
}
#endif
