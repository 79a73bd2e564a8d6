/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/banner.h"
#include "base/shell_word.h"

#include "commands/patient_options.h"
#include "container/user_namespace.h"
#include "session/session.h"
#include "storage/mount.h"
#include "terminal/ui.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define KEY_WIDTH 9

static void field(struct text *out, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void field(struct text *out, const char *key, const char *fmt, ...)
{
    char value[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    (void)ui_format_field(out, ui_columns(), KEY_WIDTH, key, value);
}

static void add_rule(struct text *out, const char *title)
{
    unsigned columns = ui_columns(), used = (unsigned)strlen(title);

    (void)text_appendf(out, "%s", title);
    for (unsigned i = used; i < columns && i < 72; i++)
        (void)text_append(out, "=", 1);
    (void)text_append(out, "\n", 1);
}

static void add_system(struct text *out, const struct patient *p)
{
    char date[32] = "";
    struct tm tm;

    if (p->request.no_mount) {
        field(out, "system", "none was looked for (--no-mount)");
        return;
    }
    if (p->system.last_boot > 0 && localtime_r(&p->system.last_boot, &tm))
        (void)strftime(date, sizeof date, "; last boot %e %b %Y", &tm);
    field(out, "system", "%s, %s%s%s%s", p->name,
          p->system.pretty[0] ? text_safe(p->system.pretty) : "Linux", date,
          p->system.kernel_count ? ", newest kernel " : "",
          p->system.kernel_count ? text_safe(p->system.kernels[0].release) : "");
}

static void append_item(char *list, size_t size, const char *item)
{
    size_t used = strlen(list);

    snprintf(list + used, size - used, "%s%s", used ? ", " : "", item);
}

/* Arrays, opened volumes and groups, in the order in which they were made. */
static void add_assembled(struct text *out, const struct patient *p)
{
    char list[1024] = "", item[420];

    for (unsigned i = 0; i < p->disk_count; i++) {
        const struct disk *d = p->disks[i];

        if (d->kind == DISK_TARGET || d->kind == DISK_STAND_IN)
            continue;
        snprintf(item, sizeof item, "%s%s%s%s%s%s", text_safe(d->name), d->on ? " on " : "",
                 d->on ? text_safe(d->on->name) : "", d->opened_as[0] ? ", here as " : "",
                 text_safe(d->opened_as), d->degraded ? " (members are missing)" : "");
        append_item(list, sizeof list, item);
    }
    if (list[0])
        field(out, "opened", "%s", list);
}

static void add_disk(struct text *out, const struct patient *p)
{
    char size[24];

    for (unsigned i = 0; i < p->disk_count; i++) {
        const struct disk *d = p->disks[i];

        if (d->kind != DISK_TARGET)
            continue;
        field(out, i ? "" : "disk", "%s, %s%s%s%s%s", text_safe(d->target),
              text_bytes(d->size, size), d->serial[0] ? ", serial " : "", text_safe(d->serial),
              d->is_loop ? ", here " : "", d->is_loop ? d->node : "");
    }
    if (p->clone[0])
        field(out, "", "CLONE of %s: do not reboot this host while both are attached", p->clone);
    add_assembled(out, p);
    if (p->disk_count == 0)
        field(out, "tree", "%s", text_safe(p->request.targets[0]));
}

/* "not checked": a result's word, as people write it. */
static const char *result_words(enum check_result result, char buf[32])
{
    snprintf(buf, 32, "%s", check_result_name(result));
    for (char *c = buf; *c; c++)
        if (*c == '-')
            *c = ' ';
    return buf;
}

static void add_checks(struct text *out, const struct patient *p)
{
    char list[1024] = "", item[400], words[32];

    if (p->request.read_only || !p->root)
        return;
    snprintf(item, sizeof item, "/ %s", result_words(p->root_check.result, words));
    append_item(list, sizeof list, item);
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (!step->needed || !step->mounted || step->volume == p->root->volume)
            continue;
        snprintf(item, sizeof item, "%s %s", text_safe(step->target),
                 result_words(step->check.result, words));
        append_item(list, sizeof list, item);
    }
    field(out, "checked", "%s", list);
}

/* --no-mount: what there is to work on. */
static void add_nodes(struct text *out, const struct patient *p)
{
    char list[1024] = "", item[420];

    field(out, "mounted", "nothing, and /sysroot is empty");
    for (unsigned i = 0; i < p->disk_count; i++)
        for (unsigned j = 0; j < p->disks[i]->volume_count; j++) {
            const struct volume *v = &p->disks[i]->volumes[j];

            snprintf(item, sizeof item, "%s (%s%s%s)",
                     v->dm_name[0] ? text_safe(v->name) : text_safe(strrchr(v->node, '/') + 1),
                     v->dm_name[0] ? "" : text_safe(v->name),
                     v->dm_name[0] || !v->fs.type[0] ? "" : ", ",
                     v->fs.type[0] ? text_safe(v->fs.type) : "");
            append_item(list, sizeof list, item);
        }
    field(out, "devices", "in /dev: %s", list);
}

static void add_mounts(struct text *out, const struct patient *p)
{
    char list[1024] = "", item[420];

    if (p->request.no_mount)
        add_nodes(out, p);
    if (!p->root)
        return;
    snprintf(item, sizeof item, "/ %s",
             p->root->is_version ? p->root->name : text_safe(p->root->volume->name));
    append_item(list, sizeof list, item);
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (!step->mounted)
            continue;
        snprintf(item, sizeof item, "%s %s", text_safe(step->target),
                 text_safe(step->volume->name));
        append_item(list, sizeof list, item);
    }
    field(out, "mounted", "%s", list);
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->skipped[0])
            field(out, "skipped", "%s: /etc/fstab line %u, %s", text_safe(step->target), step->line,
                  step->skipped);
    }
}

/* uname(2) inside shows the host's kernel, and tools that build an initramfs "for the running
 * kernel" would build a useless one. */
static void add_kernel(struct text *out, const struct patient *p)
{
    struct utsname host;
    const char *release = p->system.kernel_count ? p->system.kernels[0].release : NULL;

    if (!release || uname(&host) < 0 || strcmp(host.release, release) == 0)
        return;
    if (strcmp(p->system.id, "debian") == 0 || strcmp(p->system.id, "ubuntu") == 0)
        field(out, "kernel", "uname -r shows the HOST's. Here: update-initramfs -u -k %s",
              text_safe(release));
    else
        field(out, "kernel", "uname -r shows the HOST's (%s); the newest here is %s", host.release,
              text_safe(release));
}

/* What that means for what is seen. */
static const char *read_only_words(const struct patient *p)
{
    if (p->root && p->root->volume->scratch)
        return "; a journal that had to be replayed is, beside the disk";
    return p->root && p->root->volume->fs.dirty
               ? ", and its journal is not replayed (newest files may be missing)"
               : "";
}

/* What --untrusted isolates, and what not: SECURITY.md says more. */
static void add_untrusted(struct text *out)
{
    field(out, "trust",
          "none: root inside is nobody outside, and none of the host's files, disks, "
          "processes and networks are here");
    field(out, "owners",
          "ids from %u on are shown as nobody's (65534), and root inside does not own them",
          USER_COUNT);
    field(out, "SHARED",
          "the kernel, which reads this disk's file systems and makes its programs' "
          "calls; memory and processor time; what you type here is theirs");
}

int banner_format(struct text *out, const struct options *o, const struct patient *p,
                  const struct container_plan *plan, const char *faults)
{
    add_rule(out, "=== unbrick: you are INSIDE the patient ");
    add_system(out, p);
    add_disk(out, p);
    if (p->root && mount_is_read_only_type(p->root->volume->fs.type))
        field(out, "writes", "none: a %s cannot be written to",
              text_safe(p->root->volume->fs.type));
    else if (p->root && p->root->read_only && !p->request.read_only)
        field(out, "writes",
              "none: the subvolume is read-only; btrfs property set / ro false "
              "changes that");
    else if (p->request.read_only || (p->root && p->root->volume->read_only))
        field(out, "writes", "none: the disk is read-only%s", read_only_words(p));
    else
        field(out, "WRITES", "go to the disk itself; nothing can be undone");
    add_checks(out, p);
    add_mounts(out, p);
    field(out, "network",
          plan->private_network ? "none (loopback only)"
                                : "the host's; no service of the patient was started");
    if (plan->untrusted)
        add_untrusted(out);
    if (plan->emulated[0])
        field(out, "machine", "%s, in an emulator: slow, and not all of it works",
              text_safe(plan->emulated));
    add_kernel(out, p);
    if (faults[0])
        field(out, "faults", "%s; what to do: less /run/unbrick/faults", faults);
    field(out, "hangup", "the session goes on for %u minutes, then ends in order",
          SESSION_GRACE_SECONDS / 60);
    field(out, "enter", "unbrick enter %s: a second shell, or this one after a hangup",
          shell_word(p->name));
    if (o->escape >= 0 && o->escape < 0x20)
        field(out, "leave", "exit or Ctrl-D; when stuck: ^%c three times", o->escape + '@');
    else if (o->escape >= 0)
        field(out, "leave", "exit or Ctrl-D; when stuck: %c three times", o->escape);
    else
        field(out, "leave", "exit or Ctrl-D");
    return out->failed;
}
