/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* LVM's configuration: its readers, checked against lvmconfig(8) where that is installed, and the
 * faults that go by them. */

#include "unit.h"

#include "faults/examination.h"
#include "faults/facts_user.h"
#include "faults/rebuild.h"
#include "faults/report.h"
#include "system/lvm_config.h"
#include "system/lvm_devices.h"
#include "system/lvm_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config[] = "# devices { filter = [ \"r|.*|\" ] }\n"
                             "devices {\n"
                             "    filter = [ \"a|^/dev/sda|\", # the first\n"
                             "               \"r/[/]dev\\\\.\\\"/\" ]\n"
                             "    scan = \"/dev\" use_devicesfile=0\n"
                             "}\n"
                             "devices/global_filter = [ 'r|x|' ]\n"
                             "allocation { cling_tag_list = [ \"@a\" ] }\n"
                             "activation { volume_list = \"}\" }\n"
                             "devices { devicesfile = \"other.devices\" }\n"
                             "global { umask = 077 }\n";

static void test_config(void **state)
{
    struct lvm_setting s;
    static const struct {
        const char *name, *first;
        unsigned line, last_line, count;
        bool alone;
    } rows[] = {
        {"devices/filter", "a|^/dev/sda|", 3, 4, 2, true},
        {"devices/scan", "/dev", 5, 5, 1, false},
        {"devices/use_devicesfile", "0", 5, 5, 1, false},
        {"devices/global_filter", "r|x|", 7, 7, 1, true},
        {"allocation/cling_tag_list", "@a", 8, 8, 1, false},
        {"activation/volume_list", "}", 9, 9, 1, false},
        {"devices/devicesfile", "other.devices", 10, 10, 1, false},
        {"global/umask", "077", 11, 11, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(lvm_config_find(config, strlen(config), rows[i].name, &s));
        assert_string_equal(s.values[0], rows[i].first);
        assert_int_equal(s.line, rows[i].line);
        assert_int_equal(s.last_line, rows[i].last_line);
        assert_int_equal(s.count, rows[i].count);
        assert_int_equal(s.alone, rows[i].alone);
        assert_false(s.cut);
    }
    assert_true(lvm_config_find(config, strlen(config), "devices/filter", &s));
    assert_string_equal(s.values[1], "r/[/]dev\\.\"/");
    assert_false(lvm_config_find(config, strlen(config), "filter", &s));
    assert_false(lvm_config_find(config, strlen(config), "devices/dir", &s));
}

/* Files that end too early, or that are built to take long. */
static void test_config_hostile(void **state)
{
    static const char *const broken[] = {"devices { filter = [ \"r|.*|\"",
                                         "devices{filter=[\"r|.*|", "devices { filter = }",
                                         "devices { filter ="};
    struct lvm_setting s;
    char *deep = malloc(400001);

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_true(lvm_config_find(broken[i], strlen(broken[i]), "devices/filter", &s));
        assert_true(s.cut);
    }
    for (unsigned i = 0; i < 200000; i++)
        memcpy(deep + 2 * i, "a{", 2);
    assert_false(lvm_config_find(deep, 400000, "a/a", &s));
    for (unsigned i = 0; i < 100000; i++)
        memcpy(deep + 4 * i, "a=[,", 4);
    assert_true(lvm_config_find(deep, 400000, "a", &s));
    assert_true(s.cut);
    free(deep);
}

/* The oracle: what lvmconfig prints of the same file. */
static void test_config_oracle(void **state)
{
    static const char *const names[] = {"devices/filter", "devices/global_filter", "devices/scan",
                                        "devices/use_devicesfile", "devices/devicesfile"};
    char directory[] = "/tmp/unbrick-lvm.XXXXXX", path[128], command[256];
    FILE *f;

    (void)state;
    if (access("/usr/sbin/lvmconfig", X_OK) < 0 && access("/sbin/lvmconfig", X_OK) < 0) {
        print_message("lvmconfig is not installed\n");
        skip();
    }
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/lvm.conf", directory);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs(config, f);
    fclose(f);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char theirs[1024] = "";
        struct lvm_setting ours, again;
        size_t size;

        snprintf(command, sizeof command,
                 "LVM_SYSTEM_DIR=%s PATH=/usr/sbin:/sbin:$PATH lvmconfig %s 2>/dev/null", directory,
                 names[i]);
        f = popen(command, "re");
        assert_non_null(f);
        size = fread(theirs, 1, sizeof theirs - 1, f);
        assert_int_equal(pclose(f), 0);
        assert_true(lvm_config_find(config, strlen(config), names[i], &ours));
        assert_true(lvm_config_find(theirs, size, strchr(names[i], '/') + 1, &again));
        assert_int_equal(ours.count, again.count);
        for (unsigned k = 0; k < ours.count; k++)
            assert_string_equal(ours.values[k], again.values[k]);
    }
    unlink(path);
    rmdir(directory);
}

static enum lvm_verdict judge(const char *patterns, const char *device)
{
    struct lvm_setting s;
    char text[512];
    struct lvm_filter *f;
    enum lvm_verdict verdict;
    unsigned pattern;

    snprintf(text, sizeof text, "filter = [ %s ]", patterns);
    assert_true(lvm_config_find(text, strlen(text), "filter", &s));
    f = lvm_filter_open(&s);
    assert_non_null(f);
    verdict = lvm_filter_match(f, device, &pattern);
    lvm_filter_close(f);
    return verdict;
}

static void test_filter(void **state)
{
    static const struct {
        const char *patterns, *device;
        enum lvm_verdict verdict;
    } rows[] = {
        {"\"a|^/dev/sda|\", \"r|.*|\"", "/dev/sda2", LVM_ACCEPTED},
        {"\"a|^/dev/sda|\", \"r|.*|\"", "/dev/vda2", LVM_REJECTED},
        /* The first that matches, not the last, nor the most exact. */
        {"\"r|.*|\", \"a|^/dev/sda|\"", "/dev/sda2", LVM_REJECTED},
        {"\"r/loop/\"", "/dev/sda2", LVM_UNMATCHED},
        {"\"a(sd[ab]2$)\", \"r(.)\"", "/dev/sdb2", LVM_ACCEPTED},
        {"\"a{sd}\", \"r[.*]\"", "/dev/vdb", LVM_REJECTED},
        {"\"r#/dev/(sd|vd)a+#\"", "/dev/vda", LVM_REJECTED},
        {"", "/dev/vda", LVM_UNMATCHED},
        /* What lvm would not take, or what we do not follow. */
        {"\"x|.*|\", \"r|.*|\"", "/dev/vda", LVM_UNKNOWN},
        {"\"r|.*\"", "/dev/vda", LVM_UNKNOWN},
        {"\"r|a{2}|\"", "/dev/vda", LVM_UNKNOWN},
        {"\"r|((a++++)++++)++++|\"", "/dev/vda", LVM_UNKNOWN},
        {"\"a|sd|\", \"r|(|\"", "/dev/sda", LVM_ACCEPTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(judge(rows[i].patterns, rows[i].device), rows[i].verdict);
}

static const char devices[] =
    "# LVM uses devices listed in this file.\n"
    "# IDTYPE=devname PVID=comment\n"
    "VERSION=1.1.5\n"
    "IDTYPE=sys_wwid IDNAME=naa.5000 DEVNAME=/dev/sda3 PVID=AAAAAABBBBCCCC PART=3\n"
    "IDTYPE=devname IDNAME=/dev/vdb DEVNAME=/dev/vdb PVID=.\r\n"
    "HOSTNAME=x";

static void test_devices(void **state)
{
    struct lvm_devices_walk w = LVM_DEVICES_WALK(devices, strlen(devices));
    struct lvm_device d;

    (void)state;
    assert_true(lvm_devices_next(&w, &d));
    assert_int_equal(d.line, 4);
    assert_string_equal(d.id_type, "sys_wwid");
    assert_string_equal(d.id_name, "naa.5000");
    assert_string_equal(d.device_name, "/dev/sda3");
    assert_string_equal(d.pvid, "AAAAAABBBBCCCC");
    assert_int_equal(d.part, 3);
    assert_true(lvm_devices_next(&w, &d));
    assert_int_equal(d.line, 5);
    assert_string_equal(d.pvid, ".");
    assert_false(lvm_devices_next(&w, &d));
}

/* Is the volume of a disk with LVM found to be kept from it, under these files? */
static unsigned found(const char *id, const char *conf, const char *list, enum disk_kind kind,
                      unsigned number)
{
    char tree[] = "/tmp/unbrick-lvm.XXXXXX", command[128];
    struct disk *disk = calloc(1, sizeof *disk), *disks[] = {disk};
    struct examination x = {.disks = disks, .disk_count = 1};
    struct report report = {0};
    const struct fault *f = fault_find(id);
    unsigned count;
    int root;

    assert_non_null(mkdtemp(tree));
    root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    snprintf(command, sizeof command, "mkdir -p %s/etc/lvm/devices", tree);
    assert_int_equal(system(command), 0);
    for (unsigned i = 0; i < 2; i++) {
        const char *text = i ? list : conf,
                   *path = i ? "etc/lvm/devices/system.devices" : "etc/lvm/lvm.conf";
        int fd = text ? openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

        assert_true(!text || write(fd, text, strlen(text)) == (ssize_t)strlen(text));
        if (fd >= 0)
            close(fd);
    }
    disk->kind = kind;
    strcpy(disk->name, "crypt");
    disk->volume_count = 1;
    disk->volumes[0].number = number;
    strcpy(disk->volumes[0].fs.type, "LVM2_member");
    strcpy(disk->volumes[0].fs.uuid, "AAAA-AABBBB-CCCC");
    x.root_fd = root;
    assert_non_null(f);
    f->detect(&x, f, &report);
    count = report.count;
    report_free(&report);
    facts_user_free(x.user);
    free(disk);
    close(root);
    snprintf(command, sizeof command, "rm -r %s", tree);
    assert_int_equal(system(command), 0);
    return count;
}

#define CONF(filter) "devices {\n filter = [ " filter " ]\n}\n"

static void test_faults(void **state)
{
    static const struct {
        const char *conf, *list;
        enum disk_kind kind;
        unsigned filter, file;
    } rows[] = {
        {NULL, NULL, DISK_TARGET, 0, 0},
        {CONF("\"r|.*|\""), NULL, DISK_TARGET, 1, 0},
        {CONF("\"a|/dev/loop|\", \"r|.*|\""), NULL, DISK_TARGET, 1, 0},
        {CONF("\"a|/dev/[a-z]*[0-9]*n*[0-9]*p*3$|\", \"r|.*|\""), NULL, DISK_TARGET, 1, 0},
        /* It may be that disk, at boot. */
        {CONF("\"a|^/dev/sdb|\", \"r|.*|\""), NULL, DISK_TARGET, 0, 0},
        {CONF("\"a|/dev/disk/by-id/ata-x|\", \"r|.*|\""), NULL, DISK_TARGET, 0, 0},
        {CONF("\"r|/dev/sd|\""), NULL, DISK_TARGET, 0, 0},
        {CONF("\"a|crypt|\", \"r|.*|\""), NULL, DISK_LUKS, 0, 0},
        {CONF("\"a|^/dev/sda|\", \"r|.*|\""), NULL, DISK_LUKS, 1, 0},
        {CONF("\"a|^/dev/md|\", \"r|.*|\""), NULL, DISK_ARRAY, 0, 0},
        {CONF("\"a|^/dev/sd|\", \"r|.*|\""), NULL, DISK_ARRAY, 1, 0},
        /* A devices file puts the filter out of force. */
        {CONF("\"r|.*|\""), "IDTYPE=x IDNAME=y PVID=AAAAAABBBBCCCC\n", DISK_TARGET, 0, 0},
        {NULL, "IDTYPE=x IDNAME=y PVID=OTHER\n", DISK_TARGET, 0, 1},
        {NULL, "# PVID=AAAAAABBBBCCCC\n", DISK_TARGET, 0, 1},
        {NULL, "IDTYPE=sys_wwid IDNAME=y DEVNAME=/dev/sda2 PVID=.\n", DISK_TARGET, 0, 0},
        {"devices/use_devicesfile = 0", "IDTYPE=x PVID=OTHER\n", DISK_TARGET, 0, 0},
        {"devices { # use_devicesfile = 0\n}", "IDTYPE=x PVID=OTHER\n", DISK_TARGET, 0, 1},
        {"devices { devicesfile = \"none\" }", "IDTYPE=x PVID=OTHER\n", DISK_TARGET, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned number = rows[i].kind == DISK_TARGET ? 2 : 0;

        assert_int_equal(
            found("storage.lvm-filter", rows[i].conf, rows[i].list, rows[i].kind, number),
            rows[i].filter);
        assert_int_equal(
            found("storage.lvm-devices-file", rows[i].conf, rows[i].list, rows[i].kind, number),
            rows[i].file);
    }
}

/* What accepts a name that the volume may have on its machine hides nothing, known here or not. */
static void test_accepts(void **state)
{
    static const struct {
        const char *accepts;
        enum disk_kind kind;
        unsigned number;
        bool hidden;
    } rows[] = {
        {"/dev/disk/.*", DISK_TARGET, 0, false},
        {"^/dev/mapper/3600", DISK_TARGET, 0, false},
        {"^/dev/mapper/3600", DISK_TARGET, 2, false},
        {"wwn-0x", DISK_TARGET, 0, false},
        {"^/dev/dm-", DISK_TARGET, 0, false},
        {"^/dev/dm-", DISK_TARGET, 2, false},
        {"^/dev/emcpower", DISK_TARGET, 0, false},
        {"^/dev/sd[a-z][a-z]", DISK_TARGET, 0, false},
        {"^/dev/sd[a-z][a-z]", DISK_TARGET, 2, false},
        {"^/dev/cciss/", DISK_TARGET, 0, false},
        {"^/dev/dasd", DISK_TARGET, 0, false},
        {"^/dev/md", DISK_TARGET, 0, false},
        {"^/dev/md[0-9]+p2$", DISK_TARGET, 2, false},
        {"^/dev/pmem", DISK_TARGET, 0, false},
        {"^/dev/(loop|emcpower)", DISK_TARGET, 0, false},
        {"^/dev/mapper/san", DISK_TARGET, 0, false},
        /* A copy of a partition. */
        {"^/dev/sda2$", DISK_TARGET, 0, false},
        {"^/dev/md[0-9]+p", DISK_ARRAY, 1, false},
        {"^/dev/md/crypt1$", DISK_ARRAY, 1, false},
        {"^/dev/md127$", DISK_ARRAY, 0, false},
        {"^/dev/mapper/other$", DISK_LUKS, 0, false},
        {"^/dev/dm-", DISK_LUKS, 1, false},
        /* Other disks, for sure. */
        {"^/dev/loop", DISK_TARGET, 0, true},
        {"^/dev/[sv]d[a-z]3$", DISK_TARGET, 2, true},
        {"^/dev/sd[a-z]17$", DISK_TARGET, 17, false},
        {"^/dev/md[0-9]+p2$", DISK_TARGET, 3, true},
        {"^/dev/md[0-9]+$", DISK_ARRAY, 1, true},
        {"^/dev/sd", DISK_ARRAY, 0, true},
        {"^/dev/sd", DISK_LUKS, 0, true},
        {"^/dev/md", DISK_LUKS, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, "devices { filter = [ \"a#%s#\", \"r|.*|\" ] }",
                 rows[i].accepts);
        if (found("storage.lvm-filter", text, NULL, rows[i].kind, rows[i].number) != rows[i].hidden)
            fail_msg("%s, %d, %u", rows[i].accepts, rows[i].kind, rows[i].number);
        /* Behind what rejects everything it is for nothing. */
        snprintf(text, sizeof text, "devices { filter = [ \"r|.*|\", \"a#%s#\" ] }",
                 rows[i].accepts);
        assert_int_equal(found("storage.lvm-filter", text, NULL, rows[i].kind, rows[i].number), 1);
    }
}

/* GRUB is not given the uuid of a group that there is only here. */
static void test_grub_in_a_copied_group(void **state)
{
    char tree[] = "/tmp/unbrick-lvm.XXXXXX", command[128];
    struct disk *disk = calloc(1, sizeof *disk), *group = calloc(1, sizeof *group);
    struct disk *disks[] = {disk, group};
    struct linux_system system_facts = {.id = "debian"};
    struct examination x = {
        .system = &system_facts, .disks = disks, .disk_count = 2, .root_disk = 1};
    struct changes c = {0};
    struct error e = {0};

    (void)state;
    assert_non_null(mkdtemp(tree));
    snprintf(command, sizeof command, "mkdir -p %s/boot/grub", tree);
    assert_int_equal(system(command), 0);
    x.root_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    group->kind = DISK_GROUP;
    group->volume_count = 1;
    x.root = &group->volumes[0];
    strcpy(group->opened_as, "vg0_patient");
    assert_int_equal(rebuild_loader(&x, &c, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "a copy of a volume group"));
    assert_int_equal(rebuild_efi_loader(&x, false, "/boot/efi", &c, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "a copy of a volume group"));
    /* By its own name it is the machine's. */
    group->opened_as[0] = '\0';
    assert_int_equal(rebuild_loader(&x, &c, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "no program that makes a boot loader"));
    assert_int_equal(c.count, 0);
    close(x.root_fd);
    free(disk);
    free(group);
    snprintf(command, sizeof command, "rm -r %s", tree);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),        cmocka_unit_test(test_config_hostile),
        cmocka_unit_test(test_config_oracle), cmocka_unit_test(test_filter),
        cmocka_unit_test(test_devices),       cmocka_unit_test(test_faults),
        cmocka_unit_test(test_accepts),       cmocka_unit_test(test_grub_in_a_copied_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
