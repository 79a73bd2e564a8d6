/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * failcall CALL[:N]=ERRNO... -- COMMAND [ARGUMENT...]
 *
 * Runs a command in which a system call fails: always, or the N-th one only, counted over the
 * command and everything that it starts. CALL is a name of the table below: a system call, an
 * ioctl(2), or the opening of a file or the start of a program by its name. The status is the
 * command's; 70 for a failure of failcall's own.
 *
 * A call that always fails is answered by a seccomp filter; one that is counted, or known only by
 * the memory of its caller, is looked at by this process (seccomp_unotify(2)). Filters are
 * inherited, also over execve(2), so no program needs to know.
 *
 * With FAILCALL_COUNT=FILE in the environment the number of the counted calls is written to that
 * file at the end, one line a rule: how far a sweep over N has to go.
 */

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/loop.h>
#include <linux/blkpg.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/major.h> /* for md_u.h */
#include <linux/raid/md_u.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN_FAILURE 70
#define RULES_MAX   8

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "failcall: which architecture is this?"
#endif

/* How a call is told from others of its number. */
enum kind {
    BY_NUMBER,
    BY_REQUEST, /* ioctl(2): the second argument */
    BY_NAME,    /* openat(2), execve(2): the end of the file's name, from a slash on */
};

static const struct call {
    const char *name;
    int number;
    enum kind kind;
    unsigned request;
} calls[] = {
    {"openat2", SYS_openat2, BY_NUMBER, 0},
    {"open_tree", SYS_open_tree, BY_NUMBER, 0},
    {"fsopen", SYS_fsopen, BY_NUMBER, 0},
    {"fsconfig", SYS_fsconfig, BY_NUMBER, 0},
    {"fsmount", SYS_fsmount, BY_NUMBER, 0},
    {"move_mount", SYS_move_mount, BY_NUMBER, 0},
    {"mount_setattr", SYS_mount_setattr, BY_NUMBER, 0},
    {"mount", SYS_mount, BY_NUMBER, 0},
    {"umount2", SYS_umount2, BY_NUMBER, 0},
    {"pivot_root", SYS_pivot_root, BY_NUMBER, 0},
    {"clone3", SYS_clone3, BY_NUMBER, 0},
    {"unshare", SYS_unshare, BY_NUMBER, 0},
    {"setns", SYS_setns, BY_NUMBER, 0},
    {"pidfd_open", SYS_pidfd_open, BY_NUMBER, 0},
    {"pidfd_send_signal", SYS_pidfd_send_signal, BY_NUMBER, 0},
    {"close_range", SYS_close_range, BY_NUMBER, 0},
    {"keyctl", SYS_keyctl, BY_NUMBER, 0},
    {"bpf", SYS_bpf, BY_NUMBER, 0},
    {"signalfd4", SYS_signalfd4, BY_NUMBER, 0},
    {"socketpair", SYS_socketpair, BY_NUMBER, 0},
    {"pipe2", SYS_pipe2, BY_NUMBER, 0},
    {"mkdirat", SYS_mkdirat, BY_NUMBER, 0},
    {"LOOP_CONFIGURE", SYS_ioctl, BY_REQUEST, LOOP_CONFIGURE},
    {"LOOP_CTL_GET_FREE", SYS_ioctl, BY_REQUEST, LOOP_CTL_GET_FREE},
    {"LOOP_GET_STATUS64", SYS_ioctl, BY_REQUEST, LOOP_GET_STATUS64},
    {"BLKPG", SYS_ioctl, BY_REQUEST, BLKPG},
    {"BLKGETSIZE64", SYS_ioctl, BY_REQUEST, BLKGETSIZE64},
    {"BLKSSZGET", SYS_ioctl, BY_REQUEST, BLKSSZGET},
    {"BLKROGET", SYS_ioctl, BY_REQUEST, BLKROGET},
    {"DM_VERSION", SYS_ioctl, BY_REQUEST, DM_VERSION},
    {"DM_LIST_DEVICES", SYS_ioctl, BY_REQUEST, DM_LIST_DEVICES},
    {"DM_LIST_VERSIONS", SYS_ioctl, BY_REQUEST, DM_LIST_VERSIONS},
    {"DM_DEV_CREATE", SYS_ioctl, BY_REQUEST, DM_DEV_CREATE},
    {"DM_DEV_REMOVE", SYS_ioctl, BY_REQUEST, DM_DEV_REMOVE},
    {"DM_DEV_RENAME", SYS_ioctl, BY_REQUEST, DM_DEV_RENAME},
    {"DM_DEV_SUSPEND", SYS_ioctl, BY_REQUEST, DM_DEV_SUSPEND}, /* resumes, too */
    {"DM_DEV_STATUS", SYS_ioctl, BY_REQUEST, DM_DEV_STATUS},
    {"DM_TABLE_LOAD", SYS_ioctl, BY_REQUEST, DM_TABLE_LOAD},
    {"DM_TABLE_DEPS", SYS_ioctl, BY_REQUEST, DM_TABLE_DEPS},
    {"DM_TABLE_STATUS", SYS_ioctl, BY_REQUEST, DM_TABLE_STATUS},
    {"DM_TARGET_MSG", SYS_ioctl, BY_REQUEST, DM_TARGET_MSG},
    {"SET_ARRAY_INFO", SYS_ioctl, BY_REQUEST, SET_ARRAY_INFO},
    {"ADD_NEW_DISK", SYS_ioctl, BY_REQUEST, ADD_NEW_DISK},
    {"RUN_ARRAY", SYS_ioctl, BY_REQUEST, RUN_ARRAY},
    {"STOP_ARRAY", SYS_ioctl, BY_REQUEST, STOP_ARRAY},
    {"cgroup.kill", SYS_openat, BY_NAME, 0},
    {"cgroup.freeze", SYS_openat, BY_NAME, 0},
    {"mapper/control", SYS_openat, BY_NAME, 0},
    {"loop-control", SYS_openat, BY_NAME, 0},
    {"array_state", SYS_openat, BY_NAME, 0},
    {"new_array", SYS_openat, BY_NAME, 0},
    {"cryptsetup", SYS_execve, BY_NAME, 0},
    {"lvm", SYS_execve, BY_NAME, 0},
    {"mdadm", SYS_execve, BY_NAME, 0},
    {"qemu-storage-daemon", SYS_execve, BY_NAME, 0},
};

static const struct {
    const char *name;
    int number;
} errors[] = {{"ENOSYS", ENOSYS}, {"EPERM", EPERM},   {"EINVAL", EINVAL}, {"ENOMEM", ENOMEM},
              {"ENOENT", ENOENT}, {"EACCES", EACCES}, {"EIO", EIO},       {"EMFILE", EMFILE},
              {"EBUSY", EBUSY},   {"ENOTTY", ENOTTY}, {"EROFS", EROFS},   {"EAGAIN", EAGAIN},
              {"ENOSPC", ENOSPC}, {"ENXIO", ENXIO},   {"ENODEV", ENODEV}};

struct rule {
    const struct call *call;
    unsigned long which; /* 0: every one */
    int error;
    unsigned long seen;
};

struct rules {
    struct rule rule[RULES_MAX];
    unsigned count;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "failcall: %s\n", what);
    exit(OWN_FAILURE);
}

static _Noreturn void fail_errno(const char *what)
{
    fprintf(stderr, "failcall: %s: %s\n", what, strerror(errno));
    exit(OWN_FAILURE);
}

/* "fsopen=ENOSYS", "fsopen:3=EPERM" */
static struct rule parse(const char *text)
{
    size_t length = strcspn(text, ":=");
    const char *rest = text + length;
    struct rule r = {0};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strlen(calls[i].name) == length && memcmp(calls[i].name, text, length) == 0)
            r.call = &calls[i];
    if (*rest == ':') {
        char *end;

        r.which = strtoul(rest + 1, &end, 10);
        rest = r.which > 0 ? end : "";
    }
    for (size_t i = 0; *rest == '=' && i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(rest + 1, errors[i].name) == 0)
            r.error = errors[i].number;
    if (!r.call || !r.error) {
        fprintf(stderr, "failcall: %s: CALL[:N]=ERRNO is expected, with names that it knows\n",
                text);
        exit(OWN_FAILURE);
    }
    return r;
}

static bool is_watched(const struct rule *r)
{
    return r->which > 0 || r->call->kind == BY_NAME;
}

/* --- the filter --- */

static unsigned add(struct sock_filter *insns, unsigned at, struct sock_filter insn)
{
    insns[at] = insn;
    return at + 1;
}

/* The listener, or -1 when nothing is to be watched. */
static int install(const struct rules *rules)
{
    struct sock_filter insns[RULES_MAX * 6 + 8];
    struct sock_fprog program = {.filter = insns};
    bool watched = false;
    unsigned n = 0;
    int listener;

    n = add(insns, n,
            (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                         offsetof(struct seccomp_data, arch)));
    n = add(insns, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
    n = add(insns, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    for (unsigned i = 0; i < rules->count; i++) {
        const struct rule *r = &rules->rule[i];
        bool request = r->call->kind == BY_REQUEST;

        watched |= is_watched(r);
        n = add(insns, n,
                (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, nr)));
        n = add(insns, n,
                (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->call->number,
                                             0, request ? 3 : 1));
        if (request) {
            n = add(insns, n,
                    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                 offsetof(struct seccomp_data, args[1])));
            n = add(
                insns, n,
                (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->call->request, 0, 1));
        }
        n = add(insns, n,
                (struct sock_filter)BPF_STMT(
                    BPF_RET | BPF_K, is_watched(r) ? SECCOMP_RET_USER_NOTIF
                                                   : SECCOMP_RET_ERRNO | (uint32_t)r->error));
    }
    n = add(insns, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    program.len = (unsigned short)n;
    /* Root may have a filter without it (seccomp(2)), and the command keeps its set-id bits. */
    if (geteuid() != 0)
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                            watched ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &program);
    if (listener < 0)
        fail_errno("seccomp");
    return watched ? listener : -1;
}

/* --- the watcher --- */

static void send_listener(int socket, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {0};
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd >= 0) {
        struct cmsghdr *c;

        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    if (sendmsg(socket, &m, 0) != 1)
        _exit(OWN_FAILURE);
}

static int receive_listener(int socket)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c;
    int fd = -1;

    if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    c = CMSG_FIRSTHDR(&m);
    if (c)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* Does the name in the caller's memory end in the rule's? */
static bool names(const struct rule *r, pid_t pid, uint64_t address)
{
    char path[4096] = "";
    size_t length = strlen(r->call->name), size;
    struct iovec local = {.iov_base = path, .iov_len = sizeof path - 1},
                 remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = 256};

    /* Less than asked for where the memory ends. */
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0) {
        remote.iov_len = 4096 - address % 4096;
        if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0)
            return false;
    }
    path[256] = '\0';
    size = strlen(path);
    return size >= length && strcmp(path + size - length, r->call->name) == 0 &&
           (size == length || path[size - length - 1] == '/');
}

static int answer(struct rules *rules, const struct seccomp_notif *n)
{
    for (unsigned i = 0; i < rules->count; i++) {
        struct rule *r = &rules->rule[i];

        if (!is_watched(r) || r->call->number != n->data.nr)
            continue;
        if (r->call->kind == BY_REQUEST && (unsigned)n->data.args[1] != r->call->request)
            continue;
        if (r->call->kind == BY_NAME &&
            !names(r, (pid_t)n->pid, n->data.args[r->call->number == SYS_execve ? 0 : 1]))
            continue;
        if (r->which == 0 || ++r->seen == r->which)
            return -r->error;
    }
    return 0;
}

static int reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Returns the status of the command. */
static int watch(struct rules *rules, int listener, pid_t pid)
{
    int child = pidfd_open(pid, 0), status = 0;

    for (;;) {
        struct pollfd fds[] = {{.fd = listener, .events = POLLIN}, {.fd = child, .events = POLLIN}};
        struct seccomp_notif n = {0};
        struct seccomp_notif_resp r = {0};

        /* What outlives the command (a keeper) is watched as long as there is something. */
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            fail_errno("poll");
        if (!(fds[0].revents & POLLIN)) {
            /* Before Linux 6.11 a process has its filter until it is waited for. */
            if (fds[1].revents) {
                status = reap(pid);
                child = -1;
            } else if (fds[0].revents & POLLHUP) {
                return child < 0 ? status : reap(pid);
            }
            continue;
        }
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
            continue; /* it was killed meanwhile */
        r.id = n.id;
        r.error = answer(rules, &n);
        r.flags = r.error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
    }
}

static void write_counts(const struct rules *rules)
{
    const char *path = getenv("FAILCALL_COUNT");
    FILE *file = path ? fopen(path, "we") : NULL;

    for (unsigned i = 0; file && i < rules->count; i++)
        fprintf(file, "%lu\n", rules->rule[i].seen);
    if (file && fclose(file) != 0)
        fail_errno(path);
}

int main(int argc, char **argv)
{
    struct rules rules = {.count = 0};
    int i, pair[2], listener, status;
    pid_t pid;

    for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (rules.count == RULES_MAX)
            fail("too many rules");
        rules.rule[rules.count++] = parse(argv[i]);
    }
    if (i + 1 >= argc || rules.count == 0)
        fail("failcall CALL[:N]=ERRNO... -- COMMAND");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        fail_errno("socketpair");
    pid = fork();
    if (pid < 0)
        fail_errno("fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        send_listener(pair[1], install(&rules));
        execvp(argv[i + 1], argv + i + 1);
        fail_errno(argv[i + 1]);
    }
    (void)close(pair[1]);
    /* A Ctrl-C is the command's. */
    (void)signal(SIGINT, SIG_IGN);
    listener = receive_listener(pair[0]);
    status = listener >= 0 ? watch(&rules, listener, pid) : reap(pid);
    write_counts(&rules);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
