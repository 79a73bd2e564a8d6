/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a repair does to files: planned, described and applied in a temporary tree; changes to one
 * line of fstab. */

#include "unit.h"

#include "base/fd.h"
#include "faults/changes.h"
#include "system/fstab_edit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char tree[64];
static struct changes c;

static void put(const char *path, const char *contents, mode_t mode)
{
    int fd = openat(c.root_fd, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, contents, strlen(contents)), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_contents(const char *path, const char *wanted)
{
    char got[256] = "";
    int fd = openat(c.root_fd, path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    assert_string_equal(got, wanted);
}

static int setup(void **state)
{
    strcpy(tree, "/tmp/unbrick-changes.XXXXXX");
    if (!mkdtemp(tree))
        return -1;
    c = (struct changes){.root_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    assert_int_equal(mkdirat(c.root_fd, "etc", 0755), 0);
    put("etc/fstab", "one\ntwo\nthree\n", 0640);
    return c.root_fd < 0;
}

static int teardown(void **state)
{
    char command[128];

    changes_free(&c);
    close(c.root_fd);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    return system(command);
}

static void test_file(void **state)
{
    struct stat st;

    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 2, "TWO"), 0);
    assert_int_equal(changes_comment_line(&c, "/etc/fstab", 3, "why"), 0);
    assert_int_equal(changes_append_line(&c, "/etc/fstab", "four", 0644), 0);
    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 9, "x"), -ENOENT);
    assert_int_equal(c.count, 1); /* one file, one change */
    assert_contents("etc/fstab", "one\ntwo\nthree\n");
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, NULL), 0);
    assert_contents("etc/fstab", "one\nTWO\n#three # unbrick: why\nfour\n");
    assert_contents("etc/fstab.unbrick-S", "one\ntwo\nthree\n");
    assert_int_equal(fstatat(c.root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

/* A program is copied to a name that is free, and is not shown byte by byte. */
static void test_copy(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);
    struct error e = {0};
    struct stat st;

    assert_int_equal(changes_copy(&c, "/etc/fstab", "/etc/fstab", 0700), -EEXIST);
    assert_int_equal(changes_copy(&c, "/etc/new/copy", "/etc/none", 0700), -ENOENT);
    assert_int_equal(changes_directory(&c, "/etc/new", 0755), 0);
    assert_int_equal(changes_copy(&c, "/etc/new/copy", "/etc/fstab", 0700), 0);
    assert_int_equal(changes_copy(&c, "/etc/new/copy", "/etc/fstab", 0700), -EEXIST);
    assert_int_equal(changes_describe(&c, &t, &e), 0);
    assert_string_equal(t.data, "make     the directory /etc/new\n"
                                "copy     /etc/fstab to /etc/new/copy\n");
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), 0);
    assert_contents("etc/new/copy", "one\ntwo\nthree\n");
    assert_int_equal(fstatat(c.root_fd, "etc/new/copy", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    /* Somebody else made one in the meantime: that one stays. */
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -ESTALE);
}

/* In place of another, which is kept as it was. */
static void test_copy_over(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);
    struct error e = {0};

    put("etc/program", "damaged", 0755);
    assert_int_equal(changes_copy_over(&c, "/etc/program", "/etc/none", 0700), -ENOENT);
    assert_int_equal(changes_copy_over(&c, "/etc/program", "/etc/fstab", 0700), 0);
    assert_int_equal(changes_copy_over(&c, "/etc/program", "/etc/fstab", 0700), -EEXIST);
    assert_int_equal(changes_describe(&c, &t, &e), 0);
    assert_string_equal(t.data, "copy     /etc/fstab to /etc/program, in place of what is there\n");
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), 0);
    assert_contents("etc/program", "one\ntwo\nthree\n");
    assert_contents("etc/program.unbrick-S", "damaged");
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -ESTALE);
}

/* The type of a partition, on an image with an MBR. */
static void test_partition_type(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);
    static unsigned char sector[512], got[512];
    struct disk d = {.node_fd = memfd_create("disk", MFD_CLOEXEC),
                     .is_image = true,
                     .name = "a.img",
                     .table = "dos",
                     .size = sizeof sector,
                     .sector_size = 512,
                     .volume_count = 1,
                     .volumes = {{.number = 1, .name = "part1", .part_type = "0x83"}}};
    struct error e = {0};
    char path[64];
    int writable;

    sector[510] = 0x55;
    sector[511] = 0xaa;
    sector[450] = 0x83;
    assert_int_equal(write(d.node_fd, sector, sizeof sector), sizeof sector);
    assert_int_equal(changes_partition_type(&c, &d, &d.volumes[0], "0xef"), 0);
    assert_int_equal(changes_describe(&c, &t, &e), 0);
    assert_string_equal(t.data, "type     a.img part1: 0x83 becomes 0xef (sfdisk --part-type takes "
                                "it back)\n");
    /* A disk that takes no writes stays as it was known. */
    writable = d.node_fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", writable);
    d.node_fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -EBADF);
    assert_string_equal(d.volumes[0].part_type, "0x83");
    close(d.node_fd);
    d.node_fd = writable;
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), 0);
    sector[450] = 0xef;
    assert_int_equal(pread(d.node_fd, got, sizeof got, 0), sizeof got);
    assert_memory_equal(got, sector, sizeof got);
    assert_string_equal(d.volumes[0].part_type, "0xef");
    /* It is not what was planned for any more. */
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -ESTALE);
    close(d.node_fd);
}

/* The label of a link, or of a file, by its name in the tree. */
static void assert_label(const char *path, const char *wanted)
{
    char where[128], got[64] = "";

    snprintf(where, sizeof where, "%s/%s", tree, path);
    assert_true(lgetxattr(where, "security.selinux", got, sizeof got - 1) > 0);
    assert_string_equal(got, wanted);
}

static const char *label_of_link(const void *userdata, const char *path, mode_t mode)
{
    assert_string_equal(path, "/etc/alias");
    assert_true(S_ISLNK(mode));
    return userdata;
}

/* What replaces a file is like it in all but its contents; what is new is as the policy says. */
static void test_attributes(void **state)
{
    static const char label[] = "system_u:object_r:etc_t:s0";
    struct error e = {0};
    struct stat st;
    char where[128];

    snprintf(where, sizeof where, "%s/etc/fstab", tree);
    if (lsetxattr(where, "security.selinux", label, sizeof label, 0) < 0) {
        assert_true(errno == ENOTSUP ||
                    errno == EPERM); /* not as root, or not on this file system */
        skip();
    }
    assert_int_equal(fchownat(c.root_fd, "etc/fstab", 123, 456, 0), 0);
    assert_int_equal(fchmodat(c.root_fd, "etc/fstab", 0604, 0), 0);
    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 2, "TWO"), 0);
    assert_int_equal(changes_link(&c, "/etc/alias", "fstab"), 0);
    c.label = label_of_link;
    c.label_userdata = "system_u:object_r:link_t:s0";
    assert_int_equal(changes_apply(&c, "x", NULL, NULL, &e), 0);
    assert_contents("etc/fstab", "one\nTWO\nthree\n");
    assert_int_equal(fstatat(c.root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_uid, 123);
    assert_int_equal(st.st_gid, 456);
    assert_int_equal(st.st_mode & 07777, 0604);
    assert_label("etc/fstab", label);
    assert_label("etc/fstab.unbrick-x", label);
    assert_label("etc/alias", "system_u:object_r:link_t:s0");
}

static void test_unchanged(void **state)
{
    assert_int_equal(changes_write(&c, "/etc/fstab", "one\ntwo\nthree\n", 14, 0644), 0);
    assert_int_equal(c.count, 0);
}

/* A backup in a directory of pieces must not become a piece. */
static void test_backup_of_a_piece(void **state)
{
    assert_int_equal(mkdirat(c.root_fd, "etc/conf.d", 0755), 0);
    put("etc/conf.d/resume", "old\n", 0644);
    assert_int_equal(changes_write(&c, "/etc/conf.d/resume", "new\n", 4, 0644), 0);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, NULL), 0);
    assert_contents("etc/conf.d/resume", "new\n");
    assert_contents("etc/conf.d/.resume.unbrick-S", "old\n");
    assert_int_equal(mkdirat(c.root_fd, "etc/sysconfig", 0755), 0);
    assert_int_equal(mkdirat(c.root_fd, "etc/sysconfig/network", 0755), 0);
    put("etc/sysconfig/network/ifcfg-eth0", "old\n", 0644);
    changes_free(&c);
    assert_int_equal(changes_write(&c, "/etc/sysconfig/network/ifcfg-eth0", "new\n", 4, 0644), 0);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, NULL), 0);
    assert_contents("etc/sysconfig/network/.ifcfg-eth0.unbrick-S", "old\n");
}

/* Somebody else wrote in the meantime: nothing is overwritten. */
static void test_stale(void **state)
{
    struct error e = {0};

    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 1, "ONE"), 0);
    put("etc/fstab", "other\n", 0644);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -ESTALE);
    assert_int_equal(e.kind, ERROR_REFUSED);
    assert_contents("etc/fstab", "other\n");
}

/* Links are followed as the patient would, and stay links; none leads out of the tree. */
static void test_links(void **state)
{
    struct stat st;

    put("etc/real", "a\n", 0644);
    assert_int_equal(symlinkat("/etc/real", c.root_fd, "etc/link"), 0);
    assert_int_equal(symlinkat("../../../../../../tmp/unbrick-no-such", c.root_fd, "etc/out"), 0);
    assert_int_equal(mkdirat(c.root_fd, "tmp", 0755), 0);
    assert_int_equal(changes_write(&c, "/etc/link", "b\n", 2, 0644), 0);
    assert_int_equal(changes_write(&c, "/etc/out", "c\n", 2, 0600), 0);
    assert_int_equal(changes_link(&c, "/etc/new", "real"), 0);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, NULL), 0);
    assert_contents("etc/real", "b\n");
    assert_int_equal(fstatat(c.root_fd, "etc/link", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_contents("etc/new", "b\n");
    assert_contents("tmp/unbrick-no-such", "c\n");
    assert_int_equal(access("/tmp/unbrick-no-such", F_OK), -1);
}

static void test_others(void **state)
{
    struct stat st;

    put("etc/nologin", "x", 0644);
    assert_int_equal(changes_remove(&c, "/etc/nologin"), 0);
    assert_int_equal(changes_mode(&c, "/etc/fstab", 0600, (uid_t)-1, (gid_t)-1), 0);
    assert_int_equal(changes_directory(&c, "/run", 0755), 0);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, NULL), 0);
    assert_int_equal(faccessat(c.root_fd, "etc/nologin", F_OK, 0), -1);
    assert_contents("etc/nologin.unbrick-S", "x");
    assert_int_equal(fstatat(c.root_fd, "etc/fstab", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(fstatat(c.root_fd, "run", &st, 0), 0);
    assert_true(S_ISDIR(st.st_mode));
}

static void test_commands(void **state)
{
    const char *const one[] = {"update-initramfs", "-u", NULL}, *const two[] = {"true", NULL};
    _cleanup_text_ struct text t = TEXT_INIT(65536);

    assert_int_equal(changes_command(&c, one), 0);
    assert_int_equal(changes_command(&c, two), 0);
    assert_int_equal(changes_command(&c, one), 0);
    assert_int_equal(c.count, 2);
    assert_int_equal(changes_describe(&c, &t, NULL), 0);
    assert_string_equal(t.data, "run      update-initramfs -u\nrun      true\n");
}

static void test_diff_is_safe(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(65536);

    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 1, "\033[31mred"), 0);
    assert_int_equal(changes_describe(&c, &t, NULL), 0);
    assert_non_null(strstr(t.data, "-one\n+\\x1b[31mred\n two\n"));
    assert_non_null(strstr(t.data, "--- a/etc/fstab\n+++ b/etc/fstab\n"));
}

static void put_bytes(const char *path, const char *contents, size_t size)
{
    int fd = openat(c.root_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, contents, size), 0);
    close(fd);
}

/* What a crash leaves: zeros in the middle of a file. All that changes is seen, and nothing of the
 * file is lost. */
static void test_zeros(void **state)
{
    static const char zeros[] = "one\nt\0w\0o\nthree\n";
    _cleanup_text_ struct text t = TEXT_INIT(65536);
    _cleanup_free_ char *data = NULL;
    size_t size;

    put_bytes("etc/fstab", zeros, sizeof zeros - 1);
    assert_int_equal(changes_read_text(&c, "/etc/fstab", &data), -EILSEQ);
    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 2, "TWO"), -EILSEQ);
    assert_int_equal(changes_comment_line(&c, "/etc/fstab", 2, "why"), 0);
    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 3, "THREE"), 0);
    assert_int_equal(changes_describe(&c, &t, NULL), 0);
    assert_non_null(
        strstr(t.data, "-t\\x00w\\x00o\n-three\n+#t\\x00w\\x00o # unbrick: why\n+THREE\n"));
    assert_int_equal(changes_read(&c, "/etc/fstab", &data, &size), 0);
    assert_memory_equal(data, "one\n#t\0w\0o # unbrick: why\nTHREE\n", size);
}

static void check_options(const char *line, const char *options, const char *wanted)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    assert_int_equal(fstab_edit_add_options(line, options, &t), 0);
    assert_string_equal(t.data, wanted);
}

static void check_replacement(const char *line, const char *option, const char *with,
                              const char *wanted)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    assert_int_equal(fstab_edit_replace_option(line, option, with, &t), 0);
    assert_string_equal(t.data, wanted);
}

static void check_join(const char *line, const char *wanted)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    assert_int_equal(fstab_edit_join(line, &t), 0);
    assert_string_equal(t.data, wanted);
}

static void test_fstab_edit(void **state)
{
    _cleanup_text_ struct text t = TEXT_INIT(1024);

    check_options("UUID=1  /data\text4\tdefaults  0 2 # mine",
                  "nofail,x-systemd.device-timeout=10s",
                  "UUID=1  /data\text4\tdefaults,nofail,x-systemd.device-timeout=10s  0 2 # mine");
    check_options("/dev/sda1 / ext4", "nofail", "/dev/sda1 / ext4 defaults,nofail");
    check_options("/dev/sda1 /x", "nofail", "/dev/sda1 /x auto defaults,nofail");
    check_options("a /x ext4 nofail,x-systemd.device-timeout=1",
                  "nofail,x-systemd.device-timeout=10s",
                  "a /x ext4 nofail,x-systemd.device-timeout=1");
    assert_int_equal(fstab_edit_field(" a\tb ext4  rw 0 0\r", FSTAB_TYPE, "xfs", &t), 0);
    assert_string_equal(t.data, " a\tb xfs  rw 0 0\r");
    check_replacement("a /x ext4 errors=remount-ro,default,rw 0 0", "default", NULL,
                      "a /x ext4 errors=remount-ro,rw 0 0");
    check_replacement("a /x xfs errors=remount-ro\t0 0", "errors", NULL, "a /x xfs defaults\t0 0");
    check_replacement("a /x xfs", "errors", NULL, "a /x xfs defaults");
    check_replacement("a /x ext4 read-only,nofail 0 0", "read-only", "ro",
                      "a /x ext4 ro,nofail 0 0");
    check_replacement("a /x ext4 x,no_fail,no_fail", "no_fail", "nofail", "a /x ext4 x,nofail");
    check_replacement("a /x ext4 default,defaults", "default", "defaults", "a /x ext4 defaults");
    check_join("a /x ext4 defaults, noatime,nofail 0 2", "a /x ext4 defaults,noatime,nofail 0 2");
    check_join("a /x ext4 defaults ,noatime", "a /x ext4 defaults,noatime 0 0");
    check_join("a /x ext4 defaults zero two three", "a /x ext4 defaults 0 0 # zero two three");
    check_join("a /x ext4 rw 0 second", "a /x ext4 rw 0 0 # second");
}

/* --- a full file system, in a mount namespace of its own --- */

static void count_files(const char *path, unsigned wanted)
{
    char full[128];
    unsigned count = 0;
    DIR *dir;

    snprintf(full, sizeof full, "%s/%s", tree, path);
    dir = opendir(full);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(dir);
    assert_int_equal(count, wanted);
}

/* What was there is there, as it was, and nothing besides. */
static void assert_refused(const char *full, const char *freed)
{
    struct error e = {0};

    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -ENOSPC);
    assert_string_equal(e.reason, "no-room");
    assert_non_null(strstr(e.text, full));
    assert_non_null(strstr(e.advice, freed));
    changes_free(&c);
}

static void fill(const char *options)
{
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    close(c.root_fd);
    assert_int_equal(mount("full", tree, "tmpfs", 0, options), 0);
    c.root_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(c.root_fd, "etc", 0755), 0);
    assert_int_equal(mkdirat(c.root_fd, "big", 0755), 0);
    put("etc/fstab", "one\ntwo\n", 0640);
    assert_int_equal(symlinkat("/old", c.root_fd, "etc/link"), 0);
}

static void run_out_of_room(void)
{
    static char block[4096];
    int fd;

    fill("size=256k,nr_inodes=100");
    fd = openat(c.root_fd, "big/data", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
    assert_int_equal(changes_replace_line(&c, "/etc/fstab", 2, "TWO"), 0);
    assert_refused("on the file system of / no room is left", "the most is in /big (");
    assert_contents("etc/fstab", "one\ntwo\n");
    count_files("etc", 2);
}

static void run_out_of_inodes(void)
{
    char name[32], target[16] = "";

    fill("size=1m,nr_inodes=40");
    for (unsigned i = 0;; i++) {
        int fd;

        snprintf(name, sizeof name, "big/%u", i);
        fd = openat(c.root_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    assert_int_equal(changes_link(&c, "/etc/link", "/new"), 0);
    assert_refused("no inode is left", "small files that are not needed; the most is in /big (by");
    assert_true(readlinkat(c.root_fd, "etc/link", target, sizeof target - 1) > 0);
    assert_string_equal(target, "/old");
    count_files("etc", 2);
}

static void in_child(void (*test)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        test();
        _exit(0); /* a failed assertion jumps to the end of the test, and does not come here */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_full(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root mounts\n");
        skip();
    }
    in_child(run_out_of_room);
    in_child(run_out_of_inodes);
}

/* --- a file system without owners --- */

static long pretended_type;

int __real_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __real_fstatfs64(int fd, struct statfs *st);
int __wrap_fstatfs64(int fd, struct statfs *st);

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    if (!pretended_type)
        return __real_fchown(fd, uid, gid);
    errno = EPERM;
    return -1;
}

int __wrap_fstatfs64(int fd, struct statfs *st)
{
    int r = __real_fstatfs64(fd, st);

    if (pretended_type)
        st->f_type = pretended_type;
    return r;
}

static void test_ownerless(void **state)
{
    struct error e = {0};

    (void)state;
    pretended_type = EXT4_SUPER_MAGIC;
    assert_int_equal(changes_write(&c, "/etc/new", "x\n", 2, 0644), 0);
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), -EPERM);
    pretended_type = MSDOS_SUPER_MAGIC;
    assert_int_equal(changes_apply(&c, "S", NULL, NULL, &e), 0);
    pretended_type = 0;
    assert_contents("etc/new", "x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ownerless, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_partition_type, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backup_of_a_piece, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(test_diff_is_safe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zeros, setup, teardown),
        cmocka_unit_test(test_fstab_edit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
