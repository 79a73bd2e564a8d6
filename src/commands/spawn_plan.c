/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/spawn_plan.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "commands/spawn_tree.h"
#include "commands/spawn_values.h"
#include "session/foreign.h"
#include "system/linux_system.h"
#include "system/login.h"
#include "system/os_release.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

static int no_memory(struct error *e)
{
    return error_errno(e, -ENOMEM, "cannot plan the container");
}

static int name_machine(const char *name, struct container_plan *plan)
{
    struct container_plan named;
    int r;

    if (plan->name[0])
        return 0;
    r = container_plan_init(&named, name, NULL);
    if (r == 0)
        memcpy(plan->name, named.name, sizeof plan->name);
    container_plan_free(&named);
    return r;
}

/*
 * Root is locked on most systems: rescue.target's sulogin would end in a dead end. systemd lets it
 * through since 240 (sulogin(8), SYSTEMD_SULOGIN_FORCE); before, a shell takes its place, and as in
 * the stock unit the default target follows it. The stock units kill only sulogin at the end
 * (KillMode=process): its shell ignores the SIGTERM, and `poweroff` typed into it takes the minute
 * and a half that systemd-shutdown waits.
 */
const char *spawn_sulogin_dropin(unsigned systemd_version)
{
    if (systemd_version && systemd_version < 240)
        return "[Service]\nExecStart=\n"
               "ExecStart=-/bin/sh -c '/bin/sh -l; systemctl --no-block default'\n"
               "KillMode=control-group\nSendSIGHUP=yes\n";
    return "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=1\n"
           "KillMode=control-group\nSendSIGHUP=yes\n";
}

/* In our own /run: nothing is written to the tree. */
static int ease_sulogin(struct container_plan *plan, unsigned systemd_version)
{
    static const char *const units[] = {"rescue.service", "emergency.service"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof units / sizeof units[0]; i++) {
        char path[128];

        snprintf(path, sizeof path, "systemd/system/%s.d/unbrick.conf", units[i]);
        r = container_plan_add_file(plan, path, S_IFREG | 0644,
                                    spawn_sulogin_dropin(systemd_version));
    }
    return r;
}

static int plan_boot(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                     struct error *e)
{
    struct linux_system system;
    int r = system_inspect(root_fd, &system, e);

    if (r < 0)
        return error_context(e, r, "%s", plan->name);
    if (system.init == INIT_NONE || system.init == INIT_BROKEN)
        return error_set(e, ERROR_TARGET, -ENOEXEC, "no-init",
                         "%s has no init that can be started%s%s", plan->name,
                         system.init_problem[0] ? ": " : "", system.init_problem);
    plan->payload = PAYLOAD_INIT;
    plan->cgroups = system_wants_legacy_cgroups(&system) ? CGROUPS_LEGACY : CGROUPS_UNIFIED;
    plan->kill_signal = o->kill_signal ? o->kill_signal : init_stop_signal(system.init);
    r = container_plan_add_arg(plan, system.init_path);
    if (r == 0 && system.init == INIT_SYSTEMD)
        r = ease_sulogin(plan, system.systemd_version);
    return r < 0 ? no_memory(e) : 0;
}

static int become_user(const char *user, int root_fd, struct container_plan *plan, struct error *e)
{
    struct login login;
    int r = login_find(root_fd, user, &login);

    if (r == -ESRCH)
        return error_set(e, ERROR_TARGET, r, "no-user", "the tree has no user %s", text_safe(user));
    if (r < 0)
        return error_errno(e, r, "cannot read /etc/passwd of the tree");
    plan->user = (struct container_user){.uid = login.uid, .gid = login.gid};
    plan->user.groups = calloc(LOGIN_GROUPS_MAX, sizeof *plan->user.groups);
    if (!plan->user.groups)
        return no_memory(e);
    memcpy(plan->user.groups, login.groups, login.group_count * sizeof *login.groups);
    plan->user.group_count = login.group_count;
    if (container_plan_set_env(plan, "HOME", login.home[0] ? login.home : "/") < 0 ||
        container_plan_set_env(plan, "USER", login.name) < 0 ||
        container_plan_set_env(plan, "LOGNAME", login.name) < 0 ||
        container_plan_set_env(plan, "SHELL", login.shell[0] ? login.shell : "/bin/sh") < 0)
        return no_memory(e);
    return 0;
}

static int plan_command(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                        struct error *e)
{
    int r = o->user ? become_user(o->user, root_fd, plan, e) : 0;

    plan->payload = o->as_pid2 ? PAYLOAD_COMMAND : PAYLOAD_INIT;
    plan->kill_signal = o->kill_signal;
    /* For a command only: an init reads the system's own (environment.d(5), locale.conf(5)). */
    if (r == 0 && container_plan_default_env(plan, "LANG", "C.UTF-8") < 0)
        return no_memory(e);
    if (r == 0 && !o->arguments[0] && container_plan_add_arg(plan, "/bin/sh") < 0)
        return no_memory(e);
    return r;
}

/* https://systemd.io/CONTAINER_INTERFACE, "container_host_id" and its like. */
static int describe_host(struct container_plan *plan)
{
    static const char *const fields[][2] = {{"ID", "container_host_id"},
                                            {"VERSION_ID", "container_host_version_id"},
                                            {"BUILD_ID", "container_host_build_id"},
                                            {"VARIANT_ID", "container_host_variant_id"}};
    _cleanup_free_ char *data = NULL;
    char value[128];

    if (file_read("/etc/os-release", 65536, &data, NULL) < 0)
        return 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (os_release_get(data, fields[i][0], value, sizeof value) == 0 && value[0] &&
            container_plan_set_env(plan, fields[i][1], value) < 0)
            return -ENOMEM;
    return 0;
}

/* As in nspawn the tree's own id is preferred to --uuid=: its first process takes that one, too. */
static int identify_machine(int root_fd, struct container_plan *plan)
{
    char id[33];

    (void)system_machine_id(root_fd, id);
    return container_plan_set_machine_id(plan, id);
}

/* Variables of nspawn's environment that its users know (ENVIRONMENT in systemd's documentation).
 */
static void read_environment(struct container_plan *plan)
{
    const char *writable = getenv("SYSTEMD_NSPAWN_API_VFS_WRITABLE"),
               *tmp = getenv("SYSTEMD_NSPAWN_TMPFS_TMP"), *seccomp = getenv("SYSTEMD_SECCOMP");
    bool yes;

    if (writable && strcmp(writable, "network") == 0)
        plan->api = API_NETWORK;
    else if (writable && spawn_read_bool(writable, &yes) == 0 && yes)
        plan->api = API_WRITABLE;
    if (tmp && spawn_read_bool(tmp, &yes) == 0)
        plan->tmp_of_tree = !yes;
    if (seccomp && spawn_read_bool(seccomp, &yes) == 0)
        plan->unfiltered = !yes;
}

/* The node of a device that is bound can be opened, too (systemd-nspawn(1), "--bind="). */
static int allow_bound_devices(struct container_plan *plan)
{
    for (unsigned i = 0; i < plan->mount_count; i++) {
        const struct container_mount *m = &plan->mounts[i];
        struct stat st;

        if (m->kind != MOUNT_BIND || m->source[0] == '+' || stat(m->source, &st) < 0 ||
            (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)))
            continue;
        if (container_plan_allow_device(plan, st.st_rdev, S_ISCHR(st.st_mode)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* As nspawn does: 32-bit programs see a 32-bit kernel, unless --personality= says otherwise. */
static int choose_machine(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                          struct error *e)
{
    char machine[16];
    bool runs_here;

    system_program_machine(root_fd, plan->argv[0], machine, &runs_here);
    if (!runs_here) {
        memcpy(plan->emulated, machine, sizeof plan->emulated);
        return foreign_check(plan->emulated, e);
    }
    if (!o->personality_chosen && system_machine_is_32_bit(machine))
        plan->personality = PER_LINUX32;
    return 0;
}

static bool wants_pipe(const struct spawn_options *o)
{
    return o->console == SPAWN_CONSOLE_PIPE || (o->console == SPAWN_CONSOLE_AUTOPIPE &&
                                                !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)));
}

int spawn_plan_build(const struct spawn_options *o, int root_fd, const char *name,
                     struct container_plan *plan, struct error *e)
{
    int r = name_machine(name, plan);

    if (r == 0)
        r = describe_host(plan);
    if (r == 0)
        r = identify_machine(root_fd, plan);
    if (r < 0)
        return no_memory(e);
    r = o->boot ? plan_boot(o, root_fd, plan, e) : plan_command(o, root_fd, plan, e);
    for (char **a = o->arguments; r == 0 && *a; a++)
        r = container_plan_add_arg(plan, *a) < 0 ? no_memory(e) : 0;
    if (r == 0) {
        r = choose_machine(o, root_fd, plan, e);
    }
    if (r == 0)
        r = spawn_tree_plan(o, root_fd, plan, e);
    if (r == 0 && o->notify_ready && container_plan_add_notify(plan) < 0)
        r = no_memory(e);
    if (r == 0 && allow_bound_devices(plan) < 0)
        r = no_memory(e);
    read_environment(plan);
    plan->console = wants_pipe(o) ? CONSOLE_PIPE : CONSOLE_PTY;
    return r;
}
