/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Boot loader configurations that are lines of "key value": entries of the Boot Loader
 * Specification, systemd-boot's loader.conf, extlinux.conf. Pure and tolerant. */

#include "system/boot_entry.h"
#include "system/grub_environment.h"

#include <stddef.h>

/*
 * One entry of /loader/entries (the Boot Loader Specification, "Type #1"): @file is where it is
 * inside. With @environment not NULL it is GRUB that reads it, and variables ("$kernelopts") are
 * put in; the first that is not set is named in @undefined ("" when none, may be NULL).
 * 0 with a new entry in @ret; -ENOMEM; -E2BIG.
 */
int bls_parse(const char *data, size_t size, const char *file,
              const struct grub_environment *environment, struct boot_entries *ret, char *undefined,
              size_t undefined_size);

/* Sort entries as systemd-boot does (sort key, machine, version, name: newest first), which for the
 * entries of one system is also the order of GRUB's blscfg. From entry @first on. */
void bls_sort(struct boot_entries *entries, unsigned first);

/* The value of @key in loader.conf(5): the last one. 0; -ENOENT; -ENAMETOOLONG. */
int loader_conf_get(const char *data, size_t size, const char *key, char *ret, size_t ret_size,
                    unsigned *ret_line);

/* The entry that "default" of loader.conf(5) means: a pattern of names, with or without ".conf".
 * -1: none. */
int loader_conf_find(const struct boot_entries *entries, const char *pattern);

/*
 * extlinux.conf and syslinux.cfg, also as U-Boot reads them: labels. *ret_default: index of the
 * default; -1 when there is none. *ret_default_name (owned by the caller; may become NULL): what
 * DEFAULT says. 0 or -ENOMEM.
 */
int extlinux_parse(const char *data, size_t size, const char *file, struct boot_entries *ret,
                   int *ret_default, char **ret_default_name);
