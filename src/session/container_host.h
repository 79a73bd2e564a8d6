/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container's engine asks its host for: a note in the journal, and where the host's own init
 * is systemd, a scope of it (https://systemd.io/CGROUP_DELEGATION). */

#include "container/container.h"
#include "session/journal.h"

/* @own_scope: ask systemd for one. */
struct container_host container_host_of(struct journal *j, bool own_scope);

/* Say so when nothing keeps the host's devices closed inside. */
void container_warn_of_devices(const struct container *c);
