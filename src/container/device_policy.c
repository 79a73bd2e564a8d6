/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/device_policy.h"

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/cgroup.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ANY    UINT32_MAX
#define ACCESS (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Numbers from Documentation/admin-guide/devices.txt. All of these are character devices. */
static const struct {
    uint32_t major, minor;
} standard[] = {
    {1, 3},     /* null */
    {1, 5},     /* zero */
    {1, 7},     /* full */
    {1, 8},     /* random */
    {1, 9},     /* urandom */
    {5, 0},     /* tty: the process's own terminal */
    {5, 1},     /* console: ours is a pty, but programs look */
    {5, 2},     /* ptmx, of the container's devpts */
    {136, ANY}, /* pts, of the container's devpts: elsewhere the kernel refuses to open one */
};

struct program {
    struct bpf_insn *insns;
    unsigned count, max;
};

static void emit(struct program *p, struct bpf_insn insn)
{
    if (p->count < p->max)
        p->insns[p->count] = insn;
    p->count++;
}

static void load_word(struct program *p, unsigned to, short offset)
{
    emit(p, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
                              .dst_reg = to & 0xf,
                              .src_reg = BPF_REG_1,
                              .off = offset});
}

static void compute(struct program *p, unsigned operation, unsigned reg, uint32_t value)
{
    emit(p, (struct bpf_insn){.code = (uint8_t)(BPF_ALU64 | BPF_K | operation),
                              .dst_reg = reg & 0xf,
                              .imm = (int32_t)value});
}

static void combine(struct program *p, unsigned reg, unsigned with)
{
    emit(p, (struct bpf_insn){
                .code = BPF_ALU64 | BPF_X | BPF_OR, .dst_reg = reg & 0xf, .src_reg = with & 0xf});
}

static void jump_if_bits(struct program *p, unsigned reg, uint32_t bits, short skip)
{
    emit(p, (struct bpf_insn){.code = BPF_JMP | BPF_JSET | BPF_K,
                              .dst_reg = reg & 0xf,
                              .off = skip,
                              .imm = (int32_t)bits});
}

static void leave(struct program *p, bool allow)
{
    emit(p, (struct bpf_insn){
                .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = allow});
    emit(p, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

/* A device as one number. The kernel's dev_t has 12 bits for the major and 20 for the minor. */
static uint64_t key_of(uint32_t type, uint32_t maj, uint32_t min)
{
    return (uint64_t)type << 60 | (uint64_t)maj << 32 | min;
}

/* Unless register @reg holds @value, skip @rest instructions. */
static void require(struct program *p, unsigned reg, uint64_t value, short rest)
{
    emit(p, (struct bpf_insn){.code = BPF_LD | BPF_DW | BPF_IMM,
                              .dst_reg = BPF_REG_0,
                              .imm = (int32_t)(uint32_t)value});
    emit(p, (struct bpf_insn){.imm = (int32_t)(uint32_t)(value >> 32)});
    emit(p, (struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_X,
                              .dst_reg = reg & 0xf,
                              .src_reg = BPF_REG_0,
                              .off = rest});
}

/* Registers: 2 the device's key, 3 the access, 4 the key without its minor. */
static void allow_device(struct program *p, uint32_t type, uint32_t maj, uint32_t min,
                         uint32_t refused)
{
    short rest = refused ? 3 : 2;

    if (min == ANY)
        require(p, BPF_REG_4, key_of(type, maj, 0) >> 32, rest);
    else
        require(p, BPF_REG_2, key_of(type, maj, min), rest);
    if (refused)
        jump_if_bits(p, BPF_REG_3, refused, 2);
    leave(p, true);
}

/*
 * One comparison for each device: the kernel checks every path through the program when it is
 * loaded, and that takes longer than everything else that is done here.
 */
int device_policy_program(const struct container_plan *plan, struct bpf_insn *ret, unsigned max)
{
    struct program p = {.insns = ret, .max = max};

    /* struct bpf_cgroup_dev_ctx: access_type is (access << 16) | type, then major, minor. */
    load_word(&p, BPF_REG_3, 0);
    compute(&p, BPF_RSH, BPF_REG_3, 16);
    jump_if_bits(&p, BPF_REG_3, ACCESS, 2); /* making a node is no access */
    leave(&p, true);
    load_word(&p, BPF_REG_2, 0);
    load_word(&p, BPF_REG_4, 4);
    load_word(&p, BPF_REG_5, 8);
    compute(&p, BPF_LSH, BPF_REG_2, 60); /* the access falls out */
    compute(&p, BPF_LSH, BPF_REG_4, 32);
    combine(&p, BPF_REG_2, BPF_REG_4);
    combine(&p, BPF_REG_2, BPF_REG_5);
    emit(&p, (struct bpf_insn){
                 .code = BPF_ALU64 | BPF_X | BPF_MOV, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_2});
    compute(&p, BPF_RSH, BPF_REG_4, 32);
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
        allow_device(&p, BPF_DEVCG_DEV_CHAR, standard[i].major, standard[i].minor, 0);
    for (unsigned i = 0; i < plan->device_count; i++) {
        const struct container_device *d = &plan->devices[i];

        allow_device(&p, d->character ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK, major(d->devno),
                     minor(d->devno), d->read_only ? BPF_DEVCG_ACC_WRITE : 0);
    }
    leave(&p, false);
    return p.count <= max ? (int)p.count : -E2BIG;
}

int device_policy_write_old(const struct container_plan *plan, int fd)
{
    char line[64];
    int r = cgroup_write(fd, "devices.deny", "a");

    if (r == 0)
        r = cgroup_write(fd, "devices.allow", "c *:* m");
    if (r == 0)
        r = cgroup_write(fd, "devices.allow", "b *:* m");
    for (size_t i = 0; r == 0 && i < sizeof standard / sizeof standard[0]; i++) {
        if (standard[i].minor == ANY)
            snprintf(line, sizeof line, "c %u:* rw", standard[i].major);
        else
            snprintf(line, sizeof line, "c %u:%u rw", standard[i].major, standard[i].minor);
        r = cgroup_write(fd, "devices.allow", line);
    }
    for (unsigned i = 0; r == 0 && i < plan->device_count; i++) {
        const struct container_device *d = &plan->devices[i];

        snprintf(line, sizeof line, "%c %u:%u %s", d->character ? 'c' : 'b', major(d->devno),
                 minor(d->devno), d->read_only ? "r" : "rw");
        r = cgroup_write(fd, "devices.allow", line);
    }
    return r;
}

static int load(const struct bpf_insn *insns, unsigned count)
{
    union bpf_attr attr;
    int fd;

    memset(&attr, 0, sizeof attr); /* bpf(2): bytes that are not used must be zero */
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = (uintptr_t)insns;
    attr.insn_cnt = count;
    attr.license = (uintptr_t) "LGPL"; /* no GPL-only helper is called */
    memcpy(attr.prog_name, "unbrick_devices", sizeof "unbrick_devices");
    fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
    return fd < 0 ? -errno : fd;
}

int device_policy_attach(const struct container_plan *plan, int cgroup_fd, struct error *e)
{
    _cleanup_free_ struct bpf_insn *insns = malloc(DEVICE_POLICY_MAX * sizeof *insns);
    _cleanup_fd_ int program = -1;
    union bpf_attr attr;
    int count = insns ? device_policy_program(plan, insns, DEVICE_POLICY_MAX) : -ENOMEM;

    if (count < 0)
        return error_errno(e, count, "too many devices for the device policy");
    program = load(insns, (unsigned)count);
    if (program < 0)
        return error_errno(e, program, "cannot load the device policy");
    memset(&attr, 0, sizeof attr);
    attr.target_fd = (uint32_t)cgroup_fd;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI; /* a policy above ours stays in force */
    if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) < 0)
        return error_errno(e, -errno, "cannot set the device policy");
    return 0;
}
