/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/fstab.h"

#include "base/text.h"
#include "system/option_list.h"

#include <errno.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

void fstab_free(struct fstab *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        free(f->entries[i].source);
        free(f->entries[i].target);
        free(f->entries[i].type);
        free(f->entries[i].options);
    }
    free(f->entries);
    *f = (struct fstab){0};
}

static char *copy(const char *s)
{
    return strdup(s ? s : "");
}

static bool has_option(const struct fstab_entry *entry, const char *name)
{
    char *value;
    size_t size;

    return mnt_optstr_get_option(entry->options, name, &value, &size) == 0;
}

/* host:/path of NFS, //host/share of CIFS; "LABEL=a:/b" is none. */
static bool is_network_source(const char *source)
{
    const char *colon = strstr(source, ":/");

    return text_starts_with(source, "//") ||
           (colon && colon != source && source[0] != '/' && !strchr(source, '='));
}

static enum fstab_class classify(struct libmnt_fs *fs, const struct fstab_entry *entry)
{
    if (mnt_fs_is_swaparea(fs))
        return FSTAB_SWAP;
    if (entry->target[0] != '/')
        return FSTAB_MALFORMED;
    if (has_option(entry, "bind") || has_option(entry, "rbind") ||
        strcmp(entry->type, "overlay") == 0)
        return FSTAB_BIND;
    if (mnt_fs_is_netfs(fs) || has_option(entry, "_netdev") || is_network_source(entry->source))
        return FSTAB_NETWORK;
    if (mnt_fs_is_pseudofs(fs))
        return FSTAB_PSEUDO;
    return entry->target[strspn(entry->target, "/")] == '\0' ? FSTAB_ROOT : FSTAB_MOUNT;
}

static int fill_entry(struct libmnt_fs *fs, struct fstab_entry *entry)
{
    entry->source = copy(mnt_fs_get_source(fs));
    entry->target = copy(mnt_fs_get_target(fs));
    entry->type = copy(mnt_fs_get_fstype(fs));
    entry->options = copy(mnt_fs_get_options(fs));
    if (!entry->source || !entry->target || !entry->type || !entry->options)
        return -ENOMEM;
    entry->passno = mnt_fs_get_passno(fs);
    entry->noauto = option_list_says(entry->options, "noauto", "auto");
    entry->nofail = option_list_says(entry->options, "nofail", "fail");
    entry->class = classify(fs, entry);
    if (entry->class == FSTAB_MALFORMED)
        snprintf(entry->error, sizeof entry->error, "its mount point %.60s is no absolute path",
                 text_safe(entry->target));
    return 0;
}

/* Called for a line that libmount does not understand; positive: go on without it. */
static int ignore_error(struct libmnt_table *table, const char *file, int line)
{
    (void)table;
    (void)file;
    (void)line;
    return 1;
}

static int mark_malformed(struct fstab_entry *entry, const char *why)
{
    entry->class = FSTAB_MALFORMED;
    snprintf(entry->error, sizeof entry->error, "%s", why);
    entry->source = copy(NULL);
    entry->target = copy(NULL);
    entry->type = copy(NULL);
    entry->options = copy(NULL);
    return entry->source && entry->target && entry->type && entry->options ? 0 : -ENOMEM;
}

/* One line by libmount, so that its rules hold and a bad line spoils no other. 0; -EINVAL when it
 * does not understand it; -ENOMEM. */
static int parse_by_libmount(char *line, struct fstab_entry *entry)
{
    struct libmnt_table *table = mnt_new_table();
    struct libmnt_fs *fs = NULL;
    FILE *stream = table ? fmemopen(line, strlen(line), "r") : NULL;
    int r = stream ? 0 : -ENOMEM;

    if (r == 0) {
        mnt_table_set_parser_errcb(table, ignore_error);
        (void)mnt_table_parse_stream(table, stream, "fstab");
        r = mnt_table_first_fs(table, &fs) == 0 && mnt_fs_get_source(fs) && mnt_fs_get_target(fs)
                ? fill_entry(fs, entry)
                : -EINVAL;
    }
    if (stream)
        fclose(stream);
    mnt_unref_table(table);
    return r;
}

/* End the line behind its fourth field. false when it has no more than that. */
static bool cut_numbers(char *line)
{
    for (unsigned field = 0; field < 4; field++) {
        line += strspn(line, " \t");
        line += strcspn(line, " \t\r\n");
    }
    if (!*line || !line[strspn(line, " \t\r\n")])
        return false;
    memcpy(line, "\n", sizeof "\n");
    return true;
}

/* systemd reads fstab by getmntent(3), to which anything in place of the two numbers is 0
 * ("defaults # comment"): the target boots with such a line, so it counts here too. @line has its
 * newline. */
static int parse_line(char *line, struct fstab_entry *entry)
{
    int r = parse_by_libmount(line, entry);

    if (r == -EINVAL && cut_numbers(line))
        r = parse_by_libmount(line, entry);
    return r == -EINVAL ? mark_malformed(entry, "it does not have the fields that a line needs")
                        : r;
}

static bool has_content(const char *line, size_t length)
{
    size_t blank = strspn(line, " \t\r\n");

    return blank < length && line[blank] != '#';
}

static bool has_control_character(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' && !strchr("\t\r\n", line[i]))
            return true;
    return memchr(line, '\0', length) != NULL;
}

static int add_line(struct fstab *f, unsigned number, const char *start, size_t length)
{
    struct fstab_entry *grown;
    char line[LINE_MAX_BYTES + 2];

    if (length <= LINE_MAX_BYTES) {
        memcpy(line, start, length);
        line[length] = '\n';
        line[length + 1] = '\0';
        if (!has_content(line, length))
            return 0;
    }
    if (f->count == FSTAB_ENTRIES_MAX)
        return -E2BIG;
    grown = realloc(f->entries, (f->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    f->entries = grown;
    grown += f->count++;
    *grown = (struct fstab_entry){.line = number};
    if (length > LINE_MAX_BYTES)
        return mark_malformed(grown, "it is too long");
    if (has_control_character(line, length))
        return mark_malformed(grown, "it has control characters in it");
    return parse_line(line, grown);
}

int fstab_parse(const char *data, size_t size, struct fstab *ret, struct error *e)
{
    struct fstab f = {0};
    const char *end = data + size;
    int r = 0;

    for (unsigned number = 1; r == 0 && data < end; number++) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t length = (size_t)((newline ? newline : end) - data);

        r = add_line(&f, number, data, length);
        data += length + 1;
    }
    if (r < 0) {
        fstab_free(&f);
        return r == -E2BIG ? error_set(e, ERROR_TARGET, r, "fstab",
                                       "its /etc/fstab has more than "
                                       "%d entries",
                                       FSTAB_ENTRIES_MAX)
                           : error_errno(e, r, "cannot read its /etc/fstab");
    }
    *ret = f;
    return 0;
}
