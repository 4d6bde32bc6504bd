/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bytes out. A file is written beside the place where it will be and renamed when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/io.h"

static tri_status cannot(struct sink *k, int why) {
  return tri__io_fail(k->io, TRI_FILE, "cannot be written: %s", strerror(why));
}

/* A link stays, and what it leads to is replaced. */
static tri_status set_path(struct sink *k, const char *path) {
  struct stat st;
  char *target = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
  const char *name = target ? target : path;
  k->path_room = strlen(name) + 1;
  k->path = tri__io_new(k->io, k->path_room, 1);
  if (k->path) memcpy(k->path, name, k->path_room);
  free(target);
  return k->path ? TRI_OK : k->io->error->status;
}

/* Makes a file of a name that there was not. The kernel applies the umask, which a library cannot
 * ask for without changing it. */
static tri_status open_beside(struct sink *k) {
  enum { SUFFIX = 24, TRIES = 100 };
  k->beside_room = k->path_room + SUFFIX;
  k->beside = tri__io_new(k->io, k->beside_room, 1);
  if (!k->beside) return k->io->error->status;
  for (unsigned i = 0; i < TRIES && k->fd < 0; i++) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned mixed = (unsigned)now.tv_nsec ^ (unsigned)getpid() << 12 ^ i;
    snprintf(k->beside, k->beside_room, "%s.%08x.tmp", k->path, mixed);
    k->fd = open(k->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (k->fd < 0 && errno != EEXIST && errno != EINTR) break;
  }
  if (k->fd >= 0) return TRI_OK;
  int why = errno;
  tri__io_free(k->io, k->beside, k->beside_room, 1);
  k->beside = NULL;
  return cannot(k, why);
}

tri_status tri__sink_open(struct sink *k, struct io *io, const char *path) {
  struct stat st;
  *k = (struct sink){.io = io, .fd = -1};
  tri_status status = set_path(k, path);
  if (status != TRI_OK) return status;
  bool there = stat(path, &st) == 0;
  if (there && S_ISDIR(st.st_mode)) return cannot(k, EISDIR);
  if (there && !S_ISREG(st.st_mode)) {
    k->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return k->fd >= 0 ? TRI_OK : cannot(k, errno);
  }
  status = open_beside(k);
  /* A file that cannot have the mode of the one it replaces is a file all the same. */
  if (status == TRI_OK && there && fchmod(k->fd, st.st_mode & 0777) != 0) errno = 0;
  return status;
}

tri_status tri__sink_write(struct sink *k, const void *bytes, size_t n) {
  enum { PIECE = 1 << 20 };
  const unsigned char *at = bytes;
  while (n > 0) {
    tri_status status = tri__io_check(k->io);
    if (status != TRI_OK) return status;
    ssize_t put = write(k->fd, at, n < PIECE ? n : PIECE);
    if (put < 0 && errno != EINTR) return cannot(k, errno);
    if (put > 0) at += put, n -= (size_t)put;
  }
  return TRI_OK;
}

/* Has the system write a file, or a folder, to the disk. It is opened anew: libzip has put another
 * file in the place of the one that was opened first. */
static bool settle(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool good = fd >= 0 && fsync(fd) == 0;
  int why = errno;
  if (fd >= 0) close(fd);
  errno = why;
  return good;
}

/* The new name is on the disk, too; not every file system can do that for a folder. */
static void settle_folder(struct sink *k) {
  char *slash = strrchr(k->path, '/');
  if (slash == k->path) return;
  if (slash) *slash = '\0';
  if (!settle(slash ? k->path : ".")) errno = 0;
}

tri_status tri__sink_close(struct sink *k, tri_status status) {
  if (k->fd >= 0 && close(k->fd) != 0 && status == TRI_OK) status = cannot(k, errno);
  if (k->beside && status == TRI_OK && k->io->durable && !settle(k->beside))
    status = cannot(k, errno);
  if (k->beside && status == TRI_OK && rename(k->beside, k->path) != 0) status = cannot(k, errno);
  if (k->beside && status == TRI_OK && k->io->durable) settle_folder(k);
  if (k->beside && status != TRI_OK) unlink(k->beside);
  tri__io_free(k->io, k->beside, k->beside_room, 1);
  tri__io_free(k->io, k->path, k->path_room, 1);
  *k = (struct sink){.io = k->io, .fd = -1};
  return status;
}
