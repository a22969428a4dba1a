// Makes one kernel call after another, by name, so that a test can see which of them the witness notes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void to_path(const char *path, int abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path + abstract, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + abstract + strlen(path) + !abstract));
  close(fd);
}

#ifdef __x86_64__
// The old way in, as a 32-bit program has it: the kernel then numbers calls as i386 does.
static long narrow(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
#endif

static int many_at_once(int count) {
  for (int i = 0; i < count; i++) alarm(1000);
  return (int)alarm(0);
}

int main(int count, char **words) {
  for (int i = 1; i < count; i++) {
    const char *word = words[i];
    struct itimerval interval = {{3, 0}, {2, 500000}};
    struct itimerspec times = {{0, 0}, {7, 1}};
    if (!strcmp(word, "alarm")) alarm(5), alarm(0);
    else if (!strcmp(word, "setitimer")) setitimer(ITIMER_REAL, &interval, NULL);
    else if (!strcmp(word, "cpu-timer")) setitimer(ITIMER_VIRTUAL, &interval, NULL);
    else if (!strcmp(word, "posix")) {
      timer_t timer;
      struct sigevent silent = {.sigev_notify = SIGEV_NONE};
      timer_create(CLOCK_MONOTONIC, &silent, &timer);
      timer_settime(timer, 0, &times, NULL);
    } else if (!strcmp(word, "timerfd")) timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), TFD_TIMER_ABSTIME, &times, NULL);
    else if (!strcmp(word, "bad-timer")) syscall(SYS_timerfd_settime, 9, 0, (void *)8, NULL);
    else if (!strcmp(word, "connect")) to_path("/no such%socket", 0), to_path("abstract", 1);
    else if (!strcmp(word, "inet")) {
      struct sockaddr_in address = {AF_INET, htons(22), {htonl(0xc0000201)}, {0}};
      connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
      struct sockaddr_in6 other = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr = in6addr_loopback};
      sendto(socket(AF_INET6, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&other, sizeof other);
    } else if (!strcmp(word, "sendmsg")) {
      struct sockaddr_un address = {AF_UNIX, "/run/journal"};
      struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address};
      sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &message, 0);
    } else if (!strcmp(word, "flock")) {
      int fd = open("/proc/self/exe", O_RDONLY);
      flock(fd, LOCK_SH);
      flock(fd, LOCK_UN);
    } else if (!strcmp(word, "fcntl")) {
      struct flock lock = {.l_type = F_RDLCK};
      fcntl(open("/proc/self/exe", O_RDONLY), F_SETLK, &lock);
    } else if (!strcmp(word, "keyring")) printf("keyctl %s\n", syscall(SYS_keyctl, 7, -3) < 0 ? strerror(errno) : "done");
    else if (!strcmp(word, "io-uring")) syscall(SYS_io_uring_setup, 0, NULL);
    else if (!strcmp(word, "kill-1")) kill(1, SIGTERM), kill(getpid(), 0);
    else if (!strcmp(word, "kill-all")) {
      if (fork() == 0) kill(-1, SIGCONT), _exit(0);
      wait(NULL);
    } else if (!strcmp(word, "flood")) many_at_once(1000);
    else if (!strcmp(word, "capabilities")) puts(access("/proc/1/root/etc", F_OK) ? strerror(errno) : "sees pid 1");
#ifdef __x86_64__
    else if (!strcmp(word, "i386")) {
      int32_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
      memcpy(low, (int32_t[]){0, 0, 9, 0}, 16);
      narrow(27, 11, 0, 0), narrow(104, ITIMER_REAL, (long)low, 0), narrow(359, AF_INET, SOCK_STREAM, 0);
      printf("keyctl %ld\n", narrow(288, 7, -3, 0));
      memcpy(low, (int32_t[]){AF_INET, SOCK_DGRAM, 0}, 12);
      narrow(102, 1, (long)low, 0);
    }
#endif
    fflush(stdout);
  }
  return 0;
}
