/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pure parts of storage: superblocks, progress, image formats. Real disks: tests/system. */

#include "unit.h"

#include "storage/check_private.h"
#include "storage/image_format.h"
#include "storage/inventory.h"
#include "storage/mapping.h"
#include "storage/member.h"
#include "storage/probe.h"
#include "storage/read_errors.h"

#include <errno.h>
#include <string.h>

static void test_percent(void **state)
{
    (void)state;
    assert_int_equal(check_percent("1 0 100"), 0);
    assert_int_equal(check_percent("1 50 100"), 35);
    assert_int_equal(check_percent("5 7 7"), 100);
    assert_int_equal(check_percent("2 1 2 /dev/loop0p2"), 80);
    assert_int_equal(check_percent("6 1 2"), -1);
    assert_int_equal(check_percent("0 1 2"), -1);
    assert_int_equal(check_percent("1 1 0"), -1);
    assert_int_equal(check_percent("1 3 2"), -1);
    assert_int_equal(check_percent(""), -1);
    assert_int_equal(check_percent("Pass 1"), -1);
}

static void check_read_error(const char *message, const char *device, const char *place)
{
    char found_device[64], found_place[64];

    assert_int_equal(read_errors_parse(message, found_device, found_place), device != NULL);
    if (!device)
        return;
    assert_string_equal(found_device, device);
    assert_string_equal(found_place, place);
}

static void test_read_errors(void **state)
{
    (void)state;
    check_read_error("I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio "
                     "class 2",
                     "sdb", "sector 2048");
    check_read_error("critical medium error, dev nvme0n1, sector 18446744073709551615 op "
                     "0x0:(READ) flags 0x0",
                     "nvme0n1", "sector 18446744073709551615");
    check_read_error("blk_update_request: I/O error, dev sr0, sector 0", "sr0", "sector 0");
    check_read_error("Buffer I/O error on dev dm-0, logical block 7, async page read", "dm-0",
                     "block 7");
    check_read_error("Buffer I/O error on dev sda1, logical block 7, lost async page write", NULL,
                     NULL);
    check_read_error("I/O error, dev sdb, sector 2048 op 0x1:(WRITE) flags 0x800", NULL, NULL);
    check_read_error("operation not supported error, dev loop0, sector 8 op 0x9:(WRITE_ZEROES)",
                     NULL, NULL);
    check_read_error("I/O error, dev , sector 1", NULL, NULL);
    check_read_error("I/O error, dev sdb", NULL, NULL);
    check_read_error("EXT4-fs (sdb1): mounted filesystem", NULL, NULL);
    check_read_error("", NULL, NULL);
}

static void put_le16(unsigned char *p, unsigned value)
{
    p[0] = value & 0xff;
    p[1] = (value >> 8) & 0xff;
}

static void test_ext_state(void **state)
{
    unsigned char data[0x800] = {0};
    struct filesystem fs = {.type = "ext4"};

    (void)state;
    put_le16(data + 0x404, 1000); /* blocks */
    put_le16(data + 0x418, 2);    /* of 4096 bytes */
    put_le16(data + 0x43a, 1);    /* cleanly unmounted */
    probe_state(data, sizeof data, &fs);
    assert_false(fs.dirty || fs.has_errors);
    assert_int_equal(fs.size, 4096000);
    assert_false(fs.check_at_mount || fs.check_from);
    put_le16(data + 0x434, 20); /* mounts */
    put_le16(data + 0x436, 21);
    put_le16(data + 0x440, 1000); /* the last check, and the interval */
    put_le16(data + 0x444, 500);
    probe_state(data, sizeof data, &fs);
    assert_false(fs.check_at_mount);
    assert_int_equal(fs.check_from, 1500);
    put_le16(data + 0x434, 21);
    probe_state(data, sizeof data, &fs);
    assert_true(fs.check_at_mount);
    put_le16(data + 0x436, 0xffff); /* -1: never */
    probe_state(data, sizeof data, &fs);
    assert_false(fs.check_at_mount);
    put_le16(data + 0x43a, 3);
    put_le16(data + 0x460, 4); /* needs recovery */
    probe_state(data, sizeof data, &fs);
    assert_true(fs.dirty && fs.has_errors);
    /* A block size that is none, and a superblock that is cut off. */
    fs = (struct filesystem){.type = "ext4"};
    put_le16(data + 0x418, 60000);
    probe_state(data, sizeof data, &fs);
    assert_int_equal(fs.size, 0);
    probe_state(data, 0x500, &fs);
}

static void test_hibernation(void **state)
{
    unsigned char data[16] = {0};
    struct filesystem fs = {.type = "swsuspend"};

    (void)state;
    probe_state(data, sizeof data, &fs);
    assert_true(fs.hibernated);
    fs = (struct filesystem){.type = "swap"};
    probe_state(data, sizeof data, &fs);
    assert_false(fs.hibernated);
}

/* The offsets of docs/interop/qcow2.txt of qemu. */
static void put_be(unsigned char *p, size_t size, uint64_t value)
{
    while (size-- > 0) {
        p[size] = value & 0xff;
        value >>= 8;
    }
}

static void make_qcow2(unsigned char data[4096], const char *backing, const char *format)
{
    memset(data, 0, 4096);
    memcpy(data, "QFI\xfb", 4);
    put_be(data + 4, 4, 3);
    put_be(data + 100, 4, 104);
    if (backing) {
        put_be(data + 8, 8, 1024);
        put_be(data + 16, 4, strlen(backing));
        strcpy((char *)data + 1024, backing);
    }
    if (format) {
        put_be(data + 104, 4, 0xe2792aca);
        put_be(data + 108, 4, strlen(format));
        strcpy((char *)data + 112, format);
    }
}

static int read_format(const unsigned char *data, size_t size, struct image_info *info)
{
    return image_format_read(data, size, "x", info, NULL);
}

static void test_qcow2(void **state)
{
    unsigned char data[4096];
    struct image_info info;

    make_qcow2(data, NULL, NULL);
    assert_int_equal(read_format(data, sizeof data, &info), 0);
    assert_int_equal(info.format, IMAGE_QCOW2);
    assert_string_equal(info.backing, "");
    make_qcow2(data, "base.img", "raw");
    assert_int_equal(read_format(data, sizeof data, &info), 0);
    assert_string_equal(info.backing, "base.img");
    assert_string_equal(info.backing_format, "raw");

    /* A header that lies about where things are. */
    put_be(data + 8, 8, UINT64_MAX - 4);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    make_qcow2(data, "base.img", "raw");
    put_be(data + 16, 4, 0xffffffff);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    make_qcow2(data, NULL, "raw");
    put_be(data + 108, 4, 0xfffffff0);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    /* Encrypted, data in another file, too short, a version of its own. */
    make_qcow2(data, NULL, NULL);
    put_be(data + 32, 4, 2);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    make_qcow2(data, NULL, NULL);
    put_be(data + 72, 8, 4);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    assert_int_equal(read_format(data, 8, &info), -EMEDIUMTYPE);
    put_be(data + 4, 4, 1);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
}

static void test_vmdk(void **state)
{
    static const char text[] =
        "# Disk DescriptorFile\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n";
    unsigned char data[4096] = "KDMV";
    struct image_info info;

    data[28] = 1; /* the descriptor's first sector, and how many */
    data[36] = 1;
    memcpy(data + 512, text, sizeof text);
    assert_int_equal(read_format(data, sizeof data, &info), 0);
    assert_int_equal(info.format, IMAGE_VMDK);
    memcpy(strstr((char *)data + 512, "ffffffff"), "0badf00d", 8);
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
    data[35] = 0xff;
    assert_int_equal(read_format(data, sizeof data, &info), -EMEDIUMTYPE);
}

static void test_compressed(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } kinds[] = {{"\x1f\x8b\x08", 3},      {"\xfd\x37zXZ\0", 6}, {"PK\x03\x04", 4},
                 {"\x28\xb5\x2f\xfd", 4},  {"BZh9", 4},          {"\x04\x22\x4d\x18", 4},
                 {"7z\xbc\xaf\x27\x1c", 6}};
    struct image_info info;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct error e = {0};

        assert_int_equal(
            image_format_read((const unsigned char *)kinds[i].bytes, kinds[i].size, "x", &info, &e),
            -EMEDIUMTYPE);
        assert_string_equal(e.reason, "compressed");
        assert_int_equal(e.kind, ERROR_TARGET);
        assert_true(e.advice[0]);
    }
    assert_int_equal(read_format((const unsigned char *)"QF", 2, &info), 0);
    assert_int_equal(info.format, IMAGE_RAW);
    assert_int_equal(read_format((const unsigned char *)"\353<\220", 3, &info), 0);
}

/* A description of VMware's says which file the disk is in. */
static void test_descriptor(void **state)
{
    static const char one[] =
        "# Disk DescriptorFile\nRW 100 FLAT \"a-flat.vmdk\" 0\nddb.x = \"1\"\n";
    static const char two[] = "# Disk DescriptorFile\nRW 9 FLAT \"a\" 0\nRW 9 FLAT \"b\" 0\n";
    struct image_info info;
    struct error e = {0};

    assert_int_equal(image_format_read((const unsigned char *)one, sizeof one - 1, "x", &info, &e),
                     -EMEDIUMTYPE);
    assert_non_null(strstr(e.advice, "a-flat.vmdk"));
    assert_int_equal(image_format_read((const unsigned char *)two, sizeof two - 1, "x", &info, &e),
                     -EMEDIUMTYPE);
    assert_non_null(strstr(e.advice, "qemu-img"));
}

static void test_twins(void **state)
{
    static struct disk a, b;
    char what[100];

    (void)state;
    assert_false(inventory_is_twin(&a, &b, what, sizeof what)); /* nothing is no identity */
    a.volume_count = b.volume_count = 1;
    strcpy(a.volumes[0].fs.uuid, "1-2");
    strcpy(b.volumes[0].fs.uuid, "1-2");
    strcpy(a.volumes[0].fs.type, "ext4");
    strcpy(b.volumes[0].fs.type, "ext4");
    strcpy(a.volumes[0].fs.usage, "filesystem");
    assert_true(inventory_is_twin(&a, &b, what, sizeof what));
    assert_string_equal(what, "file system 1-2");
    assert_false(inventory_same_member(&a, &b, what, sizeof what));
    /* Two members of one array are no clones; twice the same member is one. */
    strcpy(a.volumes[0].fs.type, "linux_raid_member");
    strcpy(b.volumes[0].fs.type, "linux_raid_member");
    assert_false(inventory_is_twin(&a, &b, what, sizeof what));
    strcpy(a.volumes[0].fs.uuid_sub, "3");
    strcpy(b.volumes[0].fs.uuid_sub, "4");
    assert_false(inventory_same_member(&a, &b, what, sizeof what));
    strcpy(b.volumes[0].fs.uuid_sub, "3");
    assert_true(inventory_same_member(&a, &b, what, sizeof what));
    b.volume_count = 0;
    strcpy(a.table_id, "t");
    strcpy(b.table_id, "t");
    assert_true(inventory_is_twin(&a, &b, what, sizeof what));
}

static void test_plain_copies(void **state)
{
    static struct disk a, b;
    char what[100];

    (void)state;
    a.volume_count = b.volume_count = 1;
    strcpy(a.table_id, "t");
    strcpy(b.table_id, "t");
    assert_false(inventory_is_plain_copy(&a, &b, what, sizeof what)); /* one table was taken over */
    strcpy(a.volumes[0].fs.uuid, "1-2");
    strcpy(a.volumes[0].fs.type, "vfat");
    strcpy(a.volumes[0].fs.usage, "filesystem");
    b.volumes[0] = a.volumes[0];
    assert_false(inventory_is_plain_copy(&a, &b, what, sizeof what)); /* an ESP for each disk */
    strcpy(a.volumes[0].fs.type, "ext4");
    strcpy(b.volumes[0].fs.type, "ext4");
    assert_true(inventory_is_plain_copy(&a, &b, what, sizeof what));
    assert_string_equal(what, "partition table t");
    b.table_id[0] = '\0';
    assert_false(inventory_is_plain_copy(&a, &b, what, sizeof what)); /* copied within a machine */
    strcpy(b.table_id, "t");
    /* The second disk of a mirror: its /boot may well be a copy. */
    b.volume_count = 2;
    strcpy(b.volumes[1].fs.type, "LVM2_member");
    assert_false(inventory_is_plain_copy(&a, &b, what, sizeof what));
}

/* Names and uuids as lvm2, cryptsetup, multipath-tools and kpartx make them. */
static void test_mappings(void **state)
{
    static const struct {
        const char *name, *uuid;
        enum mapping_kind kind;
        const char *group, *volume;
        bool internal;
        unsigned partition;
    } cases[] = {
        {"vg0-root", "LVM-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
         MAPPING_VOLUME, "vg0", "root", false, 0},
        {"my--vg-my--data", "LVM-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
         MAPPING_VOLUME, "my-vg", "my-data", false, 0},
        {"vg0-pool-tpool",
         "LVM-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB-tpool",
         MAPPING_VOLUME, "vg0", "pool-tpool", true, 0},
        {"vg0-m_rimage_0", "LVM-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
         MAPPING_VOLUME, "vg0", "m_rimage_0", true, 0},
        {"cryptroot", "CRYPT-LUKS2-0123-cryptroot", MAPPING_LUKS, "", "", false, 0},
        {"win", "CRYPT-BITLK-0123-win", MAPPING_OTHER, "", "", false, 0},
        {"mpatha", "mpath-36001405", MAPPING_MULTIPATH, "", "", false, 0},
        {"mpatha-part12", "part12-mpath-36001405", MAPPING_PARTITION, "", "", false, 12},
        {"part-timer", "parttime", MAPPING_OTHER, "", "", false, 0},
        {"plain", "", MAPPING_OTHER, "", "", false, 0},
        {"---", "LVM-", MAPPING_VOLUME, "-", "", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mapping m;

        mapping_parse(cases[i].name, cases[i].uuid, &m);
        assert_int_equal(m.kind, cases[i].kind);
        assert_string_equal(m.group, cases[i].group);
        assert_string_equal(m.volume, cases[i].volume);
        assert_int_equal(m.internal, cases[i].internal);
        assert_int_equal(m.partition, cases[i].partition);
    }
}

static void test_members(void **state)
{
    char text[200], small[12];

    (void)state;
    assert_null(member_type_find("ext4"));
    assert_null(member_type_find(""));
    assert_null(member_type_find("crypto_LUKS")->opens);
    assert_string_equal(member_opens(member_type_find("BitLocker"), "/dev/sdd1", text, sizeof text),
                        "cryptsetup open --type bitlk /dev/sdd1 NAME (package cryptsetup-bin)");
    assert_string_equal(member_opens(member_type_find("BitLocker"), "x", small, sizeof small),
                        "cryptsetup ");
    assert_string_equal(member_opens(member_type_find("LVM2_member"), "x", text, sizeof text), "");
}

/* What e2fsck 1.47 prints; which line is the problem is not the one with the question. */
static void test_e2fsck_problems(void **state)
{
    static const struct {
        const char *before, *line, *name;
    } rows[] = {
        {"", "Inode 12, i_blocks is 8, should be 16.  Fix? no",
         "Inode 12, i_blocks is 8, should be 16"},
        {"Free blocks count wrong (1, counted=2).", "Fix? no",
         "Free blocks count wrong (1, counted=2)"},
        {"Unattached inode 12", "Connect to /lost+found? no", "Unattached inode 12"},
        {"Block bitmap differences:  +(513--516)", "Fix? no",
         "Block bitmap differences:  +(513--516)"},
        {"Pass 2", "Entry 'a  b' in / (2) has deleted/unused inode 13.  Clear? no",
         "Entry 'a  b' in / (2) has deleted/unused inode 13"},
        {"x", "Inode 5 has the EXTENTS_FL set.  IGNORED.",
         "Inode 5 has the EXTENTS_FL set.  IGNORED"},
        {"\t(by less than a day)", "Fix? no", "(by less than a day)"},
        {"", "Fix? no", "Fix? no"},
        {"", "? no", "? no"},
    };
    char name[160];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_ext_name(rows[i].before, rows[i].line, name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_e2fsck_problems),
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_read_errors),
        cmocka_unit_test(test_ext_state),
        cmocka_unit_test(test_hibernation),
        cmocka_unit_test(test_qcow2),
        cmocka_unit_test(test_vmdk),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_plain_copies),
        cmocka_unit_test(test_mappings),
        cmocka_unit_test(test_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
