// What the three files of the launcher share. enter.c talks to the agent and makes processes,
// sandbox.c builds the root that the shell sees, witness.c sees what the shell asks the kernel for.
#ifndef RCWARDEN_ENTER_H
#define RCWARDEN_ENTER_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define CONTROL 3 // the unix stream socket to the agent

enum sandbox { SANDBOX_UNSET, WHOLE_ROOT, OWN_ACCOUNT, NO_SANDBOX };

struct place {
  char type; // f d p l, upper case when root is the owner; r: as f, but what stands there keeps owner and permissions
  mode_t mode;
  const char *path, *content;
  size_t length;
};

struct limit {
  int resource;
  const char *name;
  struct rlimit value;
};

enum { MOST_WORDS = 8192, MOST_GROUPS = 65536, MOST_PLACES = 4096, MOST_LEFT = 512 };

struct spec {
  enum sandbox sandbox;
  pid_t parent;
  uid_t uid;
  gid_t gid;
  gid_t groups[MOST_GROUPS];
  size_t group_count;
  const char *home, *cwd, *program;
  bool program_by_descriptor;
  char *arguments[MOST_WORDS + 1], *environment[MOST_WORDS + 1];
  size_t argument_count, environment_count;
  mode_t umask;
  struct limit limits[RLIM_NLIMITS];
  size_t limit_count;
  bool terminal, witness;
  bool stays; // serves for as long as the agent lives; not in a sandbox
  bool keep_cores; // from a program of the host's
  unsigned long long size; // bytes of the one tmpfs that takes every write
  // More of them below pid 1 at once, the dead that nobody reaped included, or ten times as many threads, and pid 1 says `ceiling processes` and
  // then ends them all. It counts about every 5 ms, from `g` on. How a shell ends that ends so is not told; pid 1
  // stays, as after every other end.
  unsigned long processes;
  struct place places[MOST_PLACES];
  size_t place_count;
  const char *left[MOST_LEFT]; // mounts that are not to be touched
  size_t left_count;
};
extern struct spec spec;

// enter.c
/** One line to the agent: words up to a NULL, each escaped so that a space or a line end in a path cannot forge a word. */
void say(const char *word, ...) __attribute__((sentinel));
/** Says why and ends this process and with it the sandbox. detail may be NULL. */
_Noreturn void fail(const char *step, const char *reason, const char *detail);
/** The same with errno as the reason. */
_Noreturn void fail_errno(const char *step, const char *detail);
/** Decimal text, valid until the 16th call after. */
const char *decimal(long long value);

// sandbox.c
struct mount {
  int id, parent;
  dev_t device; // of the file system, as /proc/locks has it
  char *at, *type;
  unsigned long flags; // MS_RDONLY MS_NOSUID MS_NOEXEC
  bool remote;         // may not answer: network, FUSE, automounter
  bool left, held;     // held: the account's home, program or another path that the run needs goes through it
};
enum reach { REACHED, MISSING, STOPPED };

/** In the host's mount namespace: finds which mounts the run needs, says `mount` before each that may not answer. */
void look_ahead(void);
/** In the new mount namespace, as pid 1: builds the root and moves into it. */
void build_root(void);
/** Makes the files that the spec places, inside. */
void place_files(void);
/** The mount that holds a path without links, by its name alone: touches nothing. */
const struct mount *mount_of(const char *path);
/** Follows every link of an absolute path, as the kernel would, but stops before a mount that may not answer. */
enum reach follow(const char *path, char real[PATH_MAX]);

// witness.c
/** Puts the filter on this process and all that it starts. Answers the listener, or -1 where there is none. */
int start_witness(void);
/** Notes and answers one call. shell is the pid of the shell inside. */
void serve_witness(int listener, pid_t shell);
/** Says how many notes were dropped, if any were since it was last said. */
void say_lost(void);
/** As pid 1: kills everybody else in the sandbox, all at one moment. Made otherwise that call would wait for pid 1. */
void kill_everybody(void);

#endif
