/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/libraries.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/directory.h"
#include "system/elf_dynamic.h"
#include "system/lines.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIRECTORIES_MAX 128
#define OBJECTS_MAX     512
#define INCLUDES_MAX    64
#define CONFIG_MAX      ((size_t)64 << 10)

/* A file that was looked at: a program or a library. */
struct object {
    char *path;
    struct elf_dynamic elf;
    int state;     /* 0, or what libraries_check() says of it */
    char *missing; /* with a state: what, and who wants it */
    char *by;
    bool visited;
};

struct libraries {
    int root_fd;
    char *directories[DIRECTORIES_MAX];
    unsigned directory_count, include_count;
    struct object *objects[OBJECTS_MAX];
    unsigned object_count;
};

/* Where the loaders of the distributions look by themselves (ld.so(8); musl ldso/dynlink.c). The
 * multiarch ones are compiled in by Debian; a machine's own are harmless to another's. */
static const char *const defaults[] = {
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/i386-linux-gnu",
    "/usr/lib/i386-linux-gnu",
    "/lib/arm-linux-gnueabihf",
    "/usr/lib/arm-linux-gnueabihf",
    "/lib/riscv64-linux-gnu",
    "/usr/lib/riscv64-linux-gnu",
    "/lib/powerpc64le-linux-gnu",
    "/usr/lib/powerpc64le-linux-gnu",
    "/lib/s390x-linux-gnu",
    "/usr/lib/s390x-linux-gnu",
    "/lib32",
    "/usr/lib32",
    "/usr/local/lib",
};

static void add_directory(struct libraries *l, const char *path)
{
    if (l->directory_count == DIRECTORIES_MAX || path[0] != '/')
        return;
    l->directories[l->directory_count] = strdup(path);
    if (l->directories[l->directory_count])
        l->directory_count++;
}

static void read_config(struct libraries *l, const char *path);

/* "include ld.so.conf.d/X.conf" with a pattern in its last part, as ldconfig(8) takes it. */
static void include(struct libraries *l, const char *pattern)
{
    _cleanup_directory_ struct directory d = {0};
    char directory[PATH_MAX];
    const char *slash;

    if ((size_t)snprintf(directory, sizeof directory, "%s%s", pattern[0] == '/' ? "" : "/etc/",
                         pattern) >= sizeof directory)
        return;
    slash = strrchr(directory, '/');
    directory[slash - directory] = '\0';
    if (directory_list(l->root_fd, directory, "", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++)
        if (fnmatch(slash + 1, d.names[i], 0) == 0)
            read_config(l, directory_join(directory, d.names[i]));
}

static void read_config(struct libraries *l, const char *path)
{
    _cleanup_free_ char *data = NULL;
    char line[LINES_WIDTH];
    struct lines at;
    size_t size;

    if (l->include_count++ >= INCLUDES_MAX ||
        path_read(l->root_fd, path, CONFIG_MAX, &data, &size) < 0)
        return;
    at = LINES_OF(data, size);
    while (lines_next(&at, line)) {
        char *text = lines_strip(line), *word;
        bool is_include = text_starts_with(text, "include ");

        if (is_include)
            text += strlen("include ");
        while ((word = lines_word(&text))) {
            if (is_include)
                include(l, word);
            else
                add_directory(l, word);
        }
    }
}

struct libraries *libraries_open(int root_fd)
{
    struct libraries *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->root_fd = root_fd;
    read_config(l, "/etc/ld.so.conf");
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        add_directory(l, defaults[i]);
    return l;
}

void libraries_close(struct libraries *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->directory_count; i++)
        free(l->directories[i]);
    for (unsigned i = 0; i < l->object_count; i++) {
        free(l->objects[i]->path);
        free(l->objects[i]->missing);
        free(l->objects[i]->by);
        free(l->objects[i]);
    }
    free(l);
}

/* What is known of @path, or what is read now. NULL: without memory, or too many. */
static struct object *object_at(struct libraries *l, const char *path)
{
    _cleanup_fd_ int fd = -1;
    struct object *o;

    for (unsigned i = 0; i < l->object_count; i++)
        if (strcmp(l->objects[i]->path, path) == 0)
            return l->objects[i];
    if (l->object_count == OBJECTS_MAX || !(o = calloc(1, sizeof *o)))
        return NULL;
    o->path = strdup(path);
    if (!o->path) {
        free(o);
        return NULL;
    }
    l->objects[l->object_count++] = o;
    fd = path_open(l->root_fd, path, O_RDONLY);
    o->state = fd < 0 ? fd : elf_dynamic_read(&(struct elf_source){.fd = fd}, &o->elf);
    return o;
}

/* The directory of @path, for $ORIGIN. */
static void origin_of(const char *path, char ret[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    snprintf(ret, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 0, path);
}

/* Is @name in @directory, for the same machine as @o? Then its object. */
static struct object *library_in(struct libraries *l, const struct object *o, const char *directory,
                                 const char *name, const char **ret_damaged)
{
    const char *path = directory_join(directory, name);
    struct object *found;
    struct stat st;

    if (!path[0] || path_stat(l->root_fd, path, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    found = object_at(l, path);
    if (!found)
        return NULL;
    if (found->state == -ENOEXEC || found->state == -EBADMSG) {
        *ret_damaged = found->path;
        return NULL;
    }
    /* The loader passes over libraries of another class or machine. */
    return found->state == 0 && found->elf.class == o->elf.class &&
                   found->elf.machine == o->elf.machine
               ? found
               : NULL;
}

static struct object *find_by_runpath(struct libraries *l, const struct object *o, const char *name,
                                      const char **ret_damaged)
{
    char list[sizeof o->elf.runpath], origin[PATH_MAX], directory[2 * PATH_MAX], *rest = list,
                                                                                 *word;

    snprintf(list, sizeof list, "%s", o->elf.runpath);
    origin_of(o->path, origin);
    while ((word = strsep(&rest, ":"))) {
        struct object *found;
        size_t cut = text_starts_with(word, "$ORIGIN")     ? 7
                     : text_starts_with(word, "${ORIGIN}") ? 9
                                                           : 0;

        snprintf(directory, sizeof directory, "%s%s", cut ? origin : "", word + cut);
        found = directory[0] == '/' ? library_in(l, o, directory, name, ret_damaged) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static struct object *find_library(struct libraries *l, const struct object *o, const char *name,
                                   const char **ret_damaged)
{
    struct object *found;

    if (strchr(name, '/'))
        return library_in(l, o, "", name, ret_damaged);
    found = find_by_runpath(l, o, name, ret_damaged);
    for (unsigned i = 0; !found && i < l->directory_count; i++)
        found = library_in(l, o, l->directories[i], name, ret_damaged);
    return found;
}

static int fail(struct object *o, int state, const char *missing, const char *by)
{
    o->state = state;
    free(o->missing);
    free(o->by);
    o->missing = strdup(missing);
    o->by = strdup(by);
    return state;
}

/* The loader takes a library that is loaded already, whoever asked for it and found it. */
static bool is_loaded(struct object *const *queue, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        const char *base = strrchr(queue[i]->path, '/');

        if (base && strcmp(base + 1, name) == 0)
            return true;
    }
    return false;
}

/* Look at what @program needs, breadth first as ld.so does. */
static int walk(struct libraries *l, struct object *program)
{
    struct object *queue[OBJECTS_MAX];
    unsigned first = 0, count = 0;

    for (unsigned i = 0; i < l->object_count; i++)
        l->objects[i]->visited = false;
    queue[count++] = program;
    program->visited = true;
    while (first < count) {
        struct object *o = queue[first++];

        for (unsigned i = 0; i < o->elf.needed_count; i++) {
            const char *name = o->elf.needed[i], *damaged = NULL;
            struct object *found;

            if (is_loaded(queue, count, name))
                continue;
            found = find_library(l, o, name, &damaged);
            if (!found && l->object_count == OBJECTS_MAX)
                return 0; /* beyond our limit nothing is claimed */
            if (!found)
                return fail(program, damaged ? -ENOEXEC : -ENOENT, damaged ? damaged : name,
                            o->path);
            if (!found->visited && count < OBJECTS_MAX) {
                found->visited = true;
                queue[count++] = found;
            }
        }
    }
    return 0;
}

int libraries_check(struct libraries *l, const char *path, const char **ret_library,
                    const char **ret_by)
{
    struct object *o = object_at(l, path);
    struct stat st;
    int r;

    if (!o || o->state == -ENOEXEC || (o->state < 0 && !o->missing))
        return 0;
    if (o->state == 0 && o->elf.interpreter[0] &&
        path_stat(l->root_fd, o->elf.interpreter, &st) < 0)
        (void)fail(o, -ENOENT, o->elf.interpreter, o->path);
    r = o->state < 0 ? o->state : walk(l, o);
    if (r < 0 && (!o->missing || !o->by))
        return 0;
    *ret_library = o->missing;
    *ret_by = o->by;
    return r;
}
