/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/sshd_config.h"

#include "base/nearest.h"
#include "system/lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The keywords of OpenSSH 6.6 to 10 (servconf.c), with those that are deprecated and only warned
 * about, and those of the distributions' patches. @values: what is allowed, where that is a closed
 * list. */
#define YES_NO "yes no true false"

static const struct {
    const char *name, *values;
} keywords[] = {
    {"AcceptEnv", NULL},
    {"AddressFamily", "any inet inet6"},
    {"AFSTokenPassing", NULL},
    {"AllowAgentForwarding", YES_NO},
    {"AllowGroups", NULL},
    {"AllowStreamLocalForwarding", NULL},
    {"AllowTcpForwarding", "yes no all local remote true false"},
    {"AllowUsers", NULL},
    {"AuthenticationMethods", NULL},
    {"AuthorizedKeysCommand", NULL},
    {"AuthorizedKeysCommandRunAs", NULL},
    {"AuthorizedKeysCommandUser", NULL},
    {"AuthorizedKeysFile", NULL},
    {"AuthorizedKeysFile2", NULL},
    {"AuthorizedPrincipalsCommand", NULL},
    {"AuthorizedPrincipalsCommandUser", NULL},
    {"AuthorizedPrincipalsFile", NULL},
    {"Banner", NULL},
    {"CASignatureAlgorithms", NULL},
    {"ChallengeResponseAuthentication", YES_NO},
    {"ChannelTimeout", NULL},
    {"CheckMail", NULL},
    {"ChrootDirectory", NULL},
    {"Ciphers", NULL},
    {"ClientAliveCountMax", NULL},
    {"ClientAliveInterval", NULL},
    {"Compression", "yes no delayed true false"},
    {"DebianBanner", YES_NO},
    {"DenyGroups", NULL},
    {"DenyUsers", NULL},
    {"DisableForwarding", YES_NO},
    {"DSAAuthentication", YES_NO},
    {"ExposeAuthInfo", YES_NO},
    {"ExposeAuthenticationMethods", NULL},
    {"FingerprintHash", NULL},
    {"ForceCommand", NULL},
    {"GatewayPorts", NULL},
    {"GSSAPIAuthentication", YES_NO},
    {"GSSAPICleanupCredentials", YES_NO},
    {"GSSAPICleanupCreds", YES_NO},
    {"GSSAPIDelegateCredentials", NULL},
    {"GSSAPIEnablek5users", YES_NO},
    {"GSSAPIIndicators", NULL},
    {"GSSAPIKexAlgorithms", NULL},
    {"GSSAPIKeyExchange", YES_NO},
    {"GSSAPIStoreCredentialsOnRekey", YES_NO},
    {"GSSAPIStrictAcceptorCheck", YES_NO},
    {"GSSUseSessionCredCache", NULL},
    {"HostbasedAcceptedAlgorithms", NULL},
    {"HostbasedAcceptedKeyTypes", NULL},
    {"HostbasedAuthentication", YES_NO},
    {"HostbasedUsesNameFromPacketOnly", YES_NO},
    {"HostCertificate", NULL},
    {"HostDsaKey", NULL},
    {"HostKey", NULL},
    {"HostKeyAgent", NULL},
    {"HostKeyAlgorithms", NULL},
    {"IgnoreRhosts", NULL},
    {"IgnoreRootRhosts", NULL},
    {"IgnoreUserKnownHosts", YES_NO},
    {"Include", NULL},
    {"IPQoS", NULL},
    {"KbdInteractiveAuthentication", YES_NO},
    {"KerberosAuthentication", YES_NO},
    {"KerberosGetAFSToken", YES_NO},
    {"KerberosOrLocalPasswd", YES_NO},
    {"KerberosTgtPassing", NULL},
    {"KerberosTicketCleanup", YES_NO},
    {"KerberosUniqueCCache", NULL},
    {"KerberosUseKuserok", YES_NO},
    {"KexAlgorithms", NULL},
    {"KeyRegenerationInterval", NULL},
    {"KeepAlive", YES_NO},
    {"ListenAddress", NULL},
    {"LoginGraceTime", NULL},
    {"LogLevel", "quiet fatal error info verbose debug debug1 debug2 debug3"},
    {"LogVerbose", NULL},
    {"MACs", NULL},
    {"Match", NULL},
    {"MaxAuthTries", NULL},
    {"MaxSessions", NULL},
    {"MaxStartups", NULL},
    {"ModuliFile", NULL},
    {"PAMAuthenticationViaKbdInt", NULL},
    {"PAMServiceName", NULL},
    {"PasswordAuthentication", YES_NO},
    {"PermitEmptyPasswords", YES_NO},
    {"PermitListen", NULL},
    {"PermitOpen", NULL},
    {"PermitRootLogin",
     "yes no without-password prohibit-password forced-commands-only true false"},
    {"PermitTTY", YES_NO},
    {"PermitTunnel", "yes no point-to-point ethernet true false"},
    {"PermitUserEnvironment", NULL},
    {"PermitUserRC", YES_NO},
    {"PerSourceMaxStartups", NULL},
    {"PerSourceNetBlockSize", NULL},
    {"PerSourcePenalties", NULL},
    {"PerSourcePenaltyExemptList", NULL},
    {"PidFile", NULL},
    {"Port", NULL},
    {"PrintLastLog", YES_NO},
    {"PrintMotd", YES_NO},
    {"Protocol", NULL},
    {"PubkeyAcceptedAlgorithms", NULL},
    {"PubkeyAcceptedKeyTypes", NULL},
    {"PubkeyAuthentication", YES_NO},
    {"PubkeyAuthOptions", NULL},
    {"RDomain", NULL},
    {"RefuseConnection", YES_NO},
    {"RekeyLimit", NULL},
    {"RequiredRSASize", NULL},
    {"ReverseMappingCheck", NULL},
    {"RevokedKeys", NULL},
    {"RhostsAuthentication", NULL},
    {"RhostsRSAAuthentication", NULL},
    {"RSAAuthentication", NULL},
    {"RSAMinSize", NULL},
    {"SecurityKeyProvider", NULL},
    {"ServerKeyBits", NULL},
    {"SetEnv", NULL},
    {"ShowPatchLevel", NULL},
    {"SkeyAuthentication", NULL},
    {"SshdAuthPath", NULL},
    {"SshdSessionPath", NULL},
    {"StreamLocalBindMask", NULL},
    {"StreamLocalBindUnlink", YES_NO},
    {"StrictModes", YES_NO},
    {"Subsystem", NULL},
    {"SyslogFacility", NULL},
    {"TCPKeepAlive", YES_NO},
    {"TrustedUserCAKeys", NULL},
    {"UnusedConnectionTimeout", NULL},
    {"UseDNS", YES_NO},
    {"UseLogin", NULL},
    {"UsePAM", YES_NO},
    {"UsePrivilegeSeparation", NULL},
    {"VerifyReverseMapping", NULL},
    {"VersionAddendum", NULL},
    {"X11DisplayOffset", NULL},
    {"X11Forwarding", YES_NO},
    {"X11MaxDisplays", NULL},
    {"X11UseLocalhost", YES_NO},
    {"XAuthLocation", NULL},
};

static bool is_among(const char *value, const char *list)
{
    size_t length = strlen(value);

    for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == length && strncasecmp(at, value, length) == 0)
            return true;
    return false;
}

/* "Keyword value", "Keyword=value", 'Keyword "value"'. */
static char *first_value(char *rest)
{
    char *value;

    rest += strspn(rest, " \t=");
    if (*rest == '"') {
        value = rest + 1;
        value[strcspn(value, "\"")] = '\0';
        return value;
    }
    value = lines_word(&rest);
    return value && value[0] != '#' ? value : NULL;
}

#define BLANKS " \t\r\f"

const char *sshd_config_problem(char *line)
{
    char *keyword = line + strspn(line, BLANKS), *rest = keyword + strcspn(keyword, BLANKS "=");
    char mark = *rest, *value;

    if (!*keyword || *keyword == '#')
        return NULL;
    if (*rest)
        *rest++ = '\0';
    if (mark == '\r')
        rest = (char *)"";
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcasecmp(keywords[i].name, keyword) != 0)
            continue;
        value = first_value(rest);
        if (!value)
            return "has a keyword without a value";
        if (keywords[i].values && !is_among(value, keywords[i].values))
            return "has a value that is not allowed";
        return NULL;
    }
    return "has a keyword that sshd does not know";
}

static bool is_near_to_match(char *line)
{
    static const char *const match[] = {"match"};
    char *keyword = line + strspn(line, BLANKS);

    keyword[strcspn(keyword, BLANKS "=")] = '\0';
    if (strncasecmp(keyword, match[0], strlen(match[0])) == 0)
        return true;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcasecmp(keywords[i].name, keyword) == 0)
            return false;
    for (char *c = keyword; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return nearest_word(keyword, match, 1) != NULL;
}

bool sshd_config_begins_block(const char *data, size_t size, unsigned number)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        const char *content = line + strspn(line, BLANKS);

        if (l.number == number && is_near_to_match(line))
            return true;
        if (l.number > number && *content && *content != '#')
            return content > line;
    }
    return false;
}
