/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Getting in again: what is asked for by name and not because of a finding. Planned as changes,
 * like a remedy, so that it is shown before and applied in the same way.
 */

#include "faults/changes.h"
#include "faults/examination.h"

/* The prefix of crypt(5) for a new hash, as the target's own passwd(1) would make it: "$y$" where
 * its configuration says yescrypt, else "$6$", which every C library since 2008 takes. */
const char *access_hash_prefix(struct examination *x);

/* Plan a new password for root: @hash goes into shadow (or passwd, where there is no shadow), today
 * is the date of its change, and a lock or an expiry are taken away. */
int access_set_root_password(struct examination *x, struct changes *c, const char *hash,
                             struct error *e);

/* Plan to let @user in again: the lock of the password, the expiry of the account and of the
 * password are taken away. -ENODATA with ERROR_REFUSED when there is no password under the lock. */
int access_unlock(struct examination *x, struct changes *c, const char *user, struct error *e);

/* Plan to add the public keys in @data to those that let @user in by ssh, with the directory,
 * owners and modes that sshd wants. -EINVAL with ERROR_USAGE when @data holds no public key, or a
 * private one. */
int access_add_ssh_key(struct examination *x, struct changes *c, const char *user, const char *data,
                       size_t size, struct error *e);
