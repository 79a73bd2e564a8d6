/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The network after a move to other hardware, and configuration that no network manager takes. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/interfaces.h"
#include "system/lines.h"
#include "system/netplan.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INTERFACES "/etc/network/interfaces"

/* Files in which a network card is chosen by its hardware address, and the words that do it; NULL
 * as section: in the whole file. In others the address is one that the card is given. */
static const struct {
    const char *directory, *suffix, *word, *section;
} pins[] = {
    {"/etc/udev/rules.d", ".rules", "ATTR{address}==", NULL},
    {"/etc/sysconfig/network-scripts", "", "HWADDR=", NULL},
    {"/etc/sysconfig/network", "", "LLADDR=", NULL},
    {"/etc/netplan", ".yaml", "macaddress:", NULL},
    {"/etc/systemd/network", ".link", "MACAddress=", "[Match]"},
    {"/etc/systemd/network", ".network", "MACAddress=", "[Match]"},
    {"/etc/NetworkManager/system-connections", "", "mac-address=", NULL},
};

/* The first "xx:xx:xx:xx:xx:xx" behind @word; false when there is none. */
static bool address_in(const char *line, const char *word, char ret[18])
{
    const char *at = strcasestr(line, word);

    for (at = at ? at + strlen(word) : NULL; at && *at; at++)
        if (strspn(at, "0123456789abcdefABCDEF:") >= 17 && at[2] == ':' && at[5] == ':' &&
            at[8] == ':' && at[11] == ':' && at[14] == ':') {
            for (size_t i = 0; i < 17; i++)
                ret[i] = at[i] >= 'A' && at[i] <= 'F' ? (char)(at[i] - 'A' + 'a') : at[i];
            ret[17] = '\0';
            return true;
        }
    return false;
}

/* `examine /`: does the host have a card of that address? */
static bool host_has_address(const char *address)
{
    _cleanup_directory_ struct directory d = {0};

    _cleanup_fd_ int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (host < 0 || directory_list(host, "/sys/class/net", "", &d) < 0)
        return false;
    for (unsigned i = 0; i < d.count; i++) {
        _cleanup_free_ char *data = NULL;
        char path[PATH_MAX];

        snprintf(path, sizeof path, "/sys/class/net/%s/address", d.names[i]);
        if (file_read(path, 64, &data, NULL) == 0 && text_starts_with(data, address))
            return true;
    }
    return false;
}

/* Is there a further key in the section that line @number stands in? Without one a file of systemd
 * is for every card (before 243), or for none (systemd.link(5)). */
static bool has_other_key(const struct facts_file *file, const char *section, unsigned number)
{
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];
    bool in_section = false;

    while (lines_next(&l, line)) {
        const char *text = lines_strip(line);

        if (text[0] == '[')
            in_section = strcmp(text, section) == 0;
        else if (in_section && l.number != number && text[0] && !strchr("#;", text[0]))
            return true;
    }
    return false;
}

static void check_pins(struct examination *x, const struct fault *f, struct report *r,
                       const char *path, size_t pin)
{
    const char *word = pins[pin].word, *section = pins[pin].section;
    const struct facts_file *file = facts_file(x, path);
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH], address[18];
    bool in_section = !section, goes_on = false;

    while (file->data && lines_next(&l, line)) {
        const char *text = lines_strip(line);
        bool is_rest = goes_on;
        struct finding *finding;

        goes_on = text_ends_with(text, "\\");
        if (section && text[0] == '[')
            in_section = strcmp(text, section) == 0;
        if (!in_section || !address_in(text, word, address) ||
            (x->running && host_has_address(address)))
            continue;
        finding = report_add(r, f, "%s line %u is for the network card %s only", text_safe(path),
                             l.number, address);
        finding_at(finding, path, l.number);
        finding_line(finding, file->data, file->size, l.number);
        if (!text_ends_with(path, ".rules") && strcmp(word, "HWADDR=") != 0 &&
            !(section && text_ends_with(path, ".link") && has_other_key(file, section, l.number)))
            finding_risk(finding, FAULT_RISK_NONE); /* a match without its only key matches all */
        if (is_rest || goes_on) {
            finding_risk(finding, FAULT_RISK_NONE);
            finding_remedy(finding, "take it out with all of its lines, or correct the address");
        }
    }
}

static void detect_pinned(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        _cleanup_directory_ struct directory d = {0};

        if (directory_list(x->root_fd, pins[i].directory, pins[i].suffix, &d) < 0)
            continue;
        for (unsigned k = 0; k < d.count; k++)
            check_pins(x, f, r, directory_join(pins[i].directory, d.names[k]), i);
    }
}

static void detect_interfaces(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, INTERFACES);
    struct interfaces_walk w;
    const char *why;

    /* ifupdown2 and ifupdown-ng take more. */
    if (!file->data || !facts_has(x, "/sbin/ifup") || facts_has(x, "/usr/share/ifupdown2") ||
        facts_has(x, "/usr/share/ifupdown-ng"))
        return;
    w = INTERFACES_WALK(file->data, file->size);
    while ((why = interfaces_next_problem(&w))) {
        struct finding *finding = report_add(r, f, INTERFACES " line %u %s", w.lines.number, why);

        finding_at(finding, INTERFACES, w.lines.number);
        finding_line(finding, file->data, file->size, w.lines.number);
    }
}

static void detect_netplan(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};

    if (directory_list(x->root_fd, "/etc/netplan", ".yaml", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++) {
        const char *path = directory_join("/etc/netplan", d.names[i]);
        const struct facts_file *file = facts_file(x, path);
        unsigned line = netplan_find_tab(file->data, file->size);
        struct finding *finding;

        if (!line)
            continue;
        finding = report_add(r, f, "%s line %u is indented with a tab", text_safe(path), line);
        finding_at(finding, path, line);
        finding_line(finding, file->data, file->size, line);
    }
}

static int untab(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * PATH_CONFIG_MAX);
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r = changes_read(c, f->file, &data, &size);

    if (r == 0)
        r = netplan_untab(data, size, &t);
    if (r == 0)
        r = changes_write(c, f->file, t.data, t.size, 0600);
    return remedy_planned(r, f->file, e);
}

/* NetworkManager.conf(5), keyfile plugin: root's alone, or the file is ignored. */
static void detect_keyfile_modes(struct examination *x, const struct fault *f, struct report *r)
{
    static const char directory[] = "/etc/NetworkManager/system-connections";
    _cleanup_directory_ struct directory d = {0};

    if (directory_list(x->root_fd, directory, "", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++) {
        const char *path = directory_join(directory, d.names[i]);
        struct finding *finding;
        struct stat st;

        if (path_stat(x->root_fd, path, &st) < 0 || !S_ISREG(st.st_mode) ||
            (!(st.st_mode & 0077) && st.st_uid == 0))
            continue;
        finding = report_add(r, f, "NetworkManager ignores %s, since others can read it",
                             text_safe(path));
        finding_at(finding, path, 0);
        finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                         (unsigned)st.st_uid);
        finding_expected(finding, "mode 0600, owner 0 (root)");
    }
}

static int protect_keyfile(struct examination *x, const struct finding *f, struct changes *c,
                           struct error *e)
{
    return remedy_planned(changes_mode(c, f->file, 0600, 0, 0), f->file, e);
}

/* Drivers of network cards, by what is common in machines and clouds. */
static const char *const drivers[] = {
    "virtio_net", "virtio-net", "hv_netvsc", "ena",    "vmxnet3", "xen_netfront", "xen-netfront",
    "e1000",      "e1000e",     "igb",       "igc",    "ixgbe",   "ixgbevf",      "i40e",
    "iavf",       "ice",        "r8169",     "tg3",    "bnx2",    "bnx2x",        "bnxt_en",
    "mlx4_en",    "mlx5_core",  "gve",       "8139cp", "8139too", "bcmgenet",     "smsc95xx",
};

static bool is_driver(const char *name)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i], name) == 0)
            return true;
    return false;
}

/* modprobe.d(5): "blacklist NAME", "install NAME /bin/false". */
static void check_modprobe(struct examination *x, const struct fault *f, struct report *r,
                           const char *path)
{
    const struct facts_file *file = facts_file(x, path);
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];

    while (file->data && lines_next(&l, line)) {
        char *text = lines_strip(line), *verb = lines_word(&text), *name = lines_word(&text),
             *command = lines_word(&text);
        bool off =
            verb && (strcmp(verb, "blacklist") == 0 ||
                     (strcmp(verb, "install") == 0 && command &&
                      (text_ends_with(command, "/true") || text_ends_with(command, "/false"))));
        struct finding *finding;

        if (!off || !name || !is_driver(name))
            continue;
        finding = report_add(r, f, "%s line %u switches the network driver %s off", text_safe(path),
                             l.number, text_safe(name));
        finding_at(finding, path, l.number);
        finding_line(finding, file->data, file->size, l.number);
    }
}

static void detect_driver(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};

    if (directory_list(x->root_fd, "/etc/modprobe.d", ".conf", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++)
        check_modprobe(x, f, r, directory_join("/etc/modprobe.d", d.names[i]));
}

/* Saved rules that drop what comes in, without a word about ssh. */
static const struct {
    const char *path, *drops, *program;
} rules[] = {
    {"/etc/iptables/rules.v4", ":INPUT DROP", "/usr/sbin/netfilter-persistent"},
    {"/etc/sysconfig/iptables", ":INPUT DROP", "/usr/libexec/iptables/iptables.init"},
    {"/etc/nftables.conf", "policy drop", "/usr/sbin/nft"},
};

static bool lets_ssh_in(const char *text)
{
    static const char *const words[] = {"dport 22",
                                        "dports 22",
                                        "ssh",
                                        ",22,",
                                        ",22 ",
                                        "{ 22",
                                        " 22,",
                                        " 22 }",
                                        "--dport ssh",
                                        "-j ACCEPT -i",
                                        "-A INPUT -j ACCEPT",
                                        "-A INPUT -s "};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

static void detect_firewall(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *ufw = facts_file(x, "/etc/ufw/ufw.conf"),
                            *user = facts_file(x, "/etc/ufw/user.rules");

    if (!facts_has(x, "/usr/sbin/sshd"))
        return;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct facts_file *file = facts_file(x, rules[i].path);

        if (!file->data || !facts_has(x, rules[i].program) || !strstr(file->data, rules[i].drops) ||
            lets_ssh_in(file->data))
            continue;
        finding_at(
            report_add(r, f, "%s drops what comes in, and has no rule for ssh", rules[i].path),
            rules[i].path, 0);
    }
    if (ufw->data && strstr(ufw->data, "\nENABLED=yes") && user->data &&
        !strstr(user->data, "dport 22") && !strstr(user->data, "OpenSSH") &&
        !strstr(user->data, "any any"))
        finding_at(report_add(r, f, "ufw is enabled, and has no rule for ssh"),
                   "/etc/ufw/user.rules", 0);
}

static const struct fault faults[] = {
    {
        .id = "network.interfaces",
        .severity = FAULT_DEGRADES,
        .title = "/etc/network/interfaces has a syntax error",
        .why = "ifup stops there: no network at all.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "interfaces(5)",
        .detect = detect_interfaces,
        .repair = remedy_comment_line,
    },
    {
        .id = "network.netplan",
        .severity = FAULT_DEGRADES,
        .title = "a file of netplan has a tab where YAML allows none",
        .why = "netplan refuses the file: no network at all.",
        .remedy = "replace the tabs by spaces",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "netplan(5)",
        .detect = detect_netplan,
        .repair = untab,
    },
    {
        .id = "network.keyfile-modes",
        .severity = FAULT_DEGRADES,
        .title = "NetworkManager ignores a connection that others can read",
        .why = "The connection is not made.",
        .remedy = "give it to root alone, mode 0600",
        .risk = FAULT_RISK_LOW,
        .reference = "nm-settings-keyfile(5)",
        .detect = detect_keyfile_modes,
        .repair = protect_keyfile,
    },
    {
        .id = "network.driver-disabled",
        .severity = FAULT_DEGRADES,
        .title = "the driver of a network card is switched off",
        .why = "A machine with such a card has no network.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "modprobe.d(5)",
        .detect = detect_driver,
        .repair = remedy_comment_line,
    },
    {
        .id = "network.firewall",
        .severity = FAULT_DEGRADES,
        .title = "the firewall lets no ssh in",
        .why = "The machine runs, but cannot be reached.",
        .remedy = "add a rule for ssh, or disable the firewall for one boot",
        .risk = FAULT_RISK_NONE,
        .reference = "iptables-restore(8), nft(8), ufw(8)",
        .detect = detect_firewall,
    },
    {
        .id = "network.card-pinned",
        .severity = FAULT_NOTICE,
        .title = "the network is configured for one card's hardware address",
        .why = "On another machine, or after a change of the card, there is no network.",
        .remedy = "turn the line into a comment, so that any card is taken",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "systemd.link(5), udev(7)",
        .detect = detect_pinned,
        .repair = remedy_comment_line,
    },
};

FAULT_FAMILY(network, faults);
