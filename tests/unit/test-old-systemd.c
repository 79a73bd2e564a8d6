/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is generated for a patient's systemd from 219 (RHEL 7) to 246. No such payload is at hand,
 * so that this stands in for a boot: every directive must have been there, or be one that an older
 * systemd may pass over (it warns of an unknown lvalue and goes on).
 */

#include "unit.h"

#include "commands/spawn_plan.h"
#include "session/rescue_units.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const unsigned versions[] = {219, 222, 229, 230, 231, 232, 239, 240, 243, 246};

/* From NEWS and systemd.exec(5), systemd.service(5), systemd.kill(5), systemd.unit(5). */
static const struct {
    const char *name;
    unsigned since;
    bool may_be_ignored;
} directives[] = {
    {"AllowIsolate", 1, false},
    {"DefaultDependencies", 1, false},
    {"Description", 1, false},
    {"After", 1, false},
    {"Environment", 1, false},
    /* Clears what the patient's own drop-ins set, which that systemd would ignore as well. */
    {"ExecCondition", 243, true},
    {"ExecStart", 1, false},
    {"ExecStartPost", 1, false},
    {"ExecStartPre", 1, false},
    {"ExecStop", 1, false},
    {"ExecStopPost", 1, false},
    {"IgnoreSIGPIPE", 1, false},
    {"KillMode", 1, false},
    {"RemainAfterExit", 1, false},
    {"Requires", 1, false},
    {"RootDirectory", 1, false},
    {"SendSIGHUP", 207, false},
    {"StandardError", 1, false},
    {"StandardInput", 1, false},
    {"StandardOutput", 1, false},
    {"TTYPath", 1, false},
    {"Type", 1, false},
    {"User", 1, false},
    {"Wants", 1, false},
};

static void check_line(const char *line, size_t length, unsigned version)
{
    size_t name = strcspn(line, "=\n");

    if (length == 0 || line[0] == '[')
        return;
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
        if (strlen(directives[i].name) != name || memcmp(line, directives[i].name, name) != 0)
            continue;
        if (directives[i].since > version && !directives[i].may_be_ignored)
            fail_msg("%s= is not in systemd %u", directives[i].name, version);
        return;
    }
    fail_msg("%.*s= is not in the table of this test", (int)name, line);
}

static void check_unit(const char *text, unsigned version)
{
    for (; *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n'))
        check_line(text, strcspn(text, "\n"), version);
}

static void rescue_units(void **state)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct patient p = {.root_fd = -1,
                            .system = {.init = INIT_SYSTEMD,
                                       .init_path = "/usr/lib/systemd/systemd",
                                       .systemd_version = versions[i],
                                       .shell = "/bin/bash"}};
        const struct rescue_request request = {.kind = RESCUE_BOOT};
        struct container_plan plan = {0};
        unsigned units = 0, masks = 0;

        assert_int_equal(rescue_add_systemd(&plan, &p, &request), 0);
        for (unsigned f = 0; f < plan.file_count; f++) {
            assert_int_equal(strncmp(plan.files[f].path, "systemd/system/", 15), 0);
            check_unit(plan.files[f].content, versions[i]);
            units++;
        }
        assert_true(units >= 4);
        /* Arguments of process 1 count as the kernel's in a container (systemd(1)), "systemd.mask="
         * since 215. */
        assert_int_equal(strncmp(plan.argv[0], "--unit=unbrick", 14), 0);
        for (char **a = plan.argv; *a; a++)
            masks += strncmp(*a, "systemd.mask=", 13) == 0;
        assert_true(masks > 20);
        container_plan_free(&plan);
    }
}

static void sulogin(void **state)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        const char *text = spawn_sulogin_dropin(versions[i]);

        check_unit(text, versions[i]);
        /* SYSTEMD_SULOGIN_FORCE is read since 240 (NEWS). */
        if (versions[i] < 240)
            assert_non_null(strstr(text, "ExecStart=\nExecStart=-/bin/sh"));
        else
            assert_non_null(strstr(text, "SYSTEMD_SULOGIN_FORCE=1"));
    }
    assert_non_null(strstr(spawn_sulogin_dropin(0), "SYSTEMD_SULOGIN_FORCE=1"));
}

static void cgroups(void **state)
{
    struct linux_system s = {.init = INIT_SYSTEMD};

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        s.systemd_version = versions[i];
        assert_int_equal(system_wants_legacy_cgroups(&s), versions[i] < 230);
    }
    s.systemd_version = 0; /* unknown: a new one */
    assert_false(system_wants_legacy_cgroups(&s));
    s = (struct linux_system){.init = INIT_SYSVINIT, .systemd_version = 219};
    assert_false(system_wants_legacy_cgroups(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rescue_units),
        cmocka_unit_test(sulogin),
        cmocka_unit_test(cgroups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
