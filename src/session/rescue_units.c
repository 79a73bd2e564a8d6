/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue_units.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "session/rescue_generators.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/*
 * Masked by argument, for whatever the person starts by hand from the prompt:
 * systemd-debug-generator turns systemd.mask= into links in generator.early, which wins over /etc
 * (a link of ours in /run/systemd/system would not, systemd.unit(5)). In a container systemd of
 * every age reads its "kernel command line" from the arguments of process 1.
 */
static const struct {
    const char *unit, *why;
} masked[] = {
    /* These reach for the host's devices. */
    {"lvm2-monitor.service", "device-mapper events of the host"},
    {"lvm2-lvmpolld.socket", "device-mapper of the host"},
    {"lvm2-activation-early.service", "would activate volume groups of the host"},
    {"lvm2-activation.service", "the same"},
    {"dm-event.socket", "device-mapper events of the host"},
    {"dm-event.service", "the same"},
    {"blk-availability.service", "deactivates the host's block devices when stopped"},
    {"mdmonitor.service", "watches the host's arrays"},
    {"smartd.service", "talks to the host's disks"},
    {"smartmontools.service", "the same"},
    {"multipathd.service", "claims the host's disks"},
    {"multipathd.socket", "the same"},
    {"iscsid.socket", "logs in to targets"},
    {"fwupd.service", "flashes the host's firmware"},
    {"systemd-udevd.service", "would configure the host's devices"},
    {"systemd-udev-trigger.service", "the same"},
    {"systemd-rfkill.socket", "the host's radios"},
    {"systemd-backlight@.service", "the host's screen"},
    {"systemd-pstore.service", "empties the host's pstore into the patient"},
    {"systemd-hwdb-update.service", "rewrites the patient's hardware database"},
    /* These alter the patient by themselves. */
    {"systemd-firstboot.service", "asks and writes first-boot settings"},
    {"systemd-machine-id-commit.service", "writes /etc/machine-id"},
    {"systemd-update-done.service", "writes /etc/.updated"},
    {"systemd-sysusers.service", "adds users"},
    {"systemd-journal-flush.service", "moves this session's journal to the disk"},
    {"systemd-random-seed.service", "writes the seed"},
    {"systemd-boot-random-seed.service", "writes the seed into the ESP"},
    {"systemd-update-utmp.service", "writes wtmp"},
    {"selinux-autorelabel.service", "relabels the disk and reboots"},
    {"selinux-autorelabel-mark.service", "marks the disk for relabelling"},
    {"systemd-growfs-root.service", "grows the file system"},
    {"systemd-repart.service", "changes the partition table"},
    {"cloud-init.service", "would take this host for a new instance"},
    {"cloud-init-local.service", "the same"},
    {"apt-daily.timer", "starts upgrades"},
    {"apt-daily-upgrade.timer", "the same"},
    {"unattended-upgrades.service", "the same"},
    {"systemd-timesyncd.service", "sets the host's clock"},
    {"chrony.service", "the same"},
    {"chronyd.service", "the same"},
    {"ntpd.service", "the same"},
};

/* Further arguments of systemd. */
static const char *const arguments[] = {
    /* Its progress would run into the prompt: only when something is slow or fails (systemd(1)). */
    "systemd.show_status=auto",
    /* What is mounted is our business, see mount_plan.h: for who starts a generator by hand. */
    "fstab=no",
    "luks=no",
    "systemd.gpt_auto=no",
};

static int add_text(struct container_plan *plan, const char *path, mode_t mode, struct text *t)
{
    int r = t->failed ? t->failed
                      : container_plan_add_file(plan, path, S_IFREG | mode, t->data ? t->data : "");

    text_free(t);
    return r;
}

static const char *shell_of(const struct patient *p)
{
    return p->system.shell[0] ? p->system.shell : "/bin/sh";
}

static int add_target(struct container_plan *plan, const char *tag)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    char path[128];

    (void)text_appendf(&t,
                       "[Unit]\n"
                       "Description=Rescue mode of unbrick\n"
                       "DefaultDependencies=no\n"
                       "Requires=%sshell.service\n"
                       "Wants=%stmpfiles.service %sjournal.service\n"
                       "AllowIsolate=yes\n",
                       tag, tag, tag);
    snprintf(path, sizeof path, "systemd/system/%s.target", tag);
    return add_text(plan, path, 0644, &t);
}

/* A drop-in for all services (service.d in /etc) cannot be dodged by a name. A drop-in of the unit
 * itself comes after it: it empties every list of commands and states ours again. */
static int add_shell_service(struct container_plan *plan, const struct patient *p,
                             const struct rescue_request *request, const char *tag)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    char path[128];
    int r;

    (void)text_appendf(&t, "[Unit]\n"
                           "Description=Rescue shell of unbrick\n"
                           "DefaultDependencies=no\n");
    snprintf(path, sizeof path, "systemd/system/%sshell.service", tag);
    r = add_text(plan, path, 0644, &t);
    if (r < 0)
        return r;
    (void)text_appendf(&t,
                       "[Service]\n"
                       "Type=simple\n"
                       "ExecCondition=\nExecStartPre=\nExecStart=\nExecStartPost=\n"
                       "ExecStop=\nExecStopPost=\nRootDirectory=\nUser=\n"
                       "ExecStart=%s /run/unbrick/session\n"
                       /* Whatever ends it ends the session: here, when it could not say so. */
                       "ExecStopPost=-%s -c 'echo \"exit 1\" >/run/" RESCUE_CONTROL "'\n"
                       "%s"
                       "StandardOutput=inherit\n"
                       "StandardError=inherit\n"
                       "KillMode=process\n"
                       "IgnoreSIGPIPE=no\n"
                       "SendSIGHUP=yes\n",
                       shell_of(p), shell_of(p),
                       request->script ? "StandardInput=null\n"
                                       : "StandardInput=tty-force\nTTYPath=/dev/console\n");
    snprintf(path, sizeof path, "systemd/system/%sshell.service.d/zz-unbrick.conf", tag);
    return add_text(plan, path, 0644, &t);
}

/* A program of the patient's that is run once, and whose failure harms nobody. */
static int add_helper_service(struct container_plan *plan, const struct patient *p, const char *tag,
                              const char *name, const char *command, bool late)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    char path[128];

    (void)text_appendf(&t,
                       "[Unit]\n"
                       "Description=The %s of unbrick's rescue\n"
                       "DefaultDependencies=no\n",
                       name);
    if (late)
        (void)text_appendf(&t, "After=%sshell.service\n", tag);
    (void)text_appendf(&t,
                       "[Service]\n"
                       "Type=oneshot\n"
                       "RemainAfterExit=yes\n"
                       "ExecStart=-%s -c 'exec %s'\n"
                       "StandardOutput=null\n"
                       "StandardError=null\n",
                       shell_of(p), command);
    snprintf(path, sizeof path, "systemd/system/%s%s.service", tag, name);
    return add_text(plan, path, 0644, &t);
}

/* /run/lock, /run/sshd and their like, which programs expect; nothing outside /run. The journal
 * takes a while to start, and nobody at the prompt waits for it. */
static int add_helpers(struct container_plan *plan, const struct patient *p, const char *tag)
{
    int r = add_helper_service(plan, p, tag, "tmpfiles",
                               "systemd-tmpfiles --create --boot --prefix=/run", false);

    return r < 0 ? r
                 : add_helper_service(plan, p, tag, "journal",
                                      "systemctl --no-block start systemd-journald", true);
}

int rescue_add_systemd(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request)
{
    unsigned char random[4];
    char tag[32], arg[128];
    int r;

    /* The patient may carry units and drop-ins with our names in /etc, which would win over ours in
     * /run: a part of the name is one that it cannot know, and no hyphen is in it, since
     * "a-b.service" takes drop-ins of "a-.service" too (systemd.unit(5)). */
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return -EIO;
    snprintf(tag, sizeof tag, "unbrick%02x%02x%02x%02x", random[0], random[1], random[2],
             random[3]);
    r = add_target(plan, tag);
    if (r == 0)
        r = add_shell_service(plan, p, request, tag);
    if (r == 0)
        r = add_helpers(plan, p, tag);
    if (r == 0 && p->root_fd >= 0) /* not so with --dry-run */
        r = rescue_mask_generators(plan, p);
    if (r < 0)
        return r;

    snprintf(arg, sizeof arg, "--unit=%s.target", tag);
    r = container_plan_add_arg(plan, arg);
    for (size_t i = 0; r == 0 && i < sizeof arguments / sizeof arguments[0]; i++)
        r = container_plan_add_arg(plan, arguments[i]);
    for (size_t i = 0; r == 0 && i < sizeof masked / sizeof masked[0]; i++) {
        snprintf(arg, sizeof arg, "systemd.mask=%s", masked[i].unit);
        r = container_plan_add_arg(plan, arg);
    }
    /* Programs of the patient that systemd-shutdown(8) would run at the end: leaving runs none. */
    if (r == 0)
        r = container_plan_add_mount(
            plan, &(struct container_mount){
                      .kind = MOUNT_TMPFS,
                      .source_fd = -1,
                      .target = (char *)(p->system.merged_usr ? "/usr/lib/systemd/system-shutdown"
                                                              : "/lib/systemd/system-shutdown"),
                      .options = (char *)"mode=0755,size=4k",
                      .read_only = true,
                      .optional = true});
    return r;
}

int rescue_add_inittab(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request, struct error *e)
{
    char host_path[128];
    _cleanup_fd_ int fd = -1;
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    int r;

    if (p->root_fd >= 0 && path_exists(p->root_fd, "/etc/inittab") != 1) {
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-init",
                        "its init (%s) needs an /etc/inittab, and there is none",
                        text_safe(init_kind_name(p->system.init)));
        return error_advise(e, "use `unbrick shell`, which needs no init");
    }
    if (p->system.init == INIT_BUSYBOX)
        (void)text_appendf(&t, "::once:%s /run/unbrick/session\n", shell_of(p));
    else
        (void)text_appendf(&t,
                           "id:1:initdefault:\nub:1:once:%s /run/unbrick/session "
                           "</dev/console >/dev/console 2>&1\n",
                           shell_of(p));
    if (t.failed)
        return error_errno(e, t.failed, "writing the inittab");
    /* A bind mount wants a file to bind; it lies beside the journal and goes with it. */
    snprintf(host_path, sizeof host_path, "%s/inittab", request->session_dir);
    fd = open(host_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    r = fd < 0 ? -errno : fd_write_all(fd, t.data, t.size);
    if (r < 0)
        return error_errno(e, r, "writing %s", host_path);
    r = container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND,
                                                                 .source = host_path,
                                                                 .source_fd = -1,
                                                                 .target = (char *)"/etc/inittab",
                                                                 .read_only = true});
    return r < 0 ? error_errno(e, r, "laying an inittab over") : 0;
}

/* 'x' in single quotes for a POSIX shell. */
static void append_quoted(struct text *t, const char *s)
{
    (void)text_append(t, "'", 1);
    for (; *s; s++) {
        if (*s == '\'')
            (void)text_append(t, "'\\''", 4);
        else
            (void)text_append(t, s, 1);
    }
    (void)text_append(t, "'", 1);
}

/* @term: NULL leaves it as it is. */
static void append_environment(struct text *t, const struct rescue_request *request,
                               const char *term)
{
    (void)text_appendf(
        t, "export PATH=%s/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
        rescue_uses_control(request) ? "/run/unbrick/bin:" : "");
    (void)text_appendf(t, "export HOME=/root USER=root LOGNAME=root\n"
                          "export HISTFILE=/run/unbrick/history ENV=/run/unbrick/shrc\n");
    if (term) {
        (void)text_appendf(t, "export TERM=");
        append_quoted(t, term);
        (void)text_append(t, "\n", 1);
    }
    for (char *const *v = request->setenv; v && *v; v++) {
        (void)text_appendf(t, "export ");
        (void)text_append(t, *v, (size_t)(strchrnul(*v, '=') - *v));
        if (strchr(*v, '=')) {
            (void)text_append(t, "=", 1);
            append_quoted(t, strchr(*v, '=') + 1);
        }
        (void)text_append(t, "\n", 1);
    }
    (void)text_appendf(t, "cd /root 2>/dev/null || cd /\n");
}

static void append_shell(struct text *t, const struct patient *p,
                         const struct rescue_request *request, const char *before)
{
    const char *shell = request->kind == RESCUE_HOST_TOOLS ? "/bin/sh" : shell_of(p);
    bool bash = text_ends_with(shell, "/bash");

    (void)text_appendf(t, "%s %s %s-i\n", before, shell, bash ? "--rcfile /run/unbrick/shrc " : "");
}

/* The body of the session: a script over pipes, a login, or a root shell. */
static void append_body(struct text *t, const struct patient *p,
                        const struct rescue_request *request)
{
    if (request->script) {
        bool has_interpreter = request->script_size > 2 && memcmp(request->script, "#!", 2) == 0;

        (void)text_appendf(t,
                           "exec 3>/run/%s </run/%s >/run/%s 2>/run/%s\n"
                           "echo ready >&3\n"
                           "read -r go </run/%s\n"
                           "%s/run/unbrick/script 3>&-\n"
                           "echo \"exit $?\" >&3\n",
                           RESCUE_CONTROL, RESCUE_STDIN, RESCUE_STDOUT, RESCUE_STDERR, RESCUE_GO,
                           has_interpreter ? "" : "/bin/sh ");
        return;
    }
    /* Other inits than systemd keep the console as their own controlling terminal: the shell takes
     * it over, or it would be without job control and Ctrl-C. */
    if (p->system.init != INIT_SYSTEMD)
        (void)text_appendf(t, "take=; setsid -c -w true 2>/dev/null && take='setsid -c -w'\n");
    /* A Ctrl-C is for the shell that it starts. Not ignored: that would be inherited. */
    (void)text_appendf(t, "trap : INT QUIT\necho ready >/run/%s\n", RESCUE_CONTROL);
    if (request->login)
        (void)text_appendf(t, "$take login\n");
    else
        append_shell(t, p, request, "$take");
    (void)text_appendf(t, "echo \"exit $?\" >/run/%s\n", RESCUE_CONTROL);
}

/* Programs that would ask the target's init to end: they end our session instead, so that leaving
 * starts no unit of the patient (poweroff.target pulls in what the distribution hangs on it). */
static int add_leavers(struct container_plan *plan)
{
    static const struct {
        const char *name, *word;
    } leavers[] = {
        {"poweroff", "poweroff"},
        {"halt", "poweroff"},
        {"shutdown", "poweroff"},
        {"reboot", "reboot"},
    };

    for (size_t i = 0; i < sizeof leavers / sizeof leavers[0]; i++) {
        char path[64], content[128];
        int r;

        snprintf(path, sizeof path, "unbrick/bin/%s", leavers[i].name);
        snprintf(content, sizeof content, "#!/bin/sh\necho %s >/run/%s\nsleep 60\n",
                 leavers[i].word, RESCUE_CONTROL);
        r = container_plan_add_file(plan, path, S_IFREG | 0755, content);
        if (r < 0)
            return r;
    }
    return 0;
}

int rescue_add_scripts(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request)
{
    static const char *const fifos[] = {RESCUE_CONTROL, RESCUE_GO, RESCUE_STDIN, RESCUE_STDOUT,
                                        RESCUE_STDERR};
    const char *term = getenv("TERM");
    _cleanup_text_ struct text t = TEXT_INIT(65536);
    int r = 0;

    for (size_t i = 0; r == 0 && i < (request->script ? sizeof fifos / sizeof fifos[0] : 1); i++)
        r = container_plan_add_file(plan, fifos[i], S_IFIFO | 0600, NULL);
    if (r == 0 && request->script)
        r = container_plan_add_file(plan, "unbrick/script", S_IFREG | 0700, request->script);
    if (r < 0)
        return r;
    (void)text_appendf(&t, "#!/bin/sh\n");
    append_environment(&t, request, text_is_empty(term) ? "linux" : term);
    append_body(&t, p, request);
    r = add_text(plan, "unbrick/session", 0755, &t);
    if (r < 0)
        return r;
    (void)text_appendf(&t, "#!/bin/sh\n");
    append_environment(&t, request, NULL);
    append_shell(&t, p, request, "exec");
    r = add_text(plan, RESCUE_ENTER, 0755, &t);
    if (r < 0)
        return r;
    (void)text_appendf(&t, "PS1='[patient %s] # '\n", p->name);
    r = add_text(plan, "unbrick/shrc", 0644, &t);
    return r < 0 ? r : add_leavers(plan);
}
