/*
 * Preloaded (LD_PRELOAD) into a process whose disk is to fail: while the file FAILING_DISK_SWITCH holds a number, writing
 * calls on files below FAILING_DISK fail with it as their errno.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* By system calls alone: nothing here may come back into what it replaces. */
static int wanted(void) {
  const char *path = getenv("FAILING_DISK_SWITCH");
  char text[16] = {0};
  if (path == NULL) return 0;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return 0;
  long got = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  return got > 0 ? atoi(text) : 0;
}

static int is_below(const char *path) {
  const char *disk = getenv("FAILING_DISK");
  return disk != NULL && path != NULL && strncmp(path, disk, strlen(disk)) == 0;
}

static int path_fails(const char *path) {
  char here[4096], full[8300];
  int kept = errno, number = wanted();
  if (number != 0 && path != NULL && path[0] != '/' && getcwd(here, sizeof here) != NULL) {
    snprintf(full, sizeof full, "%s/%s", here, path);
    path = full;
  }
  errno = number != 0 && is_below(path) ? number : kept;
  return number != 0 && is_below(path);
}

static int file_fails(int fd) {
  char link[64], path[4096];
  int kept = errno, number = wanted();
  if (number == 0) { errno = kept; return 0; }
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) path[length] = 0;
  int fails = length > 0 && is_below(path);
  errno = fails ? number : kept;
  return fails;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

ssize_t write(int fd, const void *data, size_t size) { return file_fails(fd) ? -1 : REAL(write, fd, data, size); }
ssize_t writev(int fd, const struct iovec *data, int n) { return file_fails(fd) ? -1 : REAL(writev, fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return file_fails(fd) ? -1 : REAL(pwrite, fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return file_fails(fd) ? -1 : REAL(pwrite64, fd, data, size, at); }
int fsync(int fd) { return file_fails(fd) ? -1 : REAL(fsync, fd); }
int fdatasync(int fd) { return file_fails(fd) ? -1 : REAL(fdatasync, fd); }
int ftruncate(int fd, off_t size) { return file_fails(fd) ? -1 : REAL(ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return file_fails(fd) ? -1 : REAL(ftruncate64, fd, size); }
int rename(const char *from, const char *to) { return path_fails(to) ? -1 : REAL(rename, from, to); }
int mkdir(const char *path, mode_t mode) { return path_fails(path) ? -1 : REAL(mkdir, path, mode); }
int unlink(const char *path) { return path_fails(path) ? -1 : REAL(unlink, path); }

#define OPENING(name)                                                  \
  int name(const char *path, int flags, ...) {                         \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    if ((flags & O_CREAT) && path_fails(path)) return -1;              \
    return REAL(name, path, flags, mode);                              \
  }
OPENING(open)
OPENING(open64)
