/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/volume_group.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT_MAX ((size_t)1 << 20)
#define SEPARATOR  '|' /* in no name that lvm accepts */

#define VG_FIELDS "vg_name,vg_uuid,vg_systemid,pv_count,vg_missing_pv_count"
#define PV_FIELDS "vg_uuid,pe_start,pv_pe_count,vg_extent_size,dev_size"
#define LV_FIELDS "vg_uuid,lv_uuid,lv_name,lv_dm_path,lv_size,lv_layout,lv_role"

/* lvm.conf(5). Its nodes go to a directory in our own mount namespace (session, /dev/mapper is a
 * tmpfs there): nothing is to be seen of them on the host, and nothing stays. */
#define CONFIG_START                                                                               \
    "devices { use_devicesfile=0 hints=\"none\" dir=\"/dev/mapper/lvm\" scan=[\"/dev\"] "          \
    "obtain_device_list_from_udev=0 external_device_info_source=\"none\" "                         \
    "multipath_component_detection=0 md_component_detection=0 write_cache_state=0 "                \
    "global_filter=["
#define CONFIG_END                                                                                 \
    "\"r|.*|\"] } "                                                                                \
    "global { use_lvmpolld=0 use_lvmlockd=0 system_id_source=\"none\" notify_dbus=0 "              \
    "locking_dir=\"/dev/mapper/lvm-lock\" event_activation=0 } "                                   \
    "backup { backup=0 archive=0 } "                                                               \
    "activation { monitoring=0 udev_sync=0 udev_rules=0 verify_udev_operations=0 "                 \
    "auto_activation_volume_list=[\"@*\"] "

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_.-"

struct fields {
    char *at[8];
    unsigned count;
};

static void split(char *line, struct fields *ret)
{
    ret->count = 0;
    while (line && ret->count < sizeof ret->at / sizeof ret->at[0]) {
        char *end = strchr(line, SEPARATOR);

        ret->at[ret->count++] = line + strspn(line, " ");
        if (end)
            *end++ = '\0';
        line = end;
    }
}

/* As lvm prints its identifiers (lib/uuid/uuid.c in its sources): 32 characters in seven groups.
 * The devices of a group are found by them: one without any would be a part of each. */
static bool is_uuid(const char *s)
{
    static const char form[] = "xxxxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxxxx",
                      characters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ!#";

    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '-' ? s[i] != '-' : !s[i] || !strchr(characters, s[i]))
            return false;
    return !s[sizeof form - 1];
}

int volume_group_parse(const char *line, struct volume_group *ret)
{
    struct volume_group vg = {0};
    struct fields f;
    char copy[1024];

    snprintf(copy, sizeof copy, "%s", line);
    split(copy, &f);
    if (f.count < 5 || !f.at[0][0] || !is_uuid(f.at[1]))
        return -EBADMSG;
    snprintf(vg.name, sizeof vg.name, "%s", f.at[0]);
    snprintf(vg.uuid, sizeof vg.uuid, "%.39s", f.at[1]);
    snprintf(vg.system_id, sizeof vg.system_id, "%.127s", f.at[2]);
    vg.pv_count = (unsigned)strtoul(f.at[3], NULL, 10);
    vg.missing = (unsigned)strtoul(f.at[4], NULL, 10);
    *ret = vg;
    return 0;
}

int logical_volume_parse(const char *line, struct logical_volume *ret)
{
    struct logical_volume lv = {0};
    struct fields f;
    char copy[1024];
    const char *slash;

    snprintf(copy, sizeof copy, "%s", line);
    split(copy, &f);
    if (f.count < 7 || !is_uuid(f.at[0]) || !is_uuid(f.at[1]) || !f.at[2][0])
        return -EBADMSG;
    snprintf(lv.vg_uuid, sizeof lv.vg_uuid, "%.39s", f.at[0]);
    snprintf(lv.uuid, sizeof lv.uuid, "%.39s", f.at[1]);
    snprintf(lv.name, sizeof lv.name, "%.127s", f.at[2]);
    slash = strrchr(f.at[3], '/');
    snprintf(lv.dm_name, sizeof lv.dm_name, "%.255s", slash ? slash + 1 : "");
    lv.size = strtoull(f.at[4], NULL, 10);
    lv.visible = strstr(f.at[6], "public") && !strstr(f.at[5], "pool");
    *ret = lv;
    return 0;
}

int physical_volume_parse(const char *line, struct physical_volume *ret)
{
    struct physical_volume pv = {0};
    unsigned long long count, extent;
    struct fields f;
    char copy[1024];

    snprintf(copy, sizeof copy, "%s", line);
    split(copy, &f);
    if (f.count < 5 || (f.at[0][0] && strlen(f.at[0]) != 38))
        return -EBADMSG;
    snprintf(pv.vg_uuid, sizeof pv.vg_uuid, "%.39s", f.at[0]);
    pv.data_start = strtoull(f.at[1], NULL, 10);
    count = strtoull(f.at[2], NULL, 10);
    extent = strtoull(f.at[3], NULL, 10);
    pv.size = strtoull(f.at[4], NULL, 10);
    if (!pv.data_start || !extent || count > UINT64_MAX / extent)
        return -EBADMSG;
    pv.data_size = count * extent;
    if (pv.data_start > pv.size || pv.data_size > pv.size - pv.data_start)
        return -EBADMSG;
    *ret = pv;
    return 0;
}

/* lvm is shown @nodes only. @extra: more of the section "activation", then of others. */
static int configure(struct text *t, char *const *nodes, const char *system_id, const char *extra)
{
    (void)text_appendf(t, "%s", CONFIG_START);
    for (; *nodes; nodes++)
        (void)text_appendf(t, "\"a|^%s$|\",", *nodes);
    (void)text_appendf(t, "%s%s }", CONFIG_END, extra);
    if (system_id[0])
        (void)text_appendf(t, " local { extra_system_ids=[\"%s\"] }", system_id);
    return t->failed;
}

/* Of what lvm says when it fails, what is not why: it warns before, and counts afterwards. */
static bool is_aside(const char *line)
{
    return !line[0] || text_starts_with(line, "WARNING: ") ||
           strstr(line, "logical volume(s) in volume group") || strstr(line, "DM_DISABLE_UDEV");
}

/* Why lvm failed, for a message: the first that it says of it. @output, which may be NULL, is cut.
 */
static const char *reason(char *output)
{
    for (char *save = NULL, *line = output ? strtok_r(output, "\n", &save) : NULL; line;
         line = strtok_r(NULL, "\n", &save)) {
        line += strspn(line, " ");
        if (!is_aside(line))
            return text_safe(line);
    }
    return "it does not say why";
}

static int run(char *const *nodes, const char *system_id, const char *extra, char *argv[],
               char **ret_output, struct error *e)
{
    _cleanup_text_ struct text config = TEXT_INIT(65536);
    unsigned n = 0;
    int r = configure(&config, nodes, system_id, extra);

    if (r < 0)
        return error_errno(e, r, "planning a command of lvm");
    while (argv[n])
        n++;
    argv[n++] = (char *)"--config";
    argv[n++] = config.data;
    argv[n] = NULL;
    r = process_run(argv, PROCESS_OUTLIVES_US | PROCESS_OWN_GROUP, OUTPUT_MAX, ret_output, e);
    if (r == -ENOENT)
        (void)error_advise(e, "install the package lvm2");
    return r;
}

/* Lines that are no record (lvm's warnings) do not parse, and are passed over. When there is
 * nothing but these, lvm's status tells a group without what was asked for from an lvm that failed.
 */
typedef int (*take_line)(const char *line, void *userdata);

static int report(char *const *nodes, const char *command, const char *fields, const char *select,
                  take_line take, void *userdata, struct error *e)
{
    char *argv[20] = {(char *)"lvm",         (char *)command,      (char *)"--noheadings",
                      (char *)"--separator", (char *)"|",          (char *)"--units",
                      (char *)"b",           (char *)"--nosuffix", (char *)"--foreign",
                      (char *)"-o",          (char *)fields,       (char *)"--readonly",
                      (char *)"-q"};
    _cleanup_free_ char *output = NULL, *said = NULL;
    int r, count = 0;

    if (select) {
        argv[13] = (char *)"--select";
        argv[14] = (char *)select;
    }
    r = run(nodes, "", "", argv, &output, e);
    if (r < 0)
        return r;
    said = r > 0 ? strdup(output) : NULL;
    for (char *save = NULL, *line = strtok_r(output, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        count += take(line, userdata);
    if (r > 0 && count == 0)
        return error_set(e, ERROR_TARGET, -EIO, "assembly", "lvm cannot tell what is on it: %s",
                         reason(said));
    return count;
}

struct groups {
    struct volume_group *items;
    unsigned count, max;
};

static int take_group(const char *line, void *userdata)
{
    struct groups *g = userdata;

    if (g->count < g->max && volume_group_parse(line, &g->items[g->count]) == 0)
        return (int)(g->count++, 1);
    return 0;
}

int volume_group_scan(char *const *nodes, struct volume_group *ret, unsigned max, struct error *e)
{
    struct groups g = {.items = ret, .max = max};

    return report(nodes, "vgs", VG_FIELDS, NULL, take_group, &g, e);
}

struct volumes {
    struct logical_volume *items;
    unsigned count, max;
};

static int take_volume(const char *line, void *userdata)
{
    struct volumes *v = userdata;

    if (v->count < v->max && logical_volume_parse(line, &v->items[v->count]) == 0)
        return (int)(v->count++, 1);
    return 0;
}

int volume_group_volumes(char *const *nodes, const struct volume_group *vg,
                         struct logical_volume *ret, unsigned max, struct error *e)
{
    struct volumes v = {.items = ret, .max = max};
    char select[80];

    snprintf(select, sizeof select, "vg_uuid=%s", vg->uuid);
    return report(nodes, "lvs", LV_FIELDS, select, take_volume, &v, e);
}

struct one_physical {
    struct physical_volume *pv;
    bool found;
};

static int take_physical(const char *line, void *userdata)
{
    struct one_physical *one = userdata;

    if (!one->found)
        one->found = physical_volume_parse(line, one->pv) == 0;
    return one->found;
}

int volume_group_physical(char *const *nodes, const char *node, struct physical_volume *ret,
                          struct error *e)
{
    struct one_physical one = {.pv = ret};
    char select[160];
    int r;

    snprintf(select, sizeof select, "pv_name=%.140s", node);
    r = report(nodes, "pvs", PV_FIELDS, select, take_physical, &one, e);
    if (r >= 0 && !one.found)
        return error_set(e, ERROR_TARGET, -EBADMSG, "damaged",
                         "lvm cannot tell where the data of %s is", node);
    return r < 0 ? r : 0;
}

int volume_group_rename_copy(char *const *nodes, const char *name, struct error *e)
{
    char *argv[80] = {(char *)"lvm", (char *)"vgimportclone", (char *)"--yes",
                      (char *)"--basevgname", (char *)name};
    _cleanup_free_ char *output = NULL;
    unsigned n = 5;
    int r;

    for (char *const *node = nodes; *node && n < 76; node++)
        argv[n++] = *node;
    /* The group of the same uuid is active, but that is the host's: lvm is not to ask the kernel.
     */
    r = run(nodes, "", "} global { activation=0 ", argv, &output, e);
    if (r < 0)
        return r;
    return r == 0 ? 0
                  : error_set(e, ERROR_TARGET, -EIO, "assembly",
                              "lvm cannot give the copy of the group another name: %s",
                              reason(output));
}

static size_t append_plain(char *ret, size_t used, size_t size, const char *uuid)
{
    for (; *uuid && used + 1 < size; uuid++)
        if (*uuid != '-')
            ret[used++] = *uuid;
    ret[used] = '\0';
    return used;
}

void volume_group_dm_prefix(const struct volume_group *vg, char *ret, size_t size)
{
    (void)append_plain(ret, (size_t)snprintf(ret, size, "LVM-"), size, vg->uuid);
}

void logical_volume_dm_uuid(const struct logical_volume *lv, char *ret, size_t size)
{
    size_t used = append_plain(ret, (size_t)snprintf(ret, size, "LVM-"), size, lv->vg_uuid);

    (void)append_plain(ret, used, size, lv->uuid);
}

int volume_group_activate(char *const *nodes, const struct volume_group *vg, bool partial,
                          bool read_only, struct error *e)
{
    char select[80],
        extra[200] = "",
        *argv[20] = {(char *)"lvm", (char *)"vgchange", (char *)"--activate", (char *)"y",
                     (char *)"--activationmode", (char *)(partial ? "partial" : "degraded"),
                     /* Also what an administrator keeps from coming up by itself. */
                     (char *)"--ignoreactivationskip", (char *)"--select", select};
    _cleanup_free_ char *output = NULL;
    int r;

    /* lvm(8): these are all that a name can have; it is about to stand in quotes. */
    if (vg->name[strspn(vg->name, NAME_CHARACTERS)])
        return error_set(e, ERROR_TARGET, -EINVAL, "damaged", "the volume group has a bad name: %s",
                         text_safe(vg->name));
    if (read_only)
        snprintf(extra, sizeof extra, "read_only_volume_list=[\"%.127s\"] ", vg->name);
    snprintf(select, sizeof select, "vg_uuid=%s", vg->uuid);
    r = run(nodes, vg->system_id, extra, argv, &output, e);
    if (r < 0)
        return r;
    if (r != 0)
        return error_set(e, ERROR_TARGET, -EIO, "assembly", "lvm cannot activate %s: %s",
                         text_safe(vg->name), reason(output));
    return 0;
}
