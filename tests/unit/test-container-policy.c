/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The container's plan and the programs made of it: pure data, no kernel involved. */

#include "unit.h"

#include "container/capabilities.h"
#include "container/device_policy.h"
#include "container/plan.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/sysmacros.h>

/* --- devices: the instructions that device_policy.c uses -------------------------------------- */

static bool may_open(const struct container_plan *plan, uint32_t type, uint32_t access,
                     uint32_t maj, uint32_t min)
{
    static struct bpf_insn insns[DEVICE_POLICY_MAX];
    int count = device_policy_program(plan, insns, DEVICE_POLICY_MAX);
    const struct bpf_cgroup_dev_ctx ctx = {access << 16 | type, maj, min};
    uint64_t reg[11] = {0};

    assert_true(count > 0);
    for (int pc = 0; pc < count; pc++) {
        const struct bpf_insn *i = &insns[pc];
        uint32_t word;

        switch (i->code) {
        case BPF_LDX | BPF_MEM | BPF_W:
            memcpy(&word, (const char *)&ctx + i->off, 4);
            reg[i->dst_reg] = word;
            break;
        case BPF_ALU64 | BPF_K | BPF_LSH:
            reg[i->dst_reg] <<= i->imm;
            break;
        case BPF_ALU64 | BPF_K | BPF_RSH:
            reg[i->dst_reg] >>= i->imm;
            break;
        case BPF_ALU64 | BPF_X | BPF_OR:
            reg[i->dst_reg] |= reg[i->src_reg];
            break;
        case BPF_ALU64 | BPF_X | BPF_MOV:
            reg[i->dst_reg] = reg[i->src_reg];
            break;
        case BPF_LD | BPF_DW | BPF_IMM:
            reg[i->dst_reg] = (uint32_t)i[0].imm | (uint64_t)(uint32_t)i[1].imm << 32;
            pc++;
            break;
        case BPF_JMP | BPF_JNE | BPF_X:
            pc += reg[i->dst_reg] != reg[i->src_reg] ? i->off : 0;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            pc += reg[i->dst_reg] & (uint32_t)i->imm ? i->off : 0;
            break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
            reg[i->dst_reg] = (uint32_t)i->imm;
            break;
        case BPF_JMP | BPF_EXIT:
            return reg[0];
        default:
            fail_msg("unexpected instruction %#x", i->code);
        }
    }
    fail_msg("the program has no end");
    return false;
}

static void test_device_policy(void **state)
{
    const uint32_t blk = BPF_DEVCG_DEV_BLOCK, chr = BPF_DEVCG_DEV_CHAR, rd = BPF_DEVCG_ACC_READ,
                   wr = BPF_DEVCG_ACC_WRITE, mk = BPF_DEVCG_ACC_MKNOD;
    struct container_plan plan = {0};

    (void)state;
    assert_int_equal(container_plan_add_device(&plan, "sdb1", makedev(8, 17), false, NULL), 0);
    assert_int_equal(container_plan_add_device(&plan, "sdc1", makedev(8, 33), true, NULL), 0);
    assert_true(may_open(&plan, chr, rd | wr, 1, 3));
    assert_true(may_open(&plan, chr, rd | wr, 136, 77));
    assert_false(may_open(&plan, chr, rd, 1, 1));      /* /dev/mem */
    assert_false(may_open(&plan, blk, rd, 1, 3));      /* a disk with the numbers of /dev/null */
    assert_false(may_open(&plan, chr, rd, 10, 237));   /* /dev/loop-control */
    assert_true(may_open(&plan, blk, rd | wr, 8, 17)); /* the patient's */
    assert_true(may_open(&plan, blk, rd, 8, 33));
    assert_false(may_open(&plan, blk, rd | wr, 8, 33));
    assert_false(may_open(&plan, blk, rd, 8, 0)); /* the host's */
    assert_true(may_open(&plan, blk, mk, 8, 0));  /* a node that cannot be opened is only a name */
    assert_false(may_open(&plan, blk, mk | rd, 8, 0));
    container_plan_free(&plan);
}

static void test_device_policy_is_bounded(void **state)
{
    static struct bpf_insn insns[DEVICE_POLICY_MAX];
    struct container_plan plan = {0};
    unsigned minor = 0;

    (void)state;
    assert_int_equal(device_policy_program(&plan, insns, 16), -E2BIG);
    /* As many devices as a plan takes: a disk with thousands of partitions is not left without. */
    while (container_plan_add_device(&plan, "x", makedev(259, minor), true, NULL) == 0)
        minor++;
    assert_true(minor >= 4096);
    assert_true(device_policy_program(&plan, insns, DEVICE_POLICY_MAX) > 0);
    container_plan_free(&plan);
}

/* --- plan --------------------------------------------------------------------------------------
 */

static void test_capability_names(void **state)
{
    (void)state;
    assert_int_equal(capability_from_name("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
    assert_int_equal(capability_from_name("sys_admin"), CAP_SYS_ADMIN);
    assert_int_equal(capability_from_name("CAP_"), -EINVAL);
    assert_int_equal(capability_from_name("nonsense"), -EINVAL);
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
        assert_int_equal(capability_from_name(capability_name(cap)), cap);
    assert_true(capabilities_default() & CAPABILITY_BIT(CAP_SYS_ADMIN));
    assert_false(capabilities_default() & CAPABILITY_BIT(CAP_SYS_MODULE));
    assert_false(capabilities_default() & CAPABILITY_BIT(CAP_AUDIT_WRITE));
}

static void check_hostname(const char *name, const char *expected)
{
    struct container_plan plan;
    struct error e = {0};

    assert_int_equal(container_plan_init(&plan, name, &e), 0);
    assert_string_equal(plan.name, expected);
    container_plan_free(&plan);
}

static void test_host_names(void **state)
{
    (void)state;
    check_hostname("web01", "web01");
    check_hostname("disk image.img", "disk-image.img");
    check_hostname("", "rescue");
    check_hostname("\033[31m..", "31m");
    check_hostname("../..", "rescue");
    check_hostname("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void test_environment_is_replaced(void **state)
{
    struct container_plan plan;
    struct error e = {0};
    unsigned found = 0;

    (void)state;
    assert_int_equal(container_plan_init(&plan, "x", &e), 0);
    assert_int_equal(container_plan_set_env(&plan, "HOME", "/elsewhere"), 0);
    for (char **v = plan.env; *v; v++)
        if (strncmp(*v, "HOME=", 5) == 0) {
            assert_string_equal(*v, "HOME=/elsewhere");
            found++;
        }
    assert_int_equal(found, 1);
    container_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_policy),
        cmocka_unit_test(test_device_policy_is_bounded),
        cmocka_unit_test(test_capability_names),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_environment_is_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
