/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line of `unbrick spawn`: from arguments to a container plan. */

#include "unit.h"

#include "commands/spawn_options.h"
#include "commands/spawn_values.h"
#include "container/capabilities.h"
#include "system/login.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
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
    spawn_options_free(&line->options);
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
    assert_null(l.options.directory);
    assert_int_equal(l.options.resolv_conf.mode, SPAWN_FILE_DEFAULT);
    assert_int_equal(l.options.timezone.mode, SPAWN_FILE_DEFAULT);
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
         ARG("--link-journal=no"), ARG("-j"), ARG("--private-users=no"), ARG("--timezone=off"),
         ARG("--resolv-conf=off"), ARG("--background="), ARG("--no-pager"),
         ARG("--no-ask-password"), ARG("--suppress-sync=no"), ARG("--notify-ready=no"),
         ARG("--link-journal=try-host"), ARG("--link-journal=auto"), ARG("--register=auto"),
         ARG("--register=off"), ARG("--private-users=0"), ARG("--no-new-privileges=false"),
         ARG("--volatile=no"));
    assert_int_equal(l.result, 0);
    assert_true(l.options.no_passphrase);
    assert_int_equal(l.options.resolv_conf.mode, SPAWN_FILE_OFF);
    assert_int_equal(l.options.timezone.mode, SPAWN_FILE_OFF);
    release(&l);
}

static void notify_ready(void **state)
{
    struct line l;

    READ(&l, ARG("--notify-ready=yes"), ARG("--boot"));
    assert_int_equal(l.result, 0);
    assert_true(l.options.notify_ready);
    release(&l);
    READ(&l, ARG("--notify-ready=yes"), ARG("--notify-ready=off"));
    assert_int_equal(l.result, 0);
    assert_false(l.options.notify_ready);
    release(&l);
    REFUSED("yes or no", ARG("--notify-ready=soon"));
    REFUSED("--as-pid2", ARG("--notify-ready=yes"), ARG("-a"));
}

/* What nspawn would take for "on", or not at all. */
static void only_no(void **state)
{
    REFUSED("--untrusted", ARG("--private-users"));
    REFUSED("--untrusted", ARG("--private-users="));
    REFUSED("--untrusted", ARG("--private-users=pick"));
    REFUSED("--untrusted", ARG("--private-users=identity"));
    REFUSED("--untrusted", ARG("--private-users=auto"));
    REFUSED("--untrusted", ARG("--private-users=try-guest"));
    REFUSED("unbrick status", ARG("--register=yes"));
    REFUSED("unbrick status", ARG("--register=try-host"));
    REFUSED("--bind=", ARG("--link-journal=host"));
    REFUSED("--bind=", ARG("--link-journal=guest"));
    REFUSED("--bind=", ARG("--link-journal=off"));
    REFUSED("--bind=", ARG("--link-journal=try-nothing"));
    REFUSED("--ephemeral", ARG("--suppress-sync=yes"));
    REFUSED("--ephemeral", ARG("--suppress-sync=auto"));
    REFUSED("options", ARG("--settings=override"));
    REFUSED("options", ARG("--settings=auto"));
    REFUSED("setpriv", ARG("--no-new-privileges=yes"));
}

/* Every refusal of the table: the option's name, and what to use instead, in one sentence. */
static void refusals_name_an_alternative(void **state)
{
    struct spawn_option option;
    unsigned refused = 0;

    for (size_t i = 0; spawn_options_at(i, &option); i++) {
        char word[80], expected[72];
        const char *text;
        struct line l;

        if (!option.refused)
            continue;
        if (option.name[0])
            snprintf(expected, sizeof expected, "--%s", option.name);
        else
            snprintf(expected, sizeof expected, "-%c", option.letter);
        snprintf(word, sizeof word, "%s%s", expected, option.has_value ? "=x" : "");
        READ(&l, word);
        text = l.error.text;
        assert_int_equal(l.result, -EINVAL);
        assert_int_equal(l.error.kind, ERROR_USAGE);
        assert_ptr_equal(strstr(text, expected), text);
        assert_non_null(strstr(text, ": use "));
        assert_null(strchr(text, '\n'));
        assert_null(strstr(text, ". "));
        release(&l);
        refused++;
    }
    assert_in_range(refused, 30, 60);
}

static void refusals_say_why(void **state)
{
    REFUSED("owner", ARG("--private-users-chown"));
    REFUSED("owners on the disk", ARG("-U"));
    REFUSED("--private-network", ARG("--network-veth"));
    REFUSED("--private-network", ARG("-n"));
    REFUSED("prlimit", ARG("--rlimit=NOFILE=1"));
    REFUSED("overlay or no", ARG("--volatile"));
    REFUSED("overlay or no", ARG("--volatile=state"));
}

static void what_excludes_what(void **state)
{
    REFUSED("exclude", ARG("-b"), ARG("-a"));
    REFUSED("exclude", ARG("-b"), ARG("-uroot"));
    REFUSED("exclude", ARG("-D/mnt"), ARG("-i/dev/sdb"));
    REFUSED("exclude", ARG("--private-network"), ARG("--network-namespace-path=/run/netns/a"));
}

/* A machine may have several disks. */
static void several_images(void **state)
{
    static char disk[] = "-i/dev/sdb";
    char *argv[PATIENT_TARGETS_MAX + 3] = {ARG("spawn")};
    struct line l;

    READ(&l, ARG("--image=/a"), ARG("-i"), ARG("/b"));
    assert_int_equal(l.result, 0);
    assert_int_equal(l.options.image_count, 2);
    assert_string_equal(l.options.images[0], "/a");
    assert_string_equal(l.options.images[1], "/b");
    release(&l);
    for (unsigned i = 0; i < PATIENT_TARGETS_MAX; i++)
        argv[i + 1] = disk;
    read_line(&l, argv);
    assert_int_equal(l.result, 0);
    release(&l);
    argv[PATIENT_TARGETS_MAX + 1] = disk;
    read_line(&l, argv);
    assert_true(l.result < 0);
    assert_int_equal(l.error.kind, ERROR_USAGE);
    release(&l);
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
    REFUSED("rbind", ARG("--bind=/a:/b:nosuid"));
    REFUSED("rbind", ARG("--bind=/a:/b:"));
    REFUSED("absolute", ARG("--bind="));
    REFUSED("absolute", ARG("--bind=+a:/b"));
    REFUSED("absolute", ARG("--bind=-:/b"));
    REFUSED("absolute", ARG("--bind=/a:/b:rbind:more"));
    REFUSED("absolute", ARG("--tmpfs=tmp"));
    REFUSED("absolute", ARG("--inaccessible=etc"));
    REFUSED("interactive", ARG("--console=fast"));
    REFUSED("interactive", ARG("--console="));
    REFUSED("a disk", ARG("-i"), ARG(""));
    REFUSED("a user", ARG("--user="));
    REFUSED("a user", ARG("-ua:b"));
    REFUSED("x86", ARG("--personality=vax"));
    REFUSED("absolute", ARG("--network-namespace-path=ns"));
    REFUSED("absolute", ARG("--pivot-root=new"));
    REFUSED("absolute", ARG("--pivot-root=/new:old"));
    REFUSED("absolute", ARG("--pivot-root=/new:/old:/more"));
    REFUSED("absolute", ARG("--overlay=/only"));
    REFUSED("absolute", ARG("--overlay-ro=/a::/b"));
    REFUSED("absolute", ARG("--overlay=/a:b:/c"));
    REFUSED("of the host", ARG("--overlay=/a:+/b:/c"));
    REFUSED("12", ARG("--overlay=/1:/2:/3:/4:/5:/6:/7:/8:/9:/10:/11:/12:/13:/c"));
    REFUSED("system calls", ARG("--system-call-filter="));
    REFUSED("system calls", ARG("--system-call-filter=no_such_call"));
    REFUSED("system calls", ARG("--system-call-filter=~@no-such-group"));
    REFUSED("bind", ARG("--resolv-conf=copy"));
    REFUSED("bind", ARG("--resolv-conf=bind-nothing"));
    REFUSED("bind", ARG("--timezone=replace"));
    REFUSED("ID:VALUE", ARG("--set-credential=a"));
    REFUSED("ID:VALUE", ARG("--set-credential=:a"));
    REFUSED("ID:VALUE", ARG("--set-credential=../a:b"));
    REFUSED("escapes", ARG("--set-credential=a:\\q"));
    REFUSED("ID:PATH", ARG("--load-credential=a"));
    REFUSED("ID:PATH", ARG("--load-credential=a:"));
    REFUSED("cannot read", ARG("--load-credential=a:/no/such/file"));
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

static void mounts_of_the_tree(void **state)
{
    struct line l;

    READ(&l, ARG("--bind=+/usr/share:/mnt:norbind,noidmap"), ARG("--bind=:/empty"),
         ARG("--bind-ro=+/etc"), ARG("--overlay=/a:/b:/c"), ARG("--overlay=/a:/b"),
         ARG("--overlay=+/a::/c"), ARG("--overlay-ro=/a:/b:/c"), ARG("-x"),
         ARG("--pivot-root=/new\\:root:/old"));
    assert_int_equal(l.result, 0);
    assert_int_equal(l.plan.mount_count, 7);
    assert_string_equal(l.plan.mounts[0].source, "+/usr/share");
    assert_false(l.plan.mounts[0].recursive);
    assert_int_equal(l.plan.mounts[1].kind, MOUNT_TMPFS);
    assert_string_equal(l.plan.mounts[1].target, "/empty");
    assert_string_equal(l.plan.mounts[2].target, "/etc");
    assert_int_equal(l.plan.mounts[3].kind, MOUNT_OVERLAY);
    assert_int_equal(l.plan.mounts[3].layer, LAYER_UPPER);
    assert_string_equal(l.plan.mounts[3].layers[0], "/a");
    assert_string_equal(l.plan.mounts[3].layers[1], "/b");
    assert_null(l.plan.mounts[3].layers[2]);
    assert_string_equal(l.plan.mounts[3].target, "/c");
    /* With two paths the second is both. */
    assert_string_equal(l.plan.mounts[4].layers[1], "/b");
    assert_string_equal(l.plan.mounts[4].target, "/b");
    assert_int_equal(l.plan.mounts[5].layer, LAYER_MEMORY);
    assert_string_equal(l.plan.mounts[5].layers[0], "+/a");
    assert_null(l.plan.mounts[5].layers[1]);
    assert_int_equal(l.plan.mounts[6].layer, LAYER_READ_ONLY);
    assert_true(l.plan.root_in_memory);
    assert_string_equal(l.options.pivot_new, "/new:root");
    assert_string_equal(l.options.pivot_old, "/old");
    release(&l);
}

static void files_of_the_tree(void **state)
{
    struct line l;

    READ(&l, ARG("--resolv-conf=copy-stub"), ARG("--timezone=copy"));
    assert_int_equal(l.options.resolv_conf.mode, SPAWN_FILE_COPY);
    assert_string_equal(l.options.resolv_conf.source, "/run/systemd/resolve/stub-resolv.conf");
    assert_int_equal(l.options.timezone.mode, SPAWN_FILE_REPLACE);
    release(&l);
    READ(&l, ARG("--resolv-conf=replace-host"), ARG("--timezone=symlink"));
    assert_int_equal(l.options.resolv_conf.mode, SPAWN_FILE_REPLACE);
    assert_string_equal(l.options.resolv_conf.source, "/etc/resolv.conf");
    assert_int_equal(l.options.timezone.mode, SPAWN_FILE_LINK);
    release(&l);
    READ(&l, ARG("--resolv-conf=bind-uplink"), ARG("--resolv-conf=auto"), ARG("--timezone=auto"));
    assert_int_equal(l.options.resolv_conf.mode, SPAWN_FILE_DEFAULT);
    assert_int_equal(l.options.timezone.mode, SPAWN_FILE_DEFAULT);
    release(&l);
}

static void secrets(void **state)
{
    struct line l;

    READ(&l, ARG("--set-credential=a:first"), ARG("--set-credential=b:x\\x00\\101:"),
         ARG("--set-credential=a:second"));
    assert_int_equal(l.result, 0);
    assert_int_equal(l.plan.credential_count, 2);
    assert_string_equal(l.plan.credentials[0].name, "a");
    assert_int_equal(l.plan.credentials[0].size, 6);
    assert_memory_equal(l.plan.credentials[0].data, "second", 6);
    assert_int_equal(l.plan.credentials[1].size, 4);
    assert_memory_equal(l.plan.credentials[1].data, "x\0A:", 4);
    assert_string_equal(environment(&l.plan, "CREDENTIALS_DIRECTORY"), "/run/host/credentials");
    release(&l);
}

static void system_calls(void **state)
{
    struct line l;

    READ(&l, ARG("--system-call-filter=bpf  @keyring"), ARG("--system-call-filter=~@mount chroot"));
    assert_int_equal(l.result, 0);
    assert_string_equal(l.plan.open_calls[0], "bpf");
    assert_string_equal(l.plan.open_calls[1], "@keyring");
    assert_null(l.plan.open_calls[2]);
    assert_string_equal(l.plan.closed_calls[0], "@mount");
    assert_string_equal(l.plan.closed_calls[1], "chroot");
    release(&l);
}

static void users_of_the_tree(void **state)
{
    static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                                 "broken:x:zero:0:::\n"
                                 "short:x:1:1\n"
                                 "web:x:33:34:a:b:/srv/www:/bin/sh\n"
                                 "mail:x:8:8::/var/mail:\n";
    static const char group[] = "root:x:0:\nadm:x:4:other,mail\nweb:x:34:\nx:x:bad:mail\n"
                                "mailman:x:5:mailer\ntty:x:6:mail";
    struct login login = {.uid = 77};

    assert_int_equal(login_from_text(passwd, group, "nobody", &login), -ESRCH);
    assert_int_equal(login_from_text(passwd, group, "broken", &login), -ESRCH);
    assert_int_equal(login_from_text(passwd, group, "short", &login), -ESRCH);
    assert_int_equal(login_from_text(passwd, group, "", &login), -ESRCH);
    assert_int_equal(login.uid, 77);
    assert_int_equal(login_from_text(passwd, group, "mail", &login), 0);
    assert_int_equal(login.uid, 8);
    assert_string_equal(login.home, "/var/mail");
    assert_string_equal(login.shell, "");
    assert_int_equal(login.group_count, 2);
    assert_int_equal(login.groups[0], 4);
    assert_int_equal(login.groups[1], 6);
    assert_int_equal(login_from_text(passwd, group, "0", &login), 0);
    assert_string_equal(login.name, "root");
    assert_int_equal(login_from_text(passwd, "", "web", &login), 0);
    assert_int_equal(login.gid, 34);
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

    READ(&l, ARG("--network-namespace-path=/run/netns/a"));
    assert_string_equal(l.plan.network_namespace, "/run/netns/a");
    assert_true(container_plan_capabilities(&l.plan) & CAPABILITY_BIT(CAP_NET_ADMIN));
    release(&l);
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
        cmocka_unit_test(notify_ready),
        cmocka_unit_test(only_no),
        cmocka_unit_test(refusals_name_an_alternative),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(what_excludes_what),
        cmocka_unit_test(several_images),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(environment_and_identity),
        cmocka_unit_test(mounts),
        cmocka_unit_test(mounts_of_the_tree),
        cmocka_unit_test(files_of_the_tree),
        cmocka_unit_test(secrets),
        cmocka_unit_test(system_calls),
        cmocka_unit_test(users_of_the_tree),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(network_and_root),
        cmocka_unit_test(values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
