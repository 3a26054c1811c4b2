/* Preloaded into a process of a test: makes the calls of the C library fail as a sick disk or clock would.
   The file named by FAULTY holds "<errno> <path prefix>" (opening for writing, writing, syncing and making things
   below the prefix fail), "<errno>r <path prefix>" (reading too) or "clock <seconds>" (added to the time of day). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int told(char *text, size_t size) {
    const char *name = getenv("FAULTY");
    if (!name) return 0;
    int saved = errno, file = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    errno = saved;
    if (file < 0) return 0;
    ssize_t length = syscall(SYS_read, file, text, size - 1);
    syscall(SYS_close, file);
    errno = saved;
    if (length <= 0) return 0;
    text[length] = 0;
    return 1;
}

static int sick(const char *path, int writes) {
    char text[PATH_MAX + 32], full[PATH_MAX];
    if (!told(text, sizeof text) || !strncmp(text, "clock", 5)) return 0;
    char *rest;
    int number = strtol(text, &rest, 10), reads = *rest == 'r';
    if (!writes && !reads) return 0;
    rest += reads + 1;
    if (path[0] != '/' && getcwd(full, sizeof full)) {
        strncat(full, "/", sizeof full - strlen(full) - 1);
        strncat(full, path, sizeof full - strlen(full) - 1);
        path = full;
    }
    return strncmp(path, rest, strlen(rest)) ? 0 : number;
}

static int sick_file(int file, int writes) {
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return sick(path, writes);
}

#define FAIL(number) do { int n = (number); if (n) { errno = n; return -1; } } while (0)
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & O_CREAT))
#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); \
    mode = va_arg(a, mode_t); va_end(a); }

int open(const char *p, int flags, ...) { MODE(flags) FAIL(sick(p, WRITES(flags)));
    REAL(int, "open", const char *, int, ...); return real(p, flags, mode); }
int open64(const char *p, int flags, ...) { MODE(flags) FAIL(sick(p, WRITES(flags)));
    REAL(int, "open64", const char *, int, ...); return real(p, flags, mode); }
int openat(int d, const char *p, int flags, ...) { MODE(flags) FAIL(sick(p, WRITES(flags)));
    REAL(int, "openat", int, const char *, int, ...); return real(d, p, flags, mode); }
int openat64(int d, const char *p, int flags, ...) { MODE(flags) FAIL(sick(p, WRITES(flags)));
    REAL(int, "openat64", int, const char *, int, ...); return real(d, p, flags, mode); }
ssize_t write(int f, const void *b, size_t n) { FAIL(sick_file(f, 1));
    REAL(ssize_t, "write", int, const void *, size_t); return real(f, b, n); }
ssize_t pwrite(int f, const void *b, size_t n, off_t o) { FAIL(sick_file(f, 1));
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t); return real(f, b, n, o); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) { FAIL(sick_file(f, 1));
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t); return real(f, b, n, o); }
ssize_t read(int f, void *b, size_t n) { FAIL(sick_file(f, 0));
    REAL(ssize_t, "read", int, void *, size_t); return real(f, b, n); }
ssize_t pread64(int f, void *b, size_t n, off64_t o) { FAIL(sick_file(f, 0));
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t); return real(f, b, n, o); }
int fsync(int f) { FAIL(sick_file(f, 1)); REAL(int, "fsync", int); return real(f); }
int fdatasync(int f) { FAIL(sick_file(f, 1)); REAL(int, "fdatasync", int); return real(f); }
int ftruncate64(int f, off64_t o) { FAIL(sick_file(f, 1)); REAL(int, "ftruncate64", int, off64_t); return real(f, o); }
int mkdir(const char *p, mode_t m) { FAIL(sick(p, 1)); REAL(int, "mkdir", const char *, mode_t); return real(p, m); }
int rename(const char *a, const char *b) { FAIL(sick(b, 1));
    REAL(int, "rename", const char *, const char *); return real(a, b); }
int unlink(const char *p) { FAIL(sick(p, 1)); REAL(int, "unlink", const char *); return real(p); }
int link(const char *a, const char *b) { FAIL(sick(b, 1));
    REAL(int, "link", const char *, const char *); return real(a, b); }

static time_t lag(void) {
    char text[PATH_MAX];
    return told(text, sizeof text) && !strncmp(text, "clock ", 6) ? atol(text + 6) : 0;
}
int clock_gettime(clockid_t c, struct timespec *t) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int answer = real(c, t);
    if (!answer && c == CLOCK_REALTIME) t->tv_sec += lag();
    return answer;
}
int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    REAL(int, "gettimeofday", struct timeval *, void *);
    int answer = real(t, zone);
    if (!answer) t->tv_sec += lag();
    return answer;
}
time_t time(time_t *t) {
    REAL(time_t, "time", time_t *);
    time_t moment = real(NULL) + lag();
    if (t) *t = moment;
    return moment;
}
