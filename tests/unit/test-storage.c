/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pure parts of storage: superblocks, progress, image formats. Real disks: tests/system. */

#include "unit.h"

#include "storage/check_private.h"
#include "storage/image_kind.h"
#include "storage/inventory.h"
#include "storage/probe.h"

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

static void test_image_kinds(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *reason;
    } kinds[] = {
        {"QFI\xfb\0\0\0\3", 8, "image-format"},
        {"KDMV", 4, "image-format"},
        {"\x1f\x8b\x08", 3, "compressed"},
        {"\xfd"
         "7zXZ\0",
         6, "compressed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct error e = {0};

        assert_int_equal(
            image_kind_check((const unsigned char *)kinds[i].bytes, kinds[i].size, "x", &e),
            -EMEDIUMTYPE);
        assert_string_equal(e.reason, kinds[i].reason);
        assert_int_equal(e.kind, ERROR_TARGET);
        assert_true(e.advice[0]);
    }
    assert_int_equal(image_kind_check((const unsigned char *)"QF", 2, "x", NULL), 0);
    assert_int_equal(image_kind_check((const unsigned char *)"\353<\220", 3, "x", NULL), 0);
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
    assert_true(inventory_is_twin(&a, &b, what, sizeof what));
    assert_string_equal(what, "file system 1-2");
    strcpy(a.volumes[0].fs.usage, "raid"); /* two members of one array are no clones */
    assert_false(inventory_is_twin(&a, &b, what, sizeof what));
    strcpy(a.table_id, "t");
    strcpy(b.table_id, "t");
    assert_true(inventory_is_twin(&a, &b, what, sizeof what));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),     cmocka_unit_test(test_ext_state),
        cmocka_unit_test(test_hibernation), cmocka_unit_test(test_image_kinds),
        cmocka_unit_test(test_twins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
