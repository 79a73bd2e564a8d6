/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which devices may be opened inside: the standard nodes, terminals of the container's own devpts
 * and the patient's devices. A node of another device can be made (package managers and cpio do)
 * but not opened. A BPF program of type CGROUP_DEVICE on the container's cgroup does it
 * (Documentation/bpf/prog_cgroup_device in the kernel, Documentation/admin-guide/cgroup-v2.rst).
 */

#include "base/error.h"
#include "container/plan.h"

struct bpf_insn;

/* More than a plan can need: standard nodes, and 4096 devices with six instructions each. */
#define DEVICE_POLICY_MAX 32768

/* The program for @plan into @ret (of @max instructions): how many, or -E2BIG. Pure. */
int device_policy_program(const struct container_plan *plan, struct bpf_insn *ret, unsigned max);

/* The same in the old way, for a kernel that does not take the program: lines for the files
 * devices.deny and devices.allow of the group with the directory @fd
 * (Documentation/admin-guide/cgroup-v1/devices.rst). 0 or a negative errno. */
int device_policy_write_old(const struct container_plan *plan, int fd);

/* Load it and attach it to the cgroup directory @cgroup_fd. 0 or a negative errno. */
int device_policy_attach(const struct container_plan *plan, int cgroup_fd, struct error *e);
