/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's file systems that a payload finds mounted (the container interface of systemd,
 * https://systemd.io/CONTAINER_INTERFACE). Called by the payload after pivot_root(2). */

#include "base/error.h"
#include "container/plan.h"

/* Are /proc /sys /dev /run directories of the tree @root_fd itself, not links? ERROR_TARGET with
 * reason "missing-directory" names those that are not. Nothing is ever made on the patient. */
int api_mounts_check_points(int root_fd, struct error *e);

/*
 * Mount the table: /proc /sys /dev /dev/pts /dev/shm /dev/mqueue /run /tmp and the cgroup tree,
 * which is the detached mount @cgroup_tree or, with -1, a new one.
 * *ret_dev, *ret_pts and *ret_run get descriptors of their roots.
 */
int api_mounts_make(const struct container_plan *plan, int root_fd, int cgroup_tree, int *ret_dev,
                    int *ret_pts, int *ret_run, struct error *e);

/*
 * After /run is filled: make /run/host read-only, and cover parts of /proc that are the host's.
 * What is laid over lies below /run/host: inaccessible/reg, inaccessible/dir, cmdline, boot-id.
 */
int api_mounts_protect(const struct container_plan *plan, int root_fd, struct error *e);
