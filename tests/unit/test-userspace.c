/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Readers of user space's files: accounts, units and their order, libraries, sshd_config, sudoers.
 */

#include "unit.h"

#include "base/fd.h"
#include "system/accounts.h"
#include "system/directory.h"
#include "system/dpkg_status.h"
#include "system/elf_dynamic.h"
#include "system/interfaces.h"
#include "system/libraries.h"
#include "system/lines.h"
#include "system/multipath.h"
#include "system/netplan.h"
#include "system/option_list.h"
#include "system/pam_config.h"
#include "system/regex_bound.h"
#include "system/sshd_config.h"
#include "system/stat_override.h"
#include "system/sudoers.h"
#include "system/units.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree[64];
static int root = -1;

static int setup(void **state)
{
    strcpy(tree, "/tmp/unbrick-user.XXXXXX");
    if (!mkdtemp(tree))
        return -1;
    root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0;
}

static int teardown(void **state)
{
    char command[128];

    close(root);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    return system(command);
}

static void put(const char *path, const char *contents)
{
    char full[512];
    FILE *f;

    snprintf(full, sizeof full, "mkdir -p \"$(dirname '%s/%s')\"", tree, path);
    assert_int_equal(system(full), 0);
    snprintf(full, sizeof full, "%s/%s", tree, path);
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(contents, f);
    fclose(f);
}

static void put_link(const char *path, const char *target)
{
    put(path, "");
    assert_int_equal(unlinkat(root, path, 0), 0);
    assert_int_equal(symlinkat(target, root, path), 0);
}

static void test_lines(void **state)
{
    static const char text[] = "one\n  Key = value # not this\n\na\0b\nlast";
    struct lines l = LINES_OF(text, sizeof text - 1);
    char line[LINES_WIDTH], *at, *word;

    assert_true(lines_next(&l, line));
    assert_string_equal(line, "one");
    assert_true(lines_next(&l, line));
    at = lines_strip(line);
    assert_string_equal(at, "Key = value");
    assert_string_equal(lines_value(at, "key"), "value");
    assert_null(lines_value(at, "ke"));
    word = lines_word(&at);
    assert_string_equal(word, "Key");
    assert_true(lines_next(&l, line));
    assert_string_equal(lines_strip(line), "");
    assert_true(lines_next(&l, line));
    assert_string_equal(line, "a\x7f"
                              "b");
    assert_true(lines_next(&l, line));
    assert_int_equal(l.number, 5);
    assert_false(lines_next(&l, line));
    strcpy(line, "ch#1 #2#3");
    assert_string_equal(lines_strip(line), "ch#1");
}

static void test_accounts(void **state)
{
    static const char text[] = "root:x:0:0:root:/root:/bin/bash\n"
                               "# a comment\n"
                               "+::::::\n"
                               "short:x:1\n"
                               "bad:x:-1:0::/:\n"
                               "me:x:1000:1000::/home/me:\n";
    static const char shadow_text[] = "root:$y$j9T$a$b:19000:0:90:7:14:19100:\nx:!:::::::\nold:*\n";
    struct accounts a, s;

    assert_int_equal(accounts_parse(text, sizeof text - 1, ACCOUNT_PASSWD, &a), 0);
    assert_int_equal(a.count, 4);
    assert_non_null(a.items[1].problem);
    assert_int_equal(a.items[1].line, 4);
    assert_string_equal(a.items[1].name, "short");
    assert_non_null(a.items[2].problem);
    assert_null(accounts_find(&a, "bad"));
    assert_int_equal(accounts_find(&a, "me")->id, 1000);
    assert_string_equal(accounts_find(&a, "root")->shell, "/bin/bash");
    accounts_free(&a);
    assert_int_equal(accounts_parse(shadow_text, sizeof shadow_text - 1, ACCOUNT_SHADOW, &s), 0);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.items[0].expires, 19100);
    assert_int_equal(s.items[0].inactive, 14);
    assert_int_equal(s.items[1].expires, -1);
    assert_null(s.items[2].problem);
    accounts_free(&s);
    assert_true(account_password_is_usable(""));
    assert_true(account_password_is_usable("$6$a$b"));
    assert_false(account_password_is_usable("!$6$a$b"));
    assert_false(account_password_is_usable("*"));
    assert_false(account_password_is_usable("x"));
}

static void test_unit_settings(void **state)
{
    static const char text[] = "# comment\n[Unit]\nAfter=a.service \\\n# between\n b.service\n"
                               "nonsense\n[Service]\nExecStart=/bin/x = y\nExecStart=\n[Bad\n";
    struct unit_settings u;

    assert_int_equal(unit_settings_parse(text, sizeof text - 1, &u), 0);
    assert_string_equal(unit_settings_get(&u, "Unit", "After")->value, "a.service  b.service");
    assert_int_equal(unit_settings_get(&u, "Unit", "After")->line, 3);
    assert_string_equal(unit_settings_get(&u, "Service", "ExecStart")->value, "");
    assert_null(unit_settings_get(&u, "Unit", "ExecStart"));
    assert_null(u.settings[2].key);
    assert_string_equal(u.settings[2].value, "nonsense");
    unit_settings_free(&u);
    assert_int_equal(unit_boolean("Yes"), 1);
    assert_int_equal(unit_boolean("off"), 0);
    assert_int_equal(unit_boolean("maybe"), -1);
}

static void test_unit_nearest(void **state)
{
    char name[64];

    put("usr/lib/systemd/system/rescue.target", "[Unit]\n");
    put("usr/lib/systemd/system/reboot.target", "[Unit]\n");
    put("etc/systemd/system/web.service", "[Service]\nExecStart=/bin/x\n");
    put_link("etc/systemd/system/masked.service", "/dev/null");
    assert_true(unit_nearest(root, "recsue.target", name, sizeof name));
    assert_string_equal(name, "rescue.target");
    assert_true(unit_nearest(root, "wbe.service", name, sizeof name));
    assert_string_equal(name, "web.service");
    assert_false(unit_nearest(root, "maskde.service", name, sizeof name));
    assert_false(unit_nearest(root, "frobnicate.service", name, sizeof name));
    assert_false(unit_nearest(root, "recsue.target", name, 4));
}

static void note_cycle(void *userdata, const struct units *u, const unsigned *cycle,
                       unsigned length)
{
    char *names = userdata;

    for (unsigned i = 0; i < length; i++) {
        strcat(names, u->items[cycle[i]].name);
        strcat(names, " ");
    }
}

static void test_units(void **state)
{
    struct units u;
    char names[512] = "";

    put("usr/lib/systemd/system/multi-user.target", "[Unit]\nRequires=basic.target\n"
                                                    "After=basic.target\n");
    put("usr/lib/systemd/system/basic.target", "[Unit]\nRequires=sysinit.target\n"
                                               "After=sysinit.target\n");
    put("usr/lib/systemd/system/sysinit.target", "[Unit]\n");
    put("usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=/sbin/agetty %I\n");
    put("usr/lib/systemd/system/unwanted.service", "[Unit]\nAfter=unwanted2.service\n");
    put("usr/lib/systemd/system/masked.service", "[Service]\nExecStart=/bin/x\n");
    put_link("usr/lib/systemd/system/default.target", "multi-user.target");
    put_link("etc/systemd/system/masked.service", "/dev/null");
    put_link("etc/systemd/system/multi-user.target.wants/getty@tty1.service",
             "/usr/lib/systemd/system/getty@.service");
    put_link("etc/systemd/system/multi-user.target.wants/masked.service", "../masked.service");
    put_link("etc/systemd/system/multi-user.target.wants/one.service", "../one.service");
    put("etc/systemd/system/one.service",
        "[Unit]\nAfter=two.service\n[Service]\nExecStart=/bin/x\n");
    put("etc/systemd/system/two.service", "[Service]\nExecStart=/bin/x\n");
    put("etc/systemd/system/two.service.d/order.conf", "[Unit]\nAfter=one.service\n");
    assert_int_equal(units_load(root, &u), 0);
    assert_string_equal(u.items[u.target].name, "multi-user.target");
    assert_true(units_find(&u, "getty@tty1.service")->wanted);
    assert_false(units_find(&u, "getty@tty1.service")->local);
    assert_int_equal(units_find(&u, "masked.service")->load, UNIT_MASKED);
    assert_true(units_find(&u, "one.service")->local);
    assert_false(units_find(&u, "two.service")->wanted); /* named in an order only: no circle */
    assert_int_equal(units_find_cycles(&u, 4, note_cycle, names), 0);
    units_free(&u);

    put_link("etc/systemd/system/multi-user.target.wants/two.service", "../two.service");
    assert_int_equal(units_load(root, &u), 0);
    assert_int_equal(units_find_cycles(&u, 4, note_cycle, names), 1);
    assert_non_null(strstr(names, "one.service"));
    assert_non_null(strstr(names, "two.service"));
    assert_null(strstr(names, "target"));
    units_free(&u);
}

static const char *sshd(const char *text)
{
    char line[256];

    snprintf(line, sizeof line, "%s", text);
    return sshd_config_problem(line);
}

/* Hard links to one file cost the disk nothing. */
static void test_units_bounded(void **state)
{
    char contents[16384], name[64];
    struct units u;

    for (size_t i = 0; i < sizeof contents - 1; i++)
        contents[i] = "[Unit]\nAfter=x\n"[i % 15];
    contents[sizeof contents - 1] = '\0';
    put("usr/lib/systemd/system/default.target", "[Unit]\n");
    put("etc/systemd/system/default.target.d/0.conf", contents);
    for (unsigned i = 1; i < 300; i++) {
        snprintf(name, sizeof name, "etc/systemd/system/default.target.d/%u.conf", i);
        assert_int_equal(linkat(root, "etc/systemd/system/default.target.d/0.conf", root, name, 0),
                         0);
    }
    assert_int_equal(units_load(root, &u), 0);
    assert_true(u.bytes >= UNIT_BYTES_MAX);
    assert_true(u.bytes < UNIT_BYTES_MAX + 2 * sizeof contents);
    units_free(&u);
    (void)state;
}

static void test_sshd_config(void **state)
{
    assert_null(sshd("# PermitRotLogin"));
    assert_null(sshd("  permitrootlogin prohibit-password"));
    assert_null(sshd("Port=22"));
    assert_null(sshd("UsePAM \"yes\" # why"));
    assert_null(sshd("Subsystem sftp /usr/lib/openssh/sftp-server"));
    assert_non_null(sshd("PermitRotLogin no"));
    assert_non_null(sshd("PasswordAuthentication maybe"));
    assert_non_null(sshd("Port"));
}

static void check_block(const char *text, unsigned line, bool wanted)
{
    assert_int_equal(sshd_config_begins_block(text, strlen(text), line), wanted);
}

static void test_sshd_config_block(void **state)
{
    (void)state;
    check_block("Macth User a\nForceCommand x\n", 1, true);
    check_block("Port 22\n  mATCH\nForceCommand x\n", 2, true);
    check_block("MatchUser a\n", 1, true);
    check_block("Mangled User a\n\n  # why\n\tForceCommand x\n", 1, true);
    check_block("PermitRotLogin no\n\n# why\nPort 22\n  Port 22\n", 1, false);
    check_block("PermitRotLogin no\nMatch User a\n  Port 22\n", 1, false);
    check_block("MACs\n", 1, false);
    check_block("", 1, false);
}

static void note_line(void *userdata, unsigned line, const char *why)
{
    *(unsigned *)userdata = *(unsigned *)userdata * 100 + line;
}

static void test_sudoers(void **state)
{
    static const char good[] = "Defaults\tenv_reset\nDefaults:me !requiretty\n"
                               "# comment\nroot ALL=(ALL:ALL) ALL # all\n#1000 ALL=ALL\n"
                               "%sudo ALL=(ALL) NOPASSWD: /bin/a, \\\n  /bin/b\n"
                               "Cmnd_Alias OFF = /sbin/halt\n@includedir /etc/sudoers.d\n"
                               "me ALL = /bin/x \"a=b\"\nme ALL=( : adm ) /bin/x (y\n"
                               "Defaults passprompt=\"[sudo #%p] password: \" # why \"\n"
                               "me ALL=(root) NOPASSWD: /bin/x -p CPUQuota\\=\nme ALL=/bin/x \\,";
    static const char bad[] = "me ALL ALL\nUser_Alias low = me\nok ALL=ALL\nme ALL=\n"
                              "me ALL=(ALL) \"x\n",
                      runas[] = "me ALL=(ALL ALL\nme ALL=(ALL) ALL\nme ALL = (ALL)  # x\n",
                      escaped[] = "me ALL=/bin/x \\\\, \nDefaults x=\"a # \\\"\n";
    unsigned lines = 0;

    sudoers_check(good, sizeof good - 1, note_line, &lines);
    assert_int_equal(lines, 0);
    sudoers_check(bad, sizeof bad - 1, note_line, &lines);
    assert_int_equal(lines, 1020405);
    lines = 0;
    sudoers_check(runas, sizeof runas - 1, note_line, &lines);
    assert_int_equal(lines, 103);
    lines = 0;
    sudoers_check(escaped, sizeof escaped - 1, note_line, &lines);
    assert_int_equal(lines, 102);
}

static void check_password(const char *text, enum sudoers_password wanted, unsigned wanted_line)
{
    unsigned line;

    assert_int_equal(sudoers_password_of(text, strlen(text), &line), wanted);
    assert_int_equal(line, wanted_line);
}

static void test_sudoers_password(void **state)
{
    (void)state;
    check_password("Defaults env_reset\nALL ALL=(ALL) ALL\n", SUDOERS_UNSAID, 0);
    check_password("Defaults targetpw # ask for it\n", SUDOERS_OTHER, 1);
    check_password("Defaults env_reset,\\\n  rootpw\n", SUDOERS_OTHER, 1);
    check_password("Defaults runaspw\nDefaults !runaspw\n", SUDOERS_OWN, 2);
    check_password("# Defaults targetpw\nDefaults:me targetpw\nDefaults targetpwx\n",
                   SUDOERS_UNSAID, 0);
}

/* Against what the C library's own loader knows: this test's libraries. */
static void test_regex_bound(void **state)
{
    static const char *const good[] = {
        "/usr/lib(64)?/[^/]+/lib[^/]*\\.so(\\.[^/]*)*",
        "/var/run/[^/]+/.+",
        "/etc/(([^/]*/)*|x)passwd[-+]?",
        "/dev/[[:alpha:]+]{1,20}[0-9]{2}",
        "/a{2,}b|/c",
        "",
        "]+",
        "(",
        ")",
        "[",
        "{",
        "\\",
    };
    static const char *const bad[] = {
        "+++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++$",
        "a++++++++++++",
        "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+",
        "(a{255}){255}",
        "a{99999999999999999999}",
        "a{1,4000}",
        "(.*)\\1",
        "((((((((((((((((((((((((((((((((((((((((",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(regex_is_bounded(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(regex_is_bounded(bad[i]));
    /* Signs that repeat nothing are characters. */
    assert_true(regex_is_bounded("+"));
}

static void test_libraries(void **state)
{
    static struct elf_dynamic elf;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct libraries *l = libraries_open(host);
    const char *library = NULL, *by = NULL;
    bool found = false;

    assert_non_null(l);
    assert_int_equal(elf_dynamic_read(&(struct elf_source){.fd = fd}, &elf), 0);
    for (unsigned i = 0; i < elf.needed_count; i++)
        found = found || strcmp(elf.needed[i], "libc.so.6") == 0;
    assert_true(found);
    assert_non_null(strstr(elf.interpreter, "ld-"));
    assert_int_equal(libraries_check(l, "/bin/sh", &library, &by), 0);
    libraries_close(l);
    l = libraries_open(root);
    assert_int_equal(libraries_check(l, "/bin/none", &library, &by), 0);
    libraries_close(l);
    assert_int_equal(elf_dynamic_read(&(struct elf_source){.data = "\177ELF", .size = 4}, &elf),
                     -ENOEXEC);
    close(fd);
    close(host);
}

static void test_dpkg_status(void **state)
{
    static const char text[] = "Package: a\nStatus: install ok half-configured\nVersion: 1\n\n"
                               "Status: deinstall ok config-files\nPackage: b\n\n"
                               "Package: c\nStatus: broken\n\n"
                               "Status: install ok installed";
    static const char line[] = "Status: install ok half-installed\n";
    struct dpkg_walk w = DPKG_WALK(text, strlen(text));
    struct dpkg_package p;
    size_t count = 100000, size = count * strlen(line);
    char *many = malloc(size);

    (void)state;
    assert_true(dpkg_status_next(&w, &p));
    assert_string_equal(p.name, "a");
    assert_string_equal(p.state, "half-configured");
    assert_true(dpkg_status_next(&w, &p));
    assert_string_equal(p.name, "b");
    assert_true(dpkg_status_next(&w, &p));
    assert_string_equal(p.name, "");
    assert_false(dpkg_status_next(&w, &p));
    /* One paragraph of nothing else took minutes: each line looked for its beginning. */
    assert_non_null(many);
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * strlen(line), line, strlen(line));
    w = DPKG_WALK(many, size);
    assert_true(dpkg_status_next(&w, &p));
    assert_false(dpkg_status_next(&w, &p));
    free(many);
}

static void test_pam_line(void **state)
{
    char good[] = "-auth [success=1 default=ignore] pam_unix.so nullok", open[] = "auth [x pam.so",
         include[] = "@include common-auth", substack[] = "auth substack system-auth";
    struct pam_line p;

    (void)state;
    assert_true(pam_line_parse(good, &p));
    assert_string_equal(p.name, "pam_unix.so");
    assert_true(p.quiet && !p.include);
    assert_false(pam_line_is_decisive(&p));
    assert_false(pam_line_parse(open, &p));
    assert_true(pam_line_parse(include, &p) && p.include);
    assert_true(pam_line_parse(substack, &p) && p.include);
    assert_string_equal(p.name, "system-auth");
}

static bool overridden(const char *path)
{
    static const char text[] = "root adm 4750 /bin/su\nroot root 0755 /opt/a b\nroot\n\n/x\n"
                               "#1 root 0755 /etc";

    return stat_override_names(text, sizeof text - 1, path);
}

static void test_stat_override(void **state)
{
    (void)state;
    assert_true(overridden("/bin/su") && overridden("/opt/a b") && overridden("/etc"));
    assert_false(overridden("/bin/s") || overridden("/opt/a") || overridden("/x") ||
                 overridden(""));
}

static unsigned jump(const char *text)
{
    char line[256];
    struct pam_line p;

    snprintf(line, sizeof line, "%s", text);
    assert_true(pam_line_parse(line, &p));
    return pam_line_jump(&p);
}

static void test_pam_jump(void **state)
{
    (void)state;
    assert_int_equal(jump("auth [success=2 default=ignore] pam_unix.so"), 2);
    assert_int_equal(jump("auth [default=1 success= 13 new_authtok_reqd=ok] pam_x.so n=99"), 13);
    assert_int_equal(jump("auth [success=ok default=die] pam_unix.so"), 0);
    assert_int_equal(jump("auth required pam_unix.so x=3"), 0);
    assert_int_equal(jump("@include common-auth"), 0);
    assert_int_equal(jump("auth [success=99999999999999999999999 a=] pam_unix.so"), UINT_MAX);
}

static void test_interfaces(void **state)
{
    static const char text[] = "address 10.0.0.1\nauto eth0\niface eth0 inet \\\n dhcp\n"
                               "iface eth1\n  hwaddress x\nauto \\\n eth1\n";
    struct interfaces_walk w = INTERFACES_WALK(text, strlen(text));

    (void)state;
    assert_non_null(interfaces_next_problem(&w));
    assert_int_equal(w.lines.number, 1);
    assert_non_null(interfaces_next_problem(&w));
    assert_int_equal(w.lines.number, 5);
    assert_null(interfaces_next_problem(&w));
}

/* What libyaml 0.2.5 answers for each: the line of its complaint about a tab. */
static void test_netplan(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        {"a:\n\tb: 1\n", 2},
        {"a:\n  b: 1\n  \tc: 2\n", 3},
        {"a:\n\t\n  b: 1\n", 2},
        {"a: 1\n\n\t\n", 3},
        {"a:\n  \t# c\n  b: 1\n", 2},
        {"a: [\n\t1, 2\n\t]\n", 3},
        {"a: [\n\t1,\n\t2,\n\t]\nb:\n\tc: 1\n", 6},
        {"a: [1,\n  # x ]\n\t2]\nb: 1\n", 0},
        {"a: {\n\tb: 1}\n", 0},
        {"a: \"[\"\nb:\n\tc: 1\n", 3},
        {"a: 'it''s ['\nb:\n\tc: 1\n", 3},
        {"a: x # [\n\tb: 1\n", 2},
        {"a: \"x\n\ty\"\n", 0},
        {"a: x\n  \ty\n", 0},
        {"a: x\n\ty\n", 2},
        {"a: |\n  x\n  \ty\n", 0},
        {"a: |\n  x\n\ty\n", 3},
        {"a: |\n\ty\n", 2},
        {"a:\n  b: >-\n    x\n    \ty\n  c:\n\td: 1\n", 6},
        {"a:\n  - b\n  \t- c\n", 3},
        {"network:\r\n\tversion: 2\r\n", 2},
        {"a:\tb\t# \t\n", 0},
        {"", 0},
    };
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (netplan_find_tab(rows[i].text, strlen(rows[i].text)) != rows[i].line)
            fail_msg("%s: line %u", rows[i].text,
                     netplan_find_tab(rows[i].text, strlen(rows[i].text)));
    assert_int_equal(netplan_untab(" \ta:\tb\n\tc", 9, &t), 0);
    assert_string_equal(t.data, "         a:\tb\n        c");
}

static void test_multipath(void **state)
{
    static const char bindings[] = "# Multipath bindings\nmpatha 36001405\nmpathab 3600\nmpathc\n",
                      config[] = "multipaths {\n multipath { wwid 3600\n alias \"mpath_data\" }\n"
                                 " # alias mpathz\n}\n";
    static const struct {
        const char *name;
        bool known;
    } rows[] = {
        {"mpatha", true},       {"mpatha-part1", true},     {"mpatha1", true}, {"mpathap12", true},
        {"mpathab2", true},     {"mpathabc", false},        {"mpath", false},  {"mpathb1", false},
        {"mpatha-part", false}, {"mpathc", false}, /* bound to nothing */
        {"mpath_data", true},   {"mpath_data-part3", true}, {"mpathz", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (multipath_knows(bindings, sizeof bindings - 1, config, sizeof config - 1,
                            rows[i].name) != rows[i].known)
            fail_msg("%s", rows[i].name);
    assert_false(multipath_knows(NULL, 0, NULL, 0, "mpatha"));
}

static void test_option_list(void **state)
{
    (void)state;
    assert_true(option_list_says("ro,nofail", "nofail", "fail"));
    assert_false(option_list_says("nofail,fail", "nofail", "fail"));
    assert_false(option_list_says("x-nofail,comment=noauto", "nofail", NULL));
    assert_false(option_list_says("x=\"a,noauto,b\"", "noauto", "auto"));
    assert_false(option_list_says("", "noauto", "auto"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_unit_settings),
        cmocka_unit_test_setup_teardown(test_unit_nearest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_units, setup, teardown),
        cmocka_unit_test_setup_teardown(test_units_bounded, setup, teardown),
        cmocka_unit_test(test_sshd_config),
        cmocka_unit_test(test_sshd_config_block),
        cmocka_unit_test(test_sudoers),
        cmocka_unit_test(test_sudoers_password),
        cmocka_unit_test(test_regex_bound),
        cmocka_unit_test(test_dpkg_status),
        cmocka_unit_test(test_stat_override),
        cmocka_unit_test(test_pam_line),
        cmocka_unit_test(test_pam_jump),
        cmocka_unit_test(test_interfaces),
        cmocka_unit_test(test_option_list),
        cmocka_unit_test(test_netplan),
        cmocka_unit_test(test_multipath),
        cmocka_unit_test_setup_teardown(test_libraries, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
