/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/container_host.h"

#include "base/fd.h"
#include "base/text.h"
#include "session/interrupt.h"
#include "terminal/ui.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* systemd answers when the job is queued; the process is moved a moment later. */
#define MOVE_MS 3000

/*
 * The little of libsystemd that is used, so that neither its headers nor the library are needed:
 * sd_bus_new(3), sd_bus_set_address(3), sd_bus_start(3), sd_bus_open_system(3),
 * sd_bus_call_method(3), sd_bus_error(3).
 */
struct sd_bus;
struct sd_bus_message;
struct sd_bus_error {
    const char *name, *message;
    int need_free;
};

struct library {
    int (*open_system)(struct sd_bus **ret);
    int (*new_bus)(struct sd_bus **ret);
    int (*set_address)(struct sd_bus *bus, const char *address);
    int (*start)(struct sd_bus *bus);
    int (*call_method)(struct sd_bus *bus, const char *destination, const char *path,
                       const char *interface, const char *member, struct sd_bus_error *error,
                       struct sd_bus_message **reply, const char *types, ...);
    void (*error_free)(struct sd_bus_error *e);
    struct sd_bus_message *(*message_unref)(struct sd_bus_message *m);
    struct sd_bus *(*flush_close_unref)(struct sd_bus *bus);
};

static int load(struct library *ret)
{
    static const char *const names[] = {"sd_bus_open_system",   "sd_bus_new",
                                        "sd_bus_set_address",   "sd_bus_start",
                                        "sd_bus_call_method",   "sd_bus_error_free",
                                        "sd_bus_message_unref", "sd_bus_flush_close_unref"};
    void **slots[] = {(void **)&ret->open_system,   (void **)&ret->new_bus,
                      (void **)&ret->set_address,   (void **)&ret->start,
                      (void **)&ret->call_method,   (void **)&ret->error_free,
                      (void **)&ret->message_unref, (void **)&ret->flush_close_unref};
    void *handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < sizeof names / sizeof names[0]; i++) {
        *slots[i] = dlsym(handle, names[i]);
        if (!*slots[i])
            return -ENOSYS;
    }
    return handle ? 0 : -ENOENT;
}

/* systemd's own socket, which root may use and which is there without a bus daemon; else the bus.
 */
static int connect_to_systemd(const struct library *l, struct sd_bus **ret)
{
    struct sd_bus *bus = NULL;
    int r = l->new_bus(&bus);

    if (r >= 0)
        r = l->set_address(bus, "unix:path=/run/systemd/private");
    if (r >= 0)
        r = l->start(bus);
    if (r >= 0) {
        *ret = bus;
        return 0;
    }
    l->flush_close_unref(bus);
    return l->open_system(ret);
}

/* org.freedesktop.systemd1(5), StartTransientUnit(). Delegate: what is below the scope is ours. */
static int start_scope(const struct library *l, const char *unit, pid_t pid)
{
    struct sd_bus_error error = {NULL, NULL, 0};
    struct sd_bus_message *reply = NULL;
    struct sd_bus *bus = NULL;
    int r = connect_to_systemd(l, &bus);

    if (r < 0)
        return r;
    r = l->call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                       "org.freedesktop.systemd1.Manager", "StartTransientUnit", &error, &reply,
                       "ssa(sv)a(sa(sv))", unit, "fail", 4, "Description", "s",
                       "Container of unbrick", "PIDs", "au", 1, (uint32_t)pid, "Delegate", "b", 1,
                       "CollectMode", "s", "inactive-or-failed", 0);
    if (r < 0 && error.message)
        ui_detail("systemd makes no scope: %s", text_safe(error.message));
    l->error_free(&error);
    l->message_unref(reply);
    l->flush_close_unref(bus);
    return r < 0 ? r : 0;
}

/* The process's group in the unified hierarchy, once it is that of the @unit. */
static int scope_of(pid_t pid, const char *unit, char *ret, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    for (int waited = 0; waited < MOVE_MS; waited++) {
        _cleanup_free_ char *data = NULL;
        char *line;

        if (file_read(path, 65536, &data, NULL) < 0)
            return -ESRCH;
        line = text_starts_with(data, "0::") ? data : strstr(data, "\n0::");
        if (!line)
            return -ENOENT;
        line = strchr(line, '/');
        line[strcspn(line, "\n")] = '\0';
        if (text_ends_with(line, unit))
            return (size_t)snprintf(ret, size, "%s", line) < size ? 0 : -ENAMETOOLONG;
        (void)poll(NULL, 0, 1);
    }
    return -ETIMEDOUT;
}

static int adopt(void *userdata, const char *name, pid_t stub, char *ret, size_t size)
{
    struct library l;
    char unit[128];
    int r = load(&l);

    (void)userdata;
    snprintf(unit, sizeof unit, "unbrick-%s-%d.scope", name, (int)getpid());
    if (r == 0)
        r = start_scope(&l, unit, stub);
    if (r == 0)
        r = scope_of(stub, unit, ret, size);
    if (r < 0)
        ui_detail("no scope of the host's systemd: %s", strerror(-r));
    return r;
}

static int record(void *userdata, const char *group)
{
    return journal_record(userdata, JOURNAL_CGROUP, group);
}

/* With version 1 alone a scope would say nothing of where our groups are. Where systemd has version
 * 2 mounted: everything, the hybrid layout, and that of systemd 232 (systemd's
 * basic/cgroup-util.c). */
static bool systemd_has_unified(void)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
                                         "/sys/fs/cgroup/systemd"};
    struct statfs st;

    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
        if (statfs(mounts[i], &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC)
            return true;
    return false;
}

struct container_host container_host_of(struct journal *j, bool own_scope)
{
    /* sd_booted(3) */
    bool systemd = own_scope && access("/run/systemd/system", F_OK) == 0 && systemd_has_unified();

    return (struct container_host){.record = record,
                                   .adopt = systemd ? adopt : NULL,
                                   .interrupted = interrupt_check,
                                   .userdata = j};
}

void container_warn_of_devices(const struct container *c)
{
    if (!c->device_policy)
        ui_warn(
            "This kernel keeps no devices closed: root inside can open the host's disks, by nodes "
            "that it makes.");
}
