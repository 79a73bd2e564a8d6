/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* os-release, boot loader configuration, what snapper notes, kernel names, crypttab and wtmp of a
 * patient. */

#include "system/cmdline.h"
#include "system/crypttab.h"
#include "system/kernels.h"
#include "system/last_boot.h"
#include "system/login.h"
#include "system/mdadm_config.h"
#include "system/os_release.h"
#include "system/snapper.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_line(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ')
            abort(); /* a command line is one line */
}

static void check_crypttab(const char *data, size_t size)
{
    struct crypttab_entry entries[4];
    unsigned count = crypttab_parse(data, size, entries, 4);

    for (unsigned i = 0; i < count; i++)
        if (!entries[i].name[0] || strchr(entries[i].name, '/') || !entries[i].source[0] ||
            (entries[i].key[0] && entries[i].key[0] != '/'))
            abort();
}

static void check_mdadm(const char *data, size_t size)
{
    struct mdadm_array arrays[4];
    unsigned count = mdadm_config_arrays(data, size, arrays, 4);

    for (unsigned i = 0; i < count; i++)
        if ((arrays[i].uuid[0] && strlen(arrays[i].uuid) != 32) || !arrays[i].line ||
            strlen(arrays[i].device) >= sizeof arrays[i].device)
            abort();
}

/* passwd and group are the same bytes; the user is the name in the first line. */
static void check_login(const char *text)
{
    char *user = strndup(text, strcspn(text, ":\n"));
    struct login login;

    if (user && login_from_text(text, text, user, &login) == 0 &&
        (login.group_count > LOGIN_GROUPS_MAX || login.uid == (uid_t)-1 || login.gid == (gid_t)-1 ||
         strchr(login.home, ':')))
        abort();
    free(user);
}

static void check_snapper(const char *text)
{
    char value[16];

    if (snapper_info_get(text, "description", value, sizeof value) == 0 &&
        strlen(value) >= sizeof value)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), value[64];

    if (!text)
        return 0;
    (void)os_release_get(text, "ID", value, sizeof value);
    cmdline_clean(text, value, sizeof value);
    check_line(value);
    if (kernels_compare(text, text) != 0 ||
        (kernels_compare(text, "6.1.0") > 0) != (kernels_compare("6.1.0", text) < 0))
        abort();
    check_login(text);
    check_crypttab((const char *)data, size);
    check_mdadm((const char *)data, size);
    check_snapper(text);
    (void)last_boot_from_wtmp(data, size);
    free(text);
    return 0;
}
