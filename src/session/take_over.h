/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking for what the host made of the patient's disks by itself: storage/takeover.h with a person
 * and an undo journal. */

#include "base/error.h"
#include "session/journal.h"
#include "session/patient.h"

#include <stdbool.h>

/*
 * Take over what is idle, after one question. Call it in the host's mount namespace.
 * *ret_gives_back: at the end something has to be given back, which the journal knows and the
 * keeper does, in the host's mount namespace. 0; ERROR_REFUSED when it was declined or nobody can
 * be asked; -EINTR.
 */
int take_over(const struct patient_request *request, struct journal *j, bool *ret_gives_back,
              struct error *e);
