#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A server with the packages that servers have, and the configuration that these bring: nothing is found
# in it, and what a repair writes is taken by the programs that read it, run in the tree.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

# in_tree COMMAND...: with /proc and /run of its own. The tree is shared with nobody.
in_tree() {
    # shellcheck disable=SC2016 # for that shell
    unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc" &&
        mount -t tmpfs run "$1/run" && mkdir -p "$1/run/sshd" && tree=$1 && shift &&
        exec chroot "$tree" "$@"' sh "$TREE" "$@" </dev/null
}

# What must be true of every tree of this file, whatever was repaired.
readers_are_content() {
    in_tree pwck -rq || fail "pwck" || return 1
    in_tree grpck -r || fail "grpck" || return 1
    in_tree visudo -cq || fail "visudo" || return 1
    in_tree sshd -t || fail "sshd -t"
}

# findings TREE: one line each.
findings() {
    unb examine --json "$@" >/dev/null
    jq -r '.findings[] | "\(.severity) \(.id)"' <<<"$output"
}

# A person with a password and a key.
add_person() {
    mkdir -p "$TREE/home/me"
    echo 'me:x:1000:1000::/home/me:/bin/bash' >>"$TREE/etc/passwd"
    echo 'me:x:1000:' >>"$TREE/etc/group"
    echo 'me:!::' >>"$TREE/etc/gshadow"
    echo 'me:*:19000:0:99999:7:::' >>"$TREE/etc/shadow"
    chown -R 1000:1000 "$TREE/home/me"
}

# by_ssh USER COMMAND: with the client and the server of the tree, joined by a pipe.
by_ssh() {
    in_tree ssh -i /root/id -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o LogLevel=ERROR -o ProxyCommand='/usr/sbin/sshd -i' "$1@server" "$2"
}

# become_root PASSWORD: by su(1) and its PAM stack, asked as somebody else.
become_root() {
    # shellcheck disable=SC2016 # for that shell
    in_tree setpriv --reuid=65534 --regid=65534 --clear-groups \
        sh -c 'printf "%s\n" "$1" | su root -c "id -u"' sh "$1"
}

@test "server: nothing is found in a healthy one" {
    healthy_tree server
    [ -z "$(findings "$TREE")" ] || fail "$(findings "$TREE")"
    give_grub_bios "$TREE"
    [ -z "$(findings "$TREE")" ] || fail "$(findings "$TREE")"
    readers_are_content
}

@test "server with dracut: nothing is found in a healthy one (slow)" {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow"
    healthy_tree server-dracut
    [ -z "$(findings "$TREE")" ] || fail "$(findings "$TREE")"
    give_grub_bios "$TREE"
    [ -z "$(findings "$TREE")" ] || fail "$(findings "$TREE")"
}

@test "server: a new password for root lets one in by PAM, and the databases stay sound" {
    healthy_tree server
    unb_in repair --yes --root-password=- "$TREE" <<<'correct horse'
    [ "$status" -eq 0 ]
    run become_root 'correct horse'
    [ "$status" -eq 0 ] || fail "$output"
    [[ $output == *0 ]]
    run become_root 'wrong horse'
    [ "$status" -ne 0 ]
    readers_are_content
}

@test "server: a locked and expired account is let in again (slow)" {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow"
    healthy_tree server
    echo 'locked horse' >"$BATS_TEST_TMPDIR/password"
    unb repair --yes --root-password="$BATS_TEST_TMPDIR/password" "$TREE"
    in_tree usermod --lock --expiredate 1 root
    run become_root 'locked horse'
    [ "$status" -ne 0 ]
    unb repair --yes --unlock root "$TREE"
    [ "$status" -eq 0 ]
    run become_root 'locked horse'
    [ "$status" -eq 0 ] || fail "$output"
    readers_are_content
}

@test "server: an ssh key lets one in by the server's own sshd" {
    healthy_tree server
    add_person
    in_tree ssh-keygen -q -t ed25519 -N '' -f /root/id
    run by_ssh me 'id -un'
    [ "$status" -ne 0 ]
    unb repair --yes --ssh-key "me:$TREE/root/id.pub" "$TREE"
    [ "$status" -eq 0 ]
    unb repair --yes --ssh-key "root:$TREE/root/id.pub" "$TREE"
    [ "$status" -eq 0 ]
    run by_ssh me 'id -un'
    [ "$status" -eq 0 ] || fail "$output"
    [ "${lines[-1]}" = me ]
    run by_ssh root 'id -un'
    [ "$status" -eq 0 ] || fail "$output"
    readers_are_content
}

@test "server: what is broken in sudoers, sshd_config and PAM is mended, and its readers agree" {
    healthy_tree server
    echo 'me ALL=(ALL ALL' >>"$TREE/etc/sudoers"
    printf 'PermitRootLogin yes\nPermitRootLogn no\n' >"$TREE/etc/ssh/sshd_config.d/50-mine.conf"
    sed -i '1i auth required pam_of_another_machine.so' "$TREE/etc/pam.d/common-auth"
    run in_tree visudo -cq
    [ "$status" -ne 0 ]
    run in_tree sshd -t
    [ "$status" -ne 0 ]
    unb repair --yes "$TREE" sudo.syntax ssh.configuration pam.module-missing
    [ "$status" -eq 0 ] || fail "status $status"
    readers_are_content
    run grep '^auth required pam_of_another' "$TREE/etc/pam.d/common-auth"
    [ "$status" -eq 1 ]
    [ -z "$(findings "$TREE")" ] || fail "$(findings "$TREE")"
}

@test "server: what a repair makes has the label that the policy has for it" {
    healthy_tree server
    sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$TREE/etc/selinux/config"
    rm -f "$TREE/etc/systemd/system/default.target"
    ln -s /usr/lib/systemd/system/reboot.target "$TREE/etc/systemd/system/default.target"
    in_tree ssh-keygen -q -t ed25519 -N '' -f /root/id
    rm -rf "$TREE/root/.ssh" # ssh-keygen makes it
    # That this tree was never labelled is found, and is not what is repaired here.
    unb repair --yes --ssh-key "root:$TREE/root/id.pub" "$TREE" systemd.default-target
    [ "$status" -eq 1 ]
    [ "$(findings "$TREE" | grep -c ^stops)" -eq 1 ]
    findings "$TREE" | grep -q 'security[.]'
    for file in /etc/systemd/system/default.target /root/.ssh /root/.ssh/authorized_keys; do
        ours=$(python3 -c 'import os, sys
print(os.getxattr(sys.argv[1], "security.selinux", follow_symlinks=False).rstrip(b"\0").decode())' "$TREE$file")
        type='file'
        [ ! -d "$TREE$file" ] || type=dir
        [ ! -L "$TREE$file" ] || type=link_file
        theirs=$(in_tree matchpathcon -n -m "$type" \
            -f /etc/selinux/default/contexts/files/file_contexts "$file")
        [ "$ours" = "$theirs" ] || fail "$file: $ours instead of $theirs"
    done
}

# label_all: as if a machine with SELinux had installed it. Which label does not matter here.
label_all() {
    python3 - "$TREE" <<'END'
import os, sys
for place, directories, files in os.walk(sys.argv[1]):
    for name in directories + files:
        os.setxattr(os.path.join(place, name), "security.selinux", b"system_u:object_r:etc_t:s0\0",
                    follow_symlinks=False)
END
}

@test "server: files that a session leaves without an SELinux label are told of, and a relabelling is offered" {
    healthy_tree server
    sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$TREE/etc/selinux/config"
    label_all
    unb examine --json "$TREE"
    [ -z "$(jq -r '.findings[] | select(.id == "security.selinux-labels") | .id' <<<"$output")" ]
    # This host's kernel gives none to a new file, and an editor makes a new one of the old.
    script 'cp /etc/login.defs /etc/login.defs.new; mv /etc/login.defs.new /etc/login.defs'
    unb boot --run "$SCRIPT" "$TREE"
    [[ $stderr == *"new since this session began"*"security.selinux-labels"* ]]
    unb examine "$TREE"
    [[ $output == *"/etc/login.defs: no label"* ]]
    unb repair --yes "$TREE" security.selinux-labels
    [ -e "$TREE/.autorelabel" ]
}
