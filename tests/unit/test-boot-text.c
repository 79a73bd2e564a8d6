/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts that decide what is booted, and how: golden examples, odd and hostile ones. */

#include "unit.h"

#include "system/boot_text.h"
#include "system/grub_config.h"
#include "system/grub_environment.h"
#include "system/kernel_arguments.h"
#include "system/modprobe_config.h"
#include "system/pi_config.h"
#include "system/sysctl_config.h"
#include "system/unit_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_unit_file(void **state)
{
    static const char unit[] = "# What=no\n"
                               "What=outside\n"
                               "[Unit]\n"
                               "Description=What=\n"
                               "[Mount]\n"
                               "; What=no\n"
                               "What=/dev/first\n"
                               " What = /dev/disk/by-uuid/1-2  \r\n"
                               "Where=/srv/a b\n"
                               "Options=ro,\\\n"
                               "# in between\n"
                               "noatime\n"
                               "[Install]\n"
                               "What=other\n"
                               "WantedBy=local-fs.target";
    char value[64];
    unsigned line;

    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "What", value, sizeof value, &line),
                     0);
    assert_string_equal(value, "/dev/disk/by-uuid/1-2");
    assert_int_equal(line, 8);
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Where", value, sizeof value, NULL),
                     0);
    assert_string_equal(value, "/srv/a b");
    assert_int_equal(
        unit_file_get(unit, strlen(unit), "Mount", "Options", value, sizeof value, &line), 0);
    assert_string_equal(value, "ro, noatime");
    assert_int_equal(line, 10);
    assert_int_equal(
        unit_file_get(unit, strlen(unit), "Install", "WantedBy", value, sizeof value, NULL), 0);
    assert_string_equal(value, "local-fs.target");
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Type", value, sizeof value, NULL),
                     -ENOENT);
    assert_int_equal(unit_file_get(unit, strlen(unit), "Mount", "Options", value, 4, NULL),
                     -ENAMETOOLONG);
}

/* As systemd-escape --path has them. */
static void test_unit_names(void **state)
{
    static const char *const names[][2] = {
        {"/", "-.mount"},
        {"/srv/data", "srv-data.mount"},
        {"//srv///data/", "srv-data.mount"},
        {"/srv/a-b", "srv-a\\x2db.mount"},
        {"/srv/.hidden", "srv-.hidden.mount"},
        {"/.hidden", "\\x2ehidden.mount"},
        {"/a b/\xc3\xa4", "a\\x20b-\\xc3\\xa4.mount"},
    };
    char name[64];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(unit_name_from_path(names[i][0], ".mount", name, sizeof name), 0);
        assert_string_equal(name, names[i][1]);
    }
    assert_int_equal(unit_name_from_path("srv", ".mount", name, sizeof name), -EINVAL);
    assert_int_equal(unit_name_from_path("/srv/data", ".mount", name, 8), -ENAMETOOLONG);
}

/* --- kernel command lines --- */

static void test_kernel_arguments(void **state)
{
    static const char line[] =
        "root=UUID=1 ro quiet dyndbg=\"file a +p\" root=LABEL=x  init=/s -- ro2";
    char value[32];

    assert_true(kernel_arguments_get(line, "root", value, sizeof value));
    assert_string_equal(value, "LABEL=x");
    assert_true(kernel_arguments_get(line, "dyndbg", value, sizeof value));
    assert_string_equal(value, "file a +p");
    assert_false(kernel_arguments_get(line, "roo", value, sizeof value));
    assert_false(kernel_arguments_get(line, "ro", value, sizeof value));
    assert_true(kernel_arguments_have(line, "ro"));
    assert_true(kernel_arguments_have(line, "quiet"));
    assert_false(kernel_arguments_have(line, "file"));
    assert_false(kernel_arguments_have(line, "ro2"));
}

static void test_shared_key(void **state)
{
    (void)state;
    assert_true(kernel_arguments_share_key("ro root=A quiet", "x root=B"));
    assert_true(kernel_arguments_share_key("quiet", "a quiet"));
    assert_true(kernel_arguments_share_key("rd.x-y=1", "rd.x_y"));
    assert_false(kernel_arguments_share_key("root=A rootwait", "rootfstype=ext4 A"));
    assert_false(kernel_arguments_share_key("", "root=A"));
}

static void check_edit(const char *line, const char *word, const char *with, int count,
                       const char *wanted)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    assert_int_equal(kernel_arguments_edit(line, word, with, &t), count);
    assert_string_equal(t.data, wanted);
}

static void test_edit_arguments(void **state)
{
    check_edit("\tlinux /vmlinuz root=UUID=1 ro rd.break quiet", "rd.break", NULL, 1,
               "\tlinux /vmlinuz root=UUID=1 ro quiet");
    check_edit("GRUB_CMDLINE_LINUX=\"rd.break quiet\"", "rd.break", NULL, 1,
               "GRUB_CMDLINE_LINUX=\"quiet\"");
    check_edit("GRUB_CMDLINE_LINUX=\"quiet rd.break\"", "rd.break", NULL, 1,
               "GRUB_CMDLINE_LINUX=\"quiet\"");
    check_edit("GRUB_CMDLINE_LINUX=rd.break", "rd.break", NULL, 1, "GRUB_CMDLINE_LINUX=");
    check_edit("options root=UUID=1 ro", "root=UUID=1", "root=UUID=2", 1, "options root=UUID=2 ro");
    check_edit("options root=UUID=12 ro", "root=UUID=1", "root=UUID=2", 0,
               "options root=UUID=12 ro");
    check_edit("a single-user single singles", "single", NULL, 1, "a single-user singles");
    check_edit("x x x", "x", "y", 3, "y y y");
    check_edit("", "x", NULL, 0, "");
}

/* --- GRUB --- */

static struct grub_config parse_grub(const char *text, const struct grub_environment *environment)
{
    struct grub_config c = {0};

    assert_int_equal(grub_config_parse(text, strlen(text), "/boot/grub/grub.cfg", environment, &c),
                     0);
    return c;
}

/* In the form that grub-mkconfig gives it on Debian. */
static const char debian[] =
    "# DO NOT EDIT\n"
    "if [ -s $prefix/grubenv ]; then\n"
    "  set have_grubenv=true\n"
    "  load_env\n"
    "fi\n"
    "if [ \"${next_entry}\" ] ; then\n"
    "   set default=\"${next_entry}\"\n"
    "   set next_entry=\n"
    "else\n"
    "   set default=\"1>0\"\n"
    "fi\n"
    "if [ x\"${feature_menuentry_id}\" = xy ]; then\n"
    "  menuentry_id_option=\"--id\"\n"
    "else\n"
    "  menuentry_id_option=\"\"\n"
    "fi\n"
    "function load_video {\n"
    "  if [ x$feature_all_video_module = xy ]; then\n"
    "    insmod all_video\n"
    "  fi\n"
    "}\n"
    "menuentry 'Debian GNU/Linux' --class debian --class os $menuentry_id_option 'simple-1' {\n"
    "\tload_video\n"
    "\tset root='hd0,gpt2'\n"
    "\tif [ x$feature_platform_search_hint = xy ]; then\n"
    "\t  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2  aaaa-1\n"
    "\telse\n"
    "\t  search --no-floppy --fs-uuid --set=root aaaa-1\n"
    "\tfi\n"
    "\techo\t'Loading Linux 6.1 ...'\n"
    "\tlinux\t/vmlinuz-6.1 root=UUID=bbbb ro  quiet \n"
    "\tinitrd\t/ucode.img /initrd.img-6.1\n"
    "}\n"
    "submenu 'Advanced > options' $menuentry_id_option 'advanced-1' {\n"
    "\tmenuentry 'Debian, with Linux 5.10' --class debian $menuentry_id_option 'old-1' {\n"
    "\t\tlinux\t/vmlinuz-5.10 root=UUID=bbbb ro \n"
    "\t}\n"
    "}\n"
    "menuentry \"UEFI Firmware Settings\" --id 'uefi' {\n"
    "\tfwsetup\n"
    "}\n";

static void test_grub_of_debian(void **state)
{
    struct grub_config c = parse_grub(debian, NULL);
    const struct boot_entry *e = c.entries.items;

    assert_int_equal(c.error_line, 0);
    assert_int_equal(c.entries.count, 4);
    assert_string_equal(e[0].title, "Debian GNU/Linux");
    assert_string_equal(e[0].id, "simple-1");
    assert_int_equal(e[0].line, 22);
    assert_string_equal(e[0].kernel, "/vmlinuz-6.1");
    assert_int_equal(e[0].kernel_line, 31);
    assert_string_equal(e[0].options, "root=UUID=bbbb ro quiet");
    assert_int_equal(e[0].initrd_count, 2);
    assert_string_equal(e[0].initrds[1], "/initrd.img-6.1");
    assert_string_equal(e[0].search, "UUID=aaaa-1");
    assert_false(e[0].opaque);
    assert_true(e[1].submenu);
    assert_int_equal(e[2].parent, 1);
    assert_null(e[3].kernel);
    assert_string_equal(c.default_entry, "1>0");
    assert_false(c.default_unknown);
    assert_int_equal(grub_config_find(&c.entries, c.default_entry), 2);
    assert_int_equal(grub_config_find(&c.entries, "0"), 0);
    assert_int_equal(grub_config_find(&c.entries, ""), 0);
    assert_int_equal(grub_config_find(&c.entries, "1"), 2);
    assert_int_equal(grub_config_find(&c.entries, "3"), -1);
    assert_int_equal(grub_config_find(&c.entries, "uefi"), 3);
    assert_int_equal(grub_config_find(&c.entries, "advanced-1>old-1"), 2);
    assert_int_equal(grub_config_find(&c.entries, "Advanced >> options>Debian, with Linux 5.10"),
                     2);
    assert_int_equal(grub_config_find(&c.entries, "old-1"), -1);
    grub_config_free(&c);
}

/* RHEL: entries elsewhere, the default and the command line in the environment block. */
static void test_grub_of_rhel(void **state)
{
    static const char text[] = "set pager=1\n"
                               "if [ -f ${config_directory}/grubenv ]; then\n"
                               "  load_env -f ${config_directory}/grubenv\n"
                               "fi\n"
                               "if [ \"${next_entry}\" ] ; then\n"
                               "   set default=\"${next_entry}\"\n"
                               "else\n"
                               "   set default=\"${saved_entry}\"\n"
                               "fi\n"
                               "if [ -n \"${boot_counter}\" ]; then\n"
                               "  if  [ \"${boot_counter}\" = \"0\" ]; then\n"
                               "    set default=1\n"
                               "  fi\n"
                               "fi\n"
                               "insmod blscfg\n"
                               "blscfg\n";
    static const char block[] = "# GRUB Environment Block\nsaved_entry=abc-5.14\n";
    struct grub_environment environment = {block, strlen(block)};
    struct grub_config c = parse_grub(text, &environment);

    assert_true(c.blscfg);
    assert_string_equal(c.default_entry, "abc-5.14");
    assert_int_equal(c.entries.count, 0);
    grub_config_free(&c);
}

static void test_grub_stub(void **state)
{
    struct grub_config c = parse_grub("search.fs_uuid aaaa root hd0,gpt2 \n"
                                      "set prefix=($root)'/boot/grub'\n"
                                      "configfile $prefix/grub.cfg\n",
                                      NULL);

    assert_string_equal(c.search, "UUID=aaaa");
    assert_int_equal(c.search_line, 1);
    assert_non_null(c.config_file);
    assert_int_equal(c.entries.count, 0);
    grub_config_free(&c);
}

/* SUSE's; and the end of any grub.cfg, which is no stub. */
static void test_grub_source(void **state)
{
    struct grub_config c = parse_grub("search --fs-uuid --set=root aaaa\n"
                                      "set prefix=(${root})/boot/grub2\n"
                                      "source \"${prefix}/grub.cfg\"\n",
                                      NULL);

    assert_string_equal(c.search, "UUID=aaaa");
    assert_non_null(c.config_file);
    grub_config_free(&c);
    c = parse_grub("blscfg\n"
                   "if [ -f  ${config_directory}/custom.cfg ]; then\n"
                   "  source ${config_directory}/custom.cfg\n"
                   "fi\n",
                   NULL);
    assert_null(c.config_file);
    grub_config_free(&c);
}

static void test_grub_errors(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } files[] = {
        {"", 0},
        {"menuentry a {\n linux /x\n}\n", 0},
        {"menuentry a {\n linux /x\n", 1},
        {"set a=b\n}\n", 2},
        {"set a='b\nset c=d\n", 1},
        {"if true; then\n set a=b\n", 1},
        {"set a=b\nfi\n", 2},
        {"echo \"a { b\" # }\n", 0},
        {"if [ x = y ]; then set a=b; else set a=c; fi\n", 0},
        {"for i in a b; do echo $i; done\n", 0},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct grub_config c = parse_grub(files[i].text, NULL);

        if (c.error_line != files[i].line)
            fail_msg("%s: line %u: %s", files[i].text, c.error_line, c.error);
        grub_config_free(&c);
    }
}

static void test_grub_unknown_values(void **state)
{
    struct grub_config c = parse_grub("set default=$chosen\n"
                                      "set dir=/boot\n"
                                      "menuentry a { linux ($root)$dir/x root=$r\n }\n"
                                      "menuentry b { linux (hd0,1)${dir}/y ro }\n",
                                      NULL);

    assert_true(c.default_unknown);
    assert_true(c.entries.items[0].opaque);
    assert_false(c.entries.items[1].opaque);
    assert_string_equal(c.entries.items[1].kernel, "/boot/y");
    grub_config_free(&c);
}

static void test_grub_environment(void **state)
{
    static const char text[] = "# GRUB Environment Block\n"
                               "saved_entry=a\\\\b\n"
                               "# comment\n"
                               "kernelopts=root=UUID=1 ro\n";
    struct grub_environment env = {text, strlen(text)};
    char block[GRUB_ENVIRONMENT_SIZE], value[64], why[128];

    assert_int_equal(grub_environment_get(&env, "saved_entry", value, sizeof value), 0);
    assert_string_equal(value, "a\\b");
    assert_int_equal(grub_environment_get(&env, "kernelopts", value, sizeof value), 0);
    assert_string_equal(value, "root=UUID=1 ro");
    assert_int_equal(grub_environment_get(&env, "kernel", value, sizeof value), -ENOENT);
    assert_false(grub_environment_is_valid(text, strlen(text), why, sizeof why));
    assert_int_equal(grub_environment_write(&env, "kernelopts", "root=UUID=2", block), 0);
    assert_true(grub_environment_is_valid(block, sizeof block, why, sizeof why));
    env = (struct grub_environment){block, sizeof block};
    assert_int_equal(grub_environment_get(&env, "saved_entry", value, sizeof value), 0);
    assert_string_equal(value, "a\\b");
    assert_int_equal(grub_environment_get(&env, "kernelopts", value, sizeof value), 0);
    assert_string_equal(value, "root=UUID=2");
    assert_int_equal(grub_environment_write(&env, "kernelopts", NULL, block), 0);
    assert_int_equal(grub_environment_get(&env, "kernelopts", value, sizeof value), -ENOENT);
    memset(block, 0, sizeof block);
    assert_false(grub_environment_is_valid(block, sizeof block, why, sizeof why));
    assert_int_equal(grub_environment_write(&env, "x", "y", block), 0);
    assert_true(grub_environment_is_valid(block, sizeof block, why, sizeof why));
}

/* --- lines --- */

static void test_bls(void **state)
{
    static const char entry[] = "title Fedora Linux (6.5) 39\n"
                                "version 6.5.6-300.fc39.x86_64\n"
                                "linux /vmlinuz-6.5.6\n"
                                "initrd /initramfs-6.5.6.img $tuned_initrd\n"
                                "options $kernelopts $tuned_params quiet  \n"
                                "# options no\n"
                                "grub_users $grub_users\n";
    static const char block[] = "# GRUB Environment Block\nkernelopts=root=UUID=1 ro\n";
    struct grub_environment environment = {block, strlen(block)};
    struct boot_entries entries = {0};
    char undefined[32];

    assert_int_equal(bls_parse(entry, strlen(entry), "/boot/loader/entries/id-6.5.conf",
                               &environment, &entries, undefined, sizeof undefined),
                     0);
    assert_string_equal(entries.items[0].id, "id-6.5");
    assert_string_equal(entries.items[0].kernel, "/vmlinuz-6.5.6");
    assert_int_equal(entries.items[0].kernel_line, 3);
    assert_int_equal(entries.items[0].initrd_count, 1);
    assert_string_equal(entries.items[0].options, "root=UUID=1 ro  quiet");
    assert_string_equal(undefined, "tuned_params");
    boot_entries_free(&entries);
}

static void test_bls_order(void **state)
{
    static const char *const texts[][2] = {
        {"/e/a.conf", "title a\n"},
        {"/e/old.conf", "sort-key debian\nversion 6.1.9\n"},
        {"/e/new.conf", "sort-key debian\nversion 6.1.10\n"},
        {"/e/b.conf", "title b\n"},
    };
    static const char *const wanted[] = {"new", "old", "b", "a"};
    struct boot_entries entries = {0};

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            bls_parse(texts[i][1], strlen(texts[i][1]), texts[i][0], NULL, &entries, NULL, 0), 0);
    bls_sort(&entries, 0);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(entries.items[i].id, wanted[i]);
    assert_int_equal(loader_conf_find(&entries, "old.conf"), 1);
    assert_int_equal(loader_conf_find(&entries, "o*"), 1);
    assert_int_equal(loader_conf_find(&entries, "x*"), -1);
    boot_entries_free(&entries);
}

static void test_extlinux(void **state)
{
    static const char text[] = "## /boot/extlinux/extlinux.conf\n"
                               "default l0\n"
                               "menu title U-Boot menu\n"
                               "timeout 50\n"
                               "LABEL l0\n"
                               "\tMENU LABEL Debian 6.1\n"
                               "\tlinux /vmlinuz-6.1\n"
                               "\tinitrd /initrd.img-6.1\n"
                               "\tfdt /dtb-6.1/board.dtb\n"
                               "\tappend root=UUID=1 ro\n"
                               "label old\n"
                               "\tkernel ../vmlinuz\n"
                               "\tappend initrd=../a.img,../b.img root=/dev/sda1\n";
    struct boot_entries entries = {0};
    char *name = NULL;
    int found;

    assert_int_equal(extlinux_parse(text, strlen(text), "/f", &entries, &found, &name), 0);
    assert_int_equal(entries.count, 2);
    assert_int_equal(found, 0);
    assert_string_equal(name, "l0");
    assert_string_equal(entries.items[0].title, "Debian 6.1");
    assert_string_equal(entries.items[0].kernel, "/vmlinuz-6.1");
    assert_string_equal(entries.items[0].initrds[0], "/initrd.img-6.1");
    assert_string_equal(entries.items[0].devicetree, "/dtb-6.1/board.dtb");
    assert_string_equal(entries.items[0].options, "root=UUID=1 ro");
    assert_int_equal(entries.items[1].initrd_count, 2);
    assert_string_equal(entries.items[1].initrds[1], "../b.img");
    free(name);
    boot_entries_free(&entries);
}

static void test_loader_conf(void **state)
{
    static const char text[] = "#default no\ntimeout 3\ndefault  debian-*  \n";
    char value[32];
    unsigned line;

    assert_int_equal(loader_conf_get(text, strlen(text), "default", value, sizeof value, &line), 0);
    assert_string_equal(value, "debian-*");
    assert_int_equal(line, 3);
    assert_int_equal(loader_conf_get(text, strlen(text), "editor", value, sizeof value, &line),
                     -ENOENT);
}

static void test_pi_config(void **state)
{
    static const char text[] = "# comment\n"
                               "kernel=vmlinuz\n"
                               "initramfs initrd.img followkernel\n"
                               "[pi4]\n"
                               "kernel=other\n"
                               "[all]\n"
                               "os_prefix=current/\n"
                               "auto_initramfs=1\r\n";
    struct boot_entries entries = {0};
    struct pi_config pi;

    pi_config_parse(text, strlen(text), &pi);
    assert_true(pi.automatic);
    assert_int_equal(pi_config_entry(&pi, "/f", "root=/dev/sda2 ro\nmore\n", &entries), 0);
    assert_string_equal(entries.items[0].kernel, "/current/vmlinuz");
    assert_string_equal(entries.items[0].initrds[0], "/current/initrd.img");
    assert_string_equal(entries.items[0].options, "root=/dev/sda2 ro");
    boot_entries_free(&entries);
}

/* --- modprobe.d and sysctl.d --- */

static void test_modprobe(void **state)
{
    static const char text[] = "# install vfat /bin/true\n"
                               "blacklist dm-mod\n"
                               "options nvme poll_queues=2\n"
                               "install usb-storage \\\n"
                               "  /bin/false\n"
                               "install net-pf-10 /sbin/modprobe ipv6\n"
                               "  install squashfs   /usr/bin/true # why\n"
                               "alias x y";
    static const struct modprobe_line wanted[] = {
        {MODPROBE_BLACKLIST, "dm_mod", 2},
        {MODPROBE_INSTALL, "usb_storage", 4},
        {MODPROBE_INSTALL, "squashfs", 7},
    };
    struct modprobe_walk w = MODPROBE_WALK(text, strlen(text));
    struct modprobe_line line;

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_true(modprobe_next(&w, &line));
        assert_int_equal(line.kind, wanted[i].kind);
        assert_string_equal(line.module, wanted[i].module);
        assert_int_equal(line.line, wanted[i].line);
    }
    assert_false(modprobe_next(&w, &line));
}

static void test_sysctl(void **state)
{
    static const char text[] = "; comment\n"
                               "vm.nr_hugepages = 1024  \n"
                               "-kernel/panic=10\n"
                               "nonsense\n"
                               "=\n";
    struct sysctl_walk w = SYSCTL_WALK(text, strlen(text));
    struct sysctl_line line;

    assert_true(sysctl_next(&w, &line));
    assert_string_equal(line.name, "vm.nr_hugepages");
    assert_string_equal(line.value, "1024");
    assert_int_equal(line.line, 2);
    assert_true(sysctl_next(&w, &line));
    assert_string_equal(line.name, "kernel.panic");
    assert_string_equal(line.value, "10");
    assert_false(sysctl_next(&w, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_file),
        cmocka_unit_test(test_unit_names),
        cmocka_unit_test(test_kernel_arguments),
        cmocka_unit_test(test_edit_arguments),
        cmocka_unit_test(test_shared_key),
        cmocka_unit_test(test_grub_of_debian),
        cmocka_unit_test(test_grub_of_rhel),
        cmocka_unit_test(test_grub_stub),
        cmocka_unit_test(test_grub_source),
        cmocka_unit_test(test_grub_errors),
        cmocka_unit_test(test_grub_unknown_values),
        cmocka_unit_test(test_grub_environment),
        cmocka_unit_test(test_bls),
        cmocka_unit_test(test_bls_order),
        cmocka_unit_test(test_extlinux),
        cmocka_unit_test(test_loader_conf),
        cmocka_unit_test(test_pi_config),
        cmocka_unit_test(test_modprobe),
        cmocka_unit_test(test_sysctl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
