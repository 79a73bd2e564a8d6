/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A session whose console was taken over by `unbrick enter` goes on in the terminal of that
 * command: our standard descriptors are that terminal's, so that every message of the end is read
 * there. The command waits for the end; what is left to tell it is the exit status.
 */

/* The command's socket; -1: it is gone, or another one took the console. Closes the one before. */
void taken_by(int socket);

/* The last thing that the program does. */
void taken_report(int status);
