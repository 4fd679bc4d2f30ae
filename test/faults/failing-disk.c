/*
 * Preloaded (LD_PRELOAD) into a process whose disk is to fail: while the file FAILING_DISK_SWITCH holds a number, writing
 * calls on files below FAILING_DISK fail with it as their errno; while it holds "r", a number, a path and perhaps an
 * offset, reading calls do on files whose path begins with it, from there on.
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

/* What the switch holds; by system calls alone, as nothing here may come back into what it replaces. */
static int switched(char *text, size_t size) {
  const char *path = getenv("FAILING_DISK_SWITCH");
  if (path == NULL) return 0;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
  if (fd < 0) return 0;
  long got = syscall(SYS_read, fd, text, size - 1);
  syscall(SYS_close, fd);
  text[got > 0 ? got : 0] = 0;
  return got > 0;
}

static int begins(const char *path, const char *with) {
  return path != NULL && with != NULL && strncmp(path, with, strlen(with)) == 0;
}

/* The errno with which writing is to fail; 0 for none. */
static int wanted(void) {
  char text[4096];
  return switched(text, sizeof text) && text[0] != 'r' ? atoi(text) : 0;
}

static int is_below(const char *path) { return begins(path, getenv("FAILING_DISK")); }

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length > 0 ? length : 0] = 0;
  return length > 0;
}

static int reading_fails(int fd, off_t at) {
  char text[4096], path[4096], below[4096] = {0};
  int kept = errno, number = 0;
  long from = 0;
  int fails = switched(text, sizeof text) && sscanf(text, "r%d %4095s %ld", &number, below, &from) >= 2 &&
              path_of(fd, path, sizeof path) && begins(path, below) && (at < 0 ? lseek(fd, 0, SEEK_CUR) : at) >= from;
  errno = fails ? number : kept;
  return fails;
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
  char path[4096];
  int kept = errno, number = wanted();
  if (number == 0) { errno = kept; return 0; }
  int fails = path_of(fd, path, sizeof path) && is_below(path);
  errno = fails ? number : kept;
  return fails;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

ssize_t write(int fd, const void *data, size_t size) { return file_fails(fd) ? -1 : REAL(write, fd, data, size); }
ssize_t writev(int fd, const struct iovec *data, int n) { return file_fails(fd) ? -1 : REAL(writev, fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return file_fails(fd) ? -1 : REAL(pwrite, fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return file_fails(fd) ? -1 : REAL(pwrite64, fd, data, size, at); }
ssize_t read(int fd, void *data, size_t size) { return reading_fails(fd, -1) ? -1 : REAL(read, fd, data, size); }
ssize_t readv(int fd, const struct iovec *data, int n) { return reading_fails(fd, -1) ? -1 : REAL(readv, fd, data, n); }
ssize_t pread(int fd, void *data, size_t size, off_t at) { return reading_fails(fd, at) ? -1 : REAL(pread, fd, data, size, at); }
ssize_t pread64(int fd, void *data, size_t size, off64_t at) { return reading_fails(fd, at) ? -1 : REAL(pread64, fd, data, size, at); }
ssize_t preadv(int fd, const struct iovec *data, int n, off_t at) { return reading_fails(fd, at) ? -1 : REAL(preadv, fd, data, n, at); }
ssize_t preadv64(int fd, const struct iovec *data, int n, off64_t at) { return reading_fails(fd, at) ? -1 : REAL(preadv64, fd, data, n, at); }
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
