/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "session/foreign.h"
#include "session/rescue_args.h"
#include "session/rescue_devices.h"
#include "session/rescue_host_tools.h"
#include "session/rescue_overlays.h"
#include "session/rescue_units.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>

bool rescue_uses_control(const struct rescue_request *request)
{
    return request->kind == RESCUE_BOOT && !rescue_args_choose_unit(request->args);
}

static int no_usable_init(const struct patient *p, struct error *e)
{
    (void)error_set(e, ERROR_TARGET, -ENOEXEC, "no-init", "%s has no init that can be started%s%s",
                    p->name, p->system.init_problem[0] ? ": " : "", p->system.init_problem);
    return error_advise(e,
                        "unbrick shell %s works without an init; with --host-tools it works "
                        "without any program of the patient",
                        shell_word(p->request.targets[0]));
}

static int add_init(struct container_plan *plan, const struct patient *p,
                    const struct rescue_request *request, struct error *e)
{
    bool ours = rescue_uses_control(request);
    int r = 0;

    if (p->system.init == INIT_NONE || p->system.init == INIT_BROKEN)
        return no_usable_init(p, e);
    if (p->system.arch[0] && !p->system.arch_runs_here) {
        (void)error_set(e, ERROR_TARGET, -ENOEXEC, "foreign-architecture",
                        "%s is a system for %s, whose init this host cannot run", p->name,
                        text_safe(p->system.arch));
        return error_advise(e,
                            "unbrick shell %s runs its programs in an emulator; with --host-tools "
                            "it works on every architecture",
                            shell_word(p->request.targets[0]));
    }
    plan->payload = PAYLOAD_INIT;
    plan->console = CONSOLE_PTY;
    plan->cgroups = system_wants_legacy_cgroups(&p->system) ? CGROUPS_LEGACY : CGROUPS_UNIFIED;
    plan->kill_signal = init_stop_signal(p->system.init);
    r = container_plan_add_arg(plan, p->system.init_path);
    if (r < 0)
        return error_errno(e, r, "planning the init");
    switch (p->system.init) {
    case INIT_SYSTEMD:
        /* Power off at once, as `systemctl poweroff --force`: ends all processes, starts no unit
         * (systemd(1)). */
        if (ours)
            plan->kill_signal = SIGRTMIN + 14;
        if (ours)
            r = rescue_add_systemd(plan, p, request);
        else if (p->root_fd >= 0) /* not so with --dry-run */
            r = rescue_args_check_unit(request->args, p->root_fd, p->name, e);
        if (r < 0 && e->code)
            return r;
        break;
    case INIT_SYSVINIT:
    case INIT_BUSYBOX:
        if (ours) {
            r = rescue_add_inittab(plan, p, request, e);
            if (r < 0)
                return r;
        }
        break;
    case INIT_OPENRC:
    case INIT_RUNIT:
    case INIT_UNKNOWN:
        if (ours)
            return error_set(
                e, ERROR_TARGET, -ENOSYS, "no-init",
                "%s has %s as its init, which has no single-user mode that unbrick can "
                "use; use `unbrick shell %s`",
                p->name, init_kind_name(p->system.init), shell_word(p->request.targets[0]));
        break;
    case INIT_NONE:
    case INIT_BROKEN:
        break;
    }
    for (char *const *a = request->args; r == 0 && a && *a; a++)
        r = container_plan_add_arg(plan, *a);
    return r < 0 ? error_errno(e, r, "planning the init") : 0;
}

static int add_emulator(struct container_plan *plan, const struct patient *p, struct error *e)
{
    int r;

    if (!p->system.arch[0] || p->system.arch_runs_here)
        return 0;
    memcpy(plan->emulated, p->system.arch, sizeof plan->emulated);
    r = foreign_check(plan->emulated, e);
    return r < 0 ? error_context(e, r, "%s", p->name) : 0;
}

static int add_command(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request, struct error *e)
{
    const char *shell = request->kind == RESCUE_HOST_TOOLS ? "/bin/sh" : p->system.shell;
    int r;

    plan->payload = PAYLOAD_COMMAND;
    plan->console = request->use_pty ? CONSOLE_PTY : CONSOLE_PIPE;
    r = request->kind == RESCUE_SHELL ? add_emulator(plan, p, e) : 0;
    if (r < 0)
        return r;
    if (request->args && request->args[0]) {
        for (char *const *a = request->args; *a; a++) {
            r = container_plan_add_arg(plan, *a);
            if (r < 0)
                return error_errno(e, r, "planning the command");
        }
        return 0;
    }
    if (!shell[0]) {
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-shell", "%s has no shell that can be started",
                        p->name);
        return error_advise(e, "unbrick shell --host-tools %s uses the host's",
                            shell_word(p->request.targets[0]));
    }
    r = container_plan_add_arg(plan, shell);
    if (r == 0 && text_ends_with(shell, "/bash")) {
        r = container_plan_add_arg(plan, "--rcfile");
        if (r == 0)
            r = container_plan_add_arg(plan, "/run/unbrick/shrc");
    }
    if (r == 0 && request->use_pty)
        r = container_plan_add_arg(plan, "-i");
    if (r == 0)
        r = container_plan_set_env(plan, "HISTFILE", "/run/unbrick/history");
    if (r == 0)
        r = container_plan_set_env(plan, "ENV", "/run/unbrick/shrc");
    return r < 0 ? error_errno(e, r, "planning the shell") : 0;
}

static int add_environment(struct container_plan *plan, const struct rescue_request *request)
{
    for (char *const *v = request->setenv; v && *v; v++) {
        char name[256];
        const char *equals = strchr(*v, '=');
        int r;

        if (!equals || (size_t)(equals - *v) >= sizeof name)
            continue; /* refused when the options were read */
        snprintf(name, sizeof name, "%.*s", (int)(equals - *v), *v);
        r = container_plan_set_env(plan, name, equals + 1);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Without trust, too, what is bound belongs inside to whom it belongs outside. */
static int add_binds(struct container_plan *plan, char *const *binds, bool read_only)
{
    for (; binds && *binds; binds++) {
        const char *colon = strchr(*binds, ':');
        char source[4096];
        int r;

        snprintf(source, sizeof source, "%.*s",
                 (int)(colon ? (size_t)(colon - *binds) : strlen(*binds)), *binds);
        r = container_plan_add_mount(plan, &(struct container_mount){
                                               .kind = MOUNT_BIND,
                                               .source = source,
                                               .source_fd = -1,
                                               .target = (char *)(colon ? colon + 1 : source),
                                               .read_only = read_only,
                                               .mapped = true,
                                               .recursive = true,
                                           });
        if (r < 0)
            return r;
    }
    return 0;
}

int rescue_check_binds(const struct rescue_request *request, struct error *e)
{
    struct container_plan binds = {0};
    int r = add_binds(&binds, request->binds, false);

    if (r == 0)
        r = add_binds(&binds, request->binds_ro, true);
    r = r < 0 ? error_errno(e, r, "planning the container")
              : container_plan_check_sources(&binds, e);
    container_plan_free(&binds);
    return r;
}

static int set_cmdline(struct container_plan *plan, const struct patient *p)
{
    char line[1200];

    /* Kernel packages copy /proc/cmdline into boot entries: it must be the target's own. */
    if (p->system.cmdline[0])
        snprintf(line, sizeof line, "%s\n", p->system.cmdline);
    else if (p->root && p->root->volume->fs.uuid[0])
        snprintf(line, sizeof line, "root=UUID=%s ro\n", p->root->volume->fs.uuid);
    else
        snprintf(line, sizeof line, "ro\n");
    free(plan->cmdline);
    plan->cmdline = strdup(line);
    return plan->cmdline ? 0 : -ENOMEM;
}

int rescue_plan_build(struct container_plan *plan, const struct patient *p,
                      const struct rescue_request *request, struct error *e)
{
    int r;

    if (request->kind != RESCUE_HOST_TOOLS && p->system.missing_dirs[0])
        return error_set(e, ERROR_TARGET, -ENOTDIR, "missing-directory",
                         "%s lacks directories that every Linux needs: %s; make them with `unbrick "
                         "shell --host-tools %s`, below /sysroot",
                         p->name, text_safe(p->system.missing_dirs),
                         shell_word(p->request.targets[0]));
    r = container_plan_init(plan, p->name, e);
    if (r < 0)
        return r;
    plan->read_only = p->request.read_only;
    /* 32-bit programs see a 32-bit kernel, which tells their package managers what to install. */
    if (request->kind != RESCUE_HOST_TOOLS && p->system.arch_runs_here &&
        system_machine_is_32_bit(p->system.arch))
        plan->personality = PER_LINUX32;
    /* Booting further than our rescue target starts the patient's services: not on the host's
     * network unless that is asked for. */
    plan->private_network = request->untrusted ? true
                            : request->network_chosen
                                ? request->private_network
                                : request->kind == RESCUE_BOOT && !rescue_uses_control(request);
    r = request->kind == RESCUE_BOOT ? add_init(plan, p, request, e)
                                     : add_command(plan, p, request, e);
    if (r < 0)
        return r;
    r = rescue_add_scripts(plan, p, request);
    if (r == 0 && !request->untrusted)
        r = rescue_add_devices(plan, p);
    if (r == 0)
        r = set_cmdline(plan, p);
    if (r == 0)
        r = container_plan_set_machine_id(plan, p->system.machine_id);
    if (r == 0)
        r = add_environment(plan, request);
    if (r == 0 && request->kind == RESCUE_HOST_TOOLS)
        r = rescue_add_host_tools(plan);
    else if (r == 0)
        r = rescue_add_overlays(plan, p, request->session_dir);
    /* A layer that is dropped at the end plugs in here: a patient whose root lies on one may be
     * written to all the same (plan->read_only). */
    if (r == 0 && request->untrusted)
        r = container_plan_distrust(plan);
    if (r == 0)
        r = add_binds(plan, request->binds, false);
    if (r == 0)
        r = add_binds(plan, request->binds_ro, true);
    return r < 0 ? error_errno(e, r, "planning the container") : 0;
}
