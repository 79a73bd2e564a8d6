/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is at the start and the end of a disk: partition tables, boot sectors, what GRUB can read.
 */

#include "unit.h"

#include "base/crc32.h"
#include "storage/boot_sector.h"
#include "storage/btrfs_subvolumes.h"
#include "storage/gpt.h"
#include "storage/grub_readable.h"
#include "storage/partition_type.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECTORS 128

static unsigned char disk[SECTORS * 512];

static int read_disk(void *userdata, uint64_t offset, void *ret, size_t size)
{
    if (offset > sizeof disk || size > sizeof disk - offset)
        return -EIO;
    memcpy(ret, disk + offset, size);
    return 0;
}

static void put32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

/* A header at @own with its entries at @entries, the copy at @other. */
static void make_header(unsigned own, unsigned other, unsigned entries)
{
    unsigned char *h = disk + own * 512;

    memset(h, 0, 512);
    memcpy(h, "EFI PART", 8);
    put32(h + 8, 0x10000);
    put32(h + 12, 92);
    put32(h + 24, own);
    put32(h + 32, other);
    put32(h + 72, entries);
    put32(h + 80, 4);
    put32(h + 84, 128);
    memset(disk + entries * 512, 0x11, 512);
    put32(h + 88, checksum_crc32(disk + entries * 512, 512));
    put32(h + 16, checksum_crc32(h, 92));
}

static struct gpt_state check(uint64_t sectors)
{
    struct gpt_state s;

    assert_int_equal(gpt_check(read_disk, NULL, sectors * 512, 512, &s), 0);
    return s;
}

static void test_crc32(void **state)
{
    assert_int_equal(checksum_crc32("123456789", 9), 0xcbf43926);
    assert_int_equal(checksum_crc32("", 0), 0);
}

static void test_gpt(void **state)
{
    struct gpt_state s;

    memset(disk, 0, sizeof disk);
    assert_int_equal(gpt_check(read_disk, NULL, sizeof disk, 512, &s), -ENOENT);
    make_header(1, SECTORS - 1, 2);
    make_header(SECTORS - 1, 1, SECTORS - 2);
    s = check(SECTORS);
    assert_int_equal(s.primary, GPT_GOOD);
    assert_int_equal(s.backup, GPT_GOOD);
    assert_true(s.backup_at_end);

    disk[2 * 512 + 7] ^= 1; /* an entry */
    s = check(SECTORS);
    assert_int_equal(s.primary, GPT_DAMAGED);
    assert_string_equal(s.primary_problem, "the checksum of its entries is wrong");
    assert_int_equal(s.backup, GPT_GOOD);

    make_header(1, SECTORS - 1, 2);
    disk[512 + 40] ^= 1;
    assert_string_equal(check(SECTORS).primary_problem, "the checksum of its header is wrong");
    memset(disk + 512, 0, 512);
    assert_int_equal(check(SECTORS).primary, GPT_ABSENT);
}

/* The disk was made larger: the copy is where it ended before. */
static void test_gpt_of_a_grown_disk(void **state)
{
    struct gpt_state s;

    memset(disk, 0, sizeof disk);
    make_header(1, 63, 2);
    make_header(63, 1, 62);
    s = check(SECTORS);
    assert_int_equal(s.primary, GPT_GOOD);
    assert_int_equal(s.backup, GPT_GOOD);
    assert_false(s.backup_at_end);
    memset(disk + 63 * 512, 0, 512);
    assert_int_equal(check(SECTORS).backup, GPT_ABSENT);
}

/* The end of the disk was not copied. */
static void test_gpt_of_a_cut_disk(void **state)
{
    struct gpt_state s;

    memset(disk, 0, sizeof disk);
    make_header(1, SECTORS - 1, 2);
    make_header(SECTORS - 1, 1, SECTORS - 2);
    assert_int_equal(check(SECTORS).made_for, SECTORS);
    s = check(SECTORS / 2);
    assert_int_equal(s.primary, GPT_GOOD);
    assert_int_equal(s.backup, GPT_ABSENT);
    assert_int_equal(s.made_for, SECTORS);
    disk[2 * 512] ^= 1;
    assert_int_equal(check(SECTORS / 2).made_for, 0);
}

static void test_hostile_gpt(void **state)
{
    unsigned char *h = disk + 512;
    struct gpt_state s;

    memset(disk, 0, sizeof disk);
    make_header(1, SECTORS - 1, 2);
    put32(h + 80, 0xffffffff); /* four billion entries */
    put32(h + 84, 0xffffffff);
    put32(h + 16, 0);
    put32(h + 16, checksum_crc32(h, 92));
    assert_int_equal(check(SECTORS).primary, GPT_DAMAGED);
    put32(h + 12, 0xffffffff); /* a header of four gigabytes */
    assert_int_equal(check(SECTORS).primary, GPT_DAMAGED);
    make_header(1, SECTORS - 1, 2);
    memset(h + 32, 0xff, 8); /* the copy in a sector whose number has no byte */
    put32(h + 16, 0);
    put32(h + 16, checksum_crc32(h, 92));
    assert_int_equal(check(SECTORS).primary, GPT_GOOD);
    assert_int_equal(check(SECTORS).made_for, 0);
    assert_int_equal(gpt_check(read_disk, NULL, 512, 512, &s), -ENOENT);
    assert_int_equal(gpt_check(read_disk, NULL, sizeof disk, 0, &s), -ENOENT);
}

#define LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define ESP   "C12A7328-f81f-11d2-ba4b-00a0c93ec93b"

static int plan_type(bool is_gpt, unsigned number, const char *from, const char *to,
                     struct partition_type_edit *ret)
{
    const struct partition_type_table t = {read_disk, NULL, sizeof disk, 512, is_gpt};

    return partition_type_plan(&t, number, from, to, ret);
}

/* The second partition is of the type LINUX; the disk has 0fc63daf as AF 3D C6 0F. */
static void set_type(unsigned entries, unsigned header)
{
    static const unsigned char linux_type[16] = {0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47,
                                                 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4};
    unsigned char *h = disk + header * 512;

    memcpy(disk + entries * 512 + 128, linux_type, 16);
    put32(h + 88, checksum_crc32(disk + entries * 512, 512));
    put32(h + 16, 0);
    put32(h + 16, checksum_crc32(h, 92));
}

static void make_typed_gpt(void)
{
    memset(disk, 0, sizeof disk);
    make_header(1, SECTORS - 1, 2);
    make_header(SECTORS - 1, 1, SECTORS - 2);
    set_type(2, 1);
    set_type(SECTORS - 2, SECTORS - 1);
}

static void apply_edit(const struct partition_type_edit *edit, bool back)
{
    for (unsigned i = 0; i < edit->count; i++)
        memcpy(disk + edit->pieces[i].offset, back ? edit->pieces[i].before : edit->pieces[i].after,
               edit->pieces[i].size);
}

static void test_partition_type(void **state)
{
    static unsigned char before[sizeof disk];
    struct partition_type_edit edit, again;
    unsigned changed = 0;

    make_typed_gpt();
    memcpy(before, disk, sizeof disk);
    assert_int_equal(plan_type(true, 2, LINUX, ESP, &edit), 0);
    apply_edit(&edit, false);
    assert_int_equal(check(SECTORS).primary, GPT_GOOD);
    assert_int_equal(check(SECTORS).backup, GPT_GOOD);
    assert_int_equal(disk[2 * 512 + 128], 0x28);
    assert_int_equal(disk[(SECTORS - 2) * 512 + 128 + 3], 0xc1);
    /* A type, and two sums, in each of both. */
    for (unsigned i = 0; i < sizeof disk; i++)
        changed += disk[i] != before[i];
    assert_in_range(changed, 2 * 16, 2 * (16 + 8));
    assert_int_equal(plan_type(true, 2, LINUX, ESP, &again), -ESTALE);
    assert_int_equal(plan_type(true, 2, ESP, LINUX, &again), 0);
    apply_edit(&edit, true);
    assert_memory_equal(disk, before, sizeof disk);

    /* Power is lost when only the copy is written: both are whole still. */
    for (unsigned i = 0; i < edit.of_copy; i++)
        memcpy(disk + edit.pieces[i].offset, edit.pieces[i].after, edit.pieces[i].size);
    assert_int_equal(check(SECTORS).primary, GPT_GOOD);
    assert_int_equal(check(SECTORS).backup, GPT_GOOD);
}

static void test_partition_type_refused(void **state)
{
    struct partition_type_edit edit;

    make_typed_gpt();
    assert_int_equal(plan_type(true, 1, LINUX, ESP, &edit), -ESTALE);
    assert_int_equal(plan_type(true, 0, LINUX, ESP, &edit), -EINVAL);
    assert_int_equal(plan_type(true, 5, LINUX, ESP, &edit), -EINVAL);
    assert_int_equal(plan_type(true, 2, LINUX, "0xef", &edit), -EINVAL);
    assert_int_equal(plan_type(true, 2, LINUX, ESP "0", &edit), -EINVAL);
    assert_int_equal(plan_type(true, 2, "", ESP, &edit), -EINVAL);
    disk[(SECTORS - 1) * 512 + 40] ^= 1; /* the copy is damaged */
    assert_int_equal(plan_type(true, 2, LINUX, ESP, &edit), -ENOTSUP);
    memset(disk, 0, sizeof disk);
    assert_int_equal(plan_type(true, 2, LINUX, ESP, &edit), -ENOTSUP);
}

static void test_partition_type_mbr(void **state)
{
    struct partition_type_edit edit;

    memset(disk, 0, sizeof disk);
    assert_int_equal(plan_type(false, 1, "0x83", "0xef", &edit), -ENOTSUP);
    disk[510] = 0x55;
    disk[511] = 0xaa;
    disk[446 + 16 + 4] = 0x83;
    assert_int_equal(plan_type(false, 1, "0x83", "0xef", &edit), -ESTALE);
    assert_int_equal(plan_type(false, 5, "0x83", "0xef", &edit), -ENOTSUP); /* a logical one */
    assert_int_equal(plan_type(false, 2, "0x83", "0x100", &edit), -EINVAL);
    assert_int_equal(plan_type(false, 2, "0x83", "ef", &edit), -EINVAL);
    assert_int_equal(plan_type(false, 2, "0x83", "0xef", &edit), 0);
    apply_edit(&edit, false);
    assert_int_equal(disk[446 + 16 + 4], 0xef);
    assert_int_equal(edit.count, 1);
}

static void test_boot_sector(void **state)
{
    unsigned char sector[BOOT_SECTOR_SIZE] = {0};
    struct boot_sector s;

    boot_sector_parse(sector, &s);
    assert_false(s.signature || s.has_code || s.is_grub);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    sector[0] = 0xeb;
    boot_sector_parse(sector, &s);
    assert_true(s.signature && s.has_code && !s.is_grub);
    memcpy(sector + 0x180, "GRUB \0Geom\0Hard Disk\0Read\0 Error", 33);
    sector[0x5c] = 0x22;
    boot_sector_parse(sector, &s);
    assert_true(s.is_grub);
    assert_int_equal(s.core_sector, 0x22);
}

static void test_grub_readable(void **state)
{
    static const char module[] = "\0GNU GRUB  version %s\0"
                                 "2.06-13+deb12u1\0";
    unsigned char volume[GRUB_READABLE_BYTES] = {0};
    struct grub_obstacle o;

    put32(volume + 1024 + 0x60, 0x2c2); /* as mke2fs makes it: 64bit, extent, flex_bg, filetype */
    assert_int_equal(grub_find_obstacle("ext4", volume, sizeof volume, GRUB_VERSION(2, 2), &o),
                     -ENOENT);
    put32(volume + 1024 + 0x60, 0x22c2);
    assert_int_equal(grub_find_obstacle("ext4", volume, sizeof volume, GRUB_VERSION(2, 6), &o), 0);
    assert_string_equal(o.feature, "metadata_csum_seed");
    assert_int_equal(grub_find_obstacle("ext4", volume, sizeof volume, GRUB_VERSION(2, 12), &o),
                     -ENOENT);
    assert_int_equal(grub_find_obstacle("ext4", volume, sizeof volume, 0, &o), -ENOENT);
    memset(volume, 0, sizeof volume);
    volume[101] = 5;
    volume[219] = 0x20;
    assert_int_equal(grub_find_obstacle("xfs", volume, sizeof volume, GRUB_VERSION(2, 6), &o), 0);
    assert_string_equal(o.feature, "nrext64");
    assert_int_equal(grub_find_obstacle("vfat", volume, sizeof volume, GRUB_VERSION(2, 6), &o),
                     -ENOENT);
    assert_int_equal(grub_find_obstacle("", volume, sizeof volume, 0, &o), -ENOENT);
    assert_int_equal(grub_version_of_module(module, sizeof module), 206);
    assert_int_equal(grub_version_of_module("x\0"
                                            "2.12\0",
                                            8),
                     212);
    assert_int_equal(grub_version_of_module("nothing", 8), 0);
}

static void test_grub_luks(void **state)
{
    static const unsigned char both[] = "LUKS\xba\xbe\0\2 ... \"kdf\":{\"type\":\"argon2id\"} "
                                        "\"kdf\":{\"type\":\"pbkdf2\"}";
    static const unsigned char argon[] = "LUKS\xba\xbe\0\2 ... \"kdf\":{\"type\":\"argon2id\"} "
                                         "\"digests\":{\"0\":{\"type\":\"pbkdf2\"}}";

    assert_true(grub_can_open_luks(both, sizeof both));
    assert_false(grub_can_open_luks(argon, sizeof argon));
    assert_true(grub_can_open_luks(argon + 1, sizeof argon - 1));
}

static void test_subvolumes(void **state)
{
    struct btrfs_subvolume items[] = {{256, (char *)"@"}, {257, (char *)"@/home"}};
    struct btrfs_subvolumes s = {items, 2, false};

    assert_true(btrfs_subvolumes_have(&s, "defaults,noatime"));
    assert_true(btrfs_subvolumes_have(&s, "subvol=@"));
    assert_true(btrfs_subvolumes_have(&s, "compress=zstd,subvol=/@/home"));
    assert_true(btrfs_subvolumes_have(&s, "subvolid=257"));
    assert_true(btrfs_subvolumes_have(&s, "subvolid=5,subvol=/"));
    assert_false(btrfs_subvolumes_have(&s, "subvol=@home"));
    assert_false(btrfs_subvolumes_have(&s, "subvolid=300"));
    assert_false(btrfs_subvolumes_have(&s, "subvol=@,subvolid=300"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_gpt),
        cmocka_unit_test(test_gpt_of_a_grown_disk),
        cmocka_unit_test(test_gpt_of_a_cut_disk),
        cmocka_unit_test(test_hostile_gpt),
        cmocka_unit_test(test_partition_type),
        cmocka_unit_test(test_partition_type_refused),
        cmocka_unit_test(test_partition_type_mbr),
        cmocka_unit_test(test_boot_sector),
        cmocka_unit_test(test_grub_readable),
        cmocka_unit_test(test_grub_luks),
        cmocka_unit_test(test_subvolumes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
