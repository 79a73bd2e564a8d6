#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every place of a patient that we mount on, read, or look through, replaced by every kind of thing
# that a disk can hold. Nothing outside of the patient is opened, nothing is made in it, nothing hangs,
# and each case ends in a session or in one sentence.

load helpers

# What can be in a place. Links lead to the canary: directly, upwards, through /proc, to a name that is
# not there and would be made.
KINDS=(link link-file link-up link-new link-proc link-self file fifo socket zero terminal disk dark
    immutable mounted gone)

setup_file() {
    export CANARY=$BATS_FILE_TMPDIR/canary MINI=$BATS_FILE_TMPDIR/mini
    mkdir -p "$CANARY/sub"
    echo secret | tee "$CANARY/file" >"$CANARY/sub/file"
    "$FIXTURES/mini" "$MINI" mini1
    ln -s busybox "$MINI/bin/true"
    # The suite's tree is there once: tests put back what they replace.
    mkdir "$BATS_FILE_TMPDIR/debian"
    cp -a "$("$FIXTURES/suite" bookworm)/." "$BATS_FILE_TMPDIR/debian"
    export DEBIAN=$BATS_FILE_TMPDIR/debian
}

setup() {
    remember_host
    LOG=$BATS_TEST_TMPDIR/touched
    "$BATS_TEST_DIRNAME/canary.py" "$CANARY" "$BATS_TEST_TMPDIR/watching" "$BATS_TEST_TMPDIR/stop" \
        "$LOG" 3>&- &
    WATCHER=$!
    wait_for 10 test -e "$BATS_TEST_TMPDIR/watching"
}

teardown() {
    local path
    : >"$BATS_TEST_TMPDIR/stop"
    wait "$WATCHER" || true
    for path in "${REPLACED[@]}"; do
        put_back "$path"
    done
    detach_all
    if ! assert_host_clean 4; then
        sweep_away
        return 1
    fi
    [ ! -s "$LOG" ] || {
        sort "$LOG" | uniq -c
        fail "the canary was touched"
    }
}

# replace PATH KIND: what was there waits beside it.
REPLACED=()
replace() {
    local path=$1
    REPLACED+=("$path")
    if [ -e "$path" ] || [ -L "$path" ]; then
        mv -T "$path" "$path.kept"
    fi
    [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
    case $2 in
    link) ln -s "$CANARY" "$path" ;;
    link-file) ln -s "$CANARY/file" "$path" ;;
    link-up) ln -s "../../../../../../../../../../../..$CANARY" "$path" ;;
    link-new) ln -s "$CANARY/new" "$path" ;;
    link-proc) ln -s "/proc/1/root$CANARY" "$path" ;;
    link-self) ln -s "${path##*/}" "$path" ;;
    file) echo something >"$path" ;;
    fifo) mkfifo "$path" ;;
    socket) python3 -c 'import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1])); socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' \
        "$path" ;;
    zero) mknod "$path" c 1 5 ;;
    terminal) mknod "$path" c 5 0 ;;
    disk) mknod "$path" b 7 0 ;;
    dark) mkdir -m 0 "$path" ;;
    immutable) mkdir "$path" && chattr +i "$path" ;;
    mounted) mkdir "$path" && mount -t tmpfs hostile "$path" ;;
    gone) ;;
    *) fail "no kind $2" ;;
    esac
}

put_back() {
    local path=$1
    [ -L "$path" ] || chattr -i "$path" 2>/dev/null || true
    [ -L "$path" ] || umount -l "$path" 2>/dev/null || true
    rm -rf "$path"
    if [ -e "$path.kept" ] || [ -L "$path.kept" ]; then
        mv -T "$path.kept" "$path"
    fi
}

put_all_back() {
    local path
    for path in "${REPLACED[@]}"; do
        put_back "$path"
    done
    REPLACED=()
}

# ends_well ARGUMENT...: unbrick does what was asked for, or says in one sentence why not.
ends_well() {
    unb "$@"
    case $status in 124 | 137) fail "it hangs" || return 1 ;; esac
    [[ $stderr != *Sanitizer* && $status -ne 99 ]] || fail "a sanitizer reported" || return 1
    [ "$status" -eq 0 ] || assert_one_sentence
}

# --- one place at a time ------------------------------------------------------------------------

@test "tree: what our own mounts go on is a directory, or there is one sentence that names it" {
    local dir kind
    for dir in dev run proc sys; do
        for kind in "${KINDS[@]}"; do
            # The way is the same for all four: all kinds for one of them, and some for the others.
            case $dir-$kind in
            dev-* | *-link | *-file | *-dark | *-gone) ;;
            *) continue ;;
            esac
            replace "$MINI/$dir" "$kind"
            ends_well shell "$MINI" -- true
            case $kind in
            dark | immutable | mounted) [ "$status" -eq 0 ] ;;
            *)
                [ "$status" -eq 125 ]
                [[ $stderr == *"/$dir"* ]]
                [ "$kind" != gone ] || [ ! -e "$MINI/$dir" ] || fail "/$dir was made"
                ;;
            esac || fail "/$dir as $kind: status $status" || return 1
            put_all_back
        done
    done
}

@test "tree: an init that is something else is named" {
    local kind path
    for kind in "${KINDS[@]}"; do
        for path in lib/systemd/systemd sbin/init; do
            replace "$DEBIAN/$path" "$kind"
        done
        ends_well boot "$DEBIAN"
        [ "$status" -eq 4 ] || fail "$kind: status $status" || return 1
        [[ $stderr == *init* ]]
        put_all_back
    done
}

@test "tree: the place for --bind" {
    local kind
    echo shown >"$BATS_TEST_TMPDIR/source"
    for kind in "${KINDS[@]}"; do
        replace "$MINI/place" "$kind"
        ends_well shell --bind-ro "$BATS_TEST_TMPDIR/source:/place" "$MINI" -- cat /place
        case $kind in
        # A link leads to no such place inside, or there is a directory.
        link* | dark | immutable | mounted | gone) [ "$status" -eq 125 ] ;;
        *) [ "$status" -eq 0 ] && [ "$output" = shown ] ;;
        esac || fail "$kind: status $status" || return 1
        put_all_back
    done
}

# --- all places at once ---------------------------------------------------------------------------

# What is read or looked through before anything runs. /etc/passwd stays: it makes this a system.
READ=(etc/os-release usr/lib/os-release etc/hostname etc/machine-id etc/fstab etc/crypttab etc/mdadm
    etc/lvm etc/kernel boot lib/modules lib/x86_64-linux-gnu usr/lib64 var/log/wtmp var/log/lastlog
    var/log/journal var/lib/systemd usr/lib/systemd etc/debian_version etc/redhat-release etc/inittab
    etc/resolv.conf etc/localtime etc/default/locale etc/selinux root tmp)

@test "tree: everything that we read or look at, of one kind" {
    local kind path
    for kind in "${KINDS[@]}"; do
        for path in "${READ[@]}"; do
            replace "$MINI/$path" "$kind"
        done
        ends_well shell "$MINI" -- true
        [ "$status" -eq 0 ] || fail "shell, $kind: status $status" || return 1
        ends_well boot --dry-run "$MINI"
        [ "$status" -eq 0 ] || fail "boot, $kind: status $status" || return 1
        [[ $output != *secret* ]]
        put_all_back
    done
}

# What spawn reads, writes when it is asked for by name, and mounts on.
@test "tree: spawn: the files that it lays over or writes, and the places for its mounts" {
    local kind path option worked=0 refused=0 kinds=(link link-new fifo mounted gone)
    [ -z "${UNBRICK_TEST_ALL:-}" ] || kinds=("${KINDS[@]}")
    for kind in "${kinds[@]}"; do
        for option in --resolv-conf={bind,copy,replace}-host --resolv-conf=delete \
            --timezone={bind,copy,symlink,delete} --bind=/etc/hostname:/place --tmpfs=/place \
            --overlay=+/etc:+/root:/place --inaccessible=/place; do
            for path in etc/{resolv.conf,localtime,machine-id,os-release} usr/lib/os-release place; do
                replace "$MINI/$path" "$kind"
            done
            ends_well spawn -q -D "$MINI" -P "$option" true || fail "$kind, $option" || return 1
            [ "$status" -eq 0 ] && worked=$((worked + 1)) || refused=$((refused + 1))
            put_all_back
        done
    done
    echo "$worked worked, $refused were refused"
    [ "$worked" -gt 10 ] && [ "$refused" -gt 5 ]
}

# What a boot of systemd reads or what is laid over for it.
LAID_OVER=(etc/machine-id etc/resolv.conf etc/hostname etc/fstab etc/crypttab etc/os-release
    usr/lib/systemd/system-shutdown etc/systemd/system.conf etc/default/locale etc/locale.conf
    etc/machine-info etc/vconsole.conf etc/localtime etc/ld.so.cache etc/environment etc/bash.bashrc
    etc/inputrc tmp root boot)

@test "tree: a boot, with everything that we lay over of one kind" {
    local kind path kinds=(link link-new link-self file fifo zero dark gone)
    [ -z "${UNBRICK_TEST_ALL:-}" ] || kinds=("${KINDS[@]}")
    script 'echo in'
    for kind in "${kinds[@]}"; do
        for path in "${LAID_OVER[@]}"; do
            replace "$DEBIAN/$path" "$kind"
        done
        ends_well boot --run "$SCRIPT" "$DEBIAN"
        [ "$status" -eq 0 ] && [ "$output" = in ] || fail "$kind: status $status" || return 1
        put_all_back
    done
}

# As replace, for a shell that knows only the image.
in_place() {
    local kind
    for kind in "${KINDS[@]}"; do
        [ "$kind" != mounted ] || continue # it would stay in the image's own mount
        REPLACED=()
        replace "$M/place/$kind" "$kind"
        echo "LABEL=boot /place/$kind ext4 defaults 0 2" >>"$M/etc/fstab"
    done
    REPLACED=()
}

@test "tree: the mount points of fstab" {
    image --boot
    in_image "$IMG" in_place
    ends_well shell "$IMG" -- sh -c 'cat /proc/self/mountinfo; ls /place'
    [ "$status" -eq 0 ]
    [[ $output == *" /place/dark "* && $output == *" /place/immutable "* ]]
    [[ $output != *" /place/link"* && $output != *" /place/fifo"* && $output != *"$CANARY"* ]]
    [ "$(grep -c " /place/" <<<"$output")" -eq 2 ]
    mkdir "$BATS_TEST_TMPDIR/mnt"
    ends_well mount "$IMG" "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
    grep -q "canary" /proc/self/mountinfo && fail "something is mounted on the host"
    unb umount "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
}

# --- in motion ------------------------------------------------------------------------------------

# storm DIRECTORY NAME...: exchanges each with a link to the canary, as fast as it can, until there is a
# file over (renameat2(2), RENAME_EXCHANGE).
storm() {
    python3 - "$CANARY" "$BATS_TEST_TMPDIR/over" "$@" 3>&- <<'END' &
import ctypes, os, sys
canary, over, top, *names = sys.argv[1:]
os.chdir(top)
libc = ctypes.CDLL(None)
for name in names:
    if not os.path.lexists(name + ".link"):
        os.symlink(canary, name + ".link")
turns = 0
while not os.path.exists(over) or turns % 2:
    for name in names:
        libc.renameat2(-100, name.encode(), -100, (name + ".link").encode(), 2)
    turns += 1
END
    STORM=$!
}

@test "tree: renamed in a storm while we work" {
    local tree=$BATS_TEST_TMPDIR/tree worked=0 refused=0
    cp -a "$MINI" "$tree"
    storm "$tree" dev run proc sys etc bin sbin usr var tmp root etc.link
    for _ in $(seq 25); do
        ends_well shell "$tree" -- true || return 1
        [ "$status" -eq 0 ] && worked=$((worked + 1)) || refused=$((refused + 1))
    done
    ends_well boot --dry-run "$tree"
    ends_well list "$tree"
    touch "$BATS_TEST_TMPDIR/over"
    wait "$STORM"
    echo "$worked worked, $refused were refused"
    [ "$refused" -gt 0 ] || fail "there was no storm"
}

@test "tree: a payload that renames in a storm what enter uses" {
    "$UNBRICK" shell --host-tools "$MINI" -- python3 -c '
import ctypes, os
libc = ctypes.CDLL(None)
os.mkdir("/dev/other")
os.symlink("/sysroot", "/run/link")
print("up", flush=True)
while True:
    for a, b in (("/dev/pts", "/dev/other"), ("/dev/console", "/dev/null"), ("/dev/tty", "/dev/zero")):
        libc.renameat2(-100, a.encode(), -100, b.encode(), 2)
' >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
    local pid=$!
    wait_for 20 grep -q up "$BATS_TEST_TMPDIR/out"
    for _ in 1 2 3 4 5; do
        run "$PTY" expect:'# ' 'send:tty; exit 3\r' status:3 -- "$UNBRICK" enter "$pid"
        echo "$output"
        [ "$status" -eq 0 ]
    done
    unb stop "$pid"
    [ "$status" -eq 0 ]
    wait "$pid" || true
}

@test "tree: a payload that puts something else where enter needs a terminal or a shell" {
    local go=$BATS_TEST_TMPDIR/go pid fd
    mkfifo "$go"
    "$UNBRICK" shell "$MINI" -- sh -c 'echo up; while read -r line; do eval "$line"; echo "that was it"; done' \
        <"$go" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    pid=$!
    exec {fd}>"$go"
    # inside COMMAND: in the session.
    inside() {
        : >"$BATS_TEST_TMPDIR/out"
        echo "$1" >&"$fd"
        wait_for 10 grep -q 'that was it' "$BATS_TEST_TMPDIR/out"
    }
    wait_for 20 grep -q up "$BATS_TEST_TMPDIR/out"
    inside "busybox touch /run/file; busybox mount -o bind /run/file /dev/pts/ptmx"
    run "$PTY" status:125 -- "$UNBRICK" enter "$pid"
    [ "$status" -eq 0 ]
    [[ $output == *"cannot make a terminal inside"* ]]
    inside "busybox umount /dev/pts/ptmx; busybox umount /dev/pts; busybox ln -s $CANARY /dev/pts/new"
    run "$PTY" expect:'# ' 'send:exit 3\r' status:3 -- "$UNBRICK" enter "$pid"
    [ "$status" -eq 0 ]
    inside "busybox mount -t tmpfs tmpfs /bin; /bin/busybox true; :"
    run "$PTY" status:127 -- "$UNBRICK" enter "$pid"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"cannot execute /bin/sh"* ]]
    unb enter "$pid" -- sh
    [ "$status" -eq 127 ]
    assert_one_sentence
    unb stop "$pid"
    [ "$status" -eq 0 ]
    wait "$pid" || true
}

# --- what real systems look like ------------------------------------------------------------------

@test "tree: layouts of real systems work" {
    local tree=$BATS_TEST_TMPDIR/tree
    cp -a "$MINI" "$tree"
    worked() {
        ends_well shell "$tree" -- sh -c 'test -d /run && test -e /dev/null && test -e /proc/self &&
            test -e /var/run/unbrick' || return 1
        [ "$status" -eq 0 ] || fail "$1"
    }
    ln -s /run "$tree/var/run"
    worked "/var/run -> /run"
    ln -sfn ../run "$tree/var/run"
    worked "/var/run -> ../run"
    chmod 0711 "$tree" "$tree/var" "$tree/etc"
    worked "parents of mode 0711"
    # Merged /usr: directories at the top are links.
    for dir in bin sbin; do
        cp -a "$tree/$dir/." "$tree/usr/$dir" 2>/dev/null || cp -a "$tree/$dir" "$tree/usr/"
        rm -r "${tree:?}/$dir"
        ln -s "usr/$dir" "$tree/$dir"
    done
    ln -sf busybox "$tree/usr/bin/sh"
    ln -sf ../bin/busybox "$tree/usr/sbin/init"
    worked "merged /usr, relative links"
    ln -sfn /usr/bin "$tree/bin"
    worked "merged /usr, an absolute link"
    rm -rf "$tree/tmp" && ln -s var/tmp "$tree/tmp" && mkdir "$tree/var/tmp"
    worked "/tmp -> var/tmp"
    for link in /run/systemd/resolve/stub-resolv.conf ../run/resolvconf/resolv.conf /nowhere/resolv.conf; do
        ln -sf "$link" "$tree/etc/resolv.conf"
        worked "resolv.conf -> $link"
    done
    unb shell "$tree" -- cat /etc/resolv.conf
    ln -sf /run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
    unb shell "$tree" -- cat /etc/resolv.conf
    [ "$output" = "$(cat /etc/resolv.conf)" ]
    # A tree in which the host has mounted something: nspawn refuses it.
    mount -t tmpfs tmpfs "$tree/dev"
    mount -t proc proc "$tree/proc"
    touch "$tree/dev/null"
    worked "mounts of the host in it"
    umount "$tree/dev" "$tree/proc"
}
