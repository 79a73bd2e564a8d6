/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/kernel_modules.h"

#include "base/path.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* modules.dep of a distribution has a megabyte. */
#define LIST_MAX ((size_t)16 << 20)

void kernel_modules_free(struct kernel_modules *m)
{
    free(m->dep);
    free(m->builtin);
    *m = (struct kernel_modules){0};
}

static char *read_list(int root_fd, const char *directory, const char *name)
{
    char path[256], *data;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path_read(root_fd, path, LIST_MAX, &data, NULL) == 0 ? data : NULL;
}

static bool is_filled(int root_fd, const char *directory, const char *name)
{
    char path[256];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path_stat(root_fd, path, &st) == 0 && st.st_size > 0;
}

void kernel_modules_read(int root_fd, const char *release, struct kernel_modules *ret)
{
    static const char *const places[] = {"/usr/lib/modules", "/lib/modules"};
    struct kernel_modules m = {0};

    for (size_t i = 0; i < sizeof places / sizeof places[0] && !m.directory[0]; i++) {
        char path[192];
        struct stat st;

        if (!*release || strchr(release, '/') ||
            (size_t)snprintf(path, sizeof path, "%s/%s", places[i], release) >= sizeof path ||
            path_stat(root_fd, path, &st) < 0 || !S_ISDIR(st.st_mode))
            continue;
        memcpy(m.directory, path, sizeof path);
    }
    if (m.directory[0]) {
        static const char *const trees[] = {"kernel", "updates", "extra"};

        m.dep = read_list(root_fd, m.directory, "modules.dep");
        m.builtin = read_list(root_fd, m.directory, "modules.builtin");
        m.has_index = is_filled(root_fd, m.directory, "modules.dep.bin");
        for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++)
            m.has_tree |= is_filled(root_fd, m.directory, trees[i]);
    }
    *ret = m;
}

/* "kernel/drivers/block/virtio_blk.ko.xz: kernel/...": the file before the colon, "-" and "_" being
 * the same in names of modules (libkmod, modname_normalize()). */
static bool line_is(const char *line, size_t size, const char *module)
{
    const char *end = memchr(line, ':', size), *at;

    end = end ? end : line + size;
    at = memrchr(line, '/', (size_t)(end - line));
    at = at ? at + 1 : line;
    while (at < end && *module && (*at == *module || (*at == '-' && *module == '_'))) {
        at++;
        module++;
    }
    return !*module && end - at >= 3 && memcmp(at, ".ko", 3) == 0;
}

bool kernel_modules_list_has(const char *list, const char *module)
{
    while (list && *list) {
        size_t size = strcspn(list, "\n");

        if (line_is(list, size, module))
            return true;
        list += size + (list[size] == '\n');
    }
    return false;
}

bool kernel_modules_has_builtin(const struct kernel_modules *m, const char *module)
{
    return kernel_modules_list_has(m->builtin, module);
}

bool kernel_modules_has_file(const struct kernel_modules *m, const char *module)
{
    return kernel_modules_list_has(m->dep, module);
}

unsigned kernel_modules_count_missing(int root_fd, const struct kernel_modules *m,
                                      unsigned *ret_total)
{
    unsigned total = 0, missing = 0;

    for (const char *line = m->dep; line && *line;) {
        size_t size = strcspn(line, "\n"), name = strcspn(line, ":\n");
        char path[1024];

        /* Old indices have absolute paths. */
        snprintf(path, sizeof path, "%s%s%.*s", line[0] == '/' ? "" : m->directory,
                 line[0] == '/' ? "" : "/", (int)name, line);
        if (name > 0) {
            total++;
            missing += path_exists(root_fd, path) == 0;
        }
        line += size + (line[size] == '\n');
    }
    if (ret_total)
        *ret_total = total;
    return missing;
}
