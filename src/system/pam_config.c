/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/pam_config.h"

#include "system/lines.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool pam_line_parse(char *text, struct pam_line *ret)
{
    char *end;

    *ret = (struct pam_line){.type = lines_word(&text)};
    if (!ret->type)
        return false;
    if (strcmp(ret->type, "@include") == 0) {
        ret->include = true;
        ret->control = ret->type;
        ret->name = lines_word(&text);
        return ret->name != NULL;
    }
    ret->quiet = ret->type[0] == '-';
    text += strspn(text, " \t");
    if (text[0] == '[') {
        end = strchr(text, ']');
        if (!end)
            return false;
        *end = '\0';
        ret->control = text + 1;
        text = end + 1;
    } else {
        ret->control = lines_word(&text);
    }
    ret->name = ret->control ? lines_word(&text) : NULL;
    ret->include = ret->control &&
                   (strcmp(ret->control, "include") == 0 || strcmp(ret->control, "substack") == 0);
    return ret->name != NULL;
}

bool pam_line_is_decisive(const struct pam_line *p)
{
    return strcmp(p->control, "optional") != 0 && strcmp(p->control, "sufficient") != 0 &&
           !strstr(p->control, "default=ignore");
}

unsigned pam_line_jump(const struct pam_line *p)
{
    unsigned long long largest = 0;

    for (const char *at = p->control; (at = strchr(at, '='));) {
        unsigned long long jump;

        at += 1 + strspn(at + 1, " \t");
        jump = *at >= '0' && *at <= '9' ? strtoull(at, NULL, 10) : 0;
        if (jump > largest)
            largest = jump;
    }
    return largest > UINT_MAX ? UINT_MAX : (unsigned)largest;
}
