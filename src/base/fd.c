/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int fd_close(int fd)
{
    int saved = errno;

    if (fd >= 0)
        (void)close(fd);
    errno = saved;
    return -1;
}

int fd_read_any(int fd, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_free_ char *data = NULL;
    size_t size = 0, room = 0;

    for (;;) {
        ssize_t n;

        if (size == room) {
            char *grown;

            if (room > max)
                return -EFBIG;
            room = room ? room * 2 : 4096;
            if (room > max)
                room = max + 1; /* one more than allowed, to notice that there is more */
            grown = realloc(data, room + 1);
            if (!grown)
                return -ENOMEM;
            data = grown;
        }
        n = read(fd, data + size, room - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && fcntl(fd, F_SETFL, 0) == 0)
            continue; /* a pipe with somebody at its other end: what is written there is waited for */
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t)n;
        if (size > max)
            return -EFBIG;
    }
    data[size] = '\0';
    *ret_data = take_ptr(&data);
    if (ret_size)
        *ret_size = size;
    return 0;
}

int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_size)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > (off_t)max)
        return -EFBIG;
    return fd_read_any(fd, max, ret_data, ret_size);
}

int file_read(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    return fd_read_any(fd, max, ret_data, ret_size);
}

int fd_write_all(int fd, const void *data, size_t size)
{
    const char *p = data;

    while (size > 0) {
        ssize_t n = write(fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

int file_write(const char *path, const char *text)
{
    _cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return -errno;
    return fd_write_all(fd, text, strlen(text));
}

char *fd_path(int fd, char buf[32])
{
    snprintf(buf, 32, "/proc/self/fd/%d", fd);
    return buf;
}
