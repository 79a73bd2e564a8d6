/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line of `unbrick spawn`: from arguments to a container plan. */

#include "unit.h"

#include "commands/spawn_options.h"
#include "commands/spawn_values.h"
#include "container/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct spawn_options options;
    struct container_plan plan;
    struct error error;
    int result;
};

/* Arguments end with NULL. */
#define READ(line, ...)                                                                            \
    read_line((line), (char *[]){(char *)"spawn", __VA_ARGS__ __VA_OPT__(, ) NULL})

static void read_line(struct line *line, char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    *line = (struct line){0};
    line->result = spawn_options_read(&line->options, &line->plan, argc, argv, &line->error);
}

static void release(struct line *line)
{
    container_plan_free(&line->plan);
}

#define ARG(s) (char *)(s)

#define REFUSED(word, ...)                                                                         \
    do {                                                                                           \
        struct line refused;                                                                       \
                                                                                                   \
        READ(&refused, __VA_ARGS__);                                                               \
        assert_int_equal(refused.result, -EINVAL);                                                 \
        assert_int_equal(refused.error.kind, ERROR_USAGE);                                         \
        assert_non_null(strstr(refused.error.text, word));                                         \
        release(&refused);                                                                         \
    } while (0)

static const char *environment(const struct container_plan *plan, const char *name)
{
    size_t length = strlen(name);

    for (char **entry = plan->env; entry && *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

static void defaults(void **state)
{
    struct line l;

    READ(&l);
    assert_int_equal(l.result, 0);
    assert_string_equal(l.options.directory, ".");
    assert_true(l.options.resolv_conf);
    assert_false(l.options.boot);
    assert_null(l.options.arguments[0]);
    assert_string_equal(l.plan.name, "");
    assert_true(l.plan.capabilities == capabilities_default());
    release(&l);
}

/* The line that people have in their notes, with the program's name replaced. */
static void recipe(void **state)
{
    struct line l;

    READ(&l, ARG("--directory"), ARG("/mnt"), ARG("--boot"), ARG("--"), ARG("--unit"),
         ARG("rescue.target"));
    assert_int_equal(l.result, 0);
    assert_string_equal(l.options.directory, "/mnt");
    assert_true(l.options.boot);
    assert_string_equal(l.options.arguments[0], "--unit");
    assert_string_equal(l.options.arguments[1], "rescue.target");
    assert_null(l.options.arguments[2]);
    release(&l);
}

static void stops_at_the_command(void **state)
{
    struct line l;

    READ(&l, ARG("-aqD/mnt"), ARG("ls"), ARG("-b"), ARG("--bind=x"));
    assert_int_equal(l.result, 0);
    assert_true(l.options.as_pid2);
    assert_true(l.options.quiet);
    assert_false(l.options.boot);
    assert_string_equal(l.options.directory, "/mnt");
    assert_string_equal(l.options.arguments[0], "ls");
    assert_string_equal(l.options.arguments[2], "--bind=x");
    release(&l);
}

static void accepted_for_scripts(void **state)
{
    struct line l;

    READ(&l, ARG("--register=no"), ARG("--keep-unit"), ARG("--settings=no"),
         ARG("--link-journal=no"), ARG("--private-users=no"), ARG("--timezone=off"),
         ARG("--resolv-conf=off"), ARG("--background="));
    assert_int_equal(l.result, 0);
    assert_false(l.options.resolv_conf);
    release(&l);
    REFUSED("only no", ARG("--register=yes"));
    REFUSED("only no", ARG("--private-users=pick"));
    REFUSED("only no", ARG("--link-journal=host"));
    REFUSED("nothing is written", ARG("--resolv-conf=copy-host"));
    REFUSED("nothing is written", ARG("--timezone=copy"));
}

static void refusals_say_why(void **state)
{
    REFUSED("unbrick boot", ARG("--image=/dev/sdb"));
    REFUSED("owner", ARG("--private-users-chown"));
    REFUSED("--read-only", ARG("-x"));
    REFUSED("--private-network", ARG("--network-veth"));
    REFUSED("exclude", ARG("-b"), ARG("-a"));
}

static void wrong_lines(void **state)
{
    REFUSED("--frobnicate", ARG("--frobnicate"));
    REFUSED("-Z", ARG("-Z"));
    REFUSED("no value", ARG("--boot=yes"));
    REFUSED("needs a value", ARG("--directory"));
    REFUSED("needs a value", ARG("-D"));
    REFUSED("a directory", ARG("--directory="));
    REFUSED("host name", ARG("--hostname=a b"));
    REFUSED("UUID", ARG("--uuid=1234"));
    REFUSED("NAME=VALUE", ARG("--setenv=1A=b"));
    REFUSED("NAME=VALUE", ARG("-E="));
    REFUSED("absolute", ARG("--chdir=tmp"));
    REFUSED("signal", ARG("--kill-signal=NOPE"));
    REFUSED("capabilities", ARG("--capability=CAP_NOPE"));
    REFUSED("absolute", ARG("--bind=relative"));
    REFUSED("rbind", ARG("--bind=/a:/b:idmap"));
    REFUSED("absolute", ARG("--bind=/a:/b:rbind:more"));
    REFUSED("absolute", ARG("--tmpfs=tmp"));
    REFUSED("absolute", ARG("--inaccessible=etc"));
    REFUSED("interactive", ARG("--console=read-only"));
}

static void environment_and_identity(void **state)
{
    struct line l;

    setenv("UNBRICK_TEST_COPY", "copied", 1);
    READ(&l, ARG("-EA=b=c"), ARG("--setenv=UNBRICK_TEST_COPY"), ARG("-E"), ARG("EMPTY="),
         ARG("--uuid=0123456789ABCDEF0123456789abcdef"), ARG("-Mbox-1"), ARG("--hostname=other"),
         ARG("--chdir=/srv"), ARG("--kill-signal=SIGRTMIN+4"));
    unsetenv("UNBRICK_TEST_COPY");
    assert_int_equal(l.result, 0);
    assert_string_equal(environment(&l.plan, "A"), "b=c");
    assert_string_equal(environment(&l.plan, "UNBRICK_TEST_COPY"), "copied");
    assert_string_equal(environment(&l.plan, "EMPTY"), "");
    assert_string_equal(l.plan.uuid, "01234567-89ab-cdef-0123-456789abcdef");
    assert_string_equal(environment(&l.plan, "container_uuid"), l.plan.uuid);
    assert_string_equal(l.plan.name, "box-1");
    assert_string_equal(l.plan.hostname, "other");
    assert_string_equal(l.plan.chdir, "/srv");
    assert_int_equal(l.options.kill_signal, SIGRTMIN + 4);
    release(&l);
}

static void mounts(void **state)
{
    struct line l;

    READ(&l, ARG("--bind=/a"), ARG("--bind-ro=/a:/b"), ARG("--bind=/x\\:y:/z:norbind"),
         ARG("--bind=-/maybe"), ARG("--tmpfs=/var:size=1M,mode=700"), ARG("--inaccessible=/boot"));
    assert_int_equal(l.result, 0);
    assert_int_equal(l.plan.mount_count, 6);
    assert_string_equal(l.plan.mounts[0].source, "/a");
    assert_string_equal(l.plan.mounts[0].target, "/a");
    assert_true(l.plan.mounts[0].recursive);
    assert_false(l.plan.mounts[0].read_only);
    assert_string_equal(l.plan.mounts[1].target, "/b");
    assert_true(l.plan.mounts[1].read_only);
    assert_string_equal(l.plan.mounts[2].source, "/x:y");
    assert_string_equal(l.plan.mounts[2].target, "/z");
    assert_false(l.plan.mounts[2].recursive);
    assert_string_equal(l.plan.mounts[3].source, "/maybe");
    assert_true(l.plan.mounts[3].optional);
    assert_int_equal(l.plan.mounts[4].kind, MOUNT_TMPFS);
    assert_string_equal(l.plan.mounts[4].options, "size=1M,mode=700");
    assert_int_equal(l.plan.mounts[5].kind, MOUNT_MASK);
    assert_string_equal(l.plan.mounts[5].target, "/boot");
    release(&l);
}

static void capabilities(void **state)
{
    struct line l;

    READ(&l, ARG("--capability=CAP_SYSLOG,CAP_SYS_MODULE"), ARG("--drop-capability=CAP_SYS_ADMIN"));
    assert_int_equal(l.result, 0);
    assert_true(l.plan.capabilities & CAPABILITY_BIT(CAP_SYS_MODULE));
    assert_true(l.plan.capabilities & CAPABILITY_BIT(CAP_SYSLOG));
    assert_false(l.plan.capabilities & CAPABILITY_BIT(CAP_SYS_ADMIN));
    release(&l);
    READ(&l, ARG("--drop-capability=all"), ARG("--capability=CAP_CHOWN"));
    assert_true(l.plan.capabilities == CAPABILITY_BIT(CAP_CHOWN));
    release(&l);
}

static void network_and_root(void **state)
{
    struct line l;

    READ(&l, ARG("--private-network"), ARG("--read-only"));
    assert_true(l.plan.private_network);
    assert_true(l.plan.read_only);
    release(&l);
}

static void values(void **state)
{
    char uuid[37] = "kept", line[] = "/a\\:b::c", *rest = line;
    bool value = false;

    assert_int_equal(spawn_signal_from_name("TERM"), SIGTERM);
    assert_int_equal(spawn_signal_from_name("sigterm"), SIGTERM);
    assert_int_equal(spawn_signal_from_name("15"), SIGTERM);
    assert_int_equal(spawn_signal_from_name("RTMIN+3"), SIGRTMIN + 3);
    assert_int_equal(spawn_signal_from_name("RTMIN+99"), -EINVAL);
    assert_int_equal(spawn_signal_from_name("RTMIN+"), -EINVAL);
    assert_int_equal(spawn_signal_from_name(""), -EINVAL);
    assert_int_equal(spawn_signal_from_name("0"), -EINVAL);
    assert_int_equal(spawn_signal_from_name("-1"), -EINVAL);

    assert_int_equal(spawn_read_uuid("00000000000000000000000000000000", uuid), -EINVAL);
    assert_string_equal(uuid, "kept");

    assert_int_equal(spawn_read_bool("ON", &value), 0);
    assert_true(value);
    assert_int_equal(spawn_read_bool("maybe", &value), -EINVAL);

    assert_true(spawn_is_hostname("a-1.b"));
    assert_false(spawn_is_hostname(".a"));
    assert_false(spawn_is_hostname("-a"));
    assert_false(spawn_is_hostname(""));
    assert_false(spawn_is_hostname("a/b"));

    assert_string_equal(spawn_next_field(&rest), "/a:b");
    assert_string_equal(spawn_next_field(&rest), "");
    assert_string_equal(spawn_next_field(&rest), "c");
    assert_null(spawn_next_field(&rest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(recipe),
        cmocka_unit_test(stops_at_the_command),
        cmocka_unit_test(accepted_for_scripts),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(environment_and_identity),
        cmocka_unit_test(mounts),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(network_and_root),
        cmocka_unit_test(values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
