/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The filters of system calls against the table that they were made of: every number of every ABI
 * is put to the program as the kernel would, and the answer must be the one that a plain search of
 * the table gives for the name that libseccomp has for that number.
 */

#include "unit.h"

#include "container/capabilities.h"
#include "container/seccomp.h"
#include "container/seccomp_table.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define X32_BIT       0x40000000
#define REFUSED(code) (SECCOMP_RET_ERRNO | (code))

/* The table knows all calls up to this one, file_setattr(2) of Linux 6.17. */
#define NEWEST 469

static const struct abi {
    uint32_t machine, audit, libseccomp;
    int first;
} abis[] = {
    {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, 0},
    {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, SCMP_ARCH_X32, X32_BIT},
    {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, SCMP_ARCH_X86, 0},
    {AUDIT_ARCH_AARCH64, AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, 0},
    {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, SCMP_ARCH_ARM, 0},
};

/* Classic BPF, as the kernel executes it. */
static uint32_t execute(const struct sock_filter *insns, int count, const struct seccomp_data *data)
{
    uint32_t a = 0;

    assert_true(count > 0);
    for (int pc = 0; pc < count; pc++) {
        const struct sock_filter *i = &insns[pc];

        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(i->k + 4 <= sizeof *data);
            memcpy(&a, (const char *)data + i->k, 4);
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += a == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            pc += a >= i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JA:
            pc += (int)i->k;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= i->k;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            fail_msg("unexpected instruction %#x", i->code);
        }
    }
    fail_msg("the program has no end");
    return 0;
}

static uint32_t run(uint32_t machine, uint64_t capabilities, const struct seccomp_data *data)
{
    static struct sock_filter insns[SECCOMP_PROGRAM_MAX];

    return execute(insns, seccomp_program(machine, capabilities, NULL, insns), data);
}

static uint32_t answer_to(const struct abi *abi, uint64_t capabilities, int nr)
{
    return run(abi->machine, capabilities,
               &(struct seccomp_data){.arch = abi->audit, .nr = nr, .args = {0}});
}

static bool mentions(const char *calls, const char *name, int number)
{
    char copy[4096], *rest = copy, *word;

    assert_true((size_t)snprintf(copy, sizeof copy, "%s", calls) < sizeof copy);
    while ((word = strsep(&rest, " "))) {
        const char *known = strsep(&word, ":");

        if (name ? strcmp(known, name) == 0 : word && atoi(word) == number)
            return true;
    }
    return false;
}

/* What the table says, with the simplest search there is. @name NULL: libseccomp knows none. */
static uint32_t expected(const char *name, int number, uint64_t capabilities)
{
    for (size_t i = 0; i < COUNT(refused); i++)
        if (mentions(refused[i].calls, name, number))
            return refused[i].capability >= 0 &&
                           (capabilities & CAPABILITY_BIT(refused[i].capability))
                       ? SECCOMP_RET_ALLOW
                       : REFUSED((uint32_t)refused[i].error);
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (mentions(allowed[i].calls, name, number))
            return SECCOMP_RET_ALLOW;
    if (name &&
        (strcmp(name, CALL_WITH_AUDIT_SOCKETS) == 0 || strcmp(name, CALL_WITH_REQUESTS) == 0))
        return SECCOMP_RET_ALLOW;
    return REFUSED(ENOSYS);
}

/* Below 512 a number of x32 is the same call as without its bit: what only x86_64 has the kernel
 * itself refuses there. From 512 on libseccomp also names what only i386 has. */
static char *name_of(const struct abi *abi, int number)
{
    bool shared = abi->libseccomp == SCMP_ARCH_X32 && number < 512;
    uint32_t libseccomp = shared ? SCMP_ARCH_X86_64 : abi->libseccomp;
    int nr = shared ? number : abi->first + number;
    char *name = seccomp_syscall_resolve_num_arch(libseccomp, nr);
    int back = name ? seccomp_syscall_resolve_name_arch(libseccomp, name) : -1;

    if (back < 0 || back == nr)
        return name;
    free(name);
    return NULL;
}

static void check_all(uint64_t capabilities)
{
    for (size_t i = 0; i < COUNT(abis); i++) {
        for (int number = 0; number < 1200; number++) {
            const int nr = abis[i].first + number;
            char *name = name_of(&abis[i], number);
            uint32_t answer = answer_to(&abis[i], capabilities, nr);

            if (answer != expected(name, number, capabilities))
                fail_msg("ABI %zu, call %d (%s): %#x instead of %#x", i, number, name ? name : "-",
                         answer, expected(name, number, capabilities));
            free(name);
        }
    }
}

static void every_call_of_every_abi(void **state)
{
    check_all(0);
    check_all(UINT64_MAX);
    check_all(capabilities_default());
    for (size_t i = 0; i < COUNT(refused); i++)
        if (refused[i].capability >= 0)
            check_all(CAPABILITY_BIT(refused[i].capability));
}

static bool in_table(const char *name)
{
    for (size_t i = 0; i < COUNT(refused); i++)
        if (mentions(refused[i].calls, name, -1))
            return true;
    return expected(name, -1, 0) == SECCOMP_RET_ALLOW;
}

/* A call that was forgotten is one that fails inside for no reason. */
static void the_table_is_complete(void **state)
{
    for (size_t i = 0; i < COUNT(abis); i++) {
        for (int number = 0; number <= NEWEST; number++) {
            char *name =
                seccomp_syscall_resolve_num_arch(abis[i].libseccomp, abis[i].first + number);

            /* "syscall" is of an ARM ABI that Linux 2.6 gave up. */
            if (name && strcmp(name, "syscall") != 0 && !in_table(name))
                fail_msg("%s (%d) is not in the table", name, number);
            free(name);
        }
    }
}

static void edges(void **state)
{
    const struct abi *native = &abis[0];

    assert_int_equal(answer_to(native, 0, -1), REFUSED(ENOSYS));
    assert_int_equal(answer_to(native, 0, INT32_MAX), REFUSED(ENOSYS));
    assert_int_equal(answer_to(native, 0, X32_BIT | SYS_kexec_load), REFUSED(EPERM));
    assert_int_equal(answer_to(native, 0, X32_BIT | 528), REFUSED(EPERM)); /* its kexec_load */
    assert_int_equal(answer_to(native, 0, 528), REFUSED(ENOSYS));
    assert_int_equal(answer_to(&abis[4], 0, 0x0f0005), SECCOMP_RET_ALLOW); /* set_tls of ARM */
    /* Another machine's programs. */
    assert_int_equal(run(AUDIT_ARCH_X86_64, 0, &(struct seccomp_data){.arch = AUDIT_ARCH_AARCH64}),
                     REFUSED(ENOSYS));
    assert_int_equal(seccomp_program(AUDIT_ARCH_S390X, 0, NULL, NULL), -ENOSYS);
}

static uint32_t with_arguments(const struct abi *abi, const char *name, uint64_t a0, uint64_t a1,
                               uint64_t a2)
{
    int nr = seccomp_syscall_resolve_name_arch(abi->libseccomp, name);

    if (nr < 0 && abi->libseccomp == SCMP_ARCH_X86 && strcmp(name, "socket") == 0)
        nr = 359; /* beside socketcall(2), see SECURITY.md */

    return run(abi->machine, 0,
               &(struct seccomp_data){.arch = abi->audit, .nr = nr, .args = {a0, a1, a2}});
}

static void audit_sockets(void **state)
{
    const uint64_t garbage = 0xdead000000000000;

    for (size_t i = 0; i < COUNT(abis); i++) {
        const struct abi *abi = &abis[i];

        assert_int_equal(with_arguments(abi, "socket", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
                         REFUSED(EAFNOSUPPORT));
        /* The kernel takes ints: what is above them does not hide the value. */
        assert_int_equal(
            with_arguments(abi, "socket", garbage | AF_NETLINK, SOCK_RAW, garbage | NETLINK_AUDIT),
            REFUSED(EAFNOSUPPORT));
        assert_int_equal(with_arguments(abi, "socket", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
                         SECCOMP_RET_ALLOW);
        assert_int_equal(with_arguments(abi, "socket", AF_UNIX, SOCK_RAW, NETLINK_AUDIT),
                         SECCOMP_RET_ALLOW);
    }
}

static void terminal_input(void **state)
{
    for (size_t i = 0; i < COUNT(abis); i++) {
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, TIOCSTI, 0), REFUSED(EPERM));
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, TIOCLINUX, 0), REFUSED(EPERM));
        /* Mappings are looked at and not changed. */
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, DM_DEV_REMOVE, 0), REFUSED(EPERM));
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, DM_DEV_ARM_POLL, 0), REFUSED(EPERM));
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, DM_TABLE_STATUS, 0),
                         SECCOMP_RET_ALLOW);
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, DM_LIST_DEVICES, 0),
                         SECCOMP_RET_ALLOW);
        /* CVE-2019-10063 */
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, TIOCSTI | 1ULL << 32, 0),
                         REFUSED(EPERM));
        assert_int_equal(with_arguments(&abis[i], "ioctl", 0, TIOCGWINSZ, 0), SECCOMP_RET_ALLOW);
    }
}

static uint32_t changed(const struct abi *abi, char *const *open, char *const *closed, int nr)
{
    static struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    const struct seccomp_data data = {.arch = abi->audit, .nr = nr};
    uint32_t answer = execute(insns, seccomp_program(abi->machine, 0, open, insns), &data);

    /* Of two filters the stricter answer counts. */
    if (answer == SECCOMP_RET_ALLOW && closed)
        answer = execute(insns, seccomp_closing_program(abi->machine, closed, insns), &data);
    return answer;
}

/* --system-call-filter= */
static void changes(void **state)
{
    char *open[] = {(char *)"bpf", (char *)"@keyring", NULL},
         *closed[] = {(char *)"@mount", (char *)"read", NULL};

    for (size_t i = 0; i < COUNT(abis); i++) {
        const uint32_t arch = abis[i].libseccomp;

        assert_int_equal(
            changed(&abis[i], open, NULL, seccomp_syscall_resolve_name_arch(arch, "bpf")),
            SECCOMP_RET_ALLOW);
        assert_int_equal(
            changed(&abis[i], open, NULL, seccomp_syscall_resolve_name_arch(arch, "keyctl")),
            SECCOMP_RET_ALLOW);
        assert_int_equal(
            changed(&abis[i], open, NULL, seccomp_syscall_resolve_name_arch(arch, "swapon")),
            REFUSED(EPERM));
        assert_int_equal(
            changed(&abis[i], NULL, closed, seccomp_syscall_resolve_name_arch(arch, "read")),
            REFUSED(EPERM));
        assert_int_equal(
            changed(&abis[i], NULL, closed, seccomp_syscall_resolve_name_arch(arch, "umount2")),
            REFUSED(EPERM));
        assert_int_equal(
            changed(&abis[i], NULL, closed, seccomp_syscall_resolve_name_arch(arch, "write")),
            SECCOMP_RET_ALLOW);
    }
    assert_true(seccomp_is_known("statmount"));
    assert_true(seccomp_is_known("socket"));
    assert_true(seccomp_is_known("@file-system"));
    assert_false(seccomp_is_known("file-system"));
    assert_false(seccomp_is_known(""));
    assert_false(seccomp_is_known("@"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_every_abi),
        cmocka_unit_test(the_table_is_complete),
        cmocka_unit_test(edges),
        cmocka_unit_test(audit_sockets),
        cmocka_unit_test(terminal_input),
        cmocka_unit_test(changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
