// stuck-mount FOLDER COMMAND...: runs the command where FOLDER is a FUSE mount whose server takes each request and never
// answers: a process that asks cannot be killed until the server ends, which it does with the command.
// In a mount namespace of its own, so that nobody else meets it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static char request[1 << 18];

// Without an answer to the first request there is no second one.
static void greet(int server) {
  struct {
    struct fuse_out_header header;
    struct fuse_init_out init;
  } answer = {.header.len = sizeof answer,
              .init = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096}};
  if (read(server, request, sizeof request) < (ssize_t)sizeof(struct fuse_in_header)) return;
  answer.header.unique = ((struct fuse_in_header *)request)->unique;
  if (write(server, &answer, sizeof answer) != sizeof answer) perror("FUSE_INIT");
}

int main(int count, char **words) {
  char options[128];
  // Above the descriptors that are closed below.
  int server = fcntl(open("/dev/fuse", O_RDWR), F_DUPFD, 10);
  if (count < 3 || server < 0) return perror("/dev/fuse"), 99;
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", server);
  if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return perror("unshare"), 99;
  if (mount("stuck", words[1], "fuse", MS_NOSUID | MS_NODEV, options)) return perror("mount"), 99;
  pid_t parent = getpid();
  if (fork() == 0) {
    for (int fd = 0; fd < 10; fd++) close(fd);
    struct pollfd both[2] = {{.fd = server, .events = POLLIN},
                             {.fd = (int)syscall(SYS_pidfd_open, parent, 0), .events = POLLIN}};
    greet(server);
    while (poll(both, 2, -1) >= 0 && !(both[1].revents & POLLIN))
      if (both[0].revents & POLLIN && read(server, request, sizeof request) < 0) break;
    _exit(0);
  }
  for (int fd = 3; fd <= server; fd++) close(fd);
  execv(words[2], words + 2);
  return perror(words[2]), 99;
}
