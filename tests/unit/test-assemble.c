/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tools say about arrays and volume groups, and what is made of it. Real ones: tests/vm.
 */

#include "unit.h"

#include "storage/array.h"
#include "storage/luks.h"
#include "storage/udev.h"
#include "storage/undo.h"
#include "storage/volume_group.h"

#include <errno.h>
#include <string.h>

/* As mdadm 4.2 prints it. */
#define EXPORT                                                                                     \
    "MD_LEVEL=raid1\nMD_DEVICES=2\nMD_NAME=web:0\nMD_ARRAY_SIZE=95.00MiB\n"                        \
    "MD_UUID=5d1d1d9e:8c7a35d2:0b3e4a2b:6d1f7c11\nMD_UPDATE_TIME=1793500000\n"                     \
    "MD_DEV_UUID=11111111:22222222:33333333:44444444\nMD_EVENTS=1802\n"

static void test_export(void **state)
{
    struct array_member m = {0};

    assert_int_equal(array_parse_export(EXPORT, &m), 0);
    assert_string_equal(m.level, "raid1");
    assert_string_equal(m.name, "web:0");
    assert_string_equal(m.uuid, "5d1d1d9e:8c7a35d2:0b3e4a2b:6d1f7c11");
    assert_int_equal(m.devices, 2);
    assert_int_equal(m.events, 1802);
    assert_true(m.updated[0]);
    assert_int_equal(array_parse_export("", &m), -EBADMSG);
    assert_int_equal(array_parse_export("MD_UUID=1\nMD_LEVEL=raid1\nMD_DEVICES=x\n", &m), -EBADMSG);
    assert_int_equal(array_parse_export("MD_UUID", &m), -EBADMSG);
}

static struct array_plan plan_of(const char *level, unsigned devices, const uint64_t *events,
                                 unsigned count)
{
    struct array_plan plan = {.count = count};

    for (unsigned i = 0; i < count; i++) {
        strcpy(plan.members[i].level, level);
        plan.members[i].devices = devices;
        plan.members[i].events = events[i];
    }
    array_judge(&plan);
    return plan;
}

static void test_judge(void **state)
{
    struct array_plan p = plan_of("raid1", 2, (uint64_t[]){7, 7}, 2);

    assert_true(p.complete && p.startable && p.fresh == 2);
    /* A crash between two updates is no reason to leave a member out. */
    p = plan_of("raid1", 2, (uint64_t[]){7, 8}, 2);
    assert_true(p.complete && p.fresh == 2 && p.members[0].events == 8);
    /* A half that was written without the other is never mixed in. */
    p = plan_of("raid1", 2, (uint64_t[]){3, 900}, 2);
    assert_true(!p.complete && p.startable && p.fresh == 1 && p.members[0].events == 900);
    p = plan_of("raid5", 3, (uint64_t[]){5, 5}, 2);
    assert_true(!p.complete && p.startable);
    p = plan_of("raid5", 3, (uint64_t[]){5}, 1);
    assert_true(!p.startable);
    p = plan_of("raid6", 4, (uint64_t[]){5, 5}, 2);
    assert_true(!p.complete && p.startable);
    p = plan_of("raid0", 2, (uint64_t[]){5}, 1);
    assert_true(!p.startable);
    p = plan_of("something", 2, (uint64_t[]){5}, 1);
    assert_true(!p.startable);
    p = plan_of("raid1", 2, NULL, 0);
    assert_true(!p.startable && !p.complete);
}

#define UUID_1 "aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg"
#define UUID_2 "111111-2222-3333-4444-5555-6666-777777"

static void test_groups(void **state)
{
    struct volume_group vg;
    char prefix[80];

    assert_int_equal(volume_group_parse("  vg0|" UUID_1 "||2|1", &vg), 0);
    assert_string_equal(vg.name, "vg0");
    assert_string_equal(vg.system_id, "");
    assert_int_equal(vg.pv_count, 2);
    assert_int_equal(vg.missing, 1);
    volume_group_dm_prefix(&vg, prefix, sizeof prefix);
    assert_string_equal(prefix, "LVM-aaaaaabbbbccccddddeeeeffffgggggg");
    /* Warnings of lvm stand between the records. */
    assert_int_equal(volume_group_parse("  WARNING: Couldn't find device with uuid x.", &vg),
                     -EBADMSG);
    assert_int_equal(volume_group_parse("  vg0|short||2|1", &vg), -EBADMSG);
    assert_int_equal(volume_group_parse("", &vg), -EBADMSG);
    /* No identifier: its prefix would be that of every group. */
    assert_int_equal(volume_group_parse("vg0|--------------------------------------||2|1", &vg),
                     -EBADMSG);
}

static void test_volumes(void **state)
{
    struct logical_volume lv;
    char uuid[140];

    assert_int_equal(
        logical_volume_parse(
            "  " UUID_1 "|" UUID_2 "|my-root|/dev/mapper/vg0-my--root|41943040|linear|public", &lv),
        0);
    assert_string_equal(lv.name, "my-root");
    assert_string_equal(lv.dm_name, "vg0-my--root");
    assert_int_equal(lv.size, 41943040);
    assert_true(lv.visible);
    logical_volume_dm_uuid(&lv, uuid, sizeof uuid);
    assert_string_equal(uuid,
                        "LVM-aaaaaabbbbccccddddeeeeffffgggggg11111122223333444455556666777777");
    assert_int_equal(logical_volume_parse("  " UUID_1 "|" UUID_2
                                          "|pool|/dev/mapper/vg0-pool|1|thin,pool|private",
                                          &lv),
                     0);
    assert_false(lv.visible);
    assert_int_equal(logical_volume_parse("  " UUID_1 "|" UUID_2 "|", &lv), -EBADMSG);
}

static void test_luks_prefix(void **state)
{
    struct volume v = {.fs = {.uuid = "0fba1c02-1111-2222-3333-444455556666", .version = "2"}};
    char prefix[140];

    luks_dm_prefix(&v, "luks-x", prefix, sizeof prefix);
    assert_string_equal(prefix, "CRYPT-LUKS2-0fba1c02111122223333444455556666-luks-x");
    strcpy(v.fs.version, "1");
    luks_dm_prefix(&v, "n", prefix, sizeof prefix);
    assert_string_equal(prefix, "CRYPT-LUKS1-0fba1c02111122223333444455556666-n");
}

static void test_physical(void **state)
{
    struct physical_volume pv;

    assert_int_equal(physical_volume_parse("  " UUID_1 "|1048576|9|4194304|41943040", &pv), 0);
    assert_string_equal(pv.vg_uuid, UUID_1);
    assert_int_equal(pv.data_start, 1048576);
    assert_int_equal(pv.data_size, 9 * 4194304);
    /* In no group. */
    assert_int_equal(physical_volume_parse("  |1048576|0|4194304|41943040", &pv), 0);
    assert_string_equal(pv.vg_uuid, "");
    /* More than there is, also when the product wraps. */
    assert_int_equal(physical_volume_parse("  |1048576|10|4194304|41943040", &pv), -EBADMSG);
    assert_int_equal(physical_volume_parse("  |50000000|0|4194304|41943040", &pv), -EBADMSG);
    assert_int_equal(physical_volume_parse("  |1048576|4611686018427387904|4194304|41943040", &pv),
                     -EBADMSG);
    assert_int_equal(physical_volume_parse("  |1048576|9|0|41943040", &pv), -EBADMSG);
    assert_int_equal(physical_volume_parse("  WARNING: device not found", &pv), -EBADMSG);
}

/* What udevd of the host is told about devices of ours. */
static void test_udev_rule(void **state)
{
    char rule[1024];

    assert_int_equal(udev_rule(UNDO_LOOP "loop3", rule, sizeof rule), 0);
    assert_non_null(strstr(rule, "KERNEL==\"loop3|loop3p*\", "));
    assert_non_null(strstr(rule, "SYSTEMD_READY"));
    assert_int_equal(udev_rule(UNDO_MAPPING "CRYPT-LUKS2-12ab", rule, sizeof rule), 0);
    assert_non_null(strstr(rule, "ATTR{dm/uuid}==\"CRYPT-LUKS2-12ab*\", "));
    assert_int_equal(udev_rule(UNDO_ARRAY "md127", rule, sizeof rule), 0);
    assert_int_equal(rule[strlen(rule) - 1], '\n');
    assert_int_equal(udev_rule(UNDO_LAYER "1-2", rule, sizeof rule), -ENOENT);
    /* The disk's text is in none of them, and if it were, it could not match more. */
    assert_int_equal(udev_rule(UNDO_MAPPING "x\", RUN+=\"y", rule, sizeof rule), -EINVAL);
    assert_int_equal(udev_rule(UNDO_LOOP "loop*", rule, sizeof rule), -EINVAL);
    assert_int_equal(udev_rule(UNDO_LOOP "loop1|sda", rule, sizeof rule), -EINVAL);
    assert_int_equal(udev_rule(UNDO_LOOP "loop1\nx", rule, sizeof rule), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export),      cmocka_unit_test(test_judge),
        cmocka_unit_test(test_groups),      cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_physical),    cmocka_unit_test(test_udev_rule),
        cmocka_unit_test(test_luks_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
