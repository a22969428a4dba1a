// Attacks files and folders until SIGTERM, with random pauses, and then says how often it did (`DONE MISSED`):
//
//   attack SEED exchange COUNT A B    exchanges A0 and B0, A1 and B1, and so on
//   attack SEED move     COUNT A B    renames A to B and back
//   attack SEED link     COUNT A B    makes B another name of A, and removes that again
//   attack SEED occupy   COUNT A B    exchanges A and B, and makes a new file wherever A is missing
//   attack SEED write    COUNT A -    opens A, writes a byte behind its end, closes it
//   attack SEED mount    COUNT A B    mounts B over A and unmounts it
//   attack SEED make     COUNT A -    makes the new files A0, A1, and so on, and ends
//   attack SEED map      1     A -    leaves a process behind that has A mapped for writing, and not open; says its pid
//
// A and B are absolute paths without their last number; with COUNT 1 they are whole. With a COUNT above `WINDOW` it keeps
// close to whoever removes the A in ascending order: where one of them is missing the ones behind it are next.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW = 4, AHEAD = 600, PATH = 4096 };

static volatile sig_atomic_t is_over = 0;
static uint64_t state;
static const char *prefix_a, *prefix_b;
static long most;

static void end(int signal) {
  (void)signal;
  is_over = 1;
}

/// xorshift64: the same attack for the same seed, as far as the scheduler lets it be.
static uint64_t chance(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static void pause_a_little(void) {
  uint64_t kind = chance(64);
  if (kind == 0) nanosleep(&(struct timespec){.tv_nsec = (long)chance(40000)}, NULL);
  if (kind < 32) return;
  for (volatile uint64_t spin = chance(1500); spin > 0; spin--) continue;
}

static bool make(const char *a) {
  int fd = open(a, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  return fd >= 0 && close(fd) == 0;
}

static bool exchange(const char *a, const char *b) {
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
}

static bool move(const char *a, const char *b) {
  if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_NOREPLACE) != 0) return false;
  pause_a_little();
  return renameat2(AT_FDCWD, b, AT_FDCWD, a, RENAME_NOREPLACE) == 0;
}

static bool add_link(const char *a, const char *b) {
  if (link(a, b) != 0) return false;
  pause_a_little();
  return unlink(b) == 0;
}

static bool occupy(const char *a, const char *b) {
  return exchange(a, b) || make(a);
}

static bool append(const char *a, const char *b) {
  (void)b;
  int fd = open(a, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  pause_a_little();
  bool is_written = write(fd, "+", 1) == 1;
  return close(fd) == 0 && is_written;
}

static bool cover(const char *a, const char *b) {
  if (mount(b, a, NULL, MS_BIND, NULL) != 0) return false;
  // As often mounted as not.
  nanosleep(&(struct timespec){.tv_nsec = (long)chance(100000)}, NULL);
  return umount2(a, MNT_DETACH) == 0;
}

static int map(const char *a) {
  int fd = open(a, O_RDWR | O_NOFOLLOW);
  if (fd < 0 || mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED || close(fd) != 0) return 1;
  pid_t pid = fork();
  if (pid < 0) return 1;
  if (pid > 0) return printf("%d\n", pid) < 0;
  // Whoever waits for the output to end need not wait for this one.
  if (close(0) != 0 || close(1) != 0 || close(2) != 0) return 1;
  for (;;) pause();
}

static const struct {
  const char *name;
  bool (*attack)(const char *, const char *);
} attacks[] = {
    {"exchange", exchange}, {"move", move}, {"link", add_link}, {"occupy", occupy}, {"write", append}, {"mount", cover},
};

static void name(char *into, const char *prefix, long at) {
  if (most == 1) snprintf(into, PATH, "%s", prefix);
  else snprintf(into, PATH, "%s%ld", prefix, at);
}

static bool is_missing(long at) {
  char a[PATH];
  name(a, prefix_a, at);
  return faccessat(AT_FDCWD, a, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

/// The last one that is missing, a little ahead of `from`.
static long follow(long from) {
  for (long step = 1, found = from;; step++) {
    if (step > AHEAD || from + step >= most) return found;
    if (is_missing(from + step)) found = from + step;
    else if (step > found - from + WINDOW) return found;
  }
}

int main(int count, char **words) {
  if (count != 6) return 2;
  char a[PATH], b[PATH];
  state = strtoull(words[1], NULL, 10) | 1;
  long at_hand = 0;
  most = atol(words[3]);
  prefix_a = words[4], prefix_b = words[5];
  if (strcmp(words[2], "make") == 0) {
    for (long at = 0; at < most; at++) {
      name(a, prefix_a, at);
      if (!make(a)) return 1;
    }
    return 0;
  }
  if (strcmp(words[2], "map") == 0) return map(prefix_a);
  size_t kind = 0, kinds = sizeof attacks / sizeof *attacks;
  while (kind < kinds && strcmp(attacks[kind].name, words[2]) != 0) kind++;
  if (kind == kinds || most < 1) return 2;
  if (signal(SIGTERM, end) == SIG_ERR) return 1;
  uint64_t done = 0, missed = 0;
  bool is_said = false;
  for (uint64_t turn = 0; !is_over; turn++) {
    long wide = most < WINDOW ? most : WINDOW, at = (at_hand + (long)chance((uint64_t)wide)) % most;
    name(a, prefix_a, at);
    name(b, prefix_b, at);
    if (attacks[kind].attack(a, b)) done++;
    else missed++;
    if (done == 1 && !is_said && write(1, "s", 1) != 1) return 1;
    is_said = done > 0;
    if (turn % 8 == 0) at_hand = follow(at_hand);
    pause_a_little();
  }
  printf("%llu %llu\n", (unsigned long long)done, (unsigned long long)missed);
  return fflush(stdout) == 0 ? 0 : 1;
}
