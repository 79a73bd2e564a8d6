/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Accounts, units, sshd_config, sudoers, PAM, interfaces, dpkg's status, option lists, logs, wtmp
 * and SELinux contexts of a patient. */

#include "system/accounts.h"
#include "system/dpkg_status.h"
#include "system/file_contexts.h"
#include "system/history.h"
#include "system/interfaces.h"
#include "system/lines.h"
#include "system/option_list.h"
#include "system/pam_config.h"
#include "system/rpm_log.h"
#include "system/sshd_config.h"
#include "system/stat_override.h"
#include "system/sudoers.h"
#include "system/unit_settings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_accounts(const char *data, size_t size, enum account_file file)
{
    struct accounts a;

    if (accounts_parse(data, size, file, &a) < 0)
        return;
    for (unsigned i = 0; i < a.count; i++)
        if (!a.items[i].problem && !a.items[i].name[0])
            abort();
    accounts_free(&a);
}

static void check_line(void *userdata, unsigned line, const char *why)
{
    if (!line || !why)
        abort();
}

static void check_history(const char *data, size_t size)
{
    static struct history h;

    memset(&h, 0, sizeof h);
    history_from_wtmp(data, size, &h);
    for (unsigned i = 0; i < 4; i++)
        history_from_log(data, size, (enum history_log)i, &h);
    for (unsigned i = 0; i < h.event_count; i++)
        if (i && h.events[i - 1].when > h.events[i].when)
            abort();
}

static bool any(const char *package)
{
    return package[0] != '\0';
}

static void check_contexts(const char *data, size_t size)
{
    struct file_contexts *f = NULL;

    if (file_contexts_add(&f, data, size) == 0 &&
        file_contexts_add_aliases(f, FILE_CONTEXTS_LOCAL_ALIASES, data, size) == 0 &&
        file_contexts_add_aliases(f, FILE_CONTEXTS_POLICY_ALIASES, data, size) == 0)
        (void)file_contexts_lookup(f, "/etc/fstab", 0100644);
    file_contexts_close(f);
}

static void check_pam(const char *data, size_t size)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    struct pam_line p;

    while (lines_next(&l, line)) {
        if (option_list_says(line, "noauto", "auto") && !strstr(line, "noauto"))
            abort();
        if (pam_line_parse(lines_strip(line), &p) &&
            (!p.type[0] || !p.name[0] || (!p.include && pam_line_is_decisive(&p) && !p.control) ||
             (pam_line_jump(&p) && !p.control)))
            abort();
    }
}

static void check_interfaces(const char *data, size_t size)
{
    struct interfaces_walk w = INTERFACES_WALK(data, size);

    while (interfaces_next_problem(&w))
        if (!w.lines.number)
            abort();
}

static void check_packages(const char *data, size_t size)
{
    struct dpkg_walk w = DPKG_WALK(data, size);
    struct dpkg_package p;

    while (dpkg_status_next(&w, &p))
        if (!p.want[0] || !p.flag[0] || !p.state[0])
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct lines l = LINES_OF(text, size);
    char line[LINES_WIDTH];
    struct unit_settings u;
    struct rpm_log log;
    unsigned number;

    for (unsigned i = 0; i < 3; i++)
        check_accounts(text, size, (enum account_file)i);
    while (lines_next(&l, line))
        (void)sshd_config_problem(line);
    (void)sshd_config_begins_block(text, size, 1 + l.number / 2);
    if (stat_override_names(text, size, "/bin/su") && !memmem(text, size, "/bin/su", 7))
        abort();
    sudoers_check(text, size, check_line, NULL);
    if (sudoers_password_of(text, size, &number) != SUDOERS_UNSAID && !number)
        abort();
    if (unit_settings_parse(text, size, &u) == 0) {
        for (unsigned i = 0; i < u.count; i++)
            if (!u.settings[i].value || !u.settings[i].section || !u.settings[i].line)
                abort();
        unit_settings_free(&u);
    }
    check_history(text, size);
    rpm_log_read(text, size, any, &log);
    if (log.unfinished && !log.began[0])
        abort();
    check_contexts(text, size);
    check_pam(text, size);
    check_interfaces(text, size);
    check_packages(text, size);
    return 0;
}
