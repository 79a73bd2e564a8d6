/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/initramfs_scan.h"

#include "base/text.h"
#include "system/initramfs.h"

#include <archive.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* No initramfs that boots is larger: a bomb is. */
#define UNPACKED_MAX ((uint64_t)4 << 30)

/* Members whose text says what is loaded or waited for. */
static const char *const wanted[] = {
    "etc/modprobe.d/",    "usr/lib/modprobe.d/", "lib/modprobe.d/", "etc/cmdline.d/",   "conf/",
    "cryptroot/crypttab", "etc/crypttab",        "etc/fstab",       "etc/lvm/lvm.conf", "etc/mdadm",
};

struct scan {
    int fd;
    uint64_t at, unpacked;
    const struct initramfs_sink *sink;
    bool told; /* a problem */
    char name[CPIO_NAME_MAX];
    char *kept; /* text of the current member, when it is wanted */
    size_t kept_size, kept_room;
    unsigned char buffer[CHUNK];
};

/* The first problem is the one that counts. */
__attribute__((format(printf, 3, 4))) static void tell(struct scan *s, bool ours, const char *fmt,
                                                       ...)
{
    char text[160];
    va_list ap;

    if (s->told)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->told = true;
    s->sink->problem(s->sink->userdata, text, ours);
}

/* --- members --- */

static bool is_wanted(const struct cpio_entry *e)
{
    if (!S_ISREG(e->mode) || e->size == 0 || e->size > INITRAMFS_FILE_MAX)
        return false;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (text_starts_with(e->name, wanted[i]))
            return true;
    return false;
}

static void on_entry(void *userdata, const struct cpio_entry *e)
{
    struct scan *s = userdata;

    s->sink->name(s->sink->userdata, e->name);
    free(s->kept);
    s->kept = is_wanted(e) ? malloc(e->size) : NULL;
    s->kept_room = s->kept ? e->size : 0;
    s->kept_size = 0;
    memcpy(s->name, e->name, sizeof s->name);
}

static void on_body(void *userdata, const void *data, size_t size)
{
    struct scan *s = userdata;

    if (!s->kept || size > s->kept_room - s->kept_size)
        return;
    memcpy(s->kept + s->kept_size, data, size);
    s->kept_size += size;
    if (s->kept_size == s->kept_room)
        s->sink->file(s->sink->userdata, s->name, s->kept, s->kept_size);
}

/* --- the file --- */

/* Bytes at .at into the buffer; 0 at the end, or a negative errno. */
static ssize_t read_here(struct scan *s)
{
    ssize_t n = pread(s->fd, s->buffer, sizeof s->buffer, (off_t)s->at);

    return n < 0 ? -errno : n;
}

/* What the kernel unpacks (lib/decompress.c). Each filter is named, since "all" of them would
 * start programs of the host for some. */
static const struct compression {
    const char *name;
    unsigned char magic[6];
    size_t magic_size;
    int (*add)(struct archive *a);
} compressions[] = {
    {"gzip", {0x1f, 0x8b}, 2, archive_read_support_filter_gzip},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, archive_read_support_filter_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, archive_read_support_filter_zstd},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, archive_read_support_filter_lz4},
    {"lz4", {0x04, 0x22, 0x4d, 0x18}, 4, archive_read_support_filter_lz4},
    {"bzip2", {'B', 'Z', 'h'}, 3, archive_read_support_filter_bzip2},
    {"lzma", {0x5d, 0, 0}, 3, archive_read_support_filter_lzma},
    {"lzo", {0x89, 'L', 'Z', 'O', 0, 0x0d}, 6, NULL}, /* libarchive starts a program for it */
};

static la_ssize_t on_read(struct archive *a, void *userdata, const void **ret)
{
    struct scan *s = userdata;
    ssize_t n = read_here(s);

    if (n < 0) {
        archive_set_error(a, (int)-n, "reading");
        return ARCHIVE_FATAL;
    }
    s->at += (uint64_t)n;
    *ret = s->buffer;
    return n;
}

static void tell_archive(struct scan *s, struct archive *a)
{
    const char *text = archive_error_string(a);

    tell(s, archive_errno(a) == ENOMEM, "its compressed part cannot be unpacked: %.100s",
         text ? text : "it is damaged");
}

static void walk_unpacked(struct scan *s, struct archive *a, struct cpio *c)
{
    const void *block;
    la_int64_t offset;
    size_t size;
    int r;

    while ((r = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK) {
        s->unpacked += size;
        if (s->unpacked > UNPACKED_MAX) {
            tell(s, false, "it unpacks to more than %u GiB", (unsigned)(UNPACKED_MAX >> 30));
            return;
        }
        if (cpio_push(c, block, size) < size) {
            tell(s, false, "inside, %s",
                 c->problem ? c->problem : "something that is no archive follows an archive");
            return;
        }
    }
    if (r != ARCHIVE_EOF)
        tell_archive(s, a);
    else if (!cpio_is_complete(c))
        tell(s, false, "it ends in the middle of %s",
             c->archives ? "an archive" : "its first archive");
}

static void scan_compressed(struct scan *s, const struct compression *kind, struct cpio *c)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;

    if (!a) {
        tell(s, true, "no memory to unpack it");
        return;
    }
    s->sink->compression(s->sink->userdata, kind->name);
    (void)archive_read_support_format_raw(a);
    /* ARCHIVE_WARN: this libarchive was built without it, and would start a program. */
    if (!kind->add || kind->add(a) != ARCHIVE_OK)
        tell(s, true, "this host's libarchive cannot unpack %s", kind->name);
    else if (archive_read_open(a, s, NULL, on_read, NULL) != ARCHIVE_OK ||
             archive_read_next_header(a, &entry) != ARCHIVE_OK)
        tell_archive(s, a);
    else
        walk_unpacked(s, a, c);
    (void)archive_read_free(a);
}

static const struct compression *find_compression(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++)
        if (size >= compressions[i].magic_size &&
            memcmp(data, compressions[i].magic, compressions[i].magic_size) == 0)
            return &compressions[i];
    return NULL;
}

/* Archives, then what is compressed, which reaches to the end: generators put it last. */
static int scan(struct scan *s, struct cpio *c)
{
    for (;;) {
        ssize_t n = read_here(s);
        size_t used;

        if (n <= 0) {
            if (n == 0 && !cpio_is_complete(c))
                tell(s, false, s->at ? "it ends in the middle of an archive" : "it is empty");
            return (int)n;
        }
        used = cpio_push(c, s->buffer, (size_t)n);
        s->at += used;
        if (c->problem) {
            tell(s, false, "%s", c->problem);
            return 0;
        }
        if (c->state == CPIO_FOREIGN) {
            const struct compression *kind;

            n = read_here(s);
            kind = n > 0 ? find_compression(s->buffer, (size_t)n) : NULL;
            c->state = CPIO_BETWEEN;
            c->offset = 0;
            c->archives = 0;
            if (kind)
                scan_compressed(s, kind, c);
            else
                tell(s, false,
                     "at byte %llu it is neither an archive nor compressed as the kernel knows",
                     (unsigned long long)s->at);
            return 0;
        }
    }
}

int initramfs_scan(int fd, const struct initramfs_sink *sink)
{
    struct scan *s = calloc(1, sizeof *s);
    struct cpio *c = calloc(1, sizeof *c);
    int r = s && c ? 0 : -ENOMEM;

    if (r == 0) {
        *s = (struct scan){.fd = fd, .sink = sink};
        *c = (struct cpio){.entry = on_entry, .body = on_body, .userdata = s};
        r = scan(s, c);
    }
    if (s)
        free(s->kept);
    free(s);
    free(c);
    return r;
}
