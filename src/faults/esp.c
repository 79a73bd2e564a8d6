/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The EFI system partition: what the firmware starts. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/esp_loader.h"
#include "faults/facts_loader.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "storage/partition_type.h"
#include "system/directory.h"
#include "system/grub_config.h"
#include "system/kernel_image.h"
#include "system/pe_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ESP_TYPE "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
/* A further /boot beside the ESP, by the Boot Loader Specification. */
#define XBOOTLDR_TYPE "bc13c2ff-59e6-4262-a352-b275fd6f7172"
#define STUB_MAX      ((size_t)1 << 20)

/* --- the partition --- */

/* fstab says where the system has it. On /boot there may be any file system: only a partition with
 * firmware's directory in it, when there is no other. */
static const struct volume *volume_of_fstab(struct examination *x)
{
    static const char *const places[] = {"/boot/efi", "/efi", "/boot"};

    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const struct volume *v;
        char why[256];

        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++)
            if (entry->class == FSTAB_MOUNT && strcmp(entry->target, places[j]) == 0 &&
                examination_device(x, entry->source, &v, why, sizeof why) == DEVICE_FOUND && v &&
                strcmp(v->fs.type, "vfat") == 0 &&
                (j < 2 || (!facts_esp(x)->volume && path_exists(x->root_fd, "/boot/EFI") == 1)))
                return v;
    }
    return NULL;
}

/* Images for ARM boards have an MBR, and their ESP as FAT, which the board's own firmware wants. */
static bool is_marked(const char *type)
{
    static const char *const types[] = {ESP_TYPE, "0xef", "0x1", "0x4",        "0x6",
                                        "0xb",    "0xc",  "0xe", XBOOTLDR_TYPE};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(type, types[i]) == 0)
            return true;
    return false;
}

static struct disk *disk_of(const struct examination *x, const struct volume *v)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (v >= x->disks[i]->volumes && v < x->disks[i]->volumes + x->disks[i]->volume_count)
            return x->disks[i];
    return NULL;
}

static const char *type_on(const struct disk *d)
{
    return strcmp(d->table, "gpt") == 0 ? ESP_TYPE : "0xef";
}

static void detect_wrong_type(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *v = volume_of_fstab(x);
    const struct disk *d = v ? disk_of(x, v) : NULL;
    struct finding *finding;

    if (!d || !v->part_type[0] || is_marked(v->part_type))
        return;
    finding = report_add(r, f, "%s is used as EFI system partition and is not marked as one",
                         text_safe(v->name));
    finding_expected(finding, "its type should be %s, and is %s", type_on(d),
                     text_safe(v->part_type));
    if (partition_type_can_set(d, v, type_on(d)))
        return;
    finding_risk(finding, FAULT_RISK_NONE);
    finding_remedy(finding, "mend the partition table first; then: sfdisk --part-type, type U");
}

static int mark(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    const struct volume *v = volume_of_fstab(x);
    struct disk *d = v ? disk_of(x, v) : NULL;

    (void)f;
    if (!d)
        return remedy_unfit(e, "the partition is gone");
    return remedy_planned(changes_partition_type(c, d, v, type_on(d)), v->name, e);
}

/* Where it is one of its mounts, and so is seen inside; GRUB also needs its configuration. */
static bool can_install(struct examination *x)
{
    const struct facts_esp *esp = facts_esp(x);

    return esp->place[0] && esp->volume && examination_volume_at(x, esp->place) == esp->volume &&
           (esp_has_entries(x) || facts_grub_directory(x)) &&
           rebuild_has_efi_loader(x, esp_has_entries(x));
}

static void detect_no_loader(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_esp *esp = facts_esp(x);
    struct finding *finding;
    struct boot_sector s;
    char bios[PATH_MAX];

    /* A machine with a BIOS has its loader elsewhere. */
    if (esp->fd < 0 || facts_esp_has_loader(x) || facts_grub_bios(x, bios))
        return;
    for (unsigned i = 0; i < x->disk_count; i++)
        if (facts_boot_sector(x->disks[i], &s) && s.has_code)
            return;
    finding = report_add(r, f, "the EFI system partition has no boot loader in it");
    finding_expected(finding, "there is no program below %s", esp_shown(esp, "EFI"));
    if (!can_install(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

static int install(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    return rebuild_efi_loader(x, esp_has_entries(x), facts_esp(x)->place, c, e);
}

/* --- its programs --- */

typedef void program_fn(struct examination *x, const struct fault *f, struct report *r,
                        const char *path, int fd);

/* Each that is a part of booting this system, by its name; other systems' are theirs. */
static void for_each_loader(struct examination *x, const struct fault *f, struct report *r,
                            program_fn *check)
{
    static const char *const names[] = {
        "shimx64.efi",  "grubx64.efi",         "shimaa64.efi",
        "grubaa64.efi", "systemd-bootx64.efi", "systemd-bootaa64.efi",
        "bootx64.efi",  "bootaa64.efi",        "shim.efi",
        "grub.efi"};
    const struct facts_esp *esp = facts_esp(x);
    _cleanup_directory_ struct directory vendors = {0};

    if (esp->fd < 0 || directory_list(esp->fd, "EFI", "", &vendors) < 0)
        return;
    for (unsigned i = 0; i < vendors.count; i++) {
        _cleanup_directory_ struct directory files = {0};
        char directory[300];

        snprintf(directory, sizeof directory, "EFI/%.250s", vendors.names[i]);
        if (directory_list(esp->fd, directory, "", &files) < 0)
            continue;
        for (unsigned j = 0; j < files.count; j++)
            for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
                _cleanup_fd_ int fd = -1;
                char path[600];

                if (strcasecmp(files.names[j], names[k]) != 0)
                    continue;
                snprintf(path, sizeof path, "%s/%.255s", directory, files.names[j]);
                fd = path_open(esp->fd, path, O_RDONLY);
                if (fd >= 0)
                    check(x, f, r, path, fd);
            }
    }
}

/* Does what install() runs write that file? shim comes with packages of its own, and is left alone.
 */
static bool is_installed_again(struct examination *x, const char *path)
{
    char own[80];

    if (esp_has_entries(x))
        return text_starts_with(path, "EFI/systemd/") || strcmp(path, esp_fallback(x)) == 0;
    snprintf(own, sizeof own, "EFI/%.63s/grub", esp_vendor(x));
    return !esp_has_shim(x) && (text_starts_with(path, own) || strcmp(path, esp_fallback(x)) == 0);
}

static void check_whole(struct examination *x, const struct fault *f, struct report *r,
                        const char *path, int fd)
{
    _cleanup_free_ unsigned char *data = malloc(KERNEL_IMAGE_BYTES);
    const char *problem = NULL;
    struct finding *finding;
    struct pe_image pe;
    struct stat st;
    ssize_t n;

    if (!data || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        (n = pread(fd, data, KERNEL_IMAGE_BYTES, 0)) < 0)
        return;
    if (st.st_size == 0)
        problem = "it is empty";
    else if (pe_image_parse(data, (size_t)n, &pe) < 0)
        problem = "it is no EFI program";
    else if (pe.bytes > (uint64_t)st.st_size)
        problem = "it is cut short";
    if (!problem)
        return;
    finding =
        report_add(r, f, "the boot loader %s is damaged", text_safe(esp_shown(facts_esp(x), path)));
    finding_at(finding, esp_shown(facts_esp(x), path), 0);
    finding_expected(finding, "%s", problem);
    finding_subject(finding, path);
    if (!(can_install(x) && is_installed_again(x, path)) && !esp_can_put_back(x, path))
        finding_risk(finding, FAULT_RISK_NONE);
}

static int mend(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    return is_installed_again(x, f->subject) ? install(x, f, c, e)
                                             : esp_put_back(x, f->subject, c, e);
}

static void detect_damaged(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_loader(x, f, r, check_whole);
}

/* --- the way that every firmware knows --- */

static void detect_no_fallback(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_esp *esp = facts_esp(x);
    const char *path = esp_fallback(x);
    struct finding *finding;

    if (esp->fd < 0 || !facts_esp_has_loader(x) || path_exists(esp->fd, path) != 0)
        return;
    finding =
        report_add(r, f, "the EFI system partition has no loader under the name for any machine");
    finding_expected(finding, "%s is not there", esp_shown(esp, path));
    if (!esp->place[0] || !esp_has_own_loader(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

/* --- GRUB's first configuration --- */

struct stub {
    char path[300]; /* in the ESP */
    struct grub_config config;
};

/* The next stub of a vendor's directory; false at the end. */
static bool next_stub(struct examination *x, const struct directory *vendors, unsigned *at,
                      struct stub *ret)
{
    const struct facts_esp *esp = facts_esp(x);

    while (*at < vendors->count) {
        _cleanup_free_ char *data = NULL;
        size_t size;

        snprintf(ret->path, sizeof ret->path, "EFI/%.250s/grub.cfg", vendors->names[(*at)++]);
        if (path_read(esp->fd, ret->path, STUB_MAX, &data, &size) < 0 ||
            grub_config_parse(data, size, ret->path, NULL, &ret->config) < 0)
            continue;
        if (ret->config.config_file && !ret->config.entries.count && ret->config.search)
            return true;
        grub_config_free(&ret->config);
    }
    return false;
}

static void detect_stub_wrong(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_esp *esp = facts_esp(x);
    _cleanup_directory_ struct directory vendors = {0};
    const struct volume *boot = facts_grub_volume(x);
    unsigned at = 0;
    struct stub stub;

    if (esp->fd < 0 || directory_list(esp->fd, "EFI", "", &vendors) < 0)
        return;
    while (next_stub(x, &vendors, &at, &stub)) {
        char why[256];
        struct finding *finding;

        if (examination_device(x, stub.config.search, NULL, why, sizeof why) == DEVICE_MISSING) {
            finding = report_add(r, f, "%s leads to a disk that is not there",
                                 text_safe(esp_shown(esp, stub.path)));
            finding_at(finding, esp_shown(esp, stub.path), stub.config.search_line);
            finding_evidence(finding, "%s", text_safe(stub.config.search));
            finding_expected(finding, "%s", why);
            finding_subject(finding, stub.config.search);
            if (!esp->place[0] || !boot || !boot->fs.uuid[0] ||
                !text_starts_with(stub.config.search, "UUID=") || !stub.config.search[5])
                finding_risk(finding, FAULT_RISK_NONE);
        }
        grub_config_free(&stub.config);
    }
}

static int set_stub(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    const struct volume *boot = facts_grub_volume(x);
    _cleanup_text_ struct text t = TEXT_INIT(STUB_MAX);
    const char *uuid = f->subject + strlen("UUID="), *at, *rest;
    _cleanup_free_ char *data = NULL;
    int r = changes_read_text(c, f->file, &data);

    if (r < 0)
        return remedy_planned(r, f->file, e);
    for (rest = data; (at = strstr(rest, uuid)); rest = at + strlen(uuid)) {
        (void)text_append(&t, rest, (size_t)(at - rest));
        (void)text_append(&t, boot->fs.uuid, strlen(boot->fs.uuid));
    }
    (void)text_append(&t, rest, strlen(rest));
    r = t.failed ? t.failed : changes_write(c, f->file, t.data, t.size, 0600);
    return remedy_planned(r, f->file, e);
}

/* --- Secure Boot --- */

static void detect_unsigned(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_choice *c = facts_default(x);
    struct kernel_image image;
    uint64_t size;

    if (!c || c->kernel_place != PLACE_FOUND || !esp_has_shim(x) ||
        !facts_kernel_image(x, c->kernel, &image, &size) ||
        (image.kind != KERNEL_BZIMAGE && image.kind != KERNEL_PE) || image.is_signed)
        return;
    finding_expected(
        facts_choice_finding(x, r, f, c, c->kernel, 0, "loads a kernel that Secure Boot refuses"),
        "there is no signature in %s, and shim starts GRUB here", text_safe(c->kernel));
}

static const struct fault faults[] = {
    {
        .id = "esp.no-loader",
        .severity = FAULT_STOPS_BOOT,
        .title = "the EFI system partition has no boot loader",
        .why = "The firmware finds nothing to start on the disk.",
        .remedy = "install it again: grub-install --target=x86_64-efi, or bootctl install, inside",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8), bootctl(1)",
        .detect = detect_no_loader,
        .repair = install,
    },
    {
        .id = "esp.damaged",
        .severity = FAULT_STOPS_BOOT,
        .title = "a boot loader in the EFI system partition is damaged",
        .why = "The firmware refuses to start it, and goes on to the next disk.",
        .remedy =
            "check the file system (fsck.fat), then install the loader again inside, or put its "
            "package's file there",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8), bootctl(1)",
        .detect = detect_damaged,
        .repair = mend,
    },
    {
        .id = "esp.stub-wrong",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB's first configuration in the EFI system partition leads nowhere",
        .why = "GRUB does not find its configuration, and stops at its prompt: \"grub>\".",
        .remedy = "name the file system that /boot/grub is on",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8)",
        .detect = detect_stub_wrong,
        .repair = set_stub,
    },
    {
        .id = "esp.wrong-type",
        .severity = FAULT_DEGRADES,
        .title = "the EFI system partition is not marked as one",
        .why = "Firmware that goes by the type of the partition does not look into it, and neither "
               "do bootctl and the other tools of systemd.",
        .remedy = "set its type in the partition table",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "UEFI specification, 13.3.3",
        .detect = detect_wrong_type,
        .repair = mark,
    },
    {
        .id = "esp.no-fallback",
        .severity = FAULT_NOTICE,
        .title = "no loader under the name that every firmware looks for",
        .why = "The machine has the way to the loader in its own memory: another machine, or this "
               "one with a new battery, does not find it.",
        .remedy = "put a copy of the system's own loader there",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "UEFI specification, 3.5.1.1",
        .detect = detect_no_fallback,
        .repair = esp_copy_loader,
    },
    {
        .id = "esp.kernel-unsigned",
        .severity = FAULT_NOTICE,
        .title = "the kernel is not signed, and shim is in use",
        .why = "With Secure Boot on, GRUB says \"bad shim signature\" and does not load it.",
        .remedy = "sign it (sbsign) and enroll the key (mokutil), or boot a signed kernel",
        .risk = FAULT_RISK_NONE,
        .reference = "mokutil(1)",
        .detect = detect_unsigned,
    },
};

FAULT_FAMILY(esp, faults);
