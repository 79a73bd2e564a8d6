/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/taken.h"

#include "base/fd.h"
#include "session/protocol.h"

static int client = -1;

void taken_by(int socket)
{
    fd_close(client);
    client = socket;
}

void taken_report(int status)
{
    if (client < 0)
        return;
    (void)protocol_send_reply(
        client, &(struct reply){.version = PROTOCOL_VERSION, .type = REPLY_ENDED, .status = status},
        -1);
    taken_by(-1);
}
