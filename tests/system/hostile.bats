#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A patient made to hurt: nothing of the host is read, written or run, nothing hangs, no control
# character reaches the terminal.

load helpers

# A file of the host that a hostile link would reach, and that must stay as it is.
canary() {
    CANARY=$BATS_TEST_TMPDIR/canary
    mkdir -p "$CANARY"
    echo untouched >"$CANARY/file"
    CANARY_BEFORE=$(manifest "$CANARY")
}

canary_untouched() {
    [ "$CANARY_BEFORE" = "$(manifest "$CANARY")" ] || fail "the host's files were changed"
}

# does_not_hang COMMAND...: and no crash.
does_not_hang() {
    unb "$@"
    case $status in 124 | 137) fail "it hangs" || return 1 ;; esac
    [[ $stderr != *Sanitizer* && $status -ne 99 ]] || fail "a sanitizer reported" || return 1
    [[ $output$stderr != *$'\e'* ]] || fail "an escape sequence reached the terminal"
}

@test "hostile: /etc/fstab is a FIFO" {
    tree
    rm -f "$TREE/etc/fstab"
    mkfifo "$TREE/etc/fstab"
    does_not_hang shell "$TREE" -- true
    image
    in_image "$IMG" bash -c 'rm "$M/etc/fstab"; mkfifo "$M/etc/fstab"'
    does_not_hang list "$IMG"
    script 'echo in'
    does_not_hang boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *"fstab"* ]]
}

@test "hostile: every configuration file is a FIFO" {
    image
    in_image "$IMG" bash -c 'cd "$M" && for f in etc/fstab etc/hostname etc/os-release \
        usr/lib/os-release etc/machine-id etc/debian_version etc/crypttab etc/kernel/cmdline \
        boot/grub/grub.cfg etc/inittab var/log/wtmp var/lib/systemd/random-seed; do
            mkdir -p "$(dirname $f)"; rm -f $f; mkfifo $f; done'
    does_not_hang list "$IMG"
    does_not_hang boot --dry-run "$IMG"
    does_not_hang shell "$IMG" -- true
}

@test "hostile: every configuration file is a device, a directory or a loop of links" {
    image
    in_image "$IMG" bash -c 'cd "$M" && rm -f etc/fstab etc/hostname etc/machine-id usr/lib/os-release
        mknod etc/hostname c 1 5; ln -s fstab etc/fstab; mkdir etc/machine-id usr/lib/os-release
        mkdir -p boot/grub; mknod boot/grub/grub.cfg c 5 0'
    does_not_hang list "$IMG"
    does_not_hang boot --dry-run "$IMG"
    does_not_hang shell "$IMG" -- true
}

@test "hostile: /sbin/init is a link out of the root" {
    canary
    tree
    printf '#!/bin/sh\necho run >%s/file\n' "$CANARY" >"$BATS_TEST_TMPDIR/init"
    chmod +x "$BATS_TEST_TMPDIR/init"
    rm "$TREE/lib/systemd/systemd"
    ln -sfn "$BATS_TEST_TMPDIR/init" "$TREE/sbin/init"
    does_not_hang boot "$TREE"
    [ "$status" -eq 4 ]
    ln -sfn ../../../../../../../../../../../../"$BATS_TEST_TMPDIR/init" "$TREE/sbin/init"
    does_not_hang boot "$TREE"
    [ "$status" -eq 4 ]
    canary_untouched
}

@test "hostile: /dev, /run, /proc, /sys are links or missing" {
    local dir
    canary
    for dir in dev run proc sys; do
        tree
        rm -rf "${TREE:?}/$dir"
        ln -s "$CANARY" "$TREE/$dir"
        does_not_hang shell "$TREE" -- true
        [ "$status" -ne 0 ] || fail "it ran with /$dir a link"
        does_not_hang boot "$TREE"
        [ "$status" -eq 4 ]
        [[ $stderr == *"/$dir"* ]]
        rm "$TREE/$dir"
        does_not_hang boot "$TREE"
        [ "$status" -eq 4 ]
        [[ $stderr == *"/$dir"* ]]
        [ ! -e "$TREE/$dir" ] || fail "/$dir was made on the patient"
        assert_host_clean
        rm -rf "$TREE"
    done
    canary_untouched
}

@test "hostile: /boot, /etc and mount points of fstab are links out of the root" {
    canary
    image --boot
    in_image "$IMG" bash -c 'cd "$M" && rmdir boot && ln -s '"$CANARY"' boot'
    does_not_hang shell "$IMG" -- true
    [ "$status" -eq 0 ]
    canary_untouched
    grep -q "$CANARY" /proc/self/mountinfo && fail "something is mounted on the host"
    image
    in_image "$IMG" bash -c 'cd "$M" && mv etc etc2 && ln -s '"$CANARY"' etc'
    script 'true'
    does_not_hang boot --run "$SCRIPT" "$IMG"
    canary_untouched
}

@test "hostile: os-release of a gigabyte" {
    image
    in_image "$IMG" bash -c 'rm -f "$M/etc/os-release" "$M/usr/lib/os-release"
        truncate -s 1G "$M/usr/lib/os-release" "$M/etc/fstab" "$M/etc/hostname" "$M/etc/machine-id"'
    SECONDS=0
    does_not_hang list "$IMG"
    does_not_hang boot --dry-run "$IMG"
    does_not_hang shell "$IMG" -- true
    [ "$SECONDS" -lt 30 ]
}

@test "hostile: control characters in names" {
    image --table none
    in_image "$IMG" bash -c 'cd "$M"
        printf "ID=evil\nVERSION_ID=\"1\e[2J\"\nPRETTY_NAME=\"Evil \e]0;title\a\e[31mOS\"\n" \
            >usr/lib/os-release
        printf "host\e[31m\a\n" >etc/hostname
        printf "UUID=none /srv\e[2J ext4 defaults 0 0\n" >>etc/fstab
        printf "LABEL=x\a\e[2J /mnt ext4 rw,\e[31m 0 0\n" >>etc/fstab
        mkdir -p "boot/$(printf "vm\e[2J")" "lib/modules/$(printf "6.1\e[2J")"'
    e2label "$IMG" "$(printf 'a\033[31mb\a')"
    does_not_hang list "$IMG"
    does_not_hang list --json "$IMG"
    jq -e . <<<"$output"
    does_not_hang boot --dry-run "$IMG"
    does_not_hang boot --dry-run --json "$IMG"
    jq -e . <<<"$output"
    script 'exit 0'
    does_not_hang boot --run "$SCRIPT" "$IMG"
    [[ $stderr != *$'\a'* ]]
}

@test "hostile: units in the patient's /etc with our names" {
    image
    in_image "$IMG" bash -c 'cd "$M/etc/systemd/system"
        for name in unbrick-rescue unbrick-shell unbrick-tmpfiles unbrick; do
            printf "[Service]\nExecStart=/bin/sh -c \"echo stolen >/root/stolen\"\n" >$name.service
            printf "[Unit]\nRequires=$name.service\n" >$name.target
            for suffix in "" -; do
                mkdir -p $name$suffix.service.d $name$suffix.target.d
                printf "[Service]\nExecStart=\nExecStart=/bin/sh -c \"echo stolen >/root/stolen\"\n" \
                    >$name$suffix.service.d/50-steal.conf
            done
        done
        mkdir service.d target.d
        printf "[Service]\nExecStartPre=-/bin/true\n" >service.d/10-all.conf'
    script 'echo ours'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ] || fail "the patient's units keep the rescue from working"
    [ "$output" = ours ]
    in_image "$IMG" bash -c '[ ! -e "$M/root/stolen" ]' || fail "a unit of the patient was run"
}

@test "hostile: masked and broken units: sysinit, journald, everything" {
    image
    in_image "$IMG" bash -c 'cd "$M/etc/systemd/system"
        for unit in rescue.target rescue.service emergency.target sysinit.target basic.target \
            systemd-journald.service systemd-journald.socket console-getty.service; do
            ln -sf /dev/null $unit; done'
    script 'echo up'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = up ]
}

@test "hostile: units that want to be started before everything, and never end" {
    image
    in_image "$IMG" bash -c 'cd "$M/etc/systemd/system"
        printf "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n" >hang.service
        mkdir -p sysinit.target.wants basic.target.wants
        ln -s ../hang.service sysinit.target.wants/
        ln -s ../hang.service basic.target.wants/'
    script 'echo up'
    SECONDS=0
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 30 ]
}

@test "hostile: generators that never end, or write to the disk, are not run" {
    image
    in_image "$IMG" bash -c 'for dir in etc usr/lib usr/local/lib; do
            for kind in system-generators system-environment-generators; do
                mkdir -p "$M/$dir/systemd/$kind"
                printf "#!/bin/sh\necho \$0 >>/root/it-ran\nexec sleep 300\n" >"$M/$dir/systemd/$kind/$kind-of-mine"
                chmod +x "$M/$dir/systemd/$kind/$kind-of-mine"
            done
        done'
    script 'cat /root/it-ran; systemctl daemon-reload; cat /root/it-ran; echo up'
    SECONDS=0
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = up ]
    [ "$SECONDS" -lt 60 ] # systemd.generator(7): it waits 90 seconds
}

@test "boot: a script of System V without a unit can be started from the prompt" {
    image
    in_image "$IMG" bash -c 'printf "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: old\n# Default-Start: 2\n# Default-Stop:\n### END INIT INFO\necho \$1 >/run/old\n" >"$M/etc/init.d/old"
        chmod +x "$M/etc/init.d/old"'
    script 'systemctl start old; cat /run/old'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = start ]
}

@test "hostile: fstab names a disk of the host by its UUID" {
    local host_image=$BATS_TEST_TMPDIR/host.img uuid
    truncate -s 32M "$host_image"
    mke2fs -q -t ext4 "$host_image"
    uuid=$(blkid -p -o value -s UUID "$host_image")
    attach "$host_image"
    image
    in_image "$IMG" bash -c 'mkdir -p "$M/srv"
        printf "UUID='"$uuid"' /srv ext4 defaults 0 2\n'"$DEV"' /mnt ext4 defaults 0 2\n/dev/vda /media ext4 defaults 0 0\n" >>"$M/etc/fstab"'
    unb boot --dry-run "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"skip"*"/srv"* && $output == *"skip"*"/mnt"* ]]
    unchanged "$host_image" unb shell "$IMG" -- sh -c 'findmnt -n /srv || findmnt -n /mnt ||
        findmnt -n /media || test -b '"$DEV"' && exit 1; exit 0'
    [ "$status" -eq 0 ]
}

@test "hostile: an fstab that cannot be right" {
    image --boot
    in_image "$IMG" bash -c '{
        echo "one"; echo "two words"; printf "\0\0\0\n"; echo "UUID= /srv ext4"; echo "= = = = = ="
        echo "/dev/sda99 /nowhere/at/all ext4 defaults 0 2"
        echo "tmpfs relative tmpfs defaults 0 0"
        echo "server:/export /net nfs defaults 0 0"
        echo "//server/share /smb cifs credentials=/root/x 0 0"
        echo "/dev/disk/by-uuid/../../vda /srv ext4 defaults 0 2"
        echo "LABEL=boot /../../../../etc ext4 defaults 0 2"
        echo "LABEL=boot /proc ext4 defaults 0 2"
        head -c 70000 /dev/zero | tr "\0" x; echo
    } >>"$M/etc/fstab"'
    unb boot --dry-run "$IMG"
    [ "$status" -eq 0 ]
    script 'findmnt -n /boot && test -e /proc/self/status'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
}

@test "hostile: a thousand lines of fstab" {
    image
    in_image "$IMG" bash -c 'for i in $(seq 1 2000); do
        echo "UUID=$i /mnt/$i ext4 defaults 0 2"; done >>"$M/etc/fstab"'
    does_not_hang boot --dry-run "$IMG"
    does_not_hang shell "$IMG" -- true
}

@test "hostile: a million lines that sudo and PAM do not understand" {
    tree bookworm
    mkdir -p "$TREE/etc/pam.d"
    yes x | head -c 2M >"$TREE/etc/sudoers"
    cp "$TREE/etc/sudoers" "$TREE/etc/pam.d/login"
    mkdir -p "$TREE/usr/bin"
    cp "$TREE/bin/true" "$TREE/usr/bin/sudo"
    chmod 4755 "$TREE/usr/bin/sudo"
    unb examine --json "$TREE"
    [ "$status" -le 1 ]
    [ "$(jq '[.findings[] | select(.id == "sudo.syntax")] | length' <<<"$output")" -gt 100 ]
}

@test "hostile: processes that do not want to die" {
    image
    script 'trap "" TERM HUP INT
for i in 1 2 3; do setsid sh -c "trap \"\" TERM HUP INT; while :; do sleep 1; done" & done
echo started'
    SECONDS=0
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 45 ]
    assert_host_clean
    clean_ext "$IMG"
}

@test "hostile: the control FIFO is replaced, written to, removed" {
    image
    script 'echo "exit 5; rm" >/run/unbrick/control; printf "\0\377%1000s\n" x >/run/unbrick/control
echo nonsense >/run/unbrick/control
sleep 1
rm -rf /run/unbrick/control; ln -s /etc/passwd /run/unbrick/control; exit 3'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -ne 124 ]
    [[ $stderr != *Sanitizer* ]]
    assert_host_clean
}

@test "hostile: an init that ends at once" {
    tree
    rm -f "$TREE/sbin/init" "$TREE/lib/systemd/systemd"
    cp "$TREE/bin/true" "$TREE/lib/systemd/systemd"
    ln -s /lib/systemd/systemd "$TREE/sbin/init"
    unb boot "$TREE"
    [ "$status" -eq 1 ] || [ "$status" -eq 4 ]
    [[ $stderr == *"init"*"shell"* ]]
}

@test "hostile: a corrupted root file system, bytes flipped at random" {
    local seed
    for seed in 1 2 3; do
        image
        python3 - "$IMG" "$seed" <<'END'
import random, sys
random.seed(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as f:
    for _ in range(400):
        f.seek((2 << 20) + 1024 + random.randrange(8 << 20))
        f.write(bytes([random.randrange(256)]))
END
        unchanged "$IMG" does_not_hang list "$IMG"
        does_not_hang shell "$IMG" -- true
        case $status in 0 | 125 | 126 | 127) ;; *) fail "status $status" ;; esac
        assert_host_clean 5
    done
}

# ext4(5), errors=: "panic" in the superblock would stop this host at the first damaged block.
@test "hostile: a superblock that wants a panic at an error does not get it" {
    local start
    image
    read -r start _ < <(part_range "$IMG")
    tune2fs -e panic "$IMG?offset=$start" >/dev/null
    for option in --read-only --verbose; do
        unb shell $option "$IMG" -- grep ' / ext4 ' /proc/self/mounts
        [ "$status" -eq 0 ]
        [[ $output == *errors=remount-ro* && $output != *panic* ]]
    done
    # What the machine is told stays as its owner wants it.
    dumpe2fs -h "$IMG?offset=$start" 2>/dev/null | grep -qi 'errors behavior: *panic'
}
