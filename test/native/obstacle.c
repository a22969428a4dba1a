// obstacle listener COMMAND...: runs the command where another process listens to its calls already.
// obstacle old-kernel COMMAND...: runs it where the kernel does not know what came after Linux 5.1.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int install(struct sock_filter *steps, unsigned short count, unsigned long flags) {
  struct sock_fprog program = {count, steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int listen_to_nothing(void) {
  struct sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_acct, 0, 1),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  int listener = install(steps, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  pid_t parent = getpid();
  if (listener < 0) return -1;
  if (fork() == 0) { // it counts as listening only while somebody holds it
    // until the command ends; a death signal would not reach root from a command that is another account by then
    struct pollfd command = {.fd = (int)syscall(SYS_pidfd_open, parent, 0), .events = POLLIN};
    for (int fd = 0; fd < 4; fd++) close(fd);
    while (command.fd >= 0 && poll(&command, 1, -1) < 0) continue;
    _exit(0);
  }
  return close(listener);
}

static int forget_calls(void) {
  // open_tree move_mount, close_range, mount_setattr: the same numbers on every machine
  struct sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 428, 3, 0),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 429, 2, 0),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 436, 1, 0),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 442, 0, 1),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  return install(steps, 7, 0);
}

int main(int count, char **words) {
  if (count < 3) return 99;
  int failed = strcmp(words[1], "listener") ? forget_calls() : listen_to_nothing();
  if (failed) return perror(words[1]), 99;
  execv(words[2], words + 2);
  return perror(words[2]), 99;
}
