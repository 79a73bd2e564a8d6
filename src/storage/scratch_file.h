/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file without a name where files may get large (/var/tmp, or what there is). It is gone with its
 * last descriptor. The descriptor, or a negative errno. */
int scratch_file_open(void);
