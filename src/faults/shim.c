/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* shim in the EFI system partition, and what it starts. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/esp_loader.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/kernel_image.h"
#include "system/pe_image.h"
#include "system/shim_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct shim {
    char directory[300]; /* in the ESP, as it is spelt */
    char next[64];       /* what it starts from there */
    bool is_fallback;    /* under the name for any machine */
};

typedef void shim_fn(struct examination *x, const struct fault *f, struct report *r,
                     const struct shim *s);

static bool is_shim(const struct facts_esp *esp, const char *path, char *ret_next, size_t size)
{
    _cleanup_free_ char *data = NULL;
    size_t length;

    return path_read(esp->fd, path, SHIM_IMAGE_MAX, &data, &length) == 0 &&
           shim_image_next(data, length, ret_next, size);
}

/* This system's own, and the copy for any machine; of the first that a directory has the name. */
static void for_each_shim(struct examination *x, const struct fault *f, struct report *r,
                          shim_fn *check)
{
    const struct facts_esp *esp = facts_esp(x);
    const char *const names[] = {esp_is_arm(x) ? "shimaa64.efi" : "shimx64.efi", "shim.efi"};
    struct shim s = {.is_fallback = true};
    const char *fallback;

    if (esp->fd < 0)
        return;
    fallback = esp_fallback(x);
    snprintf(s.directory, sizeof s.directory, "%.*s", (int)(strrchr(fallback, '/') - fallback),
             fallback);
    if (is_shim(esp, fallback, s.next, sizeof s.next))
        check(x, f, r, &s);
    s.is_fallback = false;
    snprintf(s.directory, sizeof s.directory, "EFI/%.250s", esp_vendor(x));
    for (size_t i = 0; esp_vendor(x)[0] && i < sizeof names / sizeof names[0]; i++)
        if (is_shim(esp, esp_spelt(esp, directory_join(s.directory, names[i])), s.next,
                    sizeof s.next)) {
            check(x, f, r, &s);
            return;
        }
}

/* Under the name for any machine it may start another program, which makes the firmware's entries
 * from the files BOOT*.CSV of the distributions, and boots by these (shim's README.fallback). */
static bool has_fallback_program(struct examination *x, const struct shim *s)
{
    const struct facts_esp *esp = facts_esp(x);
    const char *const names[] = {esp_is_arm(x) ? "fbaa64.efi" : "fbx64.efi", "fallback.efi"};

    for (size_t i = 0; s->is_fallback && i < sizeof names / sizeof names[0]; i++)
        if (path_exists(esp->fd, esp_spelt(esp, directory_join(s->directory, names[i]))) == 1)
            return true;
    return false;
}

static void next_of(struct examination *x, const struct shim *s, char *ret, size_t size)
{
    snprintf(ret, size, "%s", esp_spelt(facts_esp(x), directory_join(s->directory, s->next)));
}

/* The way by the firmware's own entry is not about the copy for any machine. */
static void milden(struct examination *x, struct finding *finding, const struct shim *s)
{
    if (!s->is_fallback || !esp_has_own_loader(x) || finding->fault->severity == FAULT_NOTICE)
        return;
    finding_severity(finding, FAULT_NOTICE);
    finding_why(finding, "The machine has the way to the system's own in its memory: another "
                         "machine, or this one with a new battery, does not come up.");
}

static void check_next(struct examination *x, const struct fault *f, struct report *r,
                       const struct shim *s)
{
    const struct facts_esp *esp = facts_esp(x);
    struct finding *finding;
    char path[400];

    next_of(x, s, path, sizeof path);
    if (has_fallback_program(x, s) || path_exists(esp->fd, path) != 0)
        return;
    finding = report_add(r, f, "shim in %s has nothing to start",
                         text_safe(esp_shown(esp, s->directory)));
    finding_at(finding, esp_shown(esp, path), 0);
    finding_expected(finding, "%s is not there", text_safe(esp_shown(esp, path)));
    finding_subject(finding, path);
    if (finding)
        milden(x, finding, s);
    if (!esp_can_put_back(x, path))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_next_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_shim(x, f, r, check_next);
}

static void check_signature(struct examination *x, const struct fault *f, struct report *r,
                            const struct shim *s)
{
    const struct facts_esp *esp = facts_esp(x);
    _cleanup_free_ unsigned char *data = malloc(KERNEL_IMAGE_BYTES);
    _cleanup_fd_ int fd = -1;
    struct finding *finding;
    struct pe_image pe;
    char path[400];
    ssize_t n;

    next_of(x, s, path, sizeof path);
    fd = path_open(esp->fd, path, O_RDONLY);
    n = data && fd >= 0 ? pread(fd, data, KERNEL_IMAGE_BYTES, 0) : -1;
    if (n < 0 || pe_image_parse(data, (size_t)n, &pe) < 0 || pe.is_signed)
        return;
    finding = report_add(r, f, "shim in %s starts a boot loader that is not signed",
                         text_safe(esp_shown(esp, s->directory)));
    finding_at(finding, esp_shown(esp, path), 0);
    finding_expected(finding, "there is no signature in %s", text_safe(esp_shown(esp, path)));
    finding_subject(finding, path);
    if (!esp_can_put_back(x, path))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_next_unsigned(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_shim(x, f, r, check_signature);
}

static int put_back(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    return esp_put_back(x, f->subject, c, e);
}

static const struct fault faults[] = {
    {
        .id = "shim.loader-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "shim has no boot loader beside it",
        .why = "shim says \"Failed to open ... Not Found\", and the firmware goes on to the next "
               "disk.",
        .remedy = "put the file of the system's package there (Fedora and its like: dnf reinstall "
                  "shim-x64 grub2-efi-x64)",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "shim's README, DEFAULT_LOADER",
        .detect = detect_next_missing,
        .repair = put_back,
    },
    {
        .id = "shim.loader-unsigned",
        .severity = FAULT_NOTICE,
        .title = "the boot loader that shim starts is not signed",
        .why =
            "With Secure Boot on, shim says \"Verification failed: Security Violation\" and does "
            "not start it.",
        .remedy =
            "put the signed one of the system's package there (Debian: grub-efi-amd64-signed)",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "shim's README",
        .detect = detect_next_unsigned,
        .repair = put_back,
    },
};

FAULT_FAMILY(shim, faults);
