/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's file systems that a payload finds mounted (the container interface of systemd,
 * https://systemd.io/CONTAINER_INTERFACE). Called by the payload. */

#include "base/error.h"
#include "container/plan.h"

/* Are /proc /sys /dev /run directories of the tree @root_fd itself, not links? ERROR_TARGET with
 * reason "missing-directory" names those that are not. Nothing is ever made on the patient. */
int api_mounts_check_points(int root_fd, struct error *e);

/* Rows of the table: /dev /dev/pts /dev/shm /dev/mqueue /proc /sys /run /tmp, and /sys/fs/cgroup of
 * either sort. */
#define API_MOUNTS 11

/*
 * Make them all, detached. In a user namespace that works only where the host's /proc and /sys can
 * still be seen in full (mount_too_revealing() in the kernel's fs/namespace.c), and so before the
 * host is left. The cgroup tree is the detached mount @cgroup_tree or, with -1, a new one. What is
 * optional and cannot be made is -1 in @ret.
 */
int api_mounts_open(const struct container_plan *plan, int cgroup_tree, int ret[API_MOUNTS],
                    struct error *e);

/* Attach them below @root_fd. *ret_dev, *ret_pts and *ret_run are among the @trees. */
int api_mounts_attach(int root_fd, const int trees[API_MOUNTS], int *ret_dev, int *ret_pts,
                      int *ret_run, struct error *e);

/*
 * After /run is filled: make /run/host read-only, and cover parts of /proc that are the host's.
 * What is laid over lies below /run/host: inaccessible/reg, inaccessible/dir, cmdline, boot-id.
 */
int api_mounts_protect(const struct container_plan *plan, int root_fd, struct error *e);
