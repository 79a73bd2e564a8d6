/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What this host itself lives on. */

/* The UUIDs of the host's root and of what it swaps to, as libblkid prints them: at most @max.
 * What cannot be opened is left out. Returns how many. */
unsigned host_filesystems(char ret[][64], unsigned max);
