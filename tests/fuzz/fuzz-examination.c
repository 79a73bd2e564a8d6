/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every detector and every remedy, on a system whose configuration is the fuzzer's: what no reader
 * of one format is asked about by a target of its own is asked about here. A remedy that only
 * changes files is applied, and what it is for must be gone then.
 */

#include "fuzz-tree.h"

#include "faults/access.h"
#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fuzz_tree_base base[] = {
    "bin -> usr/bin",
    "sbin -> usr/sbin",
    "lib -> usr/lib",
    "dev/",
    "proc/",
    "run/",
    "sys/",
    "root/.ssh/",
    "tmp/",
    "usr/bin/bash * 755",
    "usr/bin/sh -> bash",
    "usr/bin/sudo * 4755",
    "usr/bin/login * 755",
    "usr/lib/systemd/systemd * 755",
    "usr/lib/systemd/system/multi-user.target * 644",
    "usr/lib/systemd/system/sysinit.target * 644",
    "usr/sbin/init -> ../lib/systemd/systemd",
    "usr/sbin/sshd * 755",
    "usr/sbin/ifup * 755",
    "usr/sbin/nft * 755",
    "usr/sbin/lvm * 755",
    "usr/sbin/mdadm * 755",
    "usr/lib/x86_64-linux-gnu/security/pam_unix.so * 755",
    "usr/lib/modules/6.1.0/modules.dep * 644",
    "etc/systemd/system/default.target -> /usr/lib/systemd/system/multi-user.target",
    "boot/vmlinuz-6.1.0 * 644",
    NULL,
};

static const char *const paths[] = {
    "etc/fstab",
    "etc/crypttab",
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/default/grub",
    "etc/ssh/sshd_config",
    "etc/ssh/sshd_config.d/50-x.conf",
    "etc/sudoers",
    "etc/sudoers.d/x",
    "etc/pam.d/login",
    "etc/pam.d/common-password",
    "etc/pam.d/sshd",
    "etc/netplan/01.yaml",
    "etc/network/interfaces",
    "etc/multipath/bindings",
    "etc/multipath.conf",
    "etc/mdadm/mdadm.conf",
    "etc/lvm/lvm.conf",
    "etc/lvm/devices/system.devices",
    "etc/modprobe.d/x.conf",
    "etc/modules-load.d/x.conf",
    "etc/sysctl.d/x.conf",
    "etc/sysctl.conf",
    "etc/systemd/system.conf",
    "etc/systemd/system/x.service",
    "etc/systemd/system/data.mount",
    "etc/systemd/system/multi-user.target.wants/y.service",
    "etc/systemd/system/x.service.d/o.conf",
    "etc/systemd/network/10.link",
    "etc/udev/rules.d/70.rules",
    "etc/sysconfig/network-scripts/ifcfg-eth0",
    "etc/NetworkManager/system-connections/a.nmconnection",
    "etc/selinux/config",
    "etc/ld.so.preload",
    "etc/ld.so.conf",
    "etc/inittab",
    "etc/rc.local",
    "etc/nftables.conf",
    "etc/ufw/ufw.conf",
    "etc/kernel/cmdline",
    "etc/initramfs-tools/conf.d/resume",
    "etc/initramfs-tools/modules",
    "etc/dracut.conf.d/x.conf",
    "etc/audit/auditd.conf",
    "etc/login.defs",
    "etc/os-release",
    "etc/machine-id",
    "etc/hostname",
    "boot/grub/grub.cfg",
    "boot/grub/grubenv",
    "boot/grub/device.map",
    "boot/loader/entries/a.conf",
    "boot/loader/loader.conf",
    "boot/extlinux/extlinux.conf",
    "boot/config.txt",
    "boot/cmdline.txt",
    "var/lib/dpkg/status",
    "var/log/dpkg.log",
    "var/log/dnf.rpm.log",
    "var/log/wtmp",
    "usr/lib/systemd/system/y.service",
    "usr/lib/modules/6.1.0/modules.alias",
    "usr/lib/modules/6.1.0/modules.builtin",
    "usr/sbin/update-grub",
    "root/.ssh/authorized_keys",
};

static struct disk disk = {
    .kind = DISK_TARGET,
    .target = "/dev/sda",
    .name = "sda",
    .node_fd = -1,
    .volume_count = 2,
    .volumes =
        {
            {.name = "sda1",
             .number = 1,
             .size = 1 << 30,
             .part_uuid = "0001",
             .fs = {.type = "ext4",
                    .usage = "filesystem",
                    .uuid = "11111111-1111-4111-8111-111111111111",
                    .label = "root"}},
            {.name = "sda2",
             .number = 2,
             .size = 1 << 30,
             .part_uuid = "0002",
             .fs = {.type = "swap",
                    .usage = "other",
                    .uuid = "22222222-2222-4222-8222-222222222222"}},
        },
};

static bool takes_commands(const struct changes *c)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->items[i].kind == CHANGE_COMMAND)
            return true;
    return false;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* As bad as it was: what has got milder is mended ("nofail": the disk is missing as before). */
static bool has_finding(const struct report *r, const struct finding *f)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == f->fault && r->findings[i].severity <= f->severity &&
            same(r->findings[i].what, f->what) && same(r->findings[i].file, f->file) &&
            r->findings[i].line == f->line && same(r->findings[i].subject, f->subject) &&
            same(r->findings[i].evidence, f->evidence))
            return true;
    return false;
}

static void check_report(const struct report *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct finding *f = &r->findings[i];
        const char *texts[] = {f->what, f->evidence, f->expected, f->why};

        if (f->file && f->file[0] != '/')
            abort();
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            for (const char *c = texts[k]; c && *c; c++)
                if ((unsigned char)*c < ' ' && (*c != '\n' || k == 0)) {
                    fprintf(stderr, "%s: not safe: %s\n", f->fault->id, texts[k]);
                    abort();
                }
    }
}

struct session {
    struct linux_system system;
    struct disk *disks[1];
    struct examination x;
    struct report report;
};

static void look(struct session *s, int root_fd)
{
    s->disks[0] = &disk;
    if (system_inspect(root_fd, &s->system, NULL) < 0)
        s->system = (struct linux_system){0};
    s->system.init = INIT_SYSTEMD;
    s->x = (struct examination){.root_fd = root_fd,
                                .system = &s->system,
                                .disks = s->disks,
                                .disk_count = 1,
                                .root = &disk.volumes[0]};
    if (examination_open(&s->x, NULL) == 0)
        (void)faults_detect(&s->x, &s->report, NULL);
    check_report(&s->report);
}

static void leave(struct session *s)
{
    report_free(&s->report);
    examination_close(&s->x);
}

static void repair_one(int root_fd, struct session *before, struct finding *f)
{
    struct session after = {0};
    struct changes c = {.root_fd = root_fd};
    struct error e = {0};
    bool mended = false;

    if (f->fault->repair(&before->x, f, &c, &e) == 0 && c.count && !takes_commands(&c))
        mended = changes_apply(&c, "fuzz", NULL, NULL, &e) == 0;
    changes_free(&c);
    if (!mended)
        return;
    look(&after, root_fd);
    if (has_finding(&after.report, f)) {
        fprintf(stderr, "%s: still there: %s\n", f->fault->id, f->what);
        abort();
    }
    leave(&after);
}

/* All at once, as `repair` plans them: each sees what those before it made of a file. */
static void plan_all(int root_fd, struct session *s)
{
    struct changes c = {.root_fd = root_fd};
    struct error e = {0};
    static const char key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRl root@x\n";

    for (unsigned i = 0; i < s->report.count; i++)
        if (finding_is_repairable(&s->report.findings[i]))
            (void)s->report.findings[i].fault->repair(&s->x, &s->report.findings[i], &c, &e);
    (void)access_set_root_password(&s->x, &c, "$6$x$y", &e);
    (void)access_unlock(&s->x, &c, "root", &e);
    (void)access_add_ssh_key(&s->x, &c, "root", key, sizeof key - 1, &e);
    changes_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct session s;
    int root_fd = fuzz_tree_make(base);

    s = (struct session){0};
    fuzz_tree_fill(root_fd, paths, sizeof paths / sizeof paths[0], data, size);
    look(&s, root_fd);
    plan_all(root_fd, &s);
    /* One for each input: those of the others follow with other inputs. */
    for (unsigned i = 0; i < s.report.count; i++)
        if (finding_is_repairable(&s.report.findings[i])) {
            repair_one(root_fd, &s, &s.report.findings[i]);
            break;
        }
    leave(&s);
    fuzz_tree_remove(root_fd);
    return 0;
}
