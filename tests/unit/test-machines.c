/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `unbrick list` on recorded machines (tests/machines): each record beside the table that it must
 * give. What is in the disks' blocks is not recorded: in the place of the functions that read it
 * stand, by --wrap of the linker, others that take blkid's answers from the record.
 * "test-machines FILE" prints the table of one record. */

#include "unit.h"
#include "machine.h"

#include "base/fd.h"
#include "base/host.h"
#include "commands/list.h"
#include "storage/disk_names.h"
#include "storage/in_use.h"
#include "storage/probe.h"
#include "storage/sysfs.h"
#include "storage/whole_disks.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __wrap_disk_open_for_list(struct disk *ret, const char *target,
                              const struct disk_request *request, struct error *e);
int __wrap_disk_use_assembled(struct disk *d, const char *node, struct error *e);
int __wrap_disk_probe_volumes(struct disk *d, struct error *e);
void __wrap_candidates_find(struct disk *const *disks, unsigned count, struct candidates *ret);
bool __wrap_probe_same_start(const char *a, const char *b);

/* As its superblocks would say. */
int __wrap_disk_probe_volumes(struct disk *d, struct error *e)
{
    (void)e;
    for (unsigned i = 0; i < d->volume_count; i++) {
        struct volume *v = &d->volumes[i];

        machine_blkid(v->node, "TYPE", v->fs.type, sizeof v->fs.type);
        machine_blkid(v->node, "USAGE", v->fs.usage, sizeof v->fs.usage);
        machine_blkid(v->node, "UUID", v->fs.uuid, sizeof v->fs.uuid);
        machine_blkid(v->node, "UUID_SUB", v->fs.uuid_sub, sizeof v->fs.uuid_sub);
        machine_blkid(v->node, "LABEL", v->fs.label, sizeof v->fs.label);
    }
    return 0;
}

static void add_volumes(struct disk *d, dev_t devno)
{
    struct sysfs_partition parts[DISK_VOLUMES_MAX];
    int count = sysfs_partitions(devno, parts, DISK_VOLUMES_MAX);

    machine_blkid(d->node, "PTTYPE", d->table, sizeof d->table);
    machine_blkid(d->node, "PTUUID", d->table_id, sizeof d->table_id);
    for (int i = 0; i < count; i++) {
        struct volume *v = &d->volumes[d->volume_count++];

        *v = (struct volume){.number = parts[i].number,
                             .devno = parts[i].devno,
                             .start = sysfs_number(parts[i].devno, "start") * 512,
                             .size = sysfs_number(parts[i].devno, "size") * 512};
        snprintf(v->node, sizeof v->node, "/dev/%s", parts[i].name);
    }
    if (count <= 0) {
        d->volumes[0] = (struct volume){.devno = devno, .size = d->size};
        snprintf(d->volumes[0].node, sizeof d->volumes[0].node, "%s", d->node);
        d->volume_count = 1;
    }
    disk_name_volumes(d);
    (void)__wrap_disk_probe_volumes(d, NULL);
}

static int open_recorded(struct disk *d, const char *path)
{
    struct stat st;
    char name[64];

    if (host_stat(path, &st) < 0 || !S_ISBLK(st.st_mode) ||
        sysfs_name(st.st_rdev, name, sizeof name) < 0)
        return -ENOENT;
    snprintf(d->node, sizeof d->node, "/dev/%s", name);
    d->size = sysfs_number(st.st_rdev, "size") * 512;
    d->sector_size = (uint32_t)sysfs_number(st.st_rdev, "queue/logical_block_size");
    d->devno = st.st_rdev;
    if (d->kind == DISK_TARGET)
        disk_identify(d, st.st_rdev);
    add_volumes(d, st.st_rdev);
    return 0;
}

int __wrap_disk_open_for_list(struct disk *ret, const char *target,
                              const struct disk_request *request, struct error *e)
{
    *ret = (struct disk){.backing_fd = -1, .content_fd = -1, .node_fd = -1};
    ret->access = request->access;
    snprintf(ret->target, sizeof ret->target, "%s", target);
    if (open_recorded(ret, target) == 0)
        return 0;
    return error_set(e, ERROR_TARGET, -ENOENT, "no-such-target", "there is no %s", target);
}

int __wrap_disk_use_assembled(struct disk *d, const char *node, struct error *e)
{
    (void)e;
    return open_recorded(d, node);
}

/* Nothing can be mounted. */
void __wrap_candidates_find(struct disk *const *disks, unsigned count, struct candidates *ret)
{
    (void)disks;
    (void)count;
    (void)ret;
}

bool __wrap_probe_same_start(const char *a, const char *b)
{
    static const char *const keys[] = {"PTUUID", "UUID"};
    char x[64], y[64];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        machine_blkid(a, keys[i], x, sizeof x);
        machine_blkid(b, keys[i], y, sizeof y);
        if (strcmp(x, y) != 0)
            return false;
    }
    return true;
}

/* The table of a record; the caller frees. */
static char *list_of(const char *path)
{
    const struct list_request request = {.targets = NULL};
    struct list l = {0};
    char *text = NULL;
    size_t size;
    FILE *out;

    if (machine_show(path) < 0)
        return NULL;
    out = open_memstream(&text, &size);
    if (list_collect(&l, &request, NULL) == 0)
        (void)list_print_table(&l, false, out, NULL);
    (void)fclose(out);
    list_free(&l);
    machine_hide();
    return text;
}

/* libsmartcols fills the last column of a line with blanks, in some versions. */
static void trim_lines(char *text)
{
    char *out = text;

    for (char *c = text; *c; c++) {
        if (*c == '\n')
            while (out > text && out[-1] == ' ')
                out--;
        *out++ = *c;
    }
    *out = '\0';
}

static void test_machine(void **state)
{
    const char *record = *state;
    _cleanup_free_ char *wanted = NULL, *text = list_of(record);
    char path[512];

    snprintf(path, sizeof path, "%.*s.list", (int)(strrchr(record, '.') - record), record);
    assert_non_null(text);
    assert_int_equal(file_read(path, 65536, &wanted, NULL), 0);
    trim_lines(text);
    assert_string_equal(text, wanted);
}

/* The disks that the host lives on, down from what is mounted at @target. */
static void disks_below(const char *record, const char *target, char *ret, size_t size)
{
    struct whole_disks w = {0};
    char path[256], root[256], name[64];
    size_t used = 0;
    dev_t devno;

    ret[0] = '\0';
    snprintf(path, sizeof path, "%s/%s.txt", MACHINES, record);
    assert_int_equal(machine_show(path), 0);
    if (in_use_mounted_at(target, &devno, root, sizeof root) == 0)
        whole_disks_below(devno, &w);
    assert_false(w.incomplete);
    for (unsigned i = 0; i < w.count; i++)
        if (sysfs_name(w.items[i], name, sizeof name) == 0 && used < size)
            used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? " " : "", name);
    machine_hide();
}

static void test_disks_below(void **state)
{
    static const struct {
        const char *record, *target, *disks;
    } cases[] = {
        {"odd-names", "/", "cciss/c0d0"},
        {"virtio", "/srv", "vda"},
        {"nvme", "/mnt/root", "nvme0n1"},
        {"sd-card", "/media/user/rootfs", "mmcblk0"},
        {"multipath", "/srv", "dm-0"}, /* and none of its paths */
        {"sata-raid", "/srv", "sda"},
        /* half of the mirror is gone */ {"thin-lvm", "/srv", "vda vdb"},
        {"virtio", "/nowhere", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char found[256];

        disks_below(cases[i].record, cases[i].target, found, sizeof found);
        assert_string_equal(found, cases[i].disks);
    }
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[64] = {0};
    size_t count = 0;
    glob_t found;
    int r;

    if (argc > 1) {
        char *text = list_of(argv[1]);

        if (text)
            trim_lines(text);
        printf("%s", text ? text : "");
        free(text);
        return text ? 0 : 1;
    }
    if (glob(MACHINES "/*.txt", 0, NULL, &found) != 0)
        return 1;
    for (; count < found.gl_pathc && count + 1 < sizeof tests / sizeof tests[0]; count++) {
        tests[count].name = strrchr(found.gl_pathv[count], '/') + 1;
        tests[count].test_func = test_machine;
        tests[count].initial_state = found.gl_pathv[count];
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_disks_below);
    r = _cmocka_run_group_tests("machines", tests, count, NULL, NULL);
    globfree(&found);
    return r;
}
