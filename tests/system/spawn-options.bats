#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# spawn: systemd-nspawn's options one by one, in a tree that has nothing but busybox.

load helpers

setup_file() {
    load helpers
    export TREE=$BATS_FILE_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    mkdir -p "$TREE"/{mnt,srv,usr/share/zoneinfo/Europe,var/tmp}
    echo 'web:x:33:34:w:/srv:/bin/sh' >>"$TREE/etc/passwd"
    printf 'web:x:34:\nlog:x:40:other,web\n' >>"$TREE/etc/group"
    for applet in id uname tr chroot mknod head readlink true wc; do
        ln -sf busybox "$TREE/bin/$applet"
    done
}

# spawn ARGUMENT...: in the tree, over pipes.
spawn() {
    unb spawn -q -D "$TREE" -P "$@"
}

# The tree is the same after the command, dates of change included.
tree_unchanged() {
    local before
    before=$(manifest "$TREE")
    "$@"
    [ "$before" = "$(manifest "$TREE")" ] || fail "the tree was written to"
}

@test "spawn: a bad value fails before anything is touched, with status 1" {
    local bad
    for bad in --bind=relative --overlay=/a --console=fast --kill-signal=NOPE --uuid=1 -Ma/b \
        --hostname= --chdir=x --personality=vax --user= --system-call-filter=nothing -E= \
        --set-credential=a --tmpfs=x --inaccessible= --pivot-root=x --image= --directory= \
        --resolv-conf=copy --timezone=x --capability=CAP_X --network-namespace-path=x; do
        tree_unchanged refused 1 "" spawn -D "$TREE" "$bad" true
    done
}

@test "spawn: what is refused names what to use instead" {
    refused 1 "owners on the disk" spawn -U
    refused 1 "prlimit" spawn --rlimit=NOFILE=1
    refused 1 "--overlay=" spawn --mstack=x
    refused 1 "taskset" spawn --cpu-affinity=0
    # Where there is SELinux: tests/vm/guest/selinux.bats.
    [ -e /sys/fs/selinux/context ] || refused 1 "SELinux is not enabled on this host" spawn -Z a:b:c:s0 true
}

@test "spawn: --ephemeral and --volatile=overlay write nothing, and all is there" {
    tree_unchanged spawn -x sh -c 'echo a >/root/new; rm /etc/fstab; cat /root/new; ls /etc/fstab'
    [ "${lines[0]}" = a ]
    [ "$status" -ne 0 ]
    tree_unchanged spawn --volatile=overlay sh -c 'echo b >/etc/hostname && cat /etc/hostname'
    [ "$output" = b ]
    # Also of the host's own root, which is refused otherwise.
    unb spawn -q -D / -x -P sh -c 'touch /unbrick-canary && echo made'
    [ "$output" = made ]
    [ ! -e /unbrick-canary ]
}

# A container that runs until teardown.
background() {
    "$UNBRICK" spawn -q -D "$TREE" -P "$@" sleep 1000 </dev/null 3>&- &
    PID=$!
    wait_for 5 pgrep -fx 'sleep 1000'
}

stop_background() {
    kill "$PID" || true
    wait "$PID" || true
    PID=''
}

teardown() {
    [ -z "${PID:-}" ] || stop_background
    detach_all
    assert_host_clean 6
}

@test "spawn: a writable tree in use by one container is not given to a second" {
    background
    refused 1 "in use" spawn -q -D "$TREE" -P true
    refused 1 "in use" spawn -q -D "$TREE" -P --read-only true
    stop_background
    background --read-only
    spawn --read-only true
    [ "$status" -eq 0 ]
    spawn true
    [ "$status" -eq 1 ]
}

@test "spawn: --user, --uid: ids, groups and home of the tree" {
    spawn --user=web sh -c 'id -u; id -g; id -G | tr " " ,; echo $HOME $USER'
    [ "$output" = $'33\n34\n34,40\n/srv web' ]
    spawn --as-pid2 --uid=33 id -u
    [ "$output" = 33 ]
    refused 1 "no user" spawn -D "$TREE" --user=nobody-here true
}

@test "spawn: --overlay, --overlay-ro, and nothing left of them" {
    local a=$BATS_TEST_TMPDIR/a b=$BATS_TEST_TMPDIR/b
    mkdir "$a" "$b"
    echo lower >"$a/file"
    spawn --overlay="$a:$b:/mnt" sh -c 'echo upper >>/mnt/file; cat /mnt/file'
    [ "$output" = $'lower\nupper' ]
    [ "$(cat "$b/file")" = $'lower\nupper' ]
    [ "$(cat "$a/file")" = lower ]
    no_scratch
    spawn --overlay="$a::/mnt" sh -c 'echo memory >/mnt/file && cat /mnt/file'
    [ "$output" = memory ]
    [ "$(cat "$a/file")" = lower ]
    spawn --overlay-ro="$a:+/etc:/mnt" sh -c 'cat /mnt/file; ls /mnt/passwd; touch /mnt/file'
    [ "${lines[0]}" = lower ]
    [ "${lines[1]}" = /mnt/passwd ]
    [ "$status" -ne 0 ]
    refused 1 "/nowhere" spawn -D "$TREE" -P --overlay-ro=/nowhere:/etc:/mnt true
}

@test "spawn: kill -9 leaves no scratch directory of an overlay" {
    local a=$BATS_TEST_TMPDIR/a b=$BATS_TEST_TMPDIR/b stopped=$BATS_TEST_TMPDIR/stopped step
    mkdir "$a" "$b"
    for step in spawn-scratch container-root; do
        rm -f "$stopped"
        UNBRICK_STOP_AT=$step UNBRICK_STOP_FILE=$stopped "$UNBRICK" spawn -q -D "$TREE" -P \
            --overlay="$a:$b:/mnt" sleep 1000 </dev/null 3>&- &
        PID=$!
        wait_for 10 test -s "$stopped"
        ! no_scratch || fail "no scratch directory at the step $step"
        kill -KILL "$PID"
        wait "$PID" || true
        PID=''
        kill -CONT "$(cat "$stopped")" 2>/dev/null || true
        assert_host_clean 10
        wait_for 5 no_scratch
    done
}

no_scratch() {
    [ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.#unbrick*')" ]
}

@test "spawn: --bind of a device opens that device, and no other" {
    truncate -s 1M "$BATS_TEST_TMPDIR/disk"
    echo content >"$BATS_TEST_TMPDIR/disk"
    truncate -s 1M "$BATS_TEST_TMPDIR/disk"
    attach "$BATS_TEST_TMPDIR/disk"
    spawn --bind="$DEV:/dev/disk" head -c 7 /dev/disk
    [ "$output" = content ]
    spawn sh -c "mknod /dev/disk b 7 ${DEV#/dev/loop}; head -c 7 /dev/disk"
    [ "$status" -ne 0 ]
    [[ $stderr == *"not permitted"* ]]
}

@test "spawn: --bind of a path of the tree, of nothing, of something optional" {
    tree_unchanged spawn --bind=+/etc:/mnt --bind=:/srv --bind=-/nowhere:/opt \
        sh -c 'cat /mnt/hostname; touch /srv/x && ls /srv'
    [ "$output" = $'mini\nx' ]
}

@test "spawn: --pivot-root" {
    local other=$BATS_TEST_TMPDIR/other
    mkdir -p "$other"/deploy/{new,old}
    "$FIXTURES/mini" "$other/deploy/new" inner
    mkdir "$other/deploy/new/sysroot"
    unb spawn -q -D "$other" -P --pivot-root=/deploy/new:/sysroot sh -c 'cat /etc/hostname; ls /sysroot'
    [ "$output" = $'inner\ndeploy' ]
    # A link leads nowhere else than in the tree.
    ln -s / "$other/out"
    refused 1 "cannot" spawn -q -D "$other" -P --pivot-root=/out/etc true
}

@test "spawn: --resolv-conf and --timezone write only when asked by name" {
    local host_zone
    tree_unchanged spawn true
    spawn --resolv-conf=copy-host true
    cmp /etc/resolv.conf "$TREE/etc/resolv.conf"
    rm "$TREE/etc/resolv.conf"
    ln -s /etc/passwd "$TREE/etc/resolv.conf"
    tree_unchanged spawn --resolv-conf=copy-host true
    spawn --resolv-conf=replace-host true
    [ ! -L "$TREE/etc/resolv.conf" ]
    spawn --resolv-conf=delete true
    [ ! -e "$TREE/etc/resolv.conf" ]
    refused 1 "writes to the disk" spawn -D "$TREE" --read-only --resolv-conf=copy-host true
    # A link out of the tree is none: /etc is looked for below its root.
    mv "$TREE/etc" "$TREE/real-etc"
    mkdir "$BATS_TEST_TMPDIR/canary"
    ln -s "$BATS_TEST_TMPDIR/canary" "$TREE/etc"
    spawn --resolv-conf=replace-host true
    [ "$status" -eq 1 ]
    [ -z "$(ls "$BATS_TEST_TMPDIR/canary")" ]
    rm "$TREE/etc"
    mv "$TREE/real-etc" "$TREE/etc"
    host_zone=$(readlink /etc/localtime) || host_zone=''
    if [[ $host_zone == */zoneinfo/* ]]; then
        mkdir -p "$(dirname "$TREE/usr/share/zoneinfo/${host_zone##*/zoneinfo/}")"
        touch "$TREE/usr/share/zoneinfo/${host_zone##*/zoneinfo/}"
        spawn --timezone=symlink true
        [ "$(readlink "$TREE/etc/localtime")" = "../usr/share/zoneinfo/${host_zone##*/zoneinfo/}" ]
        spawn --timezone=delete true
        [ ! -L "$TREE/etc/localtime" ]
    fi
    spawn --timezone=copy true
    cmp /etc/localtime "$TREE/etc/localtime"
    tree_unchanged spawn --timezone=bind true
    spawn --timezone=delete true
}

@test "spawn: --network-namespace-path" {
    local ns=$BATS_TEST_TMPDIR/keep-ns
    touch "$ns"
    unshare --net="$ns" true
    spawn --network-namespace-path="$ns" readlink /proc/self/ns/net
    umount "$ns"
    [ "$output" != "$(readlink /proc/self/ns/net)" ]
    spawn readlink /proc/self/ns/net
    [ "$output" = "$(readlink /proc/self/ns/net)" ]
    refused 1 "no network namespace" spawn -D "$TREE" -P --network-namespace-path=/etc/passwd true
    refused 1 "no network namespace" spawn -D "$TREE" -P --network-namespace-path=/proc/self/ns/mnt true
}

@test "spawn: --system-call-filter" {
    spawn --system-call-filter='~chroot @swap' chroot / true
    [ "$status" -ne 0 ]
    [[ $stderr == *"not permitted"* ]]
    spawn chroot / true
    [ "$status" -eq 0 ]
    SYSTEMD_SECCOMP=0 spawn sh -c 'grep Seccomp: /proc/self/status'
    [[ $output == *0 ]]
}

@test "spawn: --set-credential, --load-credential: in memory, for root only" {
    echo secret >"$BATS_TEST_TMPDIR/secret"
    spawn --set-credential='a:1\n' --load-credential="b:$BATS_TEST_TMPDIR/secret" \
        sh -c 'cd $CREDENTIALS_DIRECTORY; pwd; cat a b; stat -c "%a %u" a; touch c'
    [ "$output" = $'/run/host/credentials\n1\nsecret\n400 0' ]
    [ "$status" -ne 0 ]
}

@test "spawn: --kill-signal is what process 1 gets when we are asked to end" {
    local signal
    for signal in SIGUSR1 USR1 10; do
        rm -f "$BATS_TEST_TMPDIR/out" # that of the last round says "up", too
        "$UNBRICK" spawn -q -D "$TREE" -P --kill-signal="$signal" sh -c \
            'trap "echo asked; exit 7" USR1; echo up; while :; do sleep 0.1; done' \
            >"$BATS_TEST_TMPDIR/out" </dev/null 3>&- &
        wait_for 20 grep -q up "$BATS_TEST_TMPDIR/out"
        kill -TERM $!
        status=0
        wait $! || status=$?
        [ "$status" -eq 7 ]
        grep -q asked "$BATS_TEST_TMPDIR/out"
    done
}

@test "spawn: --machine names it, --hostname only what it calls itself" {
    spawn --machine=one cat /proc/sys/kernel/hostname
    [ "$output" = one ]
    spawn -M one --hostname=two cat /proc/sys/kernel/hostname
    [ "$output" = two ]
    unb spawn --dry-run -D "$TREE" -Mone --hostname=two true
    [[ $output == *"container: one"* && $output == *"host name: two"* ]]
}

@test "spawn: --console=read-only does not read what is typed, interactive does" {
    run "$PTY" expect:up 'send:typed\r' expect:end status:0 -- "$UNBRICK" spawn -q -D "$TREE" \
        --console=read-only sh -c 'echo up; read -t 2 -r line; echo "got <$line> end"'
    echo "$output"
    [[ $status -eq 0 && $output == *"got <> end"* ]]
    run "$PTY" expect:up 'send:typed\r' expect:end status:0 -- "$UNBRICK" spawn -q -D "$TREE" \
        --console=interactive sh -c 'echo up; read -t 20 -r line; echo "got <$line> end"'
    echo "$output"
    [[ $status -eq 0 && $output == *"got <typed> end"* ]]
}

@test "spawn: --personality, --capability=help" {
    case $(uname -m) in
    x86_64)
        spawn --personality=x86 uname -m
        [ "$output" = i686 ]
        ;;
    aarch64)
        spawn --personality=arm uname -m
        [ "$output" = armv8l ]
        ;;
    esac
    unb spawn --capability=help
    [ "$status" -eq 0 ]
    [[ $output == *CAP_SYS_ADMIN* ]]
}

@test "spawn, shell: a 32-bit system sees a 32-bit kernel, unless --personality= says otherwise" {
    [ "$(uname -m)" = x86_64 ] || return 0 # the program is for that one
    local tree=$BATS_TEST_TMPDIR/tree
    cp -a "$TREE" "$tree"
    "$BATS_TEST_DIRNAME/uname32.py" "$tree/bin/uname32"
    unb spawn -q -D "$tree" -P /bin/uname32
    [ "$output" = i686 ]
    unb spawn -q -D "$tree" -P --personality=x86-64 /bin/uname32
    [ "$output" = x86_ ]
    spawn uname -m
    [ "$output" = x86_64 ]
    # Of a whole system the init tells.
    rm -f "$tree/sbin/init"
    cp "$tree/bin/uname32" "$tree/sbin/init"
    unb shell "$tree" -- uname -m
    [ "$output" = i686 ]
    unb shell "$TREE" -- uname -m
    [ "$output" = x86_64 ]
    unb spawn -q -D "$tree" -P --boot
    [ "$output" = i686 ]
}

@test "spawn: without a terminal standard input is left alone; passive shows nothing" {
    run --separate-stderr bash -c \
        "seq 3 | { '$UNBRICK' spawn -q -D '$TREE' echo hello; cat; } | tr -d '\r'"
    [ "$output" = $'hello\n1\n2\n3' ]
    run --separate-stderr bash -c "seq 3 | '$UNBRICK' spawn -q -D '$TREE' --console=interactive cat"
    [[ $output == *1*2*3* ]]
    unb spawn -q -D "$TREE" --console=passive sh -c 'head -c 1000000 /dev/zero; exit 7'
    [ "$status" -eq 7 ]
    [ -z "$output" ]
}

@test "spawn: --image takes a disk image; its disks are in /dev, its root is written to" {
    local raw=$BATS_TEST_TMPDIR/disk.img part=$BATS_TEST_TMPDIR/part
    truncate -s 24M "$raw"
    echo 'label: gpt
start=2048, type=L' | sfdisk -q "$raw"
    truncate -s 22M "$part"
    mke2fs -q -t ext4 -d "$TREE" "$part"
    dd if="$part" of="$raw" bs=1M seek=1 conv=notrunc,sparse status=none
    unb spawn -q -i "$raw" -P sh -c 'echo $container; ls /dev/disk/by-uuid | wc -l; echo w >/root/mark'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = unbrick ]
    [ "${lines[1]}" -eq 1 ]
    clean_ext "$raw" 1
    unb spawn -q -i "$raw" -P cat /root/mark
    [ "$output" = w ]
    unchanged "$raw" unb spawn -q -i "$raw" -x -P sh -c 'echo x >/root/mark; cat /root/mark'
    [ "$output" = x ]
    refused 1 "nope" spawn -q -i "$raw" -P /bin/nope
    refused 1 "/nowhere" spawn -q --image=/nowhere true
}

@test "spawn: the container's id is the tree's own, before --uuid, and random without" {
    local id=0123456789abcdef0123456789abcdef shown=01234567-89ab-cdef-0123-456789abcdef
    local other=11111111-2222-3333-4444-555555555555 first
    local show='echo "$container_uuid"; cat /run/host/container-uuid'
    spawn sh -c "$show"
    first=${lines[0]}
    [ "${lines[1]}" = "$first" ]
    spawn sh -c "$show"
    [ "${lines[0]}" != "$first" ]
    spawn --uuid="$other" sh -c "$show"
    [ "$output" = "$other"$'\n'"$other" ]
    echo uninitialized >"$TREE/etc/machine-id"
    spawn --uuid="$other" sh -c "$show"
    [ "$output" = "$other"$'\n'"$other" ]
    echo "${id^^}" >"$TREE/etc/machine-id"
    spawn sh -c "$show"
    [ "$output" = "$shown"$'\n'"$shown" ]
    spawn --uuid="$other" sh -c "$show"
    [ "$output" = "$shown"$'\n'"$shown" ]
    # What is set by name is the person's.
    spawn -Econtainer_uuid=mine sh -c "$show"
    [ "$output" = $'mine\n'"$shown" ]
    unb shell "$TREE" -- sh -c "$show"
    [ "$output" = "$shown"$'\n'"$shown" ]
    rm "$TREE/etc/machine-id"
    unb shell "$TREE" -- sh -c "$show"
    [ "${lines[0]}" = "${lines[1]}" ]
    [ "${lines[0]}" != "$shown" ]
}

@test "spawn: several --image are the disks of one machine" {
    local one=$BATS_TEST_TMPDIR/one.img two=$BATS_TEST_TMPDIR/two.img
    M=$BATS_TEST_TMPDIR/edit
    mkdir "$M"
    truncate -s 140M "$one" "$two"
    attach "$one"
    attach "$two"
    mkfs.btrfs -q -f -d raid0 -m raid1 "$one" "$two"
    # shellcheck disable=SC2046 # one device a word
    btrfs -q device scan $(cat "$BATS_TEST_TMPDIR/attached")
    mount "$DEV" "$M"
    cp -a "$TREE/." "$M"
    umount "$M"
    btrfs -q device scan --forget
    detach_all
    unb spawn -q -i "$one" -i "$two" -P sh -c 'cat /etc/hostname; echo w >/root/mark'
    [ "$status" -eq 0 ]
    [ "$output" = mini ]
    unb spawn -q --image="$two" --image="$one" -P cat /root/mark
    [ "$output" = w ]
    unb spawn -q -i "$two" -P true
    [ "$status" -eq 1 ]
    refused 1 "name it once" spawn -q -i "$one" -i "$one" -P true
}

@test "spawn: --no-ask-password asks for no passphrase of a disk, at a terminal either" {
    # Where there is no device-mapper nothing would be asked in any case.
    truncate -s 32M "$BATS_TEST_TMPDIR/luks"
    printf secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
        "$BATS_TEST_TMPDIR/luks" -
    run "$PTY" --timeout 20 status:1 -- "$UNBRICK" spawn --no-ask-password -i "$BATS_TEST_TMPDIR/luks" true
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output != *Passphrase* ]]
    [[ $output == *LUKS* ]]
    [ ! -e /sys/class/misc/device-mapper ] || {
        run "$PTY" --timeout 20 expect:Passphrase 'send:\r' status:1 \
            -- "$UNBRICK" spawn -i "$BATS_TEST_TMPDIR/luks" true
        echo "$output"
        [ "$status" -eq 0 ]
    }
}

@test "spawn: --cleanup" {
    unb spawn --cleanup
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ]
}
