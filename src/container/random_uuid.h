/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A random UUID of version 4 (RFC 9562 5.4), lower case with hyphens. 0 or a negative errno. */
int random_uuid(char ret[37]);
