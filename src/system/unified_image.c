/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/unified_image.h"

#include "base/fd.h"
#include "system/os_release.h"
#include "system/pe_image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HEADER_BYTES 65536

/* systemd-stub(7) passes on what fits into the kernel's line; an os-release has some hundred bytes.
 */
#define TEXT_MAX 16384

static const char blanks[] = " \t\r\n";

/* What is in the file of a section is filled up with zeros to its alignment. NULL: there is none,
 * it is empty, or it cannot be read. */
static char *read_text(int fd, const struct pe_image *pe, const char *name)
{
    const struct pe_section *s = pe_image_section(pe, name);
    size_t size = s ? (s->size < TEXT_MAX ? s->size : TEXT_MAX) : 0;
    _cleanup_free_ char *text = size ? malloc(size + 1) : NULL;
    ssize_t n = text ? pread(fd, text, size, s->offset) : -1;

    if (n <= 0)
        return NULL;
    text[n] = '\0';
    for (size_t length = strlen(text); length > 0 && strchr(blanks, text[length - 1]); length--)
        text[length - 1] = '\0';
    return text[0] ? take_ptr(&text) : NULL;
}

int unified_image_read(int fd, struct unified_image *ret)
{
    _cleanup_free_ unsigned char *data = malloc(HEADER_BYTES);
    struct pe_image pe;
    ssize_t n = data ? pread(fd, data, HEADER_BYTES, 0) : 0;
    int r;

    if (!data || n < 0)
        return data ? -errno : -ENOMEM;
    r = pe_image_parse(data, (size_t)n, &pe);
    if (r < 0)
        return r;
    if (!pe_image_section(&pe, ".linux"))
        return -ENODATA;
    *ret = (struct unified_image){.cmdline = read_text(fd, &pe, ".cmdline"),
                                  .release = read_text(fd, &pe, ".uname"),
                                  .os_release = read_text(fd, &pe, ".osrel"),
                                  .has_initrd = pe_image_section(&pe, ".initrd")};
    return 0;
}

void unified_image_free(struct unified_image *u)
{
    free(u->cmdline);
    free(u->release);
    free(u->os_release);
    *u = (struct unified_image){0};
}

/* Which system it is of; and what systemd-boot sorts it by (bootspec_pick_name_version_sort_key()).
 */
static int note_system(struct boot_entry *e, const char *os_release)
{
    static const char *const names[] = {"IMAGE_ID", "ID"};
    static const char *const versions[] = {"IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"};
    char value[256];
    int r = os_release_get(os_release, "ID", value, sizeof value) == 0
                ? boot_entry_set(&e->os_id, value, strlen(value))
                : 0;

    for (size_t i = 0; r == 0 && i < sizeof names / sizeof names[0] && !e->sort_key; i++)
        if (os_release_get(os_release, names[i], value, sizeof value) == 0)
            r = boot_entry_set(&e->sort_key, value, strlen(value));
    for (size_t i = 0; r == 0 && i < sizeof versions / sizeof versions[0] && !e->version; i++)
        if (os_release_get(os_release, versions[i], value, sizeof value) == 0)
            r = boot_entry_set(&e->version, value, strlen(value));
    return r;
}

int unified_image_add(int fd, const char *file, const char *path, bool damaged,
                      struct boot_entries *ret)
{
    const char *name = strrchr(path, '/') + 1;
    struct unified_image u = {0};
    struct boot_entry *e;
    int r = unified_image_read(fd, &u);

    if (r < 0 && !(damaged && (r == -ENOEXEC || r == -EBADMSG)))
        return r == -ENOMEM ? r : 0;
    e = boot_entries_add(ret, file, 0);
    if (!e) {
        unified_image_free(&u);
        return ret->count == BOOT_ENTRIES_MAX ? 0 : -ENOMEM;
    }
    e->unified = true;
    e->has_initrd = u.has_initrd;
    e->release = take_ptr(&u.release);
    r = boot_entry_set(&e->kernel, path, strlen(path));
    if (r == 0)
        r = boot_entry_set(&e->id, name, strlen(name));
    if (r == 0 && u.cmdline)
        r = boot_entry_set(&e->options, u.cmdline, strlen(u.cmdline));
    if (r == 0 && u.os_release)
        r = note_system(e, u.os_release);
    unified_image_free(&u);
    return r;
}
