/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/rescue_devices.h"

#include "base/text.h"
#include "storage/host_links.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LINKS_MAX 24

/* Links are built in place and handed over as pointers into it. */
struct links {
    char text[LINKS_MAX][320];
    const char *pointers[LINKS_MAX + 1];
    unsigned count;
};

/* udev's encoding of a value in a link name (udev's encode_devnode_name): what is no letter, digit
 * or one of #+-.:=@_ becomes \xNN. */
static void encode(const char *value, char *out, size_t size)
{
    size_t used = 0;

    for (const unsigned char *p = (const unsigned char *)value; *p && used + 5 < size; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
                     (*p >= 'A' && *p <= 'Z') || strchr("#+-.:=@_", *p) || *p >= 0x80;

        used += (size_t)snprintf(out + used, size - used, plain ? "%c" : "\\x%02x", *p);
    }
    out[used] = '\0';
}

static void add_link(struct links *l, const char *directory, const char *value)
{
    char encoded[256];

    if (!value[0] || l->count == LINKS_MAX)
        return;
    encode(value, encoded, sizeof encoded);
    /* "." and ".." would be no name in that directory. */
    if (strcmp(encoded, ".") == 0 || strcmp(encoded, "..") == 0)
        return;
    snprintf(l->text[l->count], sizeof l->text[0], "disk/%s/%s", directory, encoded);
    l->pointers[l->count] = l->text[l->count];
    l->count++;
}

static void add_name(struct links *l, const char *directory, const char *name)
{
    if (!name[0] || l->count == LINKS_MAX)
        return;
    snprintf(l->text[l->count], sizeof l->text[0], "%s%s", directory, name);
    l->pointers[l->count] = l->text[l->count];
    l->count++;
}

/* mapper/vg0-root, vg0/root, md0: the names that its fstab, crypttab and boot loader use. */
static void add_assembled_links(struct links *l, const struct disk *d, const struct volume *v)
{
    add_name(l, "mapper/", v->dm_name);
    add_name(l, "disk/by-id/dm-name-", v->dm_name);
    if (d->kind == DISK_GROUP || d->kind == DISK_ARRAY)
        add_name(l, "", v->name);
}

/* Of any node: its number, by which dracut goes from a mounted file system down to the disks
 * (check_block_and_slaves() of its dracut-functions.sh), and what udev on this host calls it. */
static void add_node_links(struct links *l, const struct host_links *host, dev_t devno)
{
    char number[32];

    snprintf(number, sizeof number, "%u:%u", major(devno), minor(devno));
    add_name(l, "block/", number);
    for (unsigned i = 0; i < host->count; i++)
        if (host->link[i].devno == devno)
            add_name(l, "", host->link[i].name);
}

static const char *node_name(const char *node)
{
    return text_starts_with(node, "/dev/") ? node + 5 : node;
}

static int add_volume(struct container_plan *plan, const struct host_links *host,
                      const struct disk *d, const struct volume *v)
{
    struct links links = {.count = 0};

    if (strcmp(v->fs.usage, "filesystem") == 0 || strcmp(v->fs.usage, "other") == 0 ||
        strcmp(v->fs.usage, "crypto") == 0) {
        add_link(&links, "by-uuid", v->fs.uuid);
        add_link(&links, "by-label", v->fs.label);
    }
    add_assembled_links(&links, d, v);
    add_link(&links, "by-partuuid", v->part_uuid);
    add_link(&links, "by-partlabel", v->part_label);
    add_node_links(&links, host, v->devno);
    return container_plan_add_device(plan, node_name(v->node), v->devno, d->access != DISK_WRITE,
                                     links.pointers);
}

/* misc devices, Documentation/admin-guide/devices.txt of the kernel */
#define MAPPER_CONTROL makedev(10, 236)

/* Without it lvs, grub-probe and the hooks of an initramfs see no mapping. What could be changed
 * through it is refused by the filter of system calls (container/seccomp_table.h). */
static int add_mapper_control(struct container_plan *plan, const struct patient *p)
{
    for (unsigned i = 0; i < p->disk_count; i++)
        if (p->disks[i]->kind == DISK_GROUP || p->disks[i]->kind == DISK_LUKS)
            return container_plan_add_character(plan, "mapper/control", MAPPER_CONTROL);
    return 0;
}

static int add_disk(struct container_plan *plan, const struct host_links *host,
                    const struct disk *d)
{
    struct links links = {.count = 0};
    bool whole_added = false;
    struct stat st;

    for (unsigned i = 0; i < d->volume_count; i++) {
        int r = add_volume(plan, host, d, &d->volumes[i]);

        if (r < 0)
            return r;
        whole_added = whole_added || d->volumes[i].number == 0;
    }
    if (whole_added || fstat(d->node_fd, &st) < 0)
        return 0;
    add_node_links(&links, host, st.st_rdev);
    return container_plan_add_device(plan, node_name(d->node), st.st_rdev, d->access != DISK_WRITE,
                                     links.pointers);
}

int rescue_add_devices(struct container_plan *plan, const struct patient *p)
{
    struct host_links *host = calloc(1, sizeof *host);
    int r = host ? 0 : -ENOMEM;

    if (r == 0)
        host_links_read(host);
    for (unsigned i = 0; r == 0 && i < p->disk_count; i++)
        r = add_disk(plan, host, p->disks[i]);
    free(host);
    return r < 0 ? r : add_mapper_control(plan, p);
}
