/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One function an option, for the table in spawn_options.c. Internal to the command line of spawn.
 */

#include "commands/spawn_options.h"

struct reader {
    struct spawn_options *o;
    struct container_plan *plan;
    struct error *e;
};

/* Takes one option's value; @value is NULL for an option without. 0 or a negative errno with @e. */
typedef int spawn_take(struct reader *r, const char *name, const char *value);

/* "--NAME takes WANTED, not "VALUE"". */
int spawn_bad_value(struct reader *r, const char *name, const char *value, const char *wanted);
int spawn_out_of_memory(struct reader *r);

spawn_take spawn_take_directory, spawn_take_image, spawn_take_boot, spawn_take_as_pid2,
    spawn_take_quiet, spawn_take_help, spawn_take_notify_ready, spawn_take_keep_unit,
    spawn_take_version, spawn_take_cleanup, spawn_take_dry_run, spawn_take_machine,
    spawn_take_hostname, spawn_take_uuid, spawn_take_setenv, spawn_take_chdir, spawn_take_user,
    spawn_take_kill_signal, spawn_take_console, spawn_take_pipe, spawn_take_resolv_conf,
    spawn_take_timezone, spawn_take_no, spawn_take_nothing, spawn_take_no_ask_password;

/* spawn_take_mounts.c */
spawn_take spawn_take_read_only, spawn_take_ephemeral, spawn_take_volatile, spawn_take_pivot_root,
    spawn_take_bind, spawn_take_bind_ro, spawn_take_tmpfs, spawn_take_overlay,
    spawn_take_overlay_ro, spawn_take_inaccessible;

/* spawn_take_security.c */
spawn_take spawn_take_untrusted, spawn_take_private_network, spawn_take_network_namespace,
    spawn_take_capability, spawn_take_drop_capability, spawn_take_system_call_filter,
    spawn_take_selinux_context, spawn_take_selinux_apifs_context, spawn_take_personality,
    spawn_take_set_credential, spawn_take_load_credential;
