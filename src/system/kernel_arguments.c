/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/kernel_arguments.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

const char *kernel_arguments_next(const char **at, size_t *ret_size)
{
    const char *start = *at;
    bool quoted = false;

    while (is_blank(*start))
        start++;
    *at = start;
    if (!*start)
        return NULL;
    for (; **at && (quoted || !is_blank(**at)); (*at)++)
        if (**at == '"')
            quoted = !quoted;
    *ret_size = (size_t)(*at - start);
    return start;
}

bool kernel_arguments_get(const char *line, const char *key, char *ret, size_t size)
{
    size_t key_size = strlen(key), n;
    const char *word;
    bool found = false;

    while ((word = kernel_arguments_next(&line, &n))) {
        if (*word == '"' && n >= 2 && word[n - 1] == '"') { /* "key=a b" */
            word++;
            n -= 2;
        }
        if (n <= key_size || word[key_size] != '=' || memcmp(word, key, key_size) != 0)
            continue;
        word += key_size + 1;
        n -= key_size + 1;
        if (n >= 2 && word[0] == '"' && word[n - 1] == '"') { /* key="a b" */
            word++;
            n -= 2;
        }
        if (n >= size)
            continue;
        memcpy(ret, word, n);
        ret[n] = '\0';
        found = true;
    }
    return found;
}

bool kernel_arguments_have(const char *line, const char *word)
{
    size_t length = strlen(word), n;
    const char *at;

    while ((at = kernel_arguments_next(&line, &n))) {
        if (n == 2 && memcmp(at, "--", 2) == 0)
            return false;
        if (n == length && memcmp(at, word, n) == 0)
            return true;
    }
    return false;
}

static size_t key_size(const char *word, size_t size)
{
    const char *sign = memchr(word, '=', size);

    return sign ? (size_t)(sign - word) : size;
}

static bool is_same_key(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
            return false;
    return true;
}

bool kernel_arguments_share_key(const char *a, const char *b)
{
    const char *word, *other;
    size_t n, m;

    while ((word = kernel_arguments_next(&a, &n)))
        for (const char *rest = b; (other = kernel_arguments_next(&rest, &m));)
            if (key_size(word, n) == key_size(other, m) &&
                is_same_key(word, other, key_size(word, n)))
                return true;
    return false;
}

/* What may stand beside a word: a blank, or the quotes and the sign around a value of the shell. */
static bool is_edge(char c)
{
    return c == '\0' || is_blank(c) || c == '"' || c == '\'' || c == '=';
}

int kernel_arguments_edit(const char *line, const char *word, const char *with, struct text *out)
{
    size_t length = strlen(word);
    const char *from = line;
    int count = 0;

    for (const char *at = line; length && (at = strstr(at, word));) {
        const char *end = at + length;

        if ((at != line && !is_edge(at[-1])) || !is_edge(*end) || *end == '=') {
            at++;
            continue;
        }
        (void)text_append(out, from, (size_t)(at - from));
        if (with) {
            (void)text_append(out, with, strlen(with));
        } else if (is_blank(*end) && *end != '\n') {
            end++;
        } else if (out->size &&
                   (out->data[out->size - 1] == ' ' || out->data[out->size - 1] == '\t')) {
            out->data[--out->size] = '\0';
        }
        from = at = end;
        count++;
    }
    (void)text_append(out, from, strlen(from));
    return out->failed ? out->failed : count;
}
