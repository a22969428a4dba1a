// reach WHAT...: tries to get at what is not this session's alone, and says on stdout how each try ended.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void said(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
  fflush(stdout);
}

static void *wait_for_ever(void *unused) {
  pause();
  return unused;
}

static long start_threads(int count) {
  pthread_attr_t small;
  pthread_t thread;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (int i = 0; i < count; i++)
    if (pthread_create(&thread, &small, wait_for_ever, NULL)) return -1;
  return 0;
}

static long connect_to(const char *path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, path, sizeof to.sun_path - 1);
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}

int main(int count, char **words) {
  char uring[256] = {0};
  for (int i = 1; i < count; i++) {
    const char *what = words[i];
    errno = 0;
    if (!strcmp(what, "shm")) said(what, shmget(IPC_PRIVATE, 1 << 28, 0600));
    else if (!strcmp(what, "sem")) said(what, semget(IPC_PRIVATE, 32000, 0600));
    else if (!strcmp(what, "vsock")) said(what, socket(AF_VSOCK, SOCK_STREAM, 0));
    else if (!strcmp(what, "uring")) said(what, syscall(SYS_io_uring_setup, 4, uring));
    else if (!strcmp(what, "userfault")) said(what, syscall(SYS_userfaultfd, 1));
    else if (!strcmp(what, "keyring")) said(what, syscall(SYS_keyctl, 0, -3, 0));
    else if (!strcmp(what, "namespace")) said(what, unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP));
    else if (!strcmp(what, "cgroup")) said(what, mkdir("/tmp/cgroup", 0755) || mount("none", "/tmp/cgroup", "cgroup2", 0, NULL) ? -1 : 0);
    else if (!strcmp(what, "fsopen")) said(what, syscall(430, "cgroup2", 0));
    else if (!strcmp(what, "threads")) said(what, start_threads(10000)), pause();
    else if (!strcmp(what, "core")) {
      struct rlimit core;
      getrlimit(RLIMIT_CORE, &core);
      core.rlim_cur = core.rlim_max;
      said(what, setrlimit(RLIMIT_CORE, &core));
      getrlimit(RLIMIT_CORE, &core);
      printf("core is %ld\n", (long)core.rlim_cur);
    } else if (!strncmp(what, "connect=", 8)) said("connect", connect_to(what + 8));
    else return 2;
  }
  return 0;
}
