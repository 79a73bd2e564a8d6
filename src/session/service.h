/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tell the service manager that started us, when it has asked to be told (sd_notify(3)): @state is
 * "READY=1" or "STOPPING=1". Nobody who listens is no failure. */
void service_notify(const char *state);
