/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/patient_options.h"

#include "base/fd.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "storage/failing.h"
#include "terminal/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the values of a plan begin. */
#define PLAN_INDENT 9

int refuse_no_target(const struct options *o, struct error *e)
{
    if (o->took_value && !(o->args && o->args[0]))
        (void)error_set(e, ERROR_USAGE, -EINVAL, "usage",
                        "no target is named: --%s took %s as its value", o->took_option,
                        text_safe(o->took_value));
    else
        (void)error_set(e, ERROR_USAGE, -EINVAL, "usage", "no target is named");
    if (o->args && o->args[0])
        return error_advise(e,
                            "targets stand before --: what is behind it goes to what runs inside");
    return error_advise(e, "name a disk, a partition, an image file or a directory; `unbrick list` "
                           "shows what is attached");
}

int patient_request_from_options(const struct options *o, struct patient_request *ret,
                                 struct error *e)
{
    if (o->target_count == 0)
        return refuse_no_target(o, e);
    if (o->untrusted && (o->host_tools || (o->network_chosen && !o->private_network)))
        return error_set(e, ERROR_USAGE, -EINVAL, "usage", "--untrusted and %s exclude each other",
                         o->host_tools ? "--host-tools" : "--network=host");
    if (o->key_file && access(o->key_file, R_OK) < 0)
        return error_set(e, ERROR_USAGE, -errno, "key-file", "cannot read the key file %s: %s",
                         text_safe(o->key_file), strerror(errno));
    if (o->luks_header && access(o->luks_header, R_OK) < 0)
        return error_set(e, ERROR_USAGE, -errno, "luks-header", "cannot read the header %s: %s",
                         text_safe(o->luks_header), strerror(errno));
    *ret = (struct patient_request){
        .targets = o->targets,
        .target_count = o->target_count,
        .fsck = o->fsck,
        .system = o->system,
        .read_only = o->read_only || o->dry_run || o->untrusted,
        .plan_only = o->dry_run,
        .no_mount = o->no_mount,
        .assemble = {.degraded = o->degraded,
                     .key_file = o->key_file,
                     .luks_header = o->luks_header},
    };
    return 0;
}

int open_log(const struct options *o, int *ret_fd, struct error *e)
{
    int fd;

    *ret_fd = -1;
    if (!o->log)
        return 0;
    fd = open(o->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return error_set(e, ERROR_USAGE, -errno, "log", "cannot write the log %s: %s",
                         text_safe(o->log), strerror(errno));
    ui_set_log(fd);
    *ret_fd = fd;
    return 0;
}

char *patient_disks(const struct patient *p, char *buf, size_t size)
{
    const char *first = p->request.targets[0];

    if (p->request.target_count > 1)
        snprintf(buf, size, "%s and %u more", text_safe(first), p->request.target_count - 1);
    else
        snprintf(buf, size, "%s", text_safe(first));
    return buf;
}

char *patient_targets(const struct patient *p, char *buf, size_t size)
{
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < p->request.target_count && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
                                 shell_word(p->request.targets[i]));
    return buf;
}

static void describe_volumes(const struct patient *p, struct text *out)
{
    char size[24];

    for (unsigned i = 0; i < p->disk_count; i++) {
        const struct disk *d = p->disks[i];

        (void)text_appendf(out, "disk     %s, %s%s%s\n", text_safe(d->target),
                           text_bytes(d->size, size),
                           d->table[0] ? ", partition table " : ", no partition table", d->table);
        if (d->table_error[0])
            (void)text_appendf(out, "         the table: %s\n", d->table_error);
        for (unsigned j = 0; j < d->volume_count; j++) {
            const struct volume *v = &d->volumes[j];

            (void)text_appendf(out, "volume   %s, %s, %s%s\n", text_safe(v->name),
                               text_bytes(v->size, size),
                               v->fs.type[0] ? text_safe(v->fs.type) : "nothing known",
                               v->fs.dirty ? ", not cleanly unmounted" : "");
        }
    }
}

static void describe_mounts(const struct options *o, const struct patient *p, struct text *out)
{
    if (p->request.no_mount)
        (void)text_appendf(out, "mount    nothing (--no-mount)\n");
    if (!p->root)
        return;
    (void)text_appendf(out, "check    / on %s (--fsck=%s)\n", text_safe(p->root->volume->name),
                       o->read_only              ? "skip, the disk is not written to"
                       : o->fsck == CHECK_ASK    ? "ask"
                       : o->fsck == CHECK_REPAIR ? "repair"
                       : o->fsck == CHECK_QUICK  ? "quick"
                                                 : "skip");
    (void)text_appendf(out, "mount    / from %s%s%s\n", text_safe(p->root->volume->name),
                       p->root->place.subvolume[0] ? ", subvolume " : "",
                       text_safe(p->root->place.subvolume));
    if (p->root->place.deployment[0])
        (void)text_appendf(
            out, "bind     / from %s in there, with /var, /usr and /sysroot as OSTree has them\n",
            text_safe(p->root->place.deployment));
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->skipped[0])
            (void)text_appendf(out, "skip     %s (/etc/fstab line %u): %s\n",
                               text_safe(step->target), step->line, step->skipped);
        else
            (void)text_appendf(out, "mount    %s from %s%s%s%s\n", text_safe(step->target),
                               text_safe(step->volume->name), step->options[0] ? ", options " : "",
                               text_safe(step->options), step->needed ? ", checked before" : "");
    }
}

static json_t *steps_to_json(const struct patient *p)
{
    json_t *steps = json_array();

    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];
        json_t *item = json_object();

        json_object_set_new(item, "target", json_string(text_safe(step->target)));
        json_object_set_new(item, "line", json_integer(step->line));
        json_object_set_new(item, "source", json_string(step->source));
        if (step->skipped[0]) {
            json_object_set_new(item, "skipped", json_string(step->skipped));
        } else {
            json_object_set_new(item, "volume", json_string(text_safe(step->volume->name)));
            json_object_set_new(item, "options", json_string(text_safe(step->options)));
            json_object_set_new(item, "checked", json_boolean(step->needed));
        }
        json_array_append_new(steps, item);
    }
    return steps;
}

static int print_plan_json(const struct patient *p, const struct container_plan *plan,
                           struct error *e)
{
    json_t *document = json_object(), *argv = json_array();
    int r;

    json_object_set_new(document, "schema", json_string("unbrick.plan/1"));
    json_object_set_new(document, "name", json_string(p->name));
    json_object_set_new(document, "system", json_string(text_safe(p->system.pretty)));
    if (p->root)
        json_object_set_new(document, "root", json_string(p->root->name));
    json_object_set_new(document, "mounts", steps_to_json(p));
    for (unsigned i = 0; plan && plan->argv && plan->argv[i]; i++)
        json_array_append_new(argv, json_string(text_safe(plan->argv[i])));
    json_object_set_new(document, "argv", argv);
    r = json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    /* What could not be written, main() tells: ui_flush_output(). */
    return r < 0 && !ferror(stdout) ? error_errno(e, -ENOMEM, "making the plan") : 0;
}

/* A dry run opens the disk for reading: the plan is shown as a run would have it. */
static void show_as_run(const struct options *o, struct container_plan *plan)
{
    plan->read_only = o->read_only;
    for (unsigned i = 0; i < plan->device_count; i++)
        plan->devices[i].read_only = o->read_only;
}

/* On a terminal what is continued stands below the values; programs get a line for each. */
static int print_wrapped(struct text *t)
{
    _cleanup_text_ struct text out = TEXT_INIT(2 << 20);
    char *rest = t->data, *line;

    if (!isatty(STDOUT_FILENO)) {
        (void)fputs(t->data ? t->data : "", stdout);
        return t->failed;
    }
    while (rest && (line = strsep(&rest, "\n")))
        if (line[0]) {
            (void)wrap_append(&out, line, ui_columns(), 0, PLAN_INDENT);
            (void)text_append(&out, "\n", 1);
        }
    (void)fputs(out.data ? out.data : "", stdout);
    return out.failed;
}

int print_plan(const struct options *o, const struct patient *p, struct container_plan *plan,
               struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(1 << 20);
    int r;

    if (plan)
        show_as_run(o, plan);
    if (o->ui.json)
        return print_plan_json(p, plan, e);
    (void)text_appendf(&t, "system   %s, %s\n", p->name,
                       p->system.pretty[0] ? text_safe(p->system.pretty) : "Linux");
    describe_volumes(p, &t);
    describe_mounts(o, p, &t);
    if (plan && !o->ui.verbose)
        (void)text_appendf(&t, "start    %s, in a container; --verbose shows all of it\n",
                           text_safe(plan->argv[0]));
    r = plan && o->ui.verbose ? container_plan_describe(plan, &t) : 0;
    if (r == 0)
        r = print_wrapped(&t);
    return r < 0 ? error_errno(e, r, "describing the plan") : 0;
}

/* What the machine has to be told before it is whole again. */
void patient_say_unmounted(const struct patient *p)
{
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->failed)
            ui_warn("%s is not mounted: /etc/fstab line %u, %s", text_safe(step->target),
                    step->line, step->skipped);
    }
}

static void say_degraded(const struct patient *p)
{
    for (unsigned i = 0; i < p->disk_count; i++) {
        const struct disk *d = p->disks[i];

        if (d->kind == DISK_ARRAY && d->degraded && d->access == DISK_WRITE)
            ui_note("%s was used without all of its members: what they hold is out of date. On the "
                    "machine, add each again: mdadm /dev/%s --add PARTITION, and wait until "
                    "/proc/mdstat shows that it is in sync.",
                    text_safe(d->name), text_safe(d->name));
    }
}

int close_and_summarise(struct session *s, const char *what, int status, struct error *e)
{
    char disks[512];
    bool is_directory = s->patient.disk_count == 0, read_only = s->patient.request.read_only;
    bool several = s->patient.request.target_count > 1;
    int r;

    patient_disks(&s->patient, disks, sizeof disks);
    say_degraded(&s->patient);
    r = session_close(s, e);
    if (r < 0 && failing_write_is(e))
        return e->kind;
    if (r < 0) {
        ui_warn("%s %s still in use: do not detach %s yet; `unbrick cleanup` tries again", disks,
                several ? "are" : "is", several ? "them" : "it");
        return e->kind;
    }
    ui_note("%s%s%sNothing is left open%s%s%s.", what ? what : "", what ? "Back on the host. " : "",
            read_only ? "Nothing was written. " : "", is_directory ? "" : "; ",
            is_directory ? "" : disks,
            is_directory ? ""
            : several    ? " are safe to detach"
                         : " is safe to detach");
    return status;
}
