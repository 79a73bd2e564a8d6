/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Our readers of fstab and crypttab against the programs that read them at boot, on the files of
 * tests/fixtures: findmnt(8), systemd-fstab-generator(8), systemd-cryptsetup-generator(8): those of
 * this host, or of the tree that UNBRICK_AUTHORITIES names, in which the fixtures lie under the
 * same path (tests/system/authorities.bats). */

#include "unit.h"

#include "base/text.h"
#include "storage/device_name.h"
#include "system/crypttab.h"
#include "system/fstab.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without /usr: so it is there in every release. */
#define GENERATORS "/lib/systemd/system-generators/systemd-"

static char *read_stream(FILE *f, size_t *ret_size)
{
    char *data = calloc(1, 65536);

    assert_non_null(f);
    assert_non_null(data);
    *ret_size = fread(data, 1, 65535, f);
    return data;
}

static void need(const char *program)
{
    const char *tree = getenv("UNBRICK_AUTHORITIES");
    char path[1200];

    snprintf(path, sizeof path, "%s%s", tree ? tree : "", program);
    if (access(path, X_OK) == 0)
        return;
    print_message("not compared: %s is not installed\n", program);
    skip();
}

/* Call @check for each file of a directory of fixtures. */
static void each_file(const char *directory,
                      void (*check)(const char *path, const char *data, size_t size))
{
    char path[1024];
    DIR *d;
    unsigned count = 0;

    snprintf(path, sizeof path, "%s/%s", FIXTURES, directory);
    d = opendir(path);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));) {
        size_t size;
        char *data;
        FILE *f;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", FIXTURES, directory, entry->d_name);
        f = fopen(path, "re");
        data = read_stream(f, &size);
        fclose(f);
        check(path, data, size);
        free(data);
        count++;
    }
    closedir(d);
    assert_true(count > 0);
}

static char *run(const char *command)
{
    bool inside = getenv("UNBRICK_AUTHORITIES") != NULL;
    size_t size;
    FILE *f;
    char *data;

    assert_int_equal(setenv("COMMAND", command, 1), 0);
    f = popen(inside ? "exec chroot \"$UNBRICK_AUTHORITIES\" sh -c \"$COMMAND\""
                     : "exec sh -c \"$COMMAND\"",
              "re");
    data = read_stream(f, &size);

    assert_int_equal(pclose(f), 0);
    return data;
}

/* Cut the next line off. */
static char *cut(char **at, const char *separators)
{
    char *start = *at;

    if (!start || !*start)
        return NULL;
    *at = start + strcspn(start, separators);
    if (**at)
        *(*at)++ = '\0';
    return start;
}

/* "\x20" of findmnt --raw. */
static char *decode(char *text)
{
    char *to = text;

    for (char *from = text; *from; to++) {
        unsigned value;

        if (sscanf(from, "\\x%2x", &value) == 1) {
            *to = (char)value;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return text;
}

static void compare_findmnt(const char *path, const char *data, size_t size)
{
    char command[1200];
    struct fstab f = {0};
    struct error e = {0};
    char *theirs, *at;

    snprintf(command, sizeof command,
             "findmnt --noheadings --raw --tab-file '%s' --output SOURCE,TARGET,FSTYPE,OPTIONS",
             path);
    at = theirs = run(command);
    assert_int_equal(fstab_parse(data, size, &f, &e), 0);
    for (unsigned i = 0; i < f.count; i++) {
        char *line = cut(&at, "\n"), *word;

        assert_non_null(line);
        assert_string_equal(f.entries[i].error, "");
        assert_string_equal(decode(cut(&line, " ")), f.entries[i].source);
        assert_string_equal(decode(cut(&line, " ")), f.entries[i].target);
        assert_string_equal(decode(cut(&line, " ")), f.entries[i].type);
        word = cut(&line, " ");
        assert_string_equal(word ? decode(word) : "", f.entries[i].options);
    }
    assert_null(cut(&at, "\n"));
    fstab_free(&f);
    free(theirs);
}

static void test_findmnt(void **state)
{
    (void)state;
    need("/bin/findmnt");
    each_file("fstab", compare_findmnt);
    each_file("fstab-odd", compare_findmnt);
}

/* The value of "NAME=" in a line, up to " NEXT=". */
static char *value_of(const char *line, const char *name, const char *next)
{
    static char values[4][1024];
    static unsigned turn;
    char *value = values[turn++ % 4];
    const char *start = strstr(line, name), *end;

    assert_non_null(start);
    start += strlen(name);
    end = strstr(start, next);
    snprintf(value, 1024, "%.*s", end ? (int)(end - start) : (int)strlen(start), start);
    return value;
}

/* "UUID=x" and the link that udev makes for it are the same device. */
static void assert_same_device(const char *ours, const char *theirs)
{
    enum device_tag kind[2] = {DEVICE_NONE, DEVICE_NONE};
    char value[2][1024] = {"", ""};

    if (strcmp(ours, theirs) == 0)
        return;
    assert_int_equal(device_name_split(ours, &kind[0], value[0], sizeof value[0]), 0);
    assert_int_equal(device_name_split(theirs, &kind[1], value[1], sizeof value[1]), 0);
    assert_int_equal(kind[0], kind[1]);
    assert_string_equal(value[0], value[1]);
}

/* systemd takes a path without double and last slashes. */
static void assert_same_path(const char *ours, const char *theirs)
{
    while (*ours) {
        if (ours[0] == '/' && (ours[1] == '/' || (ours[1] == '\0' && theirs[0] == '\0'))) {
            ours++;
            continue;
        }
        if (*ours++ != *theirs++)
            fail_msg("another mount point: %s, %s", ours - 1, theirs - 1);
    }
    assert_string_equal(theirs, "");
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;

    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

/* The generator says what it has read, in words that a version may change: then the test fails.
 * In a container, or without /proc/swaps, all of the swap is passed over from version 254 on. */
static void compare_fstab_generator(const char *path, const char *data, size_t size)
{
    char command[1600];
    struct fstab f = {0};
    struct error e = {0};
    char *theirs, *at;
    bool with_swap;

    snprintf(command, sizeof command,
             "d=$(mktemp -d) && SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console "
             "SYSTEMD_PROC_CMDLINE= SYSTEMD_FSTAB='%s' " GENERATORS
             "fstab-generator $d $d $d 2>&1 | grep -a '^Found entry '; rm -r $d",
             path);
    at = theirs = run(command);
    assert_int_equal(fstab_parse(data, size, &f, &e), 0);
    with_swap = count_lines(theirs) == f.count;
    for (unsigned i = 0; i < f.count; i++) {
        char *line;

        if (f.entries[i].class == FSTAB_SWAP && !with_swap)
            continue;
        line = cut(&at, "\n");
        assert_non_null(line);
        assert_same_device(f.entries[i].source, value_of(line, "what=", " where="));
        if (f.entries[i].class != FSTAB_SWAP)
            assert_same_path(f.entries[i].target, value_of(line, " where=", " type="));
        assert_string_equal(f.entries[i].type, value_of(line, " type=", " makefs="));
        assert_string_equal(f.entries[i].noauto ? "yes" : "no", value_of(line, " noauto=", " "));
        assert_string_equal(f.entries[i].nofail ? "yes" : "no", value_of(line, " nofail=", " "));
    }
    assert_null(cut(&at, "\n"));
    fstab_free(&f);
    free(theirs);
}

static void test_fstab_generator(void **state)
{
    (void)state;
    need(GENERATORS "fstab-generator");
    each_file("fstab", compare_fstab_generator);
    each_file("fstab-odd", compare_fstab_generator);
}

/* A line of what the shell below prints for a volume:
 * requires|wants|none ExecStart=... attach 'NAME' 'SOURCE' 'KEY' 'OPTIONS' */
static void compare_volume(const struct crypttab_entry *entry, const char *theirs)
{
    char name[512], link[16] = "", *source, *key;

    snprintf(name, sizeof name, " attach '%s' '", entry->name);
    for (char *copy = strdup(theirs), *at = copy, *line; copy; free(copy), copy = NULL)
        while ((line = cut(&at, "\n")))
            if (strstr(line, name)) {
                source = value_of(line, name, "'");
                key = strstr(line, name) + strlen(name) + strlen(source);
                key = value_of(key, "' '", "'");
                snprintf(link, sizeof link, "%.*s", (int)strcspn(line, " "), line);
                assert_same_device(entry->source, source);
                if (entry->key[0])
                    assert_string_equal(entry->key, key);
                else
                    assert_true(!key[0] || strcmp(key, "none") == 0 || strcmp(key, "-") == 0 ||
                                text_starts_with(key, "/dev/") || strstr(key, "/keydev-"));
            }
    assert_string_equal(link, entry->noauto ? "none" : entry->nofail ? "wants" : "requires");
}

static void compare_cryptsetup_generator(const char *path, const char *data, size_t size)
{
    struct crypttab_entry entries[CRYPTTAB_ENTRIES_MAX];
    unsigned count = crypttab_parse(data, size, entries, CRYPTTAB_ENTRIES_MAX);
    char command[1600], *theirs;

    snprintf(command, sizeof command,
             "d=$(mktemp -d) && cd $d && SYSTEMD_PROC_CMDLINE= SYSTEMD_CRYPTTAB='%s' " GENERATORS
             "cryptsetup-generator . . . && for f in systemd-cryptsetup@*; do how=none; "
             "for h in requires wants; do [ ! -L \"cryptsetup.target.$h/$f\" ] || how=$h; done; "
             "sed -n \"s/^ExecStart=.* attach /$how attach /p\" \"$f\"; done; rm -r $d",
             path);
    theirs = run(command);
    assert_int_equal(count_lines(theirs), count);
    for (unsigned i = 0; i < count; i++)
        compare_volume(&entries[i], theirs);
    free(theirs);
}

static void test_cryptsetup_generator(void **state)
{
    (void)state;
    need(GENERATORS "cryptsetup-generator");
    each_file("crypttab", compare_cryptsetup_generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findmnt),
        cmocka_unit_test(test_fstab_generator),
        cmocka_unit_test(test_cryptsetup_generator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
