/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes the filter of system calls out of seccomp_table.h: a program of classic BPF for each
 * machine, as C, on standard output. Run at build time, since libseccomp takes three quarters of a
 * container's start to do it (docs/performance.md). libseccomp gives the numbers of the calls.
 *
 * A machine executes programs of several ABIs, each with its own numbers. In each the numbers are
 * cut into ranges with one answer, and found by halving: about eight comparisons a call, and the
 * kernel remembers the calls that are always allowed (seccomp_cache_prepare()).
 */

#include "container/seccomp_table.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* x32 has the numbers of x86_64 with a bit more, except that some calls of its own begin at 512
 * (arch/x86/entry/syscalls/syscall_64.tbl). */
#define X32_BIT   0x40000000u /* __X32_SYSCALL_BIT (arch/x86/include/uapi/asm/unistd.h) */
#define X32_FIRST 512

#define NUMBERS   1024 /* more than an ABI has, but for the private ones of ARM */
#define RULES_MAX 2048
#define INSNS_MAX 4096
#define ABIS_MAX  3

enum answer_kind { ANSWER_ERROR, ANSWER_ALLOW, ANSWER_SOCKET, ANSWER_IOCTL };

struct answer {
    enum answer_kind kind;
    int error;      /* ANSWER_ERROR */
    char name[24];  /* of a refused call, which can be allowed at run time; or "" */
    int capability; /* that allows it, or NEVER */
};

/* From @number up to the next rule's number this is the answer. */
struct rule {
    uint32_t number;
    struct answer answer;
};

/* The calls of one ABI, sorted. */
struct table {
    struct rule rules[RULES_MAX];
    unsigned count;
};

struct program {
    struct sock_filter insns[INSNS_MAX];
    unsigned count;
    struct opening {
        struct answer answer;
        unsigned place;
    } openings[RULES_MAX];
    unsigned opening_count;
};

static const struct answer unknown = {.kind = ANSWER_ERROR, .error = ENOSYS};

static _Noreturn void die(const char *name, const char *what)
{
    fprintf(stderr, "seccomp_table.h: %s: %s\n", name, what);
    exit(EXIT_FAILURE);
}

/* --- the table, for one ABI ------------------------------------------------------------------ */

static void add_rule(struct table *t, uint32_t number, struct answer answer)
{
    if (t->count == RULES_MAX)
        die("RULES_MAX", "too many calls");
    t->rules[t->count++] = (struct rule){number, answer};
}

static bool exists_anywhere(const char *name)
{
    static const uint32_t all[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64,
                                   SCMP_ARCH_ARM,    SCMP_ARCH_PPC, SCMP_ARCH_S390X};

    for (size_t i = 0; i < COUNT(all); i++)
        if (seccomp_syscall_resolve_name_arch(all[i], name) != __NR_SCMP_ERROR)
            return true;
    return false;
}

/* i386 has socket(2) and its like twice, below socketcall(2) and with a number of their own. Asked
 * for the name libseccomp tells of the first only, but it knows both numbers. */
static int find_number(uint32_t libseccomp, const char *name)
{
    int number = seccomp_syscall_resolve_name_arch(libseccomp, name);

    for (int i = 0; number < 0 && i < NUMBERS; i++) {
        char *found = seccomp_syscall_resolve_num_arch(libseccomp, i);

        if (found && strcmp(found, name) == 0)
            number = i;
        free(found);
    }
    return number;
}

/*
 * The number of a call; false when this ABI has none. libseccomp gives calls of other ABIs negative
 * numbers (seccomp_syscall_resolve_name(3)). @number is the table's, for one that it may not know.
 */
static bool resolve(uint32_t libseccomp, const char *name, const char *number, uint32_t *ret)
{
    int known = find_number(libseccomp, name);

    if (known >= 0) {
        *ret = (uint32_t)known;
        return true;
    }
    if (number)
        *ret = (uint32_t)strtoul(number, NULL, 10);
    else if (!exists_anywhere(name))
        die(name, "no such call");
    return number;
}

/* A call opens a range with its answer; the number behind it opens one of unknown calls. */
static void add_calls(struct table *t, uint32_t libseccomp, const char *calls, struct answer answer)
{
    char *copy = strdup(calls), *rest = copy, *word;
    uint32_t number;

    while ((word = strsep(&rest, " "))) {
        const char *name = strsep(&word, ":");

        if (!resolve(libseccomp, name, word, &number))
            continue;
        if (libseccomp == SCMP_ARCH_X32 && (number &= ~X32_BIT) < X32_FIRST)
            continue;
        if (answer.kind == ANSWER_ERROR)
            snprintf(answer.name, sizeof answer.name, "%s", name);
        add_rule(t, number, answer);
        add_rule(t, number + 1, unknown);
    }
    free(copy);
}

static bool same(const struct answer *a, const struct answer *b)
{
    return a->kind == b->kind && a->error == b->error && strcmp(a->name, b->name) == 0;
}

/* By number; of two at one number the call comes before the end of its neighbour. */
static int compare_rules(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (int)same(&x->answer, &unknown) - (int)same(&y->answer, &unknown);
}

/* Sort; keep the first rule of each number, and the first of neighbours with one answer. */
static void tidy(struct table *t)
{
    unsigned kept = 0;

    qsort(t->rules, t->count, sizeof t->rules[0], compare_rules);
    for (unsigned i = 0; i < t->count; i++) {
        const struct rule *r = &t->rules[i];
        bool again = i && t->rules[i - 1].number == r->number;

        if (again && !same(&r->answer, &unknown))
            die(r->answer.name[0] ? r->answer.name : "a call", "it stands here twice");
        if (again || (kept && same(&t->rules[kept - 1].answer, &r->answer)))
            continue;
        t->rules[kept++] = *r;
    }
    t->count = kept;
}

static void read_table(struct table *t, uint32_t libseccomp)
{
    t->count = 0;
    add_rule(t, 0, unknown);
    for (size_t i = 0; i < COUNT(refused); i++)
        add_calls(t, libseccomp, refused[i].calls,
                  (struct answer){.kind = ANSWER_ERROR,
                                  .error = refused[i].error,
                                  .capability = refused[i].capability});
    for (size_t i = 0; i < COUNT(allowed); i++)
        add_calls(t, libseccomp, allowed[i].calls, (struct answer){.kind = ANSWER_ALLOW});
    add_calls(t, libseccomp, CALL_WITH_AUDIT_SOCKETS, (struct answer){.kind = ANSWER_SOCKET});
    add_calls(t, libseccomp, CALL_WITH_REQUESTS, (struct answer){.kind = ANSWER_IOCTL});
    tidy(t);
}

/* --- the program ------------------------------------------------------------------------------ */

static unsigned emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (p->count == INSNS_MAX)
        die("INSNS_MAX", "the program is too long");
    p->insns[p->count] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
    return p->count++;
}

static void load(struct program *p, size_t offset)
{
    emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer_error(struct program *p, int error)
{
    emit(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error, 0, 0);
}

static void allow(struct program *p)
{
    emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* The lower half of an argument: the kernel's own functions take an int here. */
static void load_argument(struct program *p, unsigned n)
{
    load(p, offsetof(struct seccomp_data, args) + n * sizeof(uint64_t));
}

/* An audit socket would be the host's; systemd takes this error for "no audit in this kernel". */
static void answer_socket(struct program *p)
{
    load_argument(p, 0);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3);
    load_argument(p, 2);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, NETLINK_AUDIT, 0, 1);
    answer_error(p, EAFNOSUPPORT);
    allow(p);
}

static void answer_ioctl(struct program *p)
{
    load_argument(p, 1);
    for (size_t i = 0; i < COUNT(refused_requests); i++) {
        uint8_t left = (uint8_t)(COUNT(refused_requests) - 1 - i);

        emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused_requests[i].request, left,
             left ? 0 : 1);
    }
    answer_error(p, EPERM);
    allow(p);
}

static void emit_answer(struct program *p, const struct answer *a)
{
    switch (a->kind) {
    case ANSWER_ERROR:
        if (a->name[0])
            p->openings[p->opening_count++] = (struct opening){*a, p->count};
        answer_error(p, a->error);
        break;
    case ANSWER_ALLOW:
        allow(p);
        break;
    case ANSWER_SOCKET:
        answer_socket(p);
        break;
    case ANSWER_IOCTL:
        answer_ioctl(p);
        break;
    }
}

static void emit_rules(struct program *p, const struct rule *rules, unsigned count);

/* A conditional jump reaches 255 instructions at most; a longer way takes one of its own. */
static void emit_lower_half(struct program *p, const struct rule *rules, unsigned count,
                            unsigned test)
{
    const unsigned begin = p->count, openings = p->opening_count;

    emit_rules(p, rules, count);
    if (p->count - begin <= UINT8_MAX) {
        p->insns[test].jt = (uint8_t)(p->count - begin);
        return;
    }
    p->count = begin;
    p->opening_count = openings;
    p->insns[test].jf = 1;
    emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
    emit_rules(p, rules, count);
    p->insns[begin].k = p->count - begin - 1;
}

/* Halve them until one is left. */
static void emit_rules(struct program *p, const struct rule *rules, unsigned count)
{
    unsigned half = count / 2;

    if (count == 1) {
        emit_answer(p, &rules[0].answer);
        return;
    }
    emit_lower_half(p, rules, half, emit(p, BPF_JMP | BPF_JGE | BPF_K, rules[half].number, 0, 0));
    emit_rules(p, rules + half, count - half);
}

static void emit_table(struct program *p, uint32_t libseccomp)
{
    static struct table t;

    read_table(&t, libseccomp);
    emit_rules(p, t.rules, t.count);
}

/* Jump to what comes next in the program; the place to give to land(). */
static unsigned jump(struct program *p)
{
    return emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void land(struct program *p, unsigned from)
{
    p->insns[from].k = p->count - from - 1;
}

static void emit_abi(struct program *p, uint32_t audit, uint32_t libseccomp)
{
    const bool has_x32 = libseccomp == SCMP_ARCH_X86_64;
    unsigned other_abi, x32 = 0;

    emit(p, BPF_JMP | BPF_JEQ | BPF_K, audit, 1, 0);
    other_abi = jump(p);
    load(p, offsetof(struct seccomp_data, nr));
    if (has_x32) {
        emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 3);
        emit(p, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, 0, 0);
        emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_FIRST, 0, 1);
        x32 = jump(p);
    }
    emit_table(p, libseccomp);
    if (has_x32) {
        land(p, x32);
        emit_table(p, SCMP_ARCH_X32);
    }
    land(p, other_abi);
}

static void print_program(const struct program *p, const char *machine)
{
    printf("\nstatic const struct sock_filter %s_insns[] = {\n", machine);
    for (unsigned i = 0; i < p->count; i++)
        printf("    {0x%02x, %u, %u, 0x%08x},\n", p->insns[i].code, p->insns[i].jt, p->insns[i].jf,
               p->insns[i].k);
    printf("};\n\nstatic const struct seccomp_opening %s_openings[] = {\n", machine);
    for (unsigned i = 0; i < p->opening_count; i++)
        printf("    {\"%s\", %d, %u},\n", p->openings[i].answer.name,
               p->openings[i].answer.capability, p->openings[i].place);
    printf("};\n");
}

/* --- names and numbers, for changes at run time ----------------------------------------------- */

static void print_calls(const char *group, const char *calls, const uint32_t abis[ABIS_MAX])
{
    char *copy = strdup(calls), *rest = copy, *word;

    while ((word = strsep(&rest, " "))) {
        const char *name = strsep(&word, ":");

        printf("    {\"%s\", \"%s\", {", name, group);
        for (unsigned i = 0; i < ABIS_MAX; i++) {
            uint32_t number;

            if (abis[i] && resolve(abis[i], name, word, &number))
                printf("%s0x%x", i ? ", " : "",
                       abis[i] == SCMP_ARCH_X32 ? number | X32_BIT : number);
            else
                printf("%s-1", i ? ", " : "");
        }
        printf("}},\n");
    }
    free(copy);
}

static void print_names(const char *machine, const uint32_t abis[ABIS_MAX])
{
    printf("\nstatic const struct seccomp_call %s_calls[] = {\n", machine);
    for (size_t i = 0; i < COUNT(refused); i++)
        print_calls(refused[i].group, refused[i].calls, abis);
    for (size_t i = 0; i < COUNT(allowed); i++)
        print_calls(allowed[i].group, allowed[i].calls, abis);
    print_calls("network-io", CALL_WITH_AUDIT_SOCKETS, abis);
    print_calls("file-system", CALL_WITH_REQUESTS, abis);
    printf("};\n");
}

/* The machines, and the ABIs of which each executes programs. */
static const struct {
    const char *name;
    struct {
        uint32_t audit, libseccomp;
    } abis[2];
    uint32_t named[ABIS_MAX]; /* these, then x32 */
} machines[] = {
    {"x86_64",
     {{AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64}, {AUDIT_ARCH_I386, SCMP_ARCH_X86}},
     {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32}},
    {"aarch64",
     {{AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64}, {AUDIT_ARCH_ARM, SCMP_ARCH_ARM}},
     {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}},
};

int main(void)
{
    static struct program p;

    printf("/* Made by seccomp_generate.c of seccomp_table.h. */\n");
    for (size_t i = 0; i < COUNT(machines); i++) {
        p.count = p.opening_count = 0;
        load(&p, offsetof(struct seccomp_data, arch));
        for (size_t j = 0; j < COUNT(machines[i].abis); j++)
            emit_abi(&p, machines[i].abis[j].audit, machines[i].abis[j].libseccomp);
        answer_error(&p, ENOSYS); /* programs of no other ABI run here */
        print_program(&p, machines[i].name);
        print_names(machines[i].name, machines[i].named);
    }
    return EXIT_SUCCESS;
}
