/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a tree is: small trees in a temporary directory, healthy, odd and hostile ones. */

#include "unit.h"

#include "base/fd.h"
#include "system/cmdline.h"
#include "system/elf_header.h"
#include "system/fat_path.h"
#include "system/kernels.h"
#include "system/last_boot.h"
#include "system/linux_system.h"
#include "system/os_release.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utmp.h>

struct tree {
    char path[64];
    int fd;
};

static int make_tree(void **state)
{
    struct tree *t = calloc(1, sizeof *t);

    strcpy(t->path, "/tmp/unbrick-system-XXXXXX");
    if (!mkdtemp(t->path))
        return -1;
    t->fd = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = t;
    return t->fd < 0 ? -1 : 0;
}

static int remove_tree(void **state)
{
    struct tree *t = *state;
    char command[100];

    fd_close(t->fd);
    snprintf(command, sizeof command, "rm -rf %s", t->path);
    free(t);
    return system(command) == 0 ? 0 : -1;
}

static void make_directories(const struct tree *t, const char *path)
{
    char copy[256];

    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(t->fd, copy, 0755) < 0)
            assert_int_equal(errno, EEXIST);
        *slash = '/';
    }
}

static void put(const struct tree *t, const char *path, mode_t mode, const void *data, size_t size)
{
    int fd;

    make_directories(t, path);
    fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, data, size), 0);
    close(fd);
}

static void put_text(const struct tree *t, const char *path, const char *text)
{
    put(t, path, 0644, text, strlen(text));
}

static void put_link(const struct tree *t, const char *path, const char *target)
{
    make_directories(t, path);
    assert_int_equal(symlinkat(target, t->fd, path), 0);
}

/* This test's own program: an executable of this host. Its interpreter goes in as well. */
static void put_program(const struct tree *t, const char *path)
{
    _cleanup_free_ char *data = NULL;
    size_t size;
    struct elf_header elf;

    assert_int_equal(file_read("/proc/self/exe", (size_t)64 << 20, &data, &size), 0);
    put(t, path, 0755, data, size);
    assert_int_equal(
        elf_header_parse(data, size < ELF_HEADER_BYTES ? size : ELF_HEADER_BYTES, &elf), 0);
    assert_true(elf.dynamic);
    put(t, elf.interpreter + 1, 0755, "x", 1);
}

static void put_debian(const struct tree *t)
{
    put_text(t, "etc/os-release",
             "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
             "ID=debian\nVERSION_ID=\"12\"\n");
    put_text(t, "etc/hostname", "# comment\n  web01  \n");
    put_program(t, "usr/lib/systemd/systemd");
    put_text(t, "usr/lib/systemd/libsystemd-shared-252.so", "");
    put_link(t, "usr/sbin/init", "../lib/systemd/systemd");
}

static void test_recognise(void **state)
{
    const struct tree *t = *state;

    assert_int_equal(system_recognise(t->fd), SYSTEM_NOT);
    put_text(t, "grub/grub.cfg", "");
    assert_int_equal(system_recognise(t->fd), SYSTEM_PART);
    put_debian(t);
    assert_int_equal(system_recognise(t->fd), SYSTEM_ROOT);
}

static void test_separate_usr(void **state)
{
    const struct tree *t = *state;
    struct linux_system s;

    put_text(t, "etc/fstab", "");
    assert_int_equal(mkdirat(t->fd, "usr", 0755), 0);
    assert_int_equal(system_recognise(t->fd), SYSTEM_ROOT);
    assert_int_equal(system_inspect(t->fd, &s, NULL), 0);
    assert_true(s.separate_usr);
    assert_int_equal(s.init, INIT_NONE);
}

static void test_inspect(void **state)
{
    const struct tree *t = *state;
    struct linux_system s;

    put_debian(t);
    put_text(t, "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    put_text(t, "boot/vmlinuz-6.1.0-9-amd64", "");
    put_text(t, "boot/vmlinuz-6.1.0-28-amd64", "");
    put_text(t, "boot/initrd.img-6.1.0-28-amd64", "");
    put_text(t, "boot/initrd.img-6.1.0-28-amd64.old", "");
    put_text(t, "usr/lib/modules/6.1.0-28-amd64/modules.dep", "");
    assert_int_equal(system_inspect(t->fd, &s, NULL), 0);
    assert_string_equal(s.id, "debian");
    assert_string_equal(s.version, "12");
    assert_string_equal(s.hostname, "web01");
    assert_string_equal(s.machine_id, "0123456789abcdef0123456789abcdef");
    assert_int_equal(s.init, INIT_SYSTEMD);
    assert_string_equal(s.init_path, "/usr/lib/systemd/systemd");
    assert_int_equal(s.systemd_version, 252);
    assert_true(s.arch_runs_here);
    assert_string_equal(s.missing_dirs, "/proc /sys /dev /run");
    assert_int_equal(s.kernel_count, 2);
    assert_string_equal(s.kernels[0].release, "6.1.0-28-amd64");
    assert_true(s.kernels[0].has_image && s.kernels[0].has_modules && s.kernels[0].has_initramfs);
    assert_false(s.kernels[1].has_modules);
}

static void check_broken_init(const struct tree *t, const char *word)
{
    struct linux_system s;

    put_text(t, "etc/os-release", "ID=x\n");
    assert_int_equal(system_inspect(t->fd, &s, NULL), 0);
    assert_int_equal(s.init, INIT_BROKEN);
    if (!strstr(s.init_problem, word))
        fail_msg("\"%s\" does not say \"%s\"", s.init_problem, word);
}

static void test_init_dangles(void **state)
{
    put_link(*state, "sbin/init", "/lib/systemd/systemd");
    check_broken_init(*state, "cannot be opened");
}

static void test_init_leads_out(void **state)
{
    /* The host has /bin/sh; the tree has not. */
    put_link(*state, "sbin/init", "../../../../../../../../bin/sh");
    check_broken_init(*state, "cannot be opened");
}

static void test_init_is_not_executable(void **state)
{
    put_text(*state, "sbin/init", "#!/bin/sh\n");
    check_broken_init(*state, "not executable");
}

static void test_init_is_garbage(void **state)
{
    put(*state, "sbin/init", 0755, "garbage", 7);
    check_broken_init(*state, "neither");
}

static void test_init_is_empty(void **state)
{
    put(*state, "sbin/init", 0755, "", 0);
    check_broken_init(*state, "is empty");
}

static void test_init_lacks_interpreter(void **state)
{
    put(*state, "sbin/init", 0755, "#!/nowhere/sh -e\n", 17);
    check_broken_init(*state, "/nowhere/sh");
}

static void test_init_is_fifo(void **state)
{
    const struct tree *t = *state;

    make_directories(t, "sbin/init");
    assert_int_equal(mkfifoat(t->fd, "sbin/init", 0755), 0);
    check_broken_init(t, "no regular file");
}

static void test_hostile_files(void **state)
{
    const struct tree *t = *state;
    struct linux_system s;
    int fd;

    put_debian(t);
    /* 1 GiB of os-release, a FIFO for a host name, a link to the host's machine id. */
    fd = openat(t->fd, "etc/os-release", O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 1 << 30), 0);
    close(fd);
    assert_int_equal(unlinkat(t->fd, "etc/hostname", 0), 0);
    assert_int_equal(mkfifoat(t->fd, "etc/hostname", 0644), 0);
    put_link(t, "etc/machine-id", "/proc/self/root/etc/machine-id");
    assert_int_equal(system_inspect(t->fd, &s, NULL), 0);
    assert_string_equal(s.id, "");
    assert_string_equal(s.hostname, "");
    assert_string_equal(s.machine_id, "");
    assert_false(s.machine_id_file);
}

static void check_value(const char *text, const char *expected)
{
    char value[32];

    assert_int_equal(os_release_get(text, "NAME", value, sizeof value), 0);
    assert_string_equal(value, expected);
}

/* Where what was on FAT has been copied to, names have a case. */
static void test_fat_path(void **state)
{
    const struct tree *t = *state;
    char path[64];

    put_text(t, "EFI/boot/bootx64.efi", "");
    assert_int_equal(fat_path_find(t->fd, "EFI/boot/bootx64.efi", path, sizeof path), 1);
    assert_int_equal(fat_path_find(t->fd, "EFI/BOOT/BOOTX64.EFI", path, sizeof path), 1);
    assert_string_equal(path, "EFI/boot/bootx64.efi");
    assert_int_equal(fat_path_find(t->fd, "efi//Boot", path, sizeof path), 1);
    assert_string_equal(path, "EFI/boot");
    assert_int_equal(fat_path_find(t->fd, "EFI/BOOT/BOOTX64", path, sizeof path), 0);
    assert_int_equal(fat_path_find(t->fd, "EFI/none/BOOTX64.EFI", path, sizeof path), 0);
    assert_int_equal(fat_path_find(t->fd, "EFI/BOOT/BOOTX64.EFI/none", path, sizeof path), 0);
    assert_int_equal(fat_path_find(t->fd, "EFI/BOOT", path, 8), -ENAMETOOLONG);
}

static void test_os_release(void **state)
{
    char value[8];

    (void)state;
    check_value("NAME=plain\n", "plain");
    check_value("NAME=\"two words\"", "two words");
    check_value("NAME='single \\n'\n", "single \\n");
    check_value("NAME=\"esc\\\"aped\\$\"\n", "esc\"aped$");
    check_value("X=1\n  NAME=first\nNAME=last\n", "last");
    check_value("NAME=\n", "");
    check_value("NAME=\"no end", "no end");
    assert_int_equal(os_release_get("NAMES=x\n", "NAME", value, sizeof value), -ENOENT);
    assert_int_equal(os_release_get("NAME=0123456789\n", "NAME", value, sizeof value), 0);
    assert_string_equal(value, "0123456");
}

static void check_command_line(const struct tree *t, const char *wanted)
{
    char line[128];

    cmdline_inspect(t->fd, line, sizeof line);
    assert_string_equal(line, wanted);
}

static void test_command_lines(void **state)
{
    const struct tree *t = *state;
    char line[32];

    check_command_line(t, "");
    put_text(t, "etc/kernel/cmdline", "root=LABEL=r rw\n");
    check_command_line(t, "root=LABEL=r rw");
    put_text(t, "boot/grub/grub.cfg",
             "set default=1\n"
             "menuentry a {\n\tlinux\t/vmlinuz root=UUID=1 single\n}\n"
             "menuentry b {\n\tlinux\t/vmlinuz root=UUID=1 ro  quiet \n}\n");
    check_command_line(t, "root=UUID=1 ro quiet");
    put_text(t, "boot/grub/grub.cfg", "blscfg\n");
    put_text(t, "boot/loader/entries/rescue.conf", "title rescue\noptions root=UUID=2 rescue\n");
    put_text(t, "boot/loader/entries/a.conf", "title a\noptions root=UUID=2 $tuned_params rw\n");
    check_command_line(t, "root=UUID=2 rw");

    cmdline_clean("a\001b\n$x c  \t d", line, sizeof line);
    assert_string_equal(line, "a b c d");
    cmdline_clean("a a-word-that-does-not-fit-in-there b", line, 8);
    assert_string_equal(line, "a b");
}

static void test_kernel_order(void **state)
{
    (void)state;
    assert_true(kernels_compare("6.1.0-9-amd64", "6.1.0-28-amd64") < 0);
    assert_true(kernels_compare("5.10.0", "5.9.0") > 0);
    assert_true(kernels_compare("6.2.0-rc1", "6.2.0") < 0);
    assert_true(kernels_compare("6.1.0", "6.1.0") == 0);
}

static void test_elf_is_bounded(void **state)
{
    _cleanup_free_ char *data = NULL;
    struct elf_header elf;
    size_t size;

    (void)state;
    assert_int_equal(file_read("/proc/self/exe", (size_t)64 << 20, &data, &size), 0);
    assert_int_equal(elf_header_parse("", 0, &elf), -ENOEXEC);
    assert_int_equal(elf_header_parse(data, 16, &elf), -EBADMSG);
    assert_int_equal(elf_header_parse(data, 64, &elf), -EBADMSG); /* tables lie behind */
    memset(data + 32, 0xff, 8);                                   /* e_phoff */
    assert_int_equal(elf_header_parse(data, size, &elf), -EBADMSG);
}

static void test_wtmp(void **state)
{
    struct utmp records[3] = {{.ut_type = BOOT_TIME, .ut_tv.tv_sec = 1000},
                              {.ut_type = USER_PROCESS, .ut_tv.tv_sec = 9000},
                              {.ut_type = BOOT_TIME, .ut_tv.tv_sec = 5000}};

    (void)state;
    assert_int_equal(last_boot_from_wtmp(records, sizeof records), 5000);
    assert_int_equal(last_boot_from_wtmp(records, sizeof records - 1), 1000);
    assert_int_equal(last_boot_from_wtmp(records, 0), 0);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_recognise),
        IN_TREE(test_separate_usr),
        IN_TREE(test_inspect),
        IN_TREE(test_init_dangles),
        IN_TREE(test_init_leads_out),
        IN_TREE(test_init_is_not_executable),
        IN_TREE(test_init_is_garbage),
        IN_TREE(test_init_is_empty),
        IN_TREE(test_init_lacks_interpreter),
        IN_TREE(test_init_is_fifo),
        IN_TREE(test_hostile_files),
        IN_TREE(test_fat_path),
        cmocka_unit_test(test_os_release),
        cmocka_unit_test_setup_teardown(test_command_lines, make_tree, remove_tree),
        cmocka_unit_test(test_kernel_order),
        cmocka_unit_test(test_elf_is_bounded),
        cmocka_unit_test(test_wtmp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
