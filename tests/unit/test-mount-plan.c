/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which volume a line of fstab means, on disks built by hand; crypttab, which names them the same
 * way. */

#include "unit.h"

#include "session/mount_plan.h"
#include "storage/resolve.h"
#include "system/crypttab.h"
#include "system/mdadm_config.h"

#include <stdio.h>
#include <string.h>

/* sda with /boot and a physical volume, sdb a copy of sda's /boot, the group vg0, an array md0. */
static struct disk sda, sdb, vg0, md0;
static struct disk *disks[] = {&sda, &sdb, &vg0, &md0};

static struct volume *add(struct disk *d, unsigned number, const char *name, const char *type,
                          const char *uuid)
{
    struct volume *v = &d->volumes[d->volume_count++];

    v->number = number;
    strcpy(v->name, name);
    strcpy(v->fs.type, type);
    strcpy(v->fs.uuid, uuid);
    strcpy(v->fs.usage, strcmp(type, "ext4") == 0 ? "filesystem" : "raid");
    return v;
}

static int setup(void **state)
{
    for (unsigned i = 0; i < 4; i++)
        memset(disks[i], 0, sizeof *disks[i]);
    add(&sda, 1, "sda1", "ext4", "b007");
    add(&sda, 2, "sda2", "LVM2_member", "pv");
    add(&sdb, 1, "sdb1", "ext4", "b007");
    vg0.kind = DISK_GROUP;
    strcpy(add(&vg0, 0, "vg0/root", "ext4", "4001")->dm_name, "vg0-root");
    strcpy(add(&vg0, 0, "vg0/my-srv", "ext4", "4002")->dm_name, "vg0-my--srv");
    md0.kind = DISK_ARRAY;
    add(&md0, 0, "md0", "ext4", "4003");
    return 0;
}

static const struct volume *find(const char *source, unsigned disk_count, unsigned root_disk)
{
    char why[256] = "";

    return resolve_device(source, disks, disk_count, root_disk, NULL, why, sizeof why);
}

static void test_names(void **state)
{
    assert_ptr_equal(find("/dev/mapper/vg0-my--srv", 4, 2), &vg0.volumes[1]);
    assert_ptr_equal(find("/dev/vg0/my-srv", 4, 2), &vg0.volumes[1]);
    assert_ptr_equal(find("/dev/md0", 4, 2), &md0.volumes[0]);
    assert_ptr_equal(find("UUID=4003", 4, 2), &md0.volumes[0]);
    assert_null(find("/dev/vg0/nosuch", 4, 2));
    assert_null(find("/dev/mapper/vg0-nosuch", 4, 2));
    assert_null(find("/dev/md1", 4, 2));
    assert_null(find("nonsense", 4, 2));
}

/* A kernel name means the disk with the root; with the root in a group, the only disk that there
 * is. */
static void test_kernel_names(void **state)
{
    struct disk *one[] = {&sda, &vg0};
    char why[256] = "";

    assert_ptr_equal(find("/dev/sda1", 4, 0), &sda.volumes[0]);
    assert_ptr_equal(find("/dev/vda1", 4, 1), &sdb.volumes[0]);
    assert_ptr_equal(resolve_device("/dev/sda1", one, 2, 1, NULL, why, sizeof why),
                     &sda.volumes[0]);
    assert_null(find("/dev/sda1", 4, 2)); /* two disks: nobody knows */
    assert_true(resolve_device("/dev/sda9", disks, 4, 0, NULL, why, sizeof why) == NULL && why[0]);
}

/* Of two copies of a file system the one beside the root belongs to it; else there is no telling.
 */
static void test_copies(void **state)
{
    char why[256] = "";

    assert_ptr_equal(find("UUID=b007", 4, 1), &sdb.volumes[0]);
    assert_ptr_equal(find("UUID=b007", 4, 0), &sda.volumes[0]);
    assert_null(resolve_device("UUID=b007", disks, 4, 2, NULL, why, sizeof why));
    assert_string_equal(why, "UUID=b007 is there 2 times");
}

static void test_crypttab(void **state)
{
    static const char text[] = "# name device key options\n"
                               "cr_root UUID=1234 none luks,discard\n"
                               "\tcr_data  /dev/sda3\t/etc/keys/data  luks\n"
                               "swap /dev/sda4 /dev/urandom swap\n"
                               "usb UUID=9 /key:UUID=1\n"
                               "../evil UUID=1 none\n"
                               "lonely\n"
                               "\n"
                               "last UUID=5";
    struct crypttab_entry e[CRYPTTAB_ENTRIES_MAX];

    assert_int_equal(crypttab_parse(text, sizeof text - 1, e, CRYPTTAB_ENTRIES_MAX), 5);
    assert_string_equal(e[0].name, "cr_root");
    assert_string_equal(e[0].source, "UUID=1234");
    assert_string_equal(e[0].key, "");
    assert_int_equal(e[0].line, 2);
    assert_string_equal(e[1].name, "cr_data");
    assert_string_equal(e[1].key, "/etc/keys/data");
    assert_string_equal(e[2].key, "");
    assert_string_equal(e[3].key, "");
    assert_string_equal(e[4].name, "last");
    assert_int_equal(crypttab_parse(text, sizeof text - 1, e, 1), 1);
}

/* Nothing is too long to be read on behind it. */
static void test_crypttab_long(void **state)
{
    char text[8192];
    struct crypttab_entry e[CRYPTTAB_ENTRIES_MAX];

    snprintf(text, sizeof text,
             "a UUID=1 /%01200d luks,nofail\nb UUID=2 - pkcs11-uri=%01200d,nofail\n", 0, 0);
    assert_int_equal(crypttab_parse(text, strlen(text), e, CRYPTTAB_ENTRIES_MAX), 2);
    assert_string_equal(e[0].key, "");
    assert_true(e[0].nofail);
    assert_true(e[1].nofail);
}

static void test_mdadm_config(void **state)
{
    /* mdadm.conf(5): words in any order, continued lines, quotes, keywords cut short. */
    static const char text[] =
        "# ARRAY /dev/md9 UUID=00000000:00000000:00000000:00000000\n"
        "HOMEHOST <system>\n"
        "ARRAY /dev/md/root metadata=1.2 UUID=C06f09cf:4c52bece:97a3e9c7:b579bea2\n"
        "arr uuid=74cc1c60:799e0a78:6ac7094b:532f01b1 # second\n"
        "ARRAY <ignore>\n"
        "   UUID=11111111-2222-3333-4444-555555555555\n"
        "ARRAY \"/dev/md/with blank\" name=a UUID=short\n"
        "MAILADDR root UUID=22222222:22222222:22222222:22222222";
    struct mdadm_array a[MDADM_ARRAYS_MAX];

    assert_int_equal(mdadm_config_arrays(text, sizeof text - 1, a, MDADM_ARRAYS_MAX), 4);
    assert_string_equal(a[0].device, "/dev/md/root");
    assert_string_equal(a[0].uuid, "c06f09cf4c52bece97a3e9c7b579bea2");
    assert_int_equal(a[0].line, 3);
    assert_string_equal(a[1].device, "");
    assert_string_equal(a[1].uuid, "74cc1c60799e0a786ac7094b532f01b1");
    assert_string_equal(a[2].device, "<ignore>");
    assert_string_equal(a[2].uuid, "11111111222233334444555555555555");
    assert_string_equal(a[3].device, "/dev/md/with blank");
    assert_string_equal(a[3].uuid, "");
    assert_int_equal(mdadm_config_arrays(text, sizeof text - 1, a, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_kernel_names, setup),
        cmocka_unit_test_setup(test_copies, setup),
        cmocka_unit_test(test_crypttab),
        cmocka_unit_test(test_crypttab_long),
        cmocka_unit_test(test_mdadm_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
