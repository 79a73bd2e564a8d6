/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What tells versions of a system: subvolumes and their families, OSTree's directories, boot loader
 * configurations, partition attributes. Real disks: tests/system/versions.bats. */

#include "unit.h"

#include "session/candidates_private.h"
#include "session/ways_back.h"
#include "storage/subvolume.h"
#include "system/boot_roots.h"
#include "system/ostree.h"
#include "system/snapper.h"

#include <endian.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- found items of a tree search, as the kernel hands them out --- */

struct items {
    unsigned char data[8192];
    size_t size;
    unsigned count;
};

static void add_item(struct items *t, uint64_t id, uint32_t type, uint64_t offset, const void *data,
                     size_t size)
{
    struct btrfs_ioctl_search_header h = {
        .objectid = id, .offset = offset, .type = type, .len = (uint32_t)size};

    memcpy(t->data + t->size, &h, sizeof h);
    memcpy(t->data + t->size + sizeof h, data, size);
    t->size += sizeof h + size;
    t->count++;
}

/* @uuid, @made_of: one byte stands for sixteen. */
static void add_subvolume(struct items *t, uint64_t id, uint64_t parent, const char *name,
                          unsigned char uuid, unsigned char made_of)
{
    struct btrfs_root_item item = {.generation = htole64(7), .generation_v2 = htole64(7)};
    unsigned char ref[sizeof(struct btrfs_root_ref) + 64];
    struct btrfs_root_ref head = {.dirid = htole64(256),
                                  .name_len = htole16((uint16_t)strlen(name))};

    memset(item.uuid, uuid, sizeof item.uuid);
    memset(item.parent_uuid, made_of, sizeof item.parent_uuid);
    item.otime.sec = htole64(1000 + id);
    item.flags = htole64(made_of ? BTRFS_ROOT_SUBVOL_RDONLY : 0);
    add_item(t, id, BTRFS_ROOT_ITEM_KEY, 0, &item, sizeof item);
    memcpy(ref, &head, sizeof head);
    memcpy(ref + sizeof head, name, strlen(name));
    if (parent)
        add_item(t, id, BTRFS_ROOT_BACKREF_KEY, parent, ref, sizeof head + strlen(name));
}

static void test_subvolumes(void **state)
{
    struct subvolume_set s = {.items = NULL};
    struct items t = {.size = 0};
    const struct subvolume *v;

    (void)state;
    add_subvolume(&t, 5, 0, "", 1, 0);
    add_subvolume(&t, 256, 5, "@", 2, 0);
    add_subvolume(&t, 300, 256, ".snapshots", 3, 0);
    add_subvolume(&t, 301, 300, "snapshot", 4, 2);
    assert_int_equal(subvolumes_parse(t.data, t.size, t.count, &s), 0);
    assert_int_equal(s.count, 4);
    v = subvolume_find(&s, 301);
    assert_non_null(v);
    assert_string_equal(v->name, "snapshot");
    assert_int_equal(v->parent, 300);
    assert_int_equal(v->created, 1301);
    assert_true(v->read_only && v->made_of[0] == 2 && v->uuid[15] == 4);
    assert_null(subvolume_find(&s, 302));
    subvolumes_free(&s);
    /* Cut anywhere nothing bad happens; a name with a slash is none. */
    for (size_t size = 0; size < t.size; size++) {
        assert_int_equal(subvolumes_parse(t.data, size, t.count, &s), 0);
        subvolumes_free(&s);
    }
    t = (struct items){.size = 0};
    add_subvolume(&t, 256, 5, "a/b", 2, 0);
    add_subvolume(&t, 256, 5, "again", 2, 0);
    add_subvolume(&t, 200, 5, "not one", 2, 0);
    assert_int_equal(subvolumes_parse(t.data, t.size, t.count, &s), 0);
    assert_int_equal(s.count, 1);
    assert_string_equal(s.items[0].name, "again");
    subvolumes_free(&s);
}

/* An item from before uuids, and one that an old kernel wrote since. */
static void test_old_subvolumes(void **state)
{
    struct btrfs_root_item item = {.generation = htole64(9), .generation_v2 = htole64(7)};
    struct subvolume_set s = {.items = NULL};
    struct items t = {.size = 0};

    (void)state;
    memset(item.uuid, 1, sizeof item.uuid);
    add_item(&t, 256, BTRFS_ROOT_ITEM_KEY, 0, &item, sizeof item);
    add_item(&t, 257, BTRFS_ROOT_ITEM_KEY, 0, &item, 239);
    assert_int_equal(subvolumes_parse(t.data, t.size, t.count, &s), 0);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.items[0].uuid[0], 0);
    assert_int_equal(s.items[1].uuid[0], 0);
    subvolumes_free(&s);
}

static void test_families(void **state)
{
    struct subvolume_set s = {.items = NULL};
    struct items t = {.size = 0};
    unsigned family[16];

    (void)state;
    add_subvolume(&t, 5, 0, "", 1, 0);
    add_subvolume(&t, 256, 5, "@", 2, 0);
    add_subvolume(&t, 257, 5, "@home", 3, 0);
    add_subvolume(&t, 258, 5, "s1", 4, 2);  /* of @ */
    add_subvolume(&t, 259, 5, "s2", 5, 4);  /* of s1 */
    add_subvolume(&t, 260, 5, "s3", 6, 99); /* of one that is gone */
    add_subvolume(&t, 261, 5, "s4", 7, 99); /* of the same */
    add_subvolume(&t, 262, 256, ".snapshots", 8, 0);
    add_subvolume(&t, 263, 262, "snapshot", 9, 98);
    add_subvolume(&t, 264, 262, "snapshot", 10, 97);
    assert_int_equal(subvolumes_parse(t.data, t.size, t.count, &s), 0);
    subvolume_families(&s, family);
    assert_int_equal(family[1], 1);
    assert_int_equal(family[2], 2);
    assert_true(family[3] == 1 && family[4] == 1);
    assert_true(family[5] == 5 && family[6] == 5);
    assert_true(family[8] == 8 && family[9] == 8);
    subvolumes_free(&s);
}

/* --- text --- */

static void test_snapper(void **state)
{
    static const char text[] = "<?xml version=\"1.0\"?>\n<snapshot>\n  <num>42</num>\n"
                               "  <description>zypp(a &lt;b&gt; &amp; c&unknown;)</description>\n";
    char value[64], small[5];

    (void)state;
    assert_int_equal(snapper_info_get(text, "description", value, sizeof value), 0);
    assert_string_equal(value, "zypp(a <b> & c&unknown;)");
    assert_int_equal(snapper_info_get(text, "description", small, sizeof small), 0);
    assert_string_equal(small, "zypp");
    assert_true(snapper_info_get(text, "date", value, sizeof value) < 0);
    assert_true(snapper_info_get("<date>2026", "date", value, sizeof value) < 0);
}

/* --- trees --- */

static char directory[] = "/tmp/unbrick-versions-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    strcpy(strrchr(directory, '-'), "-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int remove_directory(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make(const char *path, const char *text)
{
    char full[512], *slash;
    FILE *f;

    snprintf(full, sizeof full, "%s/%s", directory, path);
    for (slash = full + strlen(directory); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        (void)mkdir(full, 0755);
        *slash = '/';
    }
    if (!text)
        return;
    f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define NEW "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OLD "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Names that OSTree would not write are no deployments. */
static void test_ostree_names(void **state)
{
    static const struct {
        const char *end;
        bool good;
    } rows[] = {{".0", true},   {".12", true},  {".", false},      {"", false},
                {".-1", false}, {". 1", false}, {".+1", false},    {".01", false},
                {".1x", false}, {"0.0", false}, {".12345", false}, {".0.origin", false}};
    char name[128];
    struct ostree_deployment d;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(name, sizeof name, "%064d%s", 7, rows[i].end);
        if (ostree_parse_name(name, &d) != rows[i].good)
            fail_msg("%s", name);
    }
    assert_false(ostree_parse_name("abc.0", &d));
}

static void test_ostree(void **state)
{
    struct ostree_deployment d[8];
    char name[96], link[256];
    struct stat st;
    int fd;

    (void)state;
    make("ostree/deploy/fedora/deploy/" NEW ".0/usr/x", "");
    make("ostree/deploy/fedora/deploy/" NEW ".0.origin", "");
    make("ostree/deploy/fedora/deploy/" OLD ".12/usr/x", "");
    make("ostree/deploy/fedora/deploy/" OLD ".backup/x", "");
    make("ostree/deploy/fedora/deploy/short.0/x", "");
    make("ostree/deploy/fedora/var/x", "");
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(ostree_find(fd, d, 8), 2);
    assert_string_equal(ostree_name(&d[0], name, sizeof name), "fedora/aaaaaaaaaa.0");
    assert_string_equal(ostree_name(&d[1], name, sizeof name), "fedora/bbbbbbbbbb.12");
    assert_int_equal(ostree_find(fd, d, 1), 1);
    /* A boot entry's link leads to one of them, and nowhere else. */
    assert_int_equal(ostree_find(fd, d, 8), 2);
    make("ostree/boot.1/fedora/c0ffee/x", "");
    snprintf(link, sizeof link, "%s/ostree/boot.1/fedora/c0ffee/0", directory);
    assert_int_equal(symlink("../../../deploy/fedora/deploy/" OLD ".12", link), 0);
    assert_int_equal(ostree_resolve(fd, d, 2, "/ostree/boot.1/fedora/c0ffee/0"), 1);
    assert_int_equal(ostree_resolve(fd, d, 2, "/ostree/boot.1/fedora/c0ffee/1"), -1);
    assert_int_equal(ostree_resolve(fd, d, 2, "/ostree/deploy"), -1);
    assert_int_equal(ostree_resolve(fd, d, 2, ""), -1);
    assert_int_equal(stat(link, &st), 0);
    close(fd);
}

static void test_loaders(void **state)
{
    struct boot_root c[BOOT_ROOTS_MAX];
    int fd;

    (void)state;
    make("loader/entries/ostree-1-x.conf",
         "title a\noptions root=UUID=1 ostree=/ostree/boot.0/x/1/0\n");
    make("loader/entries/ostree-2-x.conf", "options ro root=UUID=2 ostree=/ostree/boot.0/x/2/0\n");
    make("loader/entries/0-rescue.conf", "options root=UUID=9\n");
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(boot_roots_find(fd, c, BOOT_ROOTS_MAX), 2);
    assert_string_equal(c[0].root, "UUID=2");
    assert_string_equal(c[0].ostree, "/ostree/boot.0/x/2/0");
    make("loader/loader.conf", "timeout 3\ndefault ostree-1-*\n");
    assert_int_equal(boot_roots_find(fd, c, BOOT_ROOTS_MAX), 2);
    assert_string_equal(c[0].root, "UUID=1");
    /* RHEL 8: the arguments are in the environment block, and so is the choice. */
    assert_int_equal(unlinkat(fd, "loader/loader.conf", 0), 0);
    make("grub2/grub.cfg", "set default=\"${saved_entry}\"\nblscfg\n");
    make("grub2/grubenv",
         "# GRUB Environment Block\nsaved_entry=rhel\nkernelopts=root=/dev/mapper/rhel-root ro\n");
    make("loader/entries/rhel.conf", "options $kernelopts $tuned_params\n");
    assert_int_equal(boot_roots_find(fd, c, BOOT_ROOTS_MAX), 3);
    assert_string_equal(c[0].root, "/dev/mapper/rhel-root");
    make("boot/extlinux/extlinux.conf",
         "default l1\nlabel l0\n append root=UUID=7\nlabel l1\n append root=UUID=8 quiet\n");
    assert_int_equal(boot_roots_find(fd, c, BOOT_ROOTS_MAX), 5);
    assert_string_equal(c[0].root, "UUID=8");
    assert_true(c[0].is_default && !c[1].is_default);
    assert_int_equal(boot_roots_find(fd, c, 2), 2);
    close(fd);
}

/* --- which of two roots --- */

static struct candidates found;
static struct disk disk;

static void two_roots(struct search *s, uint64_t flags_a, uint64_t flags_b)
{
    static struct disk *disks[] = {&disk};

    memset(&found, 0, sizeof found);
    memset(&disk, 0, sizeof disk);
    memset(s, 0, sizeof *s);
    disk.volume_count = 4;
    for (unsigned i = 0; i < 4; i++) {
        disk.volumes[i].number = i + 1;
        strcpy(disk.volumes[i].part_type, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
        snprintf(disk.volumes[i].fs.uuid, sizeof disk.volumes[i].fs.uuid, "uuid-%u", i + 1);
    }
    disk.volumes[1].part_flags = flags_a;
    disk.volumes[3].part_flags = flags_b;
    found.count = 2;
    found.items[0] = (struct candidate){.disk = &disk, .volume = &disk.volumes[1]};
    found.items[1] = (struct candidate){.disk = &disk, .volume = &disk.volumes[3]};
    s->found = &found;
    s->disks = disks;
    s->disk_count = 1;
}

/* 0, 1, or -1 when nothing tells. */
static int booting(struct search *s)
{
    candidates_mark_booting(s);
    assert_false(found.items[0].boots && found.items[1].boots);
    return found.items[0].boots ? 0 : found.items[1].boots ? 1 : -1;
}

#define PRIORITY(n) ((uint64_t)(n) << 48)
#define TRIES(n)    ((uint64_t)(n) << 52)
#define SUCCESSFUL  (1ULL << 56)
#define NO_AUTO     (1ULL << 63)

static void test_attributes(void **state)
{
    struct search *s = calloc(1, sizeof *s);

    (void)state;
    two_roots(s, 0, 0);
    assert_int_equal(booting(s), -1);
    two_roots(s, PRIORITY(1) | SUCCESSFUL, PRIORITY(2) | TRIES(3));
    assert_int_equal(booting(s), 1);
    two_roots(s, PRIORITY(1) | SUCCESSFUL, PRIORITY(2)); /* failed, and no try is left */
    assert_int_equal(booting(s), 0);
    two_roots(s, PRIORITY(2) | SUCCESSFUL, PRIORITY(2) | SUCCESSFUL);
    assert_int_equal(booting(s), -1);
    two_roots(s, NO_AUTO, 0);
    assert_int_equal(booting(s), 1);
    two_roots(s, NO_AUTO, NO_AUTO);
    assert_int_equal(booting(s), -1);
    /* ChromeOS: those of the kernel partition before. */
    two_roots(s, 0, 0);
    strcpy(disk.volumes[0].part_type, "FE3A2A5D-4F32-41A7-B725-ACCC3285A309");
    strcpy(disk.volumes[2].part_type, "fe3a2a5d-4f32-41a7-b725-accc3285a309");
    disk.volumes[0].part_flags = PRIORITY(2) | SUCCESSFUL;
    disk.volumes[2].part_flags = PRIORITY(1) | SUCCESSFUL;
    assert_int_equal(booting(s), 0);
    free(s);
}

static void told(struct search *s, unsigned from, bool first, const char *root)
{
    struct told_root *t = &s->told[s->told_count++];

    t->from = &disk.volumes[from];
    t->says.is_default = first;
    snprintf(t->says.root, sizeof t->says.root, "%s", root);
}

static void test_told(void **state)
{
    struct search *s = calloc(1, sizeof *s);

    (void)state;
    two_roots(s, 0, 0);
    told(s, 0, true, "UUID=uuid-4");
    told(s, 0, false, "UUID=uuid-2");
    assert_int_equal(booting(s), 1);
    /* Each of two names itself: that tells nothing; a third decides. */
    two_roots(s, 0, 0);
    told(s, 1, true, "UUID=uuid-2");
    told(s, 3, true, "/dev/sda4");
    assert_int_equal(booting(s), -1);
    told(s, 2, true, "/dev/sda2");
    assert_int_equal(booting(s), 0);
    /* Two loaders that disagree. */
    two_roots(s, 0, 0);
    told(s, 0, true, "UUID=uuid-2");
    told(s, 2, true, "UUID=uuid-4");
    assert_int_equal(booting(s), -1);
    free(s);
}

/* --- going back --- */

static void add_version_of(struct candidates *c, enum version_kind kind, time_t created)
{
    struct version *v = &c->versions[c->version_count++];

    v->kind = kind;
    v->created = created;
    v->place.subvolume_id = 256 + c->version_count;
    snprintf(v->place.subvolume, sizeof v->place.subvolume, "@/.snapshots/%u/snapshot",
             c->version_count);
    snprintf(v->name, sizeof v->name, "v%u", c->version_count);
}

/* What is found first, "" when nothing is. */
static const char *way_to(const struct patient *p, const struct history *h, struct ways_back *w)
{
    ways_back_find(p, &p->system, h, w);
    return w->count ? w->items[0].system : "";
}

static void test_back_to_snapshot(void **state)
{
    struct candidates *c = calloc(1, sizeof *c);
    struct patient *p = calloc(1, sizeof *p);
    struct history *h = calloc(1, sizeof *h);
    struct ways_back w;

    (void)state;
    c->versions = calloc(VERSIONS_MAX, sizeof *c->versions);
    p->plan = calloc(1, sizeof *p->plan);
    p->found = c;
    p->root = &c->items[0];
    c->count = 1;
    assert_string_equal(way_to(p, h, &w), "");
    for (time_t when = 1000; when <= 5000; when += 1000)
        add_version_of(c, VERSION_SNAPSHOT, when); /* v1 ... v5 */
    /* Nothing is known: the newest. */
    assert_string_equal(way_to(p, h, &w), "v5");
    assert_false(w.items[0].before_changes);
    assert_string_equal(w.items[0].how, "snapper rollback 5, in the system, makes it the one that "
                                        "boots");
    /* A change after the good boot: the last one before it, which need not be older than the boot.
     */
    h->good.when = 1500;
    history_add(h, 3500, "x was changed");
    history_add(h, 4500, "y was changed");
    assert_string_equal(way_to(p, h, &w), "v3");
    assert_true(w.items[0].before_changes);
    /* One that was written to is not of the time that it says. */
    c->versions[2].changed = true;
    assert_string_equal(way_to(p, h, &w), "v2");
    /* None is so old: the one that is next to it. */
    history_add(h, 500, "z was changed");
    assert_string_equal(way_to(p, h, &w), "v1");
    assert_false(w.items[0].before_changes);
    /* More changes than are kept: before that boot. */
    h->event_total = 100;
    assert_string_equal(way_to(p, h, &w), "v1");
    assert_true(w.items[0].before_changes);
    /* The root is no default subvolume: a rollback does not help. */
    c->items[0].place.subvolume_id = 256;
    (void)way_to(p, h, &w);
    assert_string_equal(w.items[0].how, "");
    candidates_free(c);
    free(p->plan);
    free(p);
    free(h);
}

static void test_back_to_deployment(void **state)
{
    struct candidates *c = calloc(1, sizeof *c);
    struct patient *p = calloc(1, sizeof *p);
    struct history h = {0};
    struct ways_back w;

    (void)state;
    c->versions = calloc(VERSIONS_MAX, sizeof *c->versions);
    p->plan = calloc(1, sizeof *p->plan);
    p->found = c;
    p->root = &c->items[0];
    c->count = 1;
    for (time_t when = 3000; when >= 1000; when -= 1000)
        add_version_of(c, VERSION_DEPLOYMENT, when);
    c->versions[0].current = true;
    assert_string_equal(way_to(p, &h, &w), "v2");
    /* The machine has gone back to the one in the middle: to what is before that. */
    c->versions[0].current = false;
    c->versions[1].current = true;
    assert_string_equal(way_to(p, &h, &w), "v3");
    /* There is none before: the other one. */
    c->version_count = 2;
    assert_string_equal(way_to(p, &h, &w), "v1");
    /* What was chosen by its name. */
    c->items[0].is_version = true;
    assert_string_equal(way_to(p, &h, &w), "");
    candidates_free(c);
    free(p->plan);
    free(p);
}

static void test_back_to_kernel(void **state)
{
    struct linux_system *s = calloc(1, sizeof *s);
    struct history *h = calloc(1, sizeof *h);
    struct ways_back w;

    (void)state;
    s->kernel_count = 2;
    for (unsigned i = 0; i < 2; i++)
        s->kernels[i] =
            (struct kernel){.has_image = true, .has_modules = true, .has_initramfs = true};
    strcpy(s->kernels[0].release, "6.1.0-2");
    strcpy(s->kernels[1].release, "6.1.0-1");
    strcpy(h->good.kernel, "6.1.0-1");
    ways_back_find(NULL, s, h, &w);
    assert_int_equal(w.count, 1);
    assert_string_equal(w.items[0].what, "kernel 6.1.0-1");
    s->kernels[1].has_initramfs = false;
    ways_back_find(NULL, s, h, &w);
    assert_int_equal(w.count, 0);
    strcpy(h->good.kernel, "6.1.0-2"); /* it is the one that boots */
    ways_back_find(NULL, s, h, &w);
    assert_int_equal(w.count, 0);
    free(s);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subvolumes),
        cmocka_unit_test(test_old_subvolumes),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_snapper),
        cmocka_unit_test(test_ostree_names),
        cmocka_unit_test_setup_teardown(test_ostree, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_loaders, make_directory, remove_directory),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_back_to_snapshot),
        cmocka_unit_test(test_back_to_deployment),
        cmocka_unit_test(test_back_to_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
