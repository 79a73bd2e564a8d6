/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Accounts, units, sshd_config and sudoers of a patient. */

#include "system/accounts.h"
#include "system/lines.h"
#include "system/sshd_config.h"
#include "system/sudoers.h"
#include "system/unit_file.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct lines l = LINES_OF(text, size);
    char line[LINES_WIDTH];
    struct unit_file u;

    for (unsigned i = 0; i < 3; i++)
        check_accounts(text, size, (enum account_file)i);
    while (lines_next(&l, line))
        (void)sshd_config_problem(line);
    sudoers_check(text, size, check_line, NULL);
    if (unit_file_parse(text, size, &u) == 0) {
        for (unsigned i = 0; i < u.count; i++)
            if (!u.settings[i].value || !u.settings[i].section || !u.settings[i].line)
                abort();
        unit_file_free(&u);
    }
    return 0;
}
