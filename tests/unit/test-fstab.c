/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "storage/device_name.h"
#include "system/fstab.h"
#include "system/fstab_edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fstab parse(const char *text)
{
    struct fstab f = {0};
    struct error e = {0};

    assert_int_equal(fstab_parse(text, strlen(text), &f, &e), 0);
    return f;
}

static void test_classes(void **state)
{
    static const struct {
        const char *line;
        enum fstab_class class;
    } lines[] = {
        {"UUID=1 / ext4 defaults 0 1", FSTAB_ROOT},
        {"UUID=2 /boot ext4 defaults 0 2", FSTAB_MOUNT},
        {"LABEL=home\t/home\txfs\tnoauto,nofail\t0\t0", FSTAB_MOUNT},
        {"UUID=3 none swap sw 0 0", FSTAB_SWAP},
        {"/swapfile swap swap defaults 0 0", FSTAB_SWAP},
        {"server:/export /mnt nfs defaults 0 0", FSTAB_NETWORK},
        {"//server/share /mnt cifs credentials=/x 0 0", FSTAB_NETWORK},
        {"UUID=4 /data ext4 _netdev 0 0", FSTAB_NETWORK},
        {"tmpfs /tmp tmpfs size=1G 0 0", FSTAB_PSEUDO},
        {"proc /proc proc defaults 0 0", FSTAB_PSEUDO},
        {"/srv/a /srv/b none bind 0 0", FSTAB_BIND},
        {"overlay /o overlay lowerdir=/a 0 0", FSTAB_BIND},
        {"/dev/sda3 data ext4 defaults 0 0", FSTAB_MALFORMED},
        {"/dev/sda3", FSTAB_MALFORMED},
        {"UUID=5 /x\001y ext4", FSTAB_MALFORMED},
        {"LABEL=a:/b /odd ext4 defaults", FSTAB_MOUNT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct fstab f = parse(lines[i].line);

        assert_int_equal(f.count, 1);
        if (f.entries[0].class != lines[i].class)
            fail_msg("%s: class %d", lines[i].line, f.entries[0].class);
        assert_int_equal(f.entries[0].error[0] != '\0', lines[i].class == FSTAB_MALFORMED);
        fstab_free(&f);
    }
}

static void test_line_numbers_and_bad_lines(void **state)
{
    struct fstab f = parse("# comment\n"
                           "\n"
                           "UUID=1 / ext4 defaults 0 1\n"
                           "garbage\n"
                           "   # indented comment\n"
                           "UUID=2\t/with\\040space ext4 noauto 0 2");

    (void)state;
    assert_int_equal(f.count, 3);
    assert_int_equal(f.entries[0].line, 3);
    assert_int_equal(f.entries[0].passno, 1);
    assert_int_equal(f.entries[1].line, 4);
    assert_int_equal(f.entries[1].class, FSTAB_MALFORMED);
    assert_int_equal(f.entries[2].line, 6);
    assert_string_equal(f.entries[2].target, "/with space");
    assert_true(f.entries[2].noauto);
    assert_false(f.entries[2].nofail);
    fstab_free(&f);
}

static void test_hostile_files(void **state)
{
    static char data[200000];
    struct error e = {0};
    struct fstab f;

    (void)state;
    memset(data, 'a', sizeof data); /* one line without an end */
    assert_int_equal(fstab_parse(data, sizeof data, &f, &e), 0);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.entries[0].class, FSTAB_MALFORMED);
    fstab_free(&f);

    memset(data, 0, sizeof data);
    assert_int_equal(fstab_parse(data, sizeof data, &f, &e), 0);
    fstab_free(&f);

    for (size_t i = 0; i + 1 < sizeof data; i += 2)
        memcpy(data + i, "a\n", 2);
    assert_int_equal(fstab_parse(data, sizeof data, &f, &e), -E2BIG);

    assert_int_equal(fstab_parse("", 0, &f, &e), 0);
    assert_int_equal(f.count, 0);
    fstab_free(&f);
}

static void check_options(const char *options, const char *expected, bool read_only)
{
    struct fstab_entry entry = {.options = (char *)options};
    char kept[256];
    bool ro;

    assert_int_equal(fstab_rescue_options(&entry, kept, sizeof kept, &ro), 0);
    assert_string_equal(kept, expected);
    assert_int_equal(ro, read_only);
}

/* What a crash leaves in a file, turned into a comment: it stays one. */
static void test_nul_bytes(void **state)
{
    static const char text[] = "\0\0\0\n#\0\0\0 # unbrick\nUUID=1 / ext4";
    struct error e = {0};
    struct fstab f;

    (void)state;
    assert_int_equal(fstab_parse(text, sizeof text - 1, &f, &e), 0);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.entries[0].class, FSTAB_MALFORMED);
    assert_int_equal(f.entries[1].line, 3);
    fstab_free(&f);
}

static void check_edit(const char *line, const char *wanted)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    assert_int_equal(fstab_edit_add_options(line, "nofail", &t), 0);
    assert_string_equal(t.data, wanted);
}

/* A carriage return is a line end at the end only: getmntent(3) takes it for a letter. */
static void test_carriage_return(void **state)
{
    (void)state;
    check_edit("/dev/a /b ext4 ro\r", "/dev/a /b ext4 ro,nofail\r");
    check_edit("/dev/a\rx /b ext4 ro", "/dev/a\rx /b ext4 ro,nofail");
    check_edit("/dev/a /b ext4 \r", "/dev/a /b ext4 defaults,nofail \r");
}

static void test_options(void **state)
{
    struct fstab_entry entry = {.options = (char *)"subvol=@,uid=1000"};
    char small[10];
    bool ro;

    (void)state;
    check_options("defaults,errors=remount-ro", "", false);
    check_options("rw,subvol=@,compress=zstd:1,x-systemd.automount,nofail",
                  "subvol=@,compress=zstd:1", false);
    check_options("ro,nodev,umask=0077", "ro,nodev,umask=0077", true);
    check_options("compress", "compress", false);
    check_options("robust,subvolume=x", "", false);
    check_options("", "", false);
    check_options(",,,", "", false);
    assert_int_equal(fstab_rescue_options(&entry, small, sizeof small, &ro), -ENAMETOOLONG);
}

static void check_source(const char *source, enum device_tag tag, const char *value)
{
    enum device_tag got;
    char text[64];

    assert_int_equal(device_name_split(source, &got, text, sizeof text), 0);
    assert_int_equal(got, tag);
    assert_string_equal(text, value);
}

static void test_sources(void **state)
{
    enum device_tag tag;
    char text[8];

    (void)state;
    check_source("UUID=abc", DEVICE_UUID, "abc");
    check_source("LABEL=\"my disk\"", DEVICE_LABEL, "my disk");
    check_source("PARTLABEL='EFI'", DEVICE_PARTLABEL, "EFI");
    check_source("/dev/disk/by-label/my\\x20disk", DEVICE_LABEL, "my disk");
    check_source("/dev/disk/by-uuid/abc", DEVICE_UUID, "abc");
    check_source("/dev/mapper/vg-root", DEVICE_PATH, "/dev/mapper/vg-root");
    check_source("tmpfs", DEVICE_NONE, "tmpfs");
    assert_int_equal(device_name_split("UUID=", &tag, text, sizeof text), -EINVAL);
    assert_int_equal(device_name_split("UUID=123456789", &tag, text, sizeof text), -EINVAL);
}

static void test_kernel_names(void **state)
{
    static const struct {
        const char *path;
        int number;
    } names[] = {
        {"/dev/sda1", 1},
        {"/dev/sda", 0},
        {"/dev/sdaa12", 12},
        {"/dev/vdb3", 3},
        {"/dev/xvda1", 1},
        {"/dev/hda1", 1},
        {"/dev/nvme0n1p2", 2},
        {"/dev/nvme0n1", 0},
        {"/dev/mmcblk0p1", 1},
        {"/dev/mmcblk0", 0},
        {"/dev/sda0", -EINVAL},
        {"/dev/sd1", -EINVAL},
        {"/dev/nvme0n1x2", -EINVAL},
        {"/dev/mapper/x", -EINVAL},
        {"sda1", -EINVAL},
        {"/dev/sda99999999999", -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (device_name_partition(names[i].path) != names[i].number)
            fail_msg("%s: %d", names[i].path, device_name_partition(names[i].path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),       cmocka_unit_test(test_line_numbers_and_bad_lines),
        cmocka_unit_test(test_nul_bytes),     cmocka_unit_test(test_carriage_return),
        cmocka_unit_test(test_hostile_files), cmocka_unit_test(test_options),
        cmocka_unit_test(test_sources),       cmocka_unit_test(test_kernel_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
