/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each function of a library that is called anywhere gets a definition here: one jump through a
 * slot that libraries_load() fills. The list is made by list.sh of the object files.
 */

#include "libraries/libraries.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

/* What follows the jump is the library's own business: arguments stay where they are. */
#if defined __x86_64__
#define JUMP(slot) "jmp *" slot "(%rip)"
#elif defined __aarch64__
#define JUMP(slot) "adrp x16, " slot "; ldr x16, [x16, :lo12:" slot "]; br x16"
#endif

#define LIBRARY(library, soname, package, load)
#define FUNCTION(library, name)                                                                    \
    __attribute__((visibility("hidden"))) extern void *slot_##name;                                \
    void *slot_##name;                                                                             \
    __asm__(".pushsection .text\n"                                                                 \
            ".globl " #name "\n"                                                                   \
            ".type " #name ", %function\n" #name ":\n" JUMP("slot_" #name) "\n"                    \
                                                                           ".popsection\n");
#include "libraries_list.h" /* made at build time */
#undef LIBRARY
#undef FUNCTION

enum {
#define LIBRARY(library, soname, package, load) library,
#define FUNCTION(library, name)
#include "libraries_list.h"
#undef LIBRARY
#undef FUNCTION
    LIBRARY_COUNT
};

enum load { LOAD_DISKS, LOAD_EXAMINATION };

static const struct {
    const char *soname, *package;
    enum load load;
} libraries[] = {
#define LIBRARY(library, soname, package, load) {soname, package, load},
#define FUNCTION(library, name)
#include "libraries_list.h"
#undef LIBRARY
#undef FUNCTION
};

static const struct {
    unsigned library;
    const char *name;
    void **slot;
} functions[] = {
#define LIBRARY(library, soname, package, load)
#define FUNCTION(library, name) {library, #name, &slot_##name},
#include "libraries_list.h"
#undef LIBRARY
#undef FUNCTION
};

static int missing(unsigned library, const char *function, struct error *e)
{
    (void)error_set(e, ERROR_HOST, -ENOENT, "library-missing", "%s %s%s", libraries[library].soname,
                    function ? "is too old: it lacks " : "is not on this host",
                    function ? function : "");
    return error_advise(e, "install the package %s (its name in Debian)",
                        libraries[library].package);
}

static int load(enum load load, struct error *e)
{
    void *handles[LIBRARY_COUNT] = {0};

    for (unsigned i = 0; i < LIBRARY_COUNT; i++) {
        if (libraries[i].load != load)
            continue;
        handles[i] = dlopen(libraries[i].soname, RTLD_NOW | RTLD_LOCAL);
        if (!handles[i])
            return missing(i, NULL, e);
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!handles[functions[i].library])
            continue;
        *functions[i].slot = dlsym(handles[functions[i].library], functions[i].name);
        if (!*functions[i].slot)
            return missing(functions[i].library, functions[i].name, e);
    }
    return 0;
}

int libraries_load(struct error *e)
{
    return load(LOAD_DISKS, e);
}

int libraries_load_for_examination(struct error *e)
{
    return load(LOAD_EXAMINATION, e);
}
