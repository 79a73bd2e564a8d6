/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue_args.h"

#include "base/text.h"
#include "system/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Words of inittab(5) and systemd(1) for the single-user mode. */
static const char *const single[] = {"single", "S", "1"};

bool rescue_args_choose_unit(char *const *args)
{
    for (; args && *args; args++) {
        if (text_starts_with(*args, "--unit") || text_starts_with(*args, "systemd.unit="))
            return true;
        for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
            if (strcmp(*args, single[i]) == 0)
                return true;
    }
    return false;
}

/* The last one counts; NULL when none is named. */
static const char *named_unit(char *const *args)
{
    static const char *const forms[] = {"--unit=", "systemd.unit="};
    const char *unit = NULL;

    for (; args && *args; args++) {
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
            if (text_starts_with(*args, forms[i]))
                unit = *args + strlen(forms[i]);
        if (strcmp(*args, "--unit") == 0 && args[1])
            unit = args[1];
    }
    return unit;
}

static bool is_on(int root_fd, const char *unit)
{
    struct unit found;
    bool loaded;

    if (unit_load(root_fd, unit, &found) < 0)
        return true; /* without memory nothing is known */
    loaded = found.load == UNIT_LOADED;
    unit_free(&found);
    return loaded;
}

int rescue_args_check_unit(char *const *args, int root_fd, const char *name, struct error *e)
{
    const char *unit = named_unit(args);
    char typed[256], meant[256];

    if (!unit || is_on(root_fd, unit))
        return 0;
    (void)error_set(e, ERROR_TARGET, -ENOENT, "no-unit",
                    "%s has no unit %s, and would boot to its default target instead", name,
                    text_safe(unit));
    /* systemd takes a name without a type for a service's; who boots means a target. */
    if ((size_t)snprintf(typed, sizeof typed, "%s%s", unit, strchr(unit, '.') ? "" : ".target") <
            sizeof typed &&
        unit_nearest(root_fd, typed, meant, sizeof meant))
        return error_advise(e, "perhaps %s is meant", text_safe(meant));
    return -ENOENT;
}
