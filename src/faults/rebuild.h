/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a system makes by itself from what is in it, made again with its own programs: the initramfs
 * of a kernel, GRUB's configuration, the index of the modules. They run inside the patient. */

#include "faults/changes.h"
#include "faults/examination.h"

/* Is there a program for it that can be executed here? For findings: without it the remedy does not
 * fit. */
bool rebuild_has_initramfs(const struct examination *x);
bool rebuild_has_grub(const struct examination *x);
bool rebuild_has_loader(const struct examination *x);

/*
 * Plan to make the initramfs of @release again, for any machine and not only for this host; @path
 * is where the boot loader looks for it. 0; -ENOTSUP: the patient has no program for it, or that
 * cannot be run here, with the reason.
 */
int rebuild_initramfs(struct examination *x, const char *release, const char *path,
                      struct changes *c, struct error *e);

/* The name that this system gives the initramfs of @release, for where nothing names one yet. In
 * @buf; returns @buf. */
char *rebuild_initramfs_path(const struct examination *x, const char *release, char *buf,
                             size_t size);

/* The same for all kernels that have one, after a change of something that each has a copy of;
 * nothing when the patient cannot (rebuild_has_initramfs()). 0 or a negative errno. */
int rebuild_every_initramfs(struct examination *x, struct changes *c, struct error *e);

/* Plan to make grub.cfg at @path again. As above. */
int rebuild_grub(struct examination *x, const char *path, struct changes *c, struct error *e);

/* Plan to install GRUB for a BIOS on the disk of the root, as it is seen inside. As above. */
int rebuild_loader(struct examination *x, struct changes *c, struct error *e);

/* Plan to install the boot loader for EFI that the system has, into the EFI system partition that
 * is mounted at @esp inside: under its own name and under the one for any machine, and without an
 * entry in the memory of this host's firmware. @entries: those of the Boot Loader Specification lie
 * there, which systemd-boot is for. As above. */
bool rebuild_has_efi_loader(const struct examination *x, bool entries);
int rebuild_efi_loader(struct examination *x, bool entries, const char *esp, struct changes *c,
                       struct error *e);

/* Plan depmod(8) for @release. As above. */
int rebuild_module_index(struct examination *x, const char *release, struct changes *c,
                         struct error *e);
