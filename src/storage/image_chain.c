/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/image_chain.h"

#include "base/fd.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "storage/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int read_header(struct image_file *f, struct error *e)
{
    _cleanup_free_ unsigned char *data = malloc(IMAGE_HEADER_BYTES);
    ssize_t n = data ? pread(f->fd, data, IMAGE_HEADER_BYTES, 0) : -1;

    if (!data)
        return error_errno(e, -ENOMEM, "cannot read %s", text_safe(f->path));
    if (n < 0)
        return error_errno(e, -errno, "cannot read %s", text_safe(f->path));
    return image_format_read(data, (size_t)n, f->path, &f->info, e);
}

static int refuse(const struct image_file *f, const char *what, struct error *e)
{
    return error_set(e, ERROR_TARGET, -EMEDIUMTYPE, "image-format",
                     "%s is the difference to another image, %s: %s", text_safe(f->path),
                     text_safe(f->info.backing), what);
}

/* Relative to the directory of the image that names it, as qemu has it. Names that are no plain
 * paths
 * ("json:{...}", "nbd://...") would have qemu open something else. */
static int next_path(const struct image_file *f, char ret[static PATH_MAX], struct error *e)
{
    const char *name = f->info.backing, *slash = strrchr(f->path, '/');
    const char *colon = strchr(name, ':'), *first_slash = strchr(name, '/');
    size_t directory = name[0] != '/' && slash ? (size_t)(slash - f->path) + 1 : 0;

    if (colon && (!first_slash || colon < first_slash))
        return refuse(f, "that is no file of this host", e);
    if (directory + strlen(name) >= PATH_MAX)
        return refuse(f, "that name is too long", e);
    memcpy(ret, f->path, directory);
    memcpy(ret + directory, name, strlen(name) + 1);
    return 0;
}

static int confirm_next(const struct image_file *f, const char *path, image_chain_confirm *confirm,
                        void *userdata, struct error *e)
{
    char question[PATH_MAX + 512];
    int r;

    snprintf(
        question, sizeof question,
        "%.300s says that it is the difference to %s. Open that file too? (Not if somebody else "
        "could write to the image: any file of this host may be named in it.)",
        text_safe(f->path), text_safe(path));
    r = confirm ? confirm(userdata, question) : -ENOTTY;
    if (r == 1)
        return 0;
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped by Ctrl-C");
    (void)error_set(e, ERROR_REFUSED, -ECANCELED, "backing-file",
                    "%s is the difference to %s, which is not opened unasked", text_safe(f->path),
                    text_safe(path));
    (void)error_advise(e, "if that file belongs to it, answer with --yes");
    return -ECANCELED;
}

static int open_next(const struct image_file *above, struct image_file *f,
                     image_chain_confirm *confirm, void *userdata, struct error *e)
{
    int format = image_format_from_driver(above->info.backing_format), r;
    struct stat st;

    if (!above->info.backing_format[0]) {
        (void)refuse(above, "and not in which format that is", e);
        (void)error_advise(e, "write it into the image: qemu-img rebase -u -F FORMAT -b %s %s",
                           shell_word(above->info.backing), shell_word(above->path));
        return -EMEDIUMTYPE;
    }
    if (format < 0)
        return refuse(above, "in a format that is not known", e);
    r = next_path(above, f->path, e);
    /* Nobody is asked for what is not there. */
    if (r == 0 && fstatat(AT_FDCWD, f->path, &st, AT_NO_AUTOMOUNT) < 0 &&
        (errno == ENOENT || errno == ENOTDIR))
        r = refuse(above, "that file is missing", e);
    if (r == 0)
        r = confirm_next(above, f->path, confirm, userdata, e);
    if (r < 0)
        return r;
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return refuse(above, strerror(errno), e);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return refuse(above, "that is neither a file nor a block device", e);
    f->is_block = S_ISBLK(st.st_mode);
    r = hold_take(f->fd, !f->is_block, false, f->path, e);
    if (r < 0 || format == IMAGE_RAW)
        return r < 0 ? r : 0;
    r = read_header(f, e);
    if (r == 0 && f->info.format != (enum image_format)format)
        return refuse(above, "that is in another format than it says", e);
    return r;
}

int image_chain_open(struct image_chain *ret, int fd, const char *path,
                     image_chain_confirm *confirm, void *userdata, struct error *e)
{
    struct image_chain *c = ret;
    struct stat st;
    int r;

    memset(c, 0, sizeof *c);
    c->files[0].fd = fd;
    snprintf(c->files[0].path, sizeof c->files[0].path, "%s", path);
    c->files[0].is_block = fstat(fd, &st) == 0 && S_ISBLK(st.st_mode);
    c->count = 1;
    r = c->files[0].is_block ? 0 : read_header(&c->files[0], e);
    while (r == 0 && c->files[c->count - 1].info.backing[0]) {
        struct image_file *above = &c->files[c->count - 1];

        if (c->count == IMAGE_CHAIN_MAX)
            return refuse(above, "there are too many of them", e);
        c->files[c->count].fd = -1;
        r = open_next(above, &c->files[c->count++], confirm, userdata, e);
    }
    return r;
}

void image_chain_close(struct image_chain *c)
{
    for (unsigned i = 1; i < c->count; i++)
        fd_close(c->files[i].fd);
    c->count = 0;
}

/* Our own locks would be in the way of qemu's: hold.h has taken them for it. */
static json_t *file_node(const struct image_file *f, bool write)
{
    char path[32];

    return json_pack("{s:s, s:s, s:b, s:s}", "driver", f->is_block ? "host_device" : "file",
                     "filename", fd_path(f->fd, path), "read-only", !write, "locking", "off");
}

static json_t *image_node(const struct image_chain *c, unsigned i, bool write)
{
    const struct image_file *f = &c->files[i];
    json_t *node = json_pack("{s:s, s:b, s:o}", "driver", image_format_driver(f->info.format),
                             "read-only", !write, "file", file_node(f, write));

    /* null: whatever the header says (BlockdevOptionsGenericCOWFormat). */
    if (f->info.format == IMAGE_QCOW2 || f->info.format == IMAGE_VMDK)
        json_object_set_new(node, "backing",
                            i + 1 < c->count ? image_node(c, i + 1, false) : json_null());
    return node;
}

char *image_chain_node(const struct image_chain *c, const char *name, bool write)
{
    json_t *node = image_node(c, 0, write);
    char *text;

    json_object_set_new(node, "node-name", json_string(name));
    text = json_dumps(node, JSON_COMPACT);
    json_decref(node);
    return text;
}
