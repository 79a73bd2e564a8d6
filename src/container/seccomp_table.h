/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which system calls a container may make. Every call up to Linux 6.18 stands here once; one that
 * is not here does not exist inside: it answers ENOSYS, so that a C library that is newer than this
 * table takes its older way. Read by seccomp_generate.c at build time, and by nobody at run time.
 *
 * A group has the name of systemd.exec(5), "SystemCallFilter=", where the same calls are in one
 * there. Words in a string are calls; "name:457" gives the number of a call that libseccomp may be
 * too old to know: since Linux 5.1 a new call has one number for all architectures.
 */

#include <errno.h>
#include <linux/capability.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <sys/ioctl.h>

/* No capability lifts the refusal. */
#define NEVER (-1)

/*
 * Refused. EPERM says "it is there, and not for you"; ENOSYS where programs then do without, as
 * they would on a kernel built without it. A kept capability (--capability=) lifts a refusal.
 */
static const struct refusal {
    const char *group, *calls;
    int error, capability;
    const char *reason;
} refused[] = {
    {"module", "delete_module finit_module init_module", EPERM, CAP_SYS_MODULE,
     "code in the host's kernel"},
    {"reboot", "kexec_file_load kexec_load", EPERM, NEVER, "another kernel for the host"},
    {"bpf", "bpf", EPERM, CAP_BPF, "code in the host's kernel"},
    {"perf", "perf_event_open", EPERM, CAP_PERFMON, "looks into the host's kernel and processes"},
    {"raw-io", "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write", EPERM, CAP_SYS_RAWIO,
     "the host's hardware, past its drivers"},
    {"clock",
     "adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime",
     EPERM, CAP_SYS_TIME, "the host's clock: the time has no namespace"},
    {"syslog", "syslog", EPERM, CAP_SYSLOG, "the host's kernel log"},
    {"acct", "acct", EPERM, CAP_SYS_PACCT, "accounting of the whole host"},
    {"swap", "swapoff swapon", EPERM, NEVER, "the host's memory: swap has no namespace"},
    {"handle", "open_by_handle_at", EPERM, NEVER,
     "opens any file of the file system, past directories and mount namespaces"},
    {"fanotify", "fanotify_init fanotify_mark", EPERM, NEVER,
     "hands out descriptors of files that others use outside, on the same file system"},
    {"quota", "quotactl", EPERM, NEVER,
     "names a device without opening it: the device policy does not see that"},
    {"uring", "io_uring_enter io_uring_register io_uring_setup", EPERM, NEVER,
     "makes calls that no filter sees, audit sockets among them"},
    {"userfault", "userfaultfd", EPERM, NEVER, "stops the kernel half-way, the key to many holes"},
    {"cpu-emulation", "modify_ldt subpage_prot switch_endian vm86 vm86old", EPERM, NEVER,
     "rare, old and often broken; for emulators of DOS and Windows"},
    {"keyring", "add_key keyctl request_key", ENOSYS, NEVER,
     "keys belong to a user id, and root inside is root outside; cryptsetup does without them"},
    {"mount-list", "listmount:458 listns:470 statmount:457", ENOSYS, NEVER,
     "reach the host's mounts and namespaces by number; libmount reads mountinfo instead"},
    {"gone",
     "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock "
     "lookup_dcookie mpx nfsservctl prof profil putpmsg query_module security stty tuxcall ulimit "
     "uselib vserver",
     ENOSYS, NEVER, "no kernel of today has them"},
};

/* Of these one argument is looked at as well, see the answers in seccomp_generate.c. */
#define CALL_WITH_AUDIT_SOCKETS "socket"
#define CALL_WITH_REQUESTS      "ioctl"

/* Requests of ioctl(2) that are refused with EPERM. */
static const struct {
    unsigned long request;
    const char *reason;
} refused_requests[] = {
    {TIOCSTI, "types into a terminal: with a pipe console that is the administrator's own"},
    {TIOCLINUX, "the same, on a virtual console"},
    /* A patient on LVM or LUKS has /dev/mapper/control, without which lvs, grub-probe and the hooks
     * of an initramfs see nothing. It knows all mappings of the host: they may be looked at. */
    {DM_REMOVE_ALL, "the host's mappings"},
    {DM_DEV_CREATE, "the same"},
    {DM_DEV_REMOVE, "the same"},
    {DM_DEV_RENAME, "the same"},
    {DM_DEV_SUSPEND, "the same"},
    {DM_TABLE_LOAD, "the same"},
    {DM_TABLE_CLEAR, "the same"},
    {DM_TARGET_MSG, "the same"},
    {DM_DEV_SET_GEOMETRY, "the same"},
    {DM_DEV_ARM_POLL, "the same"},
};

/* Allowed: what a program, a service manager or a repair needs, within its own namespaces. */
static const struct allowance {
    const char *group, *calls;
} allowed[] = {
    {"aio", "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup "
            "io_submit"},
    {"basic-io", "_llseek close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 "
                 "pwritev pwritev2 read readv write writev"},
    {"chown", "chown chown32 fchown fchown32 fchownat lchown lchown32"},
    {"debug", "kcmp pidfd_getfd process_vm_readv process_vm_writev ptrace"},
    {"default",
     "arch_prctl brk breakpoint cacheflush clock_getres clock_getres_time64 clock_gettime "
     "clock_gettime64 clock_nanosleep clock_nanosleep_time64 execve exit exit_group futex "
     "futex_requeue:456 futex_time64 futex_wait:455 futex_waitv:449 futex_wake:454 get_robust_list "
     "get_thread_area get_tls getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups "
     "getgroups32 getpgid getpgrp getpid getppid getrandom getresgid getresgid32 getresuid "
     "getresuid32 getrlimit getrusage getsid gettid gettimeofday getuid getuid32 "
     "map_shadow_stack:453 "
     "membarrier mmap mmap2 mprotect mremap mseal:462 munmap nanosleep pause prlimit64 "
     "restart_syscall rseq rt_sigreturn sched_getaffinity sched_yield set_robust_list "
     "set_thread_area set_tid_address set_tls sigreturn sysinfo time ugetrlimit uname usr26 usr32"},
    {"file-system",
     "access cachestat:451 chdir chmod copy_file_range creat faccessat faccessat2 fallocate fchdir "
     "fchmod fchmodat fchmodat2:452 fcntl fcntl64 fgetxattr file_getattr:468 file_setattr:469 "
     "flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 ftruncate "
     "ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat:464 inotify_add_watch "
     "inotify_init inotify_init1 inotify_rm_watch lgetxattr link linkat listxattr listxattrat:465 "
     "llistxattr lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat "
     "name_to_handle_at "
     "newfstatat oldfstat oldlstat oldstat open openat openat2 quotactl_fd:443 readdir readlink "
     "readlinkat removexattr removexattrat:466 rename renameat renameat2 rmdir setxattr "
     "setxattrat:463 splice stat stat64 statfs statfs64 statx symlink symlinkat sysfs tee truncate "
     "truncate64 umask unlink unlinkat ustat utime utimensat utimensat_time64 utimes vmsplice"},
    {"io-event", "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait "
                 "epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 poll ppoll ppoll_time64 "
                 "pselect6 pselect6_time64 select"},
    {"ipc", "ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive "
            "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget "
            "msgrcv msgsnd pipe pipe2 process_madvise process_mrelease:448 semctl semget semop "
            "semtimedop semtimedop_time64 shmat shmctl shmdt shmget"},
    {"memlock", "memfd_secret:447 mlock mlock2 mlockall munlock munlockall"},
    {"memory", "arm_fadvise64_64 fadvise64 fadvise64_64 madvise mincore readahead "
               "remap_file_pages"},
    {"mount", "chroot fsconfig fsmount fsopen fspick mount mount_setattr:442 move_mount open_tree "
              "open_tree_attr:467 pivot_root umount umount2"},
    {"network-io", "accept accept4 bind connect getpeername getsockname getsockopt listen recv "
                   "recvfrom recvmmsg recvmmsg_time64 recvmsg send sendfile sendfile64 sendmmsg "
                   "sendmsg sendto setsockopt shutdown socketcall socketpair"},
    {"pkey", "pkey_alloc pkey_free pkey_mprotect"},
    {"process",
     "capget capset clone clone3 execveat fork kill olduname oldolduname personality "
     "pidfd_open pidfd_send_signal prctl rt_sigqueueinfo rt_tgsigqueueinfo setdomainname "
     "sethostname setns setpgid setsid tgkill times tkill unshare vfork vhangup wait4 "
     "waitid waitpid"},
    {"reboot", "reboot"}, /* in a process namespace it ends that and no more (reboot(2)) */
    {"resources",
     "get_mempolicy getpriority ioprio_get ioprio_set mbind migrate_pages move_pages nice "
     "sched_get_priority_max sched_get_priority_min sched_getattr sched_getparam "
     "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity "
     "sched_setattr sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node:450 "
     "setpriority setrlimit"},
    {"sandbox", "landlock_add_rule:445 landlock_create_ruleset:444 landlock_restrict_self:446 "
                "lsm_get_self_attr:459 lsm_list_modules:461 lsm_set_self_attr:460 seccomp"},
    {"setuid", "setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 "
               "setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid "
               "setreuid32 setuid setuid32"},
    {"signal", "rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait "
               "rt_sigtimedwait_time64 sgetmask sigaction sigaltstack signal signalfd signalfd4 "
               "sigpending sigprocmask sigsuspend ssetmask"},
    {"sync", "arm_sync_file_range fdatasync fsync msync sync sync_file_range syncfs"},
    {"timer", "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
              "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
              "timerfd_gettime64 timerfd_settime timerfd_settime64"},
};
