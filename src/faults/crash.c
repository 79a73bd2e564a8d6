/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a kernel that died left behind: pstore (systemd-pstore.service(8)) and kdump's log. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "system/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX ((size_t)16 << 20)

/* The line of @data that @at is in, without the clock at its start. */
static const char *line_at(const char *data, const char *at)
{
    const char *start = at;

    while (start > data && start[-1] != '\n')
        start--;
    return text_safe_bytes(start, strcspn(start, "\n"));
}

/* "RIP: 0010:function+0x12/0x34 [module]": the module that was running, when it was one. */
static void module_in(const char *text, char *ret, size_t size)
{
    const char *rip = strstr(text, "RIP: "), *open, *close;

    ret[0] = '\0';
    if (!rip)
        return;
    rip += strcspn(rip, " ");
    open = memchr(rip, '[', strcspn(rip, "\n"));
    close = open ? memchr(open, ']', strcspn(open, "\n")) : NULL;
    if (close)
        snprintf(ret, size, "%.*s", (int)(close - open - 1), open + 1);
}

static bool look_into(struct examination *x, const struct fault *f, struct report *r,
                      const char *path)
{
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    const char *panic;
    char module[64];
    size_t size;

    if (path_read(x->root_fd, path, LOG_MAX, &data, &size) < 0)
        return false;
    panic = strstr(data, "Kernel panic - not syncing");
    if (!panic)
        panic = strstr(data, "Oops: ");
    if (!panic)
        return false;
    module_in(data, module, sizeof module);
    finding = report_add(r, f, "a kernel died, and %s says how", text_safe(path));
    finding_at(finding, path, 0);
    finding_evidence(finding, "%s", line_at(data, panic));
    if (module[0])
        finding_expected(finding,
                         "the module %s was running: what loads it is in "
                         "/etc/modules-load.d, or a driver or agent brought it",
                         text_safe(module));
    return true;
}

/* The newest of the directories with a name that is a date or a number. */
static void look_below(struct examination *x, const struct fault *f, struct report *r,
                       const char *place, const char *file)
{
    _cleanup_directory_ struct directory d = {0};

    (void)directory_list(x->root_fd, place, "", &d);
    for (unsigned i = d.count; i-- > 0;) {
        _cleanup_directory_ struct directory inner = {0};
        char below[300];

        snprintf(below, sizeof below, "%s/%.200s", place, d.names[i]);
        if (look_into(x, f, r, below))
            return;
        (void)directory_list(x->root_fd, below, file, &inner);
        for (unsigned j = inner.count; j-- > 0;)
            if (look_into(x, f, r, directory_join(below, inner.names[j])))
                return;
    }
}

static void detect_recorded(struct examination *x, const struct fault *f, struct report *r)
{
    look_below(x, f, r, "/var/lib/systemd/pstore", ".txt");
    look_below(x, f, r, "/var/crash", "dmesg.txt");
}

static const struct fault faults[] = {
    {
        .id = "crash.recorded",
        .severity = FAULT_NOTICE,
        .title = "a kernel died and left its last words",
        .why = "If it happens at each boot, this is why it does not come up.",
        .remedy = "boot the kernel before it from the menu; keep the module from being loaded "
                  "(modprobe.d(5), blacklist) and make the initramfs again",
        .risk = FAULT_RISK_NONE,
        .reference = "systemd-pstore.service(8), kdump(8)",
        .detect = detect_recorded,
    },
};

FAULT_FAMILY(crash, faults);
