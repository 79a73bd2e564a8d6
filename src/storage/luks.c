/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/luks.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* cryptsetup(8), RETURN CODES. */
enum { CRYPT_WRONG_KEY = 2, CRYPT_NO_MEMORY = 3, CRYPT_BUSY = 5 };

void luks_dm_prefix(const struct volume *v, const char *name, char *ret, size_t size)
{
    size_t used = (size_t)snprintf(ret, size, "CRYPT-LUKS%s-", v->fs.version[0] == '1' ? "1" : "2");

    for (const char *c = v->fs.uuid; *c && used + 1 < size; c++)
        if (*c != '-')
            ret[used++] = *c;
    snprintf(ret + used, size - used, "-%s", name);
}

/* A passphrase goes to cryptsetup as a file in memory, never as an argument that others can read.
 */
static int key_in_memory(const struct luks_key *key, char *ret_path, size_t size)
{
    int fd = memfd_create("unbrick-key", MFD_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_all(fd, key->bytes, key->size);

    if (r < 0) {
        fd_close(fd);
        return r;
    }
    snprintf(ret_path, size, "/proc/%d/fd/%d", (int)getpid(), fd);
    return fd;
}

static int explain(const char *title, int status, char *output, struct error *e)
{
    switch (status) {
    case 0:
        return 0;
    case CRYPT_WRONG_KEY:
        return -EKEYREJECTED;
    case CRYPT_BUSY:
        return error_set(e, ERROR_REFUSED, -EBUSY, "in-use", "%s is already open on this host",
                         title);
    case CRYPT_NO_MEMORY:
        return error_set(e, ERROR_HOST, -ENOMEM, "memory",
                         "this host has too little memory for the key derivation of %s", title);
    default:
        output[strcspn(output, "\n")] = '\0';
        return error_set(e, ERROR_TARGET, -EIO, "damaged", "cryptsetup cannot open %s: %s", title,
                         output[0] ? text_safe(output) : "no reason is given");
    }
}

int luks_open(const struct volume *v, const char *title, const char *name,
              const struct luks_key *key, bool read_only, struct error *e)
{
    char path[64], *argv[20] = {(char *)"cryptsetup", (char *)"open", (char *)"--type",
                                (char *)"luks", (char *)"--batch-mode"};
    _cleanup_free_ char *output = NULL;
    _cleanup_fd_ int fd = -1;
    unsigned n = 5;
    int r;

    if (!key->file) {
        fd = key_in_memory(key, path, sizeof path);
        if (fd < 0)
            return error_errno(e, fd, "handing over the passphrase");
    }
    argv[n++] = (char *)"--key-file";
    argv[n++] = (char *)(key->file ? key->file : path);
    if (key->header) {
        argv[n++] = (char *)"--header";
        argv[n++] = (char *)key->header;
    }
    if (read_only)
        argv[n++] = (char *)"--readonly";
    argv[n++] = (char *)v->node;
    argv[n++] = (char *)name;
    argv[n] = NULL;
    r = process_run(argv, PROCESS_OUTLIVES_US | PROCESS_OWN_GROUP, 65536, &output, e);
    if (r == -ENOENT)
        (void)error_advise(e, "install the package cryptsetup");
    return r < 0 ? r : explain(title, r, output, e);
}
