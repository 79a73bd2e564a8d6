/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernels, EFI programs and initramfs: small ones that are built here, whole, cut and damaged. */

#include "unit.h"

#include "base/fd.h"
#include "system/cpio.h"
#include "system/elf_note.h"
#include "system/initramfs.h"
#include "system/kernel_image.h"
#include "system/kernel_modules.h"
#include "system/pe_image.h"
#include "system/shim_image.h"
#include "system/unified_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- kernels --- */

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *at, unsigned value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* The setup header, as Documentation/arch/x86/boot.rst has it. */
static void make_bzimage(unsigned char image[4096])
{
    memset(image, 0, 4096);
    image[0] = 0xea;
    image[0x1f1] = 3;
    put32(image + 0x1f4, 0x1000);
    put16(image + 0x1fe, 0xaa55);
    memcpy(image + 0x202, "HdrS", 4);
    put16(image + 0x206, 0x20f);
    put16(image + 0x20e, 0x300);
    put16(image + 0x236, 1);
    strcpy((char *)image + 0x500, "6.1.0-28-amd64 (someone@example.org) #1 SMP");
}

static void test_bzimage(void **state)
{
    unsigned char image[4096];
    struct kernel_image k;

    make_bzimage(image);
    kernel_image_parse(image, sizeof image, &k);
    assert_int_equal(k.kind, KERNEL_BZIMAGE);
    assert_string_equal(k.release, "6.1.0-28-amd64");
    assert_int_equal(k.bytes, 4 * 512 + 0x10000);
    assert_false(k.is_32bit);
    assert_false(k.empty);
    assert_false(k.is_signed);
    put16(image + 0x236, 0);
    put16(image + 0x20e, 0xffff); /* the text lies outside */
    kernel_image_parse(image, sizeof image, &k);
    assert_true(k.is_32bit);
    assert_string_equal(k.release, "");
    kernel_image_parse(image, 0x200, &k);
    assert_int_equal(k.kind, KERNEL_UNKNOWN);
}

static void test_other_kernels(void **state)
{
    unsigned char image[4096] = {0};
    struct kernel_image k;

    kernel_image_parse(image, sizeof image, &k);
    assert_true(k.empty);
    assert_int_equal(k.kind, KERNEL_UNKNOWN);
    memcpy(image + 56, "ARM\x64", 4);
    kernel_image_parse(image, sizeof image, &k);
    assert_int_equal(k.kind, KERNEL_ARM64);
    memset(image, 0, sizeof image);
    memcpy(image, "\x1f\x8b", 2);
    kernel_image_parse(image, sizeof image, &k);
    assert_int_equal(k.kind, KERNEL_COMPRESSED);
    memcpy(image, "\xd0\x0d\xfe\xed\x00\x00\x20\x00", 8);
    kernel_image_parse(image, sizeof image, &k);
    assert_int_equal(k.kind, KERNEL_UBOOT);
    assert_int_equal(k.bytes, 0x2000);
}

/* An EFI program with two sections and a certificate. */
static void test_pe(void **state)
{
    unsigned char image[1024] = "MZ";
    struct pe_image p;

    put32(image + 0x3c, 0x80);
    memcpy(image + 0x80, "PE\0\0", 4);
    put16(image + 0x84, PE_X86_64);
    put16(image + 0x86, 2);
    put16(image + 0x94, 240);
    put16(image + 0x98, 0x20b);
    put32(image + 0x98 + 108, 16);
    put32(image + 0x98 + 112 + 32, 0x5000); /* the certificates */
    put32(image + 0x98 + 112 + 36, 0x100);
    memcpy(image + 0x98 + 240, ".text", 5);
    put32(image + 0x98 + 240 + 16, 0x1000);
    put32(image + 0x98 + 240 + 20, 0x400);
    memcpy(image + 0x98 + 280, ".cmdline", 8);
    put32(image + 0x98 + 280 + 16, 64);
    put32(image + 0x98 + 280 + 20, 0x1400);
    assert_int_equal(pe_image_parse(image, sizeof image, &p), 0);
    assert_int_equal(p.machine, PE_X86_64);
    assert_true(p.is_signed);
    assert_int_equal(p.bytes, 0x5100);
    assert_int_equal(p.section_count, 2);
    assert_int_equal(pe_image_section(&p, ".cmdline")->offset, 0x1400);
    assert_null(pe_image_section(&p, ".linux"));
    put32(image + 0x98 + 112 + 36, 0);
    assert_int_equal(pe_image_parse(image, sizeof image, &p), 0);
    assert_false(p.is_signed);
    assert_int_equal(pe_image_parse(image, 0x98 + 250, &p), -EBADMSG);
    put32(image + 0x3c, 0xfffffff0);
    assert_int_equal(pe_image_parse(image, sizeof image, &p), -ENOEXEC);
}

static void put_section(unsigned char *at, const char *name, uint32_t offset, uint32_t size)
{
    memcpy(at, name, strlen(name));
    put32(at + 16, size);
    put32(at + 20, offset);
}

/* Adds it, and takes it for what the loader would. */
static unsigned add_unified(const void *data, size_t size, bool damaged, struct boot_entries *ret)
{
    int fd = memfd_create("image", MFD_CLOEXEC);

    *ret = (struct boot_entries){0};
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    assert_int_equal(
        unified_image_add(fd, "/efi/EFI/Linux/a.efi", "/EFI/Linux/a.efi", damaged, ret), 0);
    close(fd);
    return ret->count;
}

static void test_unified(void **state)
{
    unsigned char image[4096] = "MZ", *sections = image + 0x98 + 240;
    struct boot_entries e;

    put32(image + 0x3c, 0x80);
    memcpy(image + 0x80, "PE\0\0", 4);
    put16(image + 0x84, PE_X86_64);
    put16(image + 0x86, 5);
    put16(image + 0x94, 240);
    put16(image + 0x98, 0x20b);
    put_section(sections, ".osrel", 0x400, 0x200);
    put_section(sections + 40, ".cmdline", 0x600, 0x200);
    put_section(sections + 80, ".uname", 0x800, 0x200);
    put_section(sections + 120, ".initrd", 0xa00, 0x200);
    put_section(sections + 160, ".linux", 0xc00, 0x200);
    strcpy((char *)image + 0x400, "ID=debian\nVERSION_ID=\"12\"\n");
    strcpy((char *)image + 0x600, "root=UUID=1 quiet\n");
    strcpy((char *)image + 0x800, "6.1.0-28-amd64");
    assert_int_equal(add_unified(image, sizeof image, false, &e), 1);
    assert_true(e.items[0].unified);
    assert_true(e.items[0].has_initrd);
    assert_false(e.items[0].opaque);
    assert_string_equal(e.items[0].file, "/efi/EFI/Linux/a.efi");
    assert_string_equal(e.items[0].kernel, "/EFI/Linux/a.efi");
    assert_string_equal(e.items[0].id, "a.efi");
    assert_string_equal(e.items[0].options, "root=UUID=1 quiet");
    assert_string_equal(e.items[0].release, "6.1.0-28-amd64");
    assert_string_equal(e.items[0].sort_key, "debian");
    assert_string_equal(e.items[0].os_id, "debian");
    assert_string_equal(e.items[0].version, "12");
    boot_entries_free(&e);

    put32(sections + 40 + 20, 0xfffff000); /* the command line is outside */
    memcpy(sections + 120, ".other\0", 8);
    assert_int_equal(add_unified(image, sizeof image, false, &e), 1);
    assert_string_equal(e.items[0].options, "");
    assert_false(e.items[0].has_initrd);
    boot_entries_free(&e);

    memcpy(sections + 160, ".text\0", 7); /* another EFI program */
    assert_int_equal(add_unified(image, sizeof image, true, &e), 0);
    assert_int_equal(add_unified("lost", 4, false, &e), 0);
    assert_int_equal(add_unified("lost", 4, true, &e), 1);
    assert_null(e.items[0].release);
    boot_entries_free(&e);
}

static void test_shim(void **state)
{
    static const char two[] = "..\\\0\\\0g\0r\0u\0b\0x\0"
                              "6\0"
                              "4\0.\0e\0f\0i\0\0\0";
    static const char suse[] = "\\\0g\0r\0u\0b\0.\0e\0f\0i\0\0\0";
    static const char directory[] = "\\\0g\0r\0u\0b\0\\\0a\0.\0e\0f\0i\0\0\0";
    char next[64];

    assert_true(shim_image_next(two, sizeof two, next, sizeof next));
    assert_string_equal(next, "grubx64.efi");
    assert_true(shim_image_next(suse, sizeof suse, next, sizeof next));
    assert_string_equal(next, "grub.efi");
    assert_false(shim_image_next(suse, sizeof suse - 3, next, sizeof next)); /* cut */
    assert_false(shim_image_next(suse, sizeof suse, next, 8));
    assert_false(shim_image_next(directory, sizeof directory, next, sizeof next));
    assert_false(shim_image_next("grubx64.efi", 11, next, sizeof next));
    assert_false(shim_image_next("", 0, next, sizeof next));
}

static void test_abi_note(void **state)
{
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        Elf64_Nhdr note;
        char name[4];
        uint32_t words[4];
    } file = {
        .header = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1},
        .segment = {.p_type = PT_NOTE, .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr)},
        .note = {.n_namesz = 4, .n_descsz = 16, .n_type = NT_GNU_ABI_TAG},
        .name = "GNU",
        .words = {ELF_NOTE_OS_LINUX, 3, 2, 0},
    };
    unsigned version[3] = {0};

    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2LSB;
    file.segment.p_filesz = sizeof file - file.segment.p_offset;
    assert_int_equal(elf_note_abi(&file, sizeof file, version), 0);
    assert_int_equal(version[0], 3);
    assert_int_equal(version[1], 2);
    file.note.n_descsz = 0xffffffff;
    assert_int_equal(elf_note_abi(&file, sizeof file, version), -ENOENT);
    file.segment.p_offset = UINT64_MAX - 4;
    assert_int_equal(elf_note_abi(&file, sizeof file, version), -ENOENT);
    file.header.e_phoff = UINT64_MAX - 8;
    assert_int_equal(elf_note_abi(&file, sizeof file, version), -ENOENT);
}

static void test_modules(void **state)
{
    static const char dep[] = "kernel/drivers/block/virtio_blk.ko.xz: kernel/a/virtio.ko.xz\n"
                              "kernel/fs/fat/vfat.ko: kernel/fs/fat/fat.ko\n"
                              "kernel/drivers/md/dm-mod.ko.zst:\n";

    assert_true(kernel_modules_list_has(dep, "virtio_blk"));
    assert_true(kernel_modules_list_has(dep, "vfat"));
    assert_true(kernel_modules_list_has(dep, "dm_mod"));
    assert_false(kernel_modules_list_has(dep, "virtio"));
    assert_false(kernel_modules_list_has(dep, "fat"));
    assert_false(kernel_modules_list_has(dep, "virtio_blk2"));
    assert_false(kernel_modules_list_has(NULL, "x"));
}

/* --- initramfs --- */

/* An archive of the kernel's form in memory. */
static size_t make_cpio(char *ret, size_t size, const char *const *names, const char *body)
{
    struct archive *a = archive_write_new();
    size_t used = 0;

    assert_int_equal(archive_write_set_format_cpio_newc(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, ret, size, &used), ARCHIVE_OK);
    for (; *names; names++) {
        struct archive_entry *e = archive_entry_new();

        archive_entry_set_pathname(e, *names);
        archive_entry_set_mode(e, AE_IFREG | 0755);
        archive_entry_set_size(e, (la_int64_t)strlen(body));
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, body, strlen(body)), (la_ssize_t)strlen(body));
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return used;
}

static size_t compress_with(char *ret, size_t size, const char *data, size_t length,
                            int (*add)(struct archive *))
{
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    size_t used = 0;

    assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
    assert_int_equal(add(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_per_block(a, 1), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, ret, size, &used), ARCHIVE_OK);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, data, length), (la_ssize_t)length);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_entry_free(e);
    archive_write_free(a);
    return used;
}

static struct initramfs read_initramfs(const void *data, size_t size)
{
    int fd = memfd_create("initramfs", MFD_CLOEXEC);
    struct initramfs_reader reader;
    struct initramfs i;

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, data, size), 0);
    assert_int_equal(initramfs_start(&reader, fd, NULL), 0);
    close(fd);
    assert_int_equal(initramfs_finish(&reader, &i, NULL), 0);
    return i;
}

static const char *const early[] = {"kernel/x86/microcode/a.bin", NULL};
static const char *const members[] = {"init", "./etc/modprobe.d/x.conf",
                                      "usr/lib/modules/6.1/kernel/virtio-blk.ko.xz", "usr/sbin/lvm",
                                      NULL};

static void test_initramfs(void **state)
{
    static const struct {
        const char *name;
        int (*add)(struct archive *);
    } kinds[] = {{"none", archive_write_add_filter_none},   {"gzip", archive_write_add_filter_gzip},
                 {"xz", archive_write_add_filter_xz},       {"zstd", archive_write_add_filter_zstd},
                 {"bzip2", archive_write_add_filter_bzip2}, {"lz4", archive_write_add_filter_lz4}};
    static char main_part[65536], file[131072];
    size_t size = make_cpio(main_part, sizeof main_part, members, "blacklist pcspkr\n");

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t used = make_cpio(file, sizeof file, early, "microcode");
        struct initramfs i;

        used += compress_with(file + used, sizeof file - used, main_part, size, kinds[k].add);
        i = read_initramfs(file, used);
        if (i.problem[0])
            fail_msg("%s: %s", kinds[k].name, i.problem);
        assert_string_equal(i.compression, kinds[k].name);
        assert_int_equal(i.count, 5);
        assert_true(initramfs_has_init(&i));
        assert_true(initramfs_has_module(&i, "virtio_blk"));
        assert_false(initramfs_has_module(&i, "virtio"));
        assert_true(initramfs_has_program(&i, "lvm"));
        assert_true(initramfs_has(&i, "etc/modprobe.d/x.conf"));
        assert_int_equal(i.file_count, 1);
        assert_string_equal(i.files[0].name, "etc/modprobe.d/x.conf");
        assert_string_equal(i.files[0].data, "blacklist pcspkr\n");
        initramfs_free(&i);
        if (k == 0)
            continue;
        i = read_initramfs(file, used - 20); /* cut */
        assert_true(i.problem[0] != '\0');
        assert_false(i.unknown);
        initramfs_free(&i);
    }
}

static void test_damaged_initramfs(void **state)
{
    static char file[65536];
    size_t size = make_cpio(file, sizeof file, members, "x");
    struct initramfs i = read_initramfs("", 0);

    assert_string_equal(i.problem, "it is empty");
    initramfs_free(&i);
    i = read_initramfs("garbage that is long enough", 27);
    assert_true(i.problem[0] != '\0');
    initramfs_free(&i);
    i = read_initramfs(file, 200);
    assert_true(i.problem[0] != '\0');
    initramfs_free(&i);
    memset(file + 6, 'f', 100); /* a name and a body of four gigabytes */
    i = read_initramfs(file, size);
    assert_true(i.problem[0] != '\0');
    initramfs_free(&i);
}

struct seen {
    unsigned entries;
    size_t bytes;
};

static void count_entry(void *userdata, const struct cpio_entry *e)
{
    ((struct seen *)userdata)->entries++;
}

static void count_body(void *userdata, const void *data, size_t size)
{
    ((struct seen *)userdata)->bytes += size;
}

/* Whatever the pieces are in which it comes. */
static void test_cpio_pieces(void **state)
{
    static char file[65536];
    size_t size = make_cpio(file, sizeof file, members, "twelve bytes");

    for (size_t piece = 1; piece < 130; piece++) {
        static struct cpio c;
        struct seen seen = {0};

        c = (struct cpio){.entry = count_entry, .body = count_body, .userdata = &seen};
        for (size_t at = 0; at < size; at += piece) {
            size_t n = size - at < piece ? size - at : piece;

            assert_int_equal(cpio_push(&c, file + at, n), n);
        }
        assert_true(cpio_is_complete(&c));
        assert_int_equal(seen.entries, 4);
        assert_int_equal(seen.bytes, 4 * 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bzimage),
        cmocka_unit_test(test_other_kernels),
        cmocka_unit_test(test_pe),
        cmocka_unit_test(test_unified),
        cmocka_unit_test(test_shim),
        cmocka_unit_test(test_abi_note),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_initramfs),
        cmocka_unit_test(test_damaged_initramfs),
        cmocka_unit_test(test_cpio_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
