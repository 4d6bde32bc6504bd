/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Programs that draw, run as child processes without a shell. Input and messages go through unnamed
 * files, so that neither side can wait for the other; the result goes to a file beside the one
 * wanted and takes its place when it is whole. */
#include "config.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

extern char **environ;

static tri_status say(tri_error *error, const char *what, const char *name, const char *why) {
  error->status = TRI_FILE;
  snprintf(error->message, sizeof error->message, "%s %s: %s", what, name, why);
  return TRI_FILE;
}

static tri_status cannot_write(tri_error *error, const char *path) {
  return say(error, "cannot write", path, strerror(errno));
}

static int write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno != EINTR) return -1;
    if (n > 0) bytes += n, size -= (size_t)n;
  }
  return 0;
}

/* A file that has no name. */
static int scratch_file(void) {
  const char *folder = getenv("TMPDIR");
  char name[512];
  int length = snprintf(name, sizeof name, "%s/triad-XXXXXX", folder && *folder ? folder : "/tmp");
  if (length < 0 || (size_t)length >= sizeof name) return -1;
  int fd = mkostemp(name, O_CLOEXEC);
  if (fd >= 0) unlink(name);
  return fd;
}

/* The file that will be renamed to path. Pipes, terminals and the like are opened as they are;
 * *beside is then NULL. */
static int open_beside(const char *path, char **beside) {
  struct stat st;
  *beside = NULL;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return open(path, O_WRONLY | O_CLOEXEC);
  size_t size = strlen(path) + 8;
  *beside = malloc(size);
  if (!*beside) return -1;
  snprintf(*beside, size, "%s.XXXXXX", path);
  int fd = mkostemp(*beside, O_CLOEXEC);
  if (fd < 0) {
    free(*beside);
    *beside = NULL;
    return -1;
  }
  mode_t mask = umask(0);
  umask(mask);
  if (fchmod(fd, 0666 & ~mask) != 0)
    errno = 0; /* a picture that only its owner reads is still a picture */
  return fd;
}

/* Closes the file and gives it its name, or takes it away. */
static int settle(int fd, char *beside, const char *path, int good) {
  int failed = close(fd) != 0;
  if (beside && good && !failed) failed = rename(beside, path) != 0;
  int why = errno;
  if (beside && (!good || failed)) unlink(beside);
  free(beside);
  errno = why;
  return good && failed ? -1 : 0;
}

/* Runs the program with these three files; its exit status, or -1 with errno. */
static int run(const char *const argv[], int in, int out, int err) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&files) != 0) return -1;
  if (posix_spawnattr_init(&attributes) != 0) return posix_spawn_file_actions_destroy(&files), -1;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  sigaddset(&signals, SIGINT);
  pid_t pid = 0;
  int failed = posix_spawn_file_actions_adddup2(&files, in, 0) ||
               posix_spawn_file_actions_adddup2(&files, out, 1) ||
               posix_spawn_file_actions_adddup2(&files, err, 2) ||
               posix_spawnattr_setsigdefault(&attributes, &signals) ||
               posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  if (!failed)
    failed =
        posix_spawnp(&pid, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (failed) return errno = failed, -1;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The first line of what the program said. */
static void first_words(int fd, char *words, size_t size) {
  ssize_t n = lseek(fd, 0, SEEK_SET) == 0 ? read(fd, words, size - 1) : 0;
  words[n > 0 ? n : 0] = '\0';
  char *start = words + strspn(words, "\n\r\t ");
  start[strcspn(start, "\n\r")] = '\0';
  memmove(words, start, strlen(start) + 1);
}

static tri_status report(const char *const argv[], const char *package, int status, int err,
                         tri_error *error) {
  if (status < 0 && errno == ENOENT) {
    char why[128];
    snprintf(why, sizeof why, "it is not installed (%s)", package);
    return say(error, "cannot run", argv[0], why);
  }
  if (status < 0) return say(error, "cannot run", argv[0], strerror(errno));
  char words[160];
  first_words(err, words, sizeof words);
  return say(error, "no picture from", argv[0], *words ? words : "it failed without a message");
}

tri_status child_draw(const char *const argv[], const char *package, const tri_text *input,
                      const char *path, tri_error *error) {
  char *beside;
  int out = open_beside(path, &beside);
  if (out < 0) return cannot_write(error, path);
  int in = scratch_file(), err = scratch_file();
  tri_status status;
  int good = 0;
  if (in < 0 || err < 0 || write_all(in, input->data, input->size) != 0 ||
      lseek(in, 0, SEEK_SET) != 0) {
    status = say(error, "cannot write", "a temporary file", strerror(errno));
  } else {
    int exit_status = run(argv, in, out, err);
    good = exit_status == 0;
    status = good ? TRI_OK : report(argv, package, exit_status, err, error);
  }
  if (in >= 0) close(in);
  if (err >= 0) close(err);
  if (settle(out, beside, path, good) != 0) status = cannot_write(error, path);
  return status;
}

tri_status child_write(const tri_text *text, const char *path, tri_error *error) {
  char *beside;
  int fd = open_beside(path, &beside);
  if (fd < 0) return cannot_write(error, path);
  int good = write_all(fd, text->data, text->size) == 0;
  int why = errno;
  if (settle(fd, beside, path, good) != 0) return cannot_write(error, path);
  errno = why;
  return good ? TRI_OK : cannot_write(error, path);
}
