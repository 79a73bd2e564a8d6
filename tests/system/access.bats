#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Getting in again: repair --root-password, --unlock, --ssh-key.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

# check_password USER PASSWORD: by the patient's own crypt(3), as its login does.
check_password() {
    local hash
    hash=$(grep "^$1:" "$TREE/etc/shadow" | cut -d: -f2)
    [ -n "$hash" ] || fail "no hash"
    python3 -W ignore -c 'import crypt, sys; sys.exit(crypt.crypt(sys.argv[1], sys.argv[2]) != sys.argv[2])' \
        "$2" "$hash"
}

@test "access: a new password for root, from a file and from standard input" {
    healthy_tree
    echo 'correct horse' >"$BATS_TEST_TMPDIR/password"
    unb repair --yes --root-password="$BATS_TEST_TMPDIR/password" "$TREE"
    [ "$status" -eq 0 ]
    check_password root 'correct horse'
    [[ $(grep ^root: "$TREE/etc/shadow") == 'root:$y$'* ]] # bookworm's passwd(1) makes yescrypt
    # The hash is on the disk, and on no screen.
    [[ $output == *'+root:...:'* && $output != *'$y$'* ]]
    [ "$(stat -c %a "$TREE/etc/shadow")" = 640 ]
    unb_in repair --yes --root-password=- "$TREE" <<<'another one'
    [ "$status" -eq 0 ]
    check_password root 'another one'
    # The lines of the diff are equal on one day: what changes is said.
    [[ $output == *"root: a new password (hashes are not shown"* ]] || fail "it does not say what is new"
    unb repair --root-password "$TREE"
    [ "$status" -eq 3 ]
    assert_one_sentence
}

@test "access: a new password for root, typed at the terminal" {
    healthy_tree
    run python3 - "$UNBRICK" "$TREE" <<'EOF'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "repair", "--root-password", sys.argv[2]])
seen = b""
for wanted, answer in ((b"root:", b"one\n"), (b"again:", b"two\n"), (b"root:", b"typed\n"), (b"again:", b"typed\n"), (b"Apply that", b"y\n")):
    part = b""
    while wanted not in part:
        part += os.read(fd, 4096)
    time.sleep(0.1)
    os.write(fd, answer)
    seen += part
try:
    while True:
        seen += os.read(fd, 4096)
except OSError:
    pass
assert b"typed" not in seen, seen
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
    [ "$status" -eq 0 ] || fail "$output"
    check_password root typed
}

@test "access: it is asked before anything is written" {
    healthy_tree
    echo 'correct horse' >"$BATS_TEST_TMPDIR/password"
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@work' >"$BATS_TEST_TMPDIR/key.pub"
    local before
    before=$(manifest "$TREE")
    unb repair --root-password="$BATS_TEST_TMPDIR/password" "$TREE"
    [[ $status -eq 3 && $stderr == *"no terminal to ask at"*--yes* ]] || fail "--root-password: not asked"
    unb repair --ssh-key "root:$BATS_TEST_TMPDIR/key.pub" "$TREE"
    [[ $status -eq 3 && $stderr == *"no terminal to ask at"*--yes* ]] || fail "--ssh-key: not asked"
    "$PTY" --timeout 60 'expect:a new password' 'expect:Apply that' 'send:n\r' status:3 -- \
        "$UNBRICK" repair --root-password="$BATS_TEST_TMPDIR/password" "$TREE"
    [ "$before" = "$(manifest "$TREE")" ] || fail "it was written to"
}

@test "access: --unlock takes a lock and an expiry away" {
    healthy_tree
    echo 'me:x:1000:1000::/home/me:/bin/sh' >>"$TREE/etc/passwd"
    echo 'me:!$6$abc$def:19000:0:90:7:14:19100:' >>"$TREE/etc/shadow"
    unb repair --yes --unlock me "$TREE"
    [ "$status" -eq 0 ]
    [ "$(grep ^me: "$TREE/etc/shadow")" = "me:\$6\$abc\$def:$(($(date +%s) / 86400)):0:90:7:14::" ]
    refused 3 "no password" repair --unlock root "$TREE"
    refused 1 "no account" repair --unlock nobody-here "$TREE"
}

@test "access: --ssh-key, with the modes that sshd wants, and once only" {
    healthy_tree
    mkdir -p "$TREE/home/me"
    echo 'me:x:1000:1000::/home/me:/bin/sh' >>"$TREE/etc/passwd"
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@work' >"$BATS_TEST_TMPDIR/key.pub"
    unb repair --yes --ssh-key "me:$BATS_TEST_TMPDIR/key.pub" "$TREE"
    [ "$status" -eq 0 ]
    [ "$(stat -c '%a %u %g' "$TREE/home/me/.ssh")" = "700 1000 1000" ]
    [ "$(stat -c '%a %u %g' "$TREE/home/me/.ssh/authorized_keys")" = "600 1000 1000" ]
    unb repair --yes --ssh-key "me:$BATS_TEST_TMPDIR/key.pub" "$TREE"
    [ "$status" -eq 0 ]
    [ "$(grep -c . "$TREE/home/me/.ssh/authorized_keys")" -eq 1 ]
    echo '-----BEGIN OPENSSH PRIVATE KEY-----' >"$BATS_TEST_TMPDIR/key"
    refused 2 "private key" repair --ssh-key "me:$BATS_TEST_TMPDIR/key" "$TREE"
    refused 2 "no public key" repair --ssh-key "me:/etc/hostname" "$TREE"
}

@test "access: what is new gets the label of the target's own policy" {
    image
    in_image "$IMG" eval 'rm -rf "$M/root/.ssh"; mkdir -p "$M/etc/selinux/targeted/policy" "$M/etc/selinux/targeted/contexts/files"
        echo >"$M/etc/selinux/targeted/policy/policy.33"
        printf "SELINUX=permissive\nSELINUXTYPE=targeted\n" >"$M/etc/selinux/config"
        printf "/.*\tsystem_u:object_r:default_t:s0\n/root/\\\\.ssh(/.*)?\tsystem_u:object_r:ssh_home_t:s0\n" \
            >"$M/etc/selinux/targeted/contexts/files/file_contexts"'
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@work' >"$BATS_TEST_TMPDIR/key.pub"
    unb repair --yes --ssh-key "root:$BATS_TEST_TMPDIR/key.pub" "$IMG"
    [ "$status" -eq 0 ]
    in_image "$IMG" eval 'python3 -c "import os, sys; print(*[os.getxattr(p, \"security.selinux\").rstrip(b\"\\0\").decode() for p in sys.argv[1:]])" \
        "$M/root/.ssh" "$M/root/.ssh/authorized_keys"' >"$BATS_TEST_TMPDIR/labels"
    [ "$(cat "$BATS_TEST_TMPDIR/labels")" = "system_u:object_r:ssh_home_t:s0 system_u:object_r:ssh_home_t:s0" ]
}
