// Starts an account's shell the way sshd does, in a sandbox that is gone when its last process is.
//
// Three processes: `enter` stays in the host's namespaces and is the agent's child; pid 1 of the sandbox
// builds the root, reaps and is the witness; the shell waits at a gate until the agent has looked at it.
// It is written as if it were setuid: it trusts neither descriptors nor environment nor the spec.
#include "enter.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { MOST_SPEC = 8 << 20, MOST_PROCESSES = 1 << 22, COUNT_EVERY_NS = 5000000, THREADS_EACH = 10, MOST_SECONDS = 60 };
enum { TTY_GROUP = 5 }; // 5 wherever systemd or udev mounts devpts, which is everywhere

struct spec spec = {.witness = true, .size = 64ull << 20, .processes = 300, .umask = 022};

static pid_t init_pid;         // in `enter`: pid 1 of the sandbox, as the host numbers it
static int progress[2] = {-1, -1}; // pid 1 and the shell tell `enter`: r waiting at the gate, f failed and said so
static int gate[2] = {-1, -1};     // `enter` tells the shell and pid 1: go
static int life[2] = {-1, -1};     // held open by `enter` alone: its end is the end of pid 1
static int pipes[3][2];

// ---- talking to the agent

// Pid 1 must never wait for the agent while tasks wait for pid 1, so from its loop on lines go through here.
static char outbox[1 << 16];
static size_t outbox_used;
static bool outbox_open, agent_gone;

static void flush_outbox(void) {
  while (outbox_used > 0 && !agent_gone) {
    ssize_t sent = send(CONTROL, outbox, outbox_used, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      agent_gone = errno != EAGAIN && errno != EWOULDBLOCK;
      return;
    }
    outbox_used -= (size_t)sent;
    memmove(outbox, outbox + sent, outbox_used);
  }
}

static void deliver(const char *line, size_t length) {
  if (outbox_open) {
    // Notes are capped long before this is full; if the agent reads nothing at all the rest is lost with it.
    if (length <= sizeof outbox - outbox_used) {
      memcpy(outbox + outbox_used, line, length);
      outbox_used += length;
    }
    flush_outbox();
    return;
  }
  for (size_t done = 0; done < length;) {
    ssize_t sent = send(CONTROL, line + done, length - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return; // nobody listens; that this ends us is seen elsewhere
    done += (size_t)sent;
  }
}

void say(const char *word, ...) {
  static const char digits[] = "0123456789ABCDEF";
  char line[3 * PATH_MAX + 1024];
  size_t used = 0;
  va_list words;
  va_start(words, word);
  for (const char *each = word; each; each = va_arg(words, const char *)) {
    if (used > 0 && used < sizeof line - 1) line[used++] = ' ';
    for (const unsigned char *byte = (const unsigned char *)each; *byte && used < sizeof line - 4; byte++) {
      if (*byte > 0x20 && *byte < 0x7f && *byte != '%') {
        line[used++] = (char)*byte;
        continue;
      }
      line[used++] = '%';
      line[used++] = digits[*byte >> 4];
      line[used++] = digits[*byte & 15];
    }
  }
  va_end(words);
  line[used++] = '\n';
  deliver(line, used);
}

const char *decimal(long long value) {
  static char ring[16][24];
  static unsigned next;
  char *text = ring[next++ % 16];
  snprintf(text, sizeof ring[0], "%lld", value);
  return text;
}

_Noreturn void fail(const char *step, const char *reason, const char *detail) {
  say("fail", step, reason, detail, (char *)NULL);
  if (init_pid > 0) {
    kill(init_pid, SIGKILL);
    while (waitpid(init_pid, NULL, 0) < 0 && errno == EINTR)
      ;
  }
  if (progress[1] >= 0 && write(progress[1], "f", 1) != 1) _exit(125); // `enter` sees the end of the pipe instead
  _exit(125);
}

_Noreturn void fail_errno(const char *step, const char *detail) { fail(step, strerror(errno), detail); }

// ---- the spec

static unsigned long long number(const char *key, const char *text, int base, unsigned long long most) {
  char *end;
  // strtoull takes signs and spaces; a number here is digits only
  for (const char *each = text; *each; each++)
    if (*each < '0' || *each > '9') fail("spec", "bad-number", key);
  errno = 0;
  unsigned long long value = strtoull(text, &end, base);
  if (!*text || *end || errno || value > most) fail("spec", "bad-number", key);
  return value;
}

static const char *absolute(const char *key, const char *path) {
  if (path[0] != '/' || strlen(path) >= PATH_MAX) fail("spec", "bad-path", key);
  return path;
}

static bool yes_or_no(const char *key, const char *text) { return number(key, text, 10, 1) == 1; }

static rlim_t limit_value(const char *text) {
  return strcmp(text, "unlimited") ? number("limit", text, 10, RLIM_INFINITY - 1) : RLIM_INFINITY;
}

static void read_limit(char *value) {
  static const struct {
    const char *name;
    int resource;
  } known[] = {{"cpu", RLIMIT_CPU},         {"fsize", RLIMIT_FSIZE},           {"data", RLIMIT_DATA},
               {"stack", RLIMIT_STACK},     {"core", RLIMIT_CORE},             {"rss", RLIMIT_RSS},
               {"nproc", RLIMIT_NPROC},     {"nofile", RLIMIT_NOFILE},         {"memlock", RLIMIT_MEMLOCK},
               {"as", RLIMIT_AS},           {"locks", RLIMIT_LOCKS},           {"sigpending", RLIMIT_SIGPENDING},
               {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},           {"rtprio", RLIMIT_RTPRIO},
               {"rttime", RLIMIT_RTTIME}};
  char *soft = strchr(value, ':');
  char *hard = soft ? strchr(soft + 1, ':') : NULL;
  if (!hard) fail("spec", "bad-limit", value);
  *soft++ = *hard++ = 0;
  if (spec.limit_count >= RLIM_NLIMITS) fail("spec", "too-many", "limit");
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(known[i].name, value)) {
      struct rlimit range = {limit_value(soft), limit_value(hard)};
      if (range.rlim_cur > range.rlim_max) fail("spec", "bad-limit", value);
      spec.limits[spec.limit_count++] = (struct limit){known[i].resource, known[i].name, range};
      return;
    }
  fail("spec", "bad-limit", value);
}

// TYPE MODE PATH\0CONTENT
static void read_place(char *value, size_t length) {
  size_t head = strnlen(value, length);
  char *mode = head > 2 && value[1] == ' ' ? value + 2 : NULL;
  char *path = mode ? strchr(mode, ' ') : NULL;
  if (!path || head == length || !strchr("dDfFpPlLr", value[0])) fail("spec", "bad-place", NULL);
  *path++ = 0;
  if (spec.place_count >= MOST_PLACES) fail("spec", "too-many", "place");
  const char *content = value + head + 1;
  size_t content_length = length - head - 1;
  if ((value[0] == 'l' || value[0] == 'L') && strlen(content) != content_length) fail("spec", "bad-place", path);
  spec.places[spec.place_count++] = (struct place){value[0], (mode_t)number("place", mode, 8, 07777),
                                                   absolute("place", path), content, content_length};
}

static void add_word(const char *key, char **list, size_t *count, char *word) {
  if (*count >= MOST_WORDS) fail("spec", "too-many", key);
  list[(*count)++] = word;
}

static void read_key(const char *key, char *value, size_t length) {
  if (!strcmp(key, "place")) return read_place(value, length);
  if (strlen(value) != length) fail("spec", "bad-byte", key);
  if (!strcmp(key, "sandbox")) {
    spec.sandbox = !strcmp(value, "whole-root")    ? WHOLE_ROOT
                   : !strcmp(value, "own-account") ? OWN_ACCOUNT
                   : !strcmp(value, "none")        ? NO_SANDBOX
                                                   : SANDBOX_UNSET;
    if (spec.sandbox == SANDBOX_UNSET) fail("spec", "bad-value", key);
  } else if (!strcmp(key, "parent")) spec.parent = (pid_t)number(key, value, 10, INT_MAX);
  else if (!strcmp(key, "uid")) spec.uid = (uid_t)number(key, value, 10, UINT_MAX - 1);
  else if (!strcmp(key, "gid")) spec.gid = (gid_t)number(key, value, 10, UINT_MAX - 1);
  else if (!strcmp(key, "group")) {
    if (spec.group_count >= MOST_GROUPS) fail("spec", "too-many", key);
    spec.groups[spec.group_count++] = (gid_t)number(key, value, 10, UINT_MAX - 1);
  } else if (!strcmp(key, "home")) spec.home = absolute(key, value);
  else if (!strcmp(key, "cwd")) spec.cwd = absolute(key, value);
  else if (!strcmp(key, "program")) spec.program = absolute(key, value);
  else if (!strcmp(key, "program-fd")) {
    spec.program = absolute(key, value);
    spec.program_by_descriptor = true;
  } else if (!strcmp(key, "arg")) add_word(key, spec.arguments, &spec.argument_count, value);
  else if (!strcmp(key, "env")) {
    if (!strchr(value, '=')) fail("spec", "bad-value", key);
    add_word(key, spec.environment, &spec.environment_count, value);
  } else if (!strcmp(key, "umask")) spec.umask = (mode_t)number(key, value, 8, 0777);
  else if (!strcmp(key, "limit")) read_limit(value);
  else if (!strcmp(key, "terminal")) spec.terminal = yes_or_no(key, value);
  else if (!strcmp(key, "witness")) spec.witness = yes_or_no(key, value);
  else if (!strcmp(key, "stays")) spec.stays = yes_or_no(key, value);
  else if (!strcmp(key, "size")) spec.size = number(key, value, 10, 1ull << 40);
  else if (!strcmp(key, "processes")) spec.processes = number(key, value, 10, MOST_PROCESSES);
  else if (!strcmp(key, "leave")) {
    if (spec.left_count >= MOST_LEFT) fail("spec", "too-many", key);
    spec.left[spec.left_count++] = absolute(key, value);
  } else fail("spec", "unknown-key", key);
}

static const char *const ONCE[] = {"sandbox", "parent",   "uid",     "gid",  "home",       "cwd",      "program",
                                   "umask",   "terminal", "witness", "size", "program-fd", "processes", "stays"};

static unsigned once_bit(const char *key) {
  for (unsigned i = 0; i < sizeof ONCE / sizeof *ONCE; i++)
    if (!strcmp(ONCE[i], key)) return 1u << i;
  return 0;
}

static void check_spec(unsigned seen) {
  static const char *const needed[] = {"sandbox", "parent", "uid", "gid"};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (!(seen & once_bit(needed[i]))) fail("spec", "missing-key", needed[i]);
  if (!spec.program) fail("spec", "missing-key", "program");
  if ((seen & once_bit("program")) && (seen & once_bit("program-fd"))) fail("spec", "bad-value", "program-fd");
  if (spec.argument_count == 0) fail("spec", "missing-key", "arg");
  bool sandboxed = spec.sandbox != NO_SANDBOX;
  if (sandboxed && !spec.home) fail("spec", "missing-key", "home");
  if (sandboxed && spec.program_by_descriptor) fail("spec", "bad-value", "program-fd");
  if (sandboxed && spec.stays) fail("spec", "bad-value", "stays");
  if (!sandboxed && (spec.terminal || spec.place_count)) fail("spec", "bad-value", "sandbox");
  if (spec.size < 1 << 20) fail("spec", "bad-value", "size");
  if (spec.processes == 0) fail("spec", "bad-value", "processes");
  if (!spec.cwd) spec.cwd = spec.home ? spec.home : "/";
}

static void read_spec(void) {
  static char bytes[MOST_SPEC + 1]; // untouched pages cost nothing
  size_t have = 0, at = 0;
  unsigned seen = 0;
  for (;;) {
    // one netstring: digits, a colon, that many bytes, a comma
    size_t digits = at, length = 0;
    while (digits < have && digits - at < 8 && bytes[digits] >= '0' && bytes[digits] <= '9')
      length = length * 10 + (size_t)(bytes[digits++] - '0');
    if (digits < have && (bytes[digits] != ':' || digits == at)) fail("spec", "bad-netstring", NULL);
    size_t start = digits + 1;
    if (digits >= have || have - digits <= length + 1) {
      if (have >= MOST_SPEC || length > MOST_SPEC) fail("spec", "too-long", NULL);
      ssize_t got = read(CONTROL, bytes + have, MOST_SPEC - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_errno("spec", NULL);
      if (got == 0) fail("spec", "cut-short", NULL);
      have += (size_t)got;
      continue;
    }
    if (bytes[start + length] != ',') fail("spec", "bad-netstring", NULL);
    at = start + length + 1;
    if (length == 0) break;
    bytes[start + length] = 0;
    char *equals = memchr(bytes + start, '=', length);
    if (!equals) fail("spec", "bad-netstring", NULL);
    *equals = 0;
    unsigned bit = once_bit(bytes + start);
    if (bit & seen) fail("spec", "twice", bytes + start);
    seen |= bit;
    read_key(bytes + start, equals + 1, length - (size_t)(equals + 1 - (bytes + start)));
  }
  if (at != have) fail("spec", "bytes-after-the-end", NULL);
  check_spec(seen);
}

// ---- descriptors

static void close_from(unsigned first) {
  if (!syscall(SYS_close_range, first, ~0u, 0)) return;
  if (errno != ENOSYS) fail_errno("close", NULL);
  // before Linux 5.9
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) fail_errno("close", "/proc/self/fd");
  for (struct dirent *each; (each = readdir(folder));) {
    int fd = atoi(each->d_name);
    if (fd >= (int)first && fd != dirfd(folder)) close(fd);
  }
  closedir(folder);
}

static void check_descriptors(void) {
  // A missing one would be filled by the next open, and a stranger's pipe would become the shell's stdout.
  for (int fd = 0; fd <= CONTROL; fd++)
    if (fcntl(fd, F_GETFD) < 0) _exit(125);
  struct stat status;
  if (fstat(CONTROL, &status) || !S_ISSOCK(status.st_mode)) _exit(125);
  if (fcntl(CONTROL, F_SETFD, FD_CLOEXEC)) _exit(125);
  // Node hands its sockets over non-blocking; this side waits.
  int flags = fcntl(CONTROL, F_GETFL);
  if (flags < 0 || fcntl(CONTROL, F_SETFL, flags & ~O_NONBLOCK)) _exit(125);
  close_from(CONTROL + 1);
}

// ---- identity

static bool may_set_identity(void) { return geteuid() == 0 && spec.sandbox != OWN_ACCOUNT; }

static void drop_bounding_set(void) {
  for (int capability = 0; capability < 64; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) {
      if (errno == EINVAL) break;                       // the last one that this kernel knows
      if (errno == EPERM && geteuid() != 0) break;      // an ordinary user: no_new_privs makes the set meaningless
      fail_errno("bounding-set", NULL);
    }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL) fail_errno("ambient-set", NULL);
}

static void drop_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}};
  if (syscall(SYS_capset, &header, none)) fail_errno("capabilities", NULL);
}

static void no_new_privileges(void) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail_errno("no-new-privs", NULL);
}

static int by_number(const void *a, const void *b) {
  gid_t left = *(const gid_t *)a, right = *(const gid_t *)b;
  return left < right ? -1 : left > right;
}

static size_t sort_groups(gid_t *groups, size_t count) {
  qsort(groups, count, sizeof *groups, by_number);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || groups[i] != groups[kept - 1]) groups[kept++] = groups[i];
  return kept;
}

// Prove it, do not trust it: a shell with one group too many answers questions that nobody asked.
static void prove_identity(void) {
  static gid_t groups[MOST_GROUPS];
  uid_t uid, euid, suid;
  gid_t gid, egid, sgid;
  if (getresuid(&uid, &euid, &suid) || getresgid(&gid, &egid, &sgid)) fail_errno("identity", NULL);
  if (uid != spec.uid || euid != spec.uid || suid != spec.uid) fail("identity", "uid", NULL);
  if (gid != spec.gid || egid != spec.gid || sgid != spec.gid) fail("identity", "gid", NULL);
  if (spec.sandbox == OWN_ACCOUNT) return; // the kernel shows groups of outside as nogroup there
  int count = getgroups(MOST_GROUPS, groups);
  if (count < 0) fail_errno("identity", "groups");
  size_t distinct = sort_groups(groups, (size_t)count);
  if (distinct != spec.group_count || memcmp(groups, spec.groups, distinct * sizeof *groups))
    fail("identity", "groups", NULL);
  if (spec.uid != 0 && (!setuid(0) || !seteuid(0))) fail("identity", "root-again", NULL);
}

static void take_identity(void) {
  spec.group_count = sort_groups(spec.groups, spec.group_count);
  drop_bounding_set();
  if (may_set_identity()) {
    if (setgroups(spec.group_count, spec.groups)) fail_errno("setgroups", NULL);
    if (setresgid(spec.gid, spec.gid, spec.gid)) fail_errno("setresgid", NULL);
    if (setresuid(spec.uid, spec.uid, spec.uid)) fail_errno("setresuid", NULL);
  }
  drop_capabilities();
  prove_identity();
}

static void set_limits(void) {
  for (size_t i = 0; i < spec.limit_count; i++) {
    const struct limit *limit = &spec.limits[i];
    if (!setrlimit((__rlimit_resource_t)limit->resource, &limit->value)) continue;
    if (errno != EPERM) fail_errno("limit", limit->name);
    // An ordinary user cannot raise a ceiling: the shell runs with the agent's, and that is said.
    say("warn", "limit", limit->name, strerror(errno), (char *)NULL);
  }
}

// A program that the kernel pipes cores to runs on the host, and neither a limit of 0 nor a large one stops that; 1 does
// (core(5)). `ulimit -c` shows it as 0. The filter sees to it that it stays so (witness.c, keep_core_limit).
static void keep_cores_inside(void) {
  struct rlimit core;
  if (!spec.keep_cores) return;
  if (getrlimit(RLIMIT_CORE, &core)) fail_errno("limit", "core");
  for (size_t i = 0; i < spec.limit_count && may_set_identity(); i++)
    if (spec.limits[i].resource == RLIMIT_CORE) core = spec.limits[i].value;
  if (core.rlim_max == 0 && !may_set_identity()) return;
  core.rlim_cur = 1;
  if (core.rlim_max == 0) core.rlim_max = 1;
  if (setrlimit(RLIMIT_CORE, &core)) fail_errno("limit", "core");
}

static bool are_cores_piped(void) {
  char first = 0;
  int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
  bool known = fd >= 0 && read(fd, &first, 1) == 1;
  if (fd >= 0) close(fd);
  return !known || first == '|' || first == '@'; // to a program, to a socket
}

static void reset_signals(void) {
  // The C library hides signals 32 and 33 from its own calls, yet an ignored one would reach the shell.
  struct {
    void (*handler)(int);
    unsigned long flags;
    void *restorer;
    uint64_t mask;
  } plain = {SIG_DFL, 0, NULL, 0};
  for (int signal = 1; signal <= 64; signal++)
    if (syscall(SYS_rt_sigaction, signal, &plain, NULL, sizeof plain.mask) && signal != SIGKILL && signal != SIGSTOP)
      fail_errno("signals", NULL);
  uint64_t empty = 0;
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &empty, NULL, sizeof empty)) fail_errno("signals", NULL);
}

static void enter_folder(void) {
  umask(spec.umask);
  if (chdir(spec.cwd) && chdir("/")) fail_errno("chdir", "/");
}

// ---- sandbox=none: a reader, with the account's identity and nothing else taken away

static void wait_for_go(int from) {
  char byte = 0;
  ssize_t got;
  while ((got = read(from, &byte, 1)) < 0 && errno == EINTR)
    ;
  if (got != 1 || byte != 'g') _exit(125);
}

static _Noreturn void run_reader(void) {
  int program = -1;
  if (spec.program_by_descriptor) {
    program = open(spec.program, O_PATH | O_CLOEXEC);
    if (program < 0) fail_errno("program", spec.program);
  }
  set_limits();
  keep_cores_inside();
  take_identity();
  // A change of identity clears the death signal, and the agent may have ended before it was set again.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) fail_errno("death-signal", NULL);
  if (getppid() != spec.parent) _exit(125);
  no_new_privileges();
  enter_folder();
  reset_signals();
  say("ready", decimal(getpid()), "-1", "-1", "-1", (char *)NULL);
  wait_for_go(CONTROL);
  if (spec.stays) alarm(0);
  if (spec.program_by_descriptor)
    syscall(SYS_execveat, program, "", spec.arguments, spec.environment, AT_EMPTY_PATH);
  else execve(spec.program, spec.arguments, spec.environment);
  fail_errno("exec", spec.program);
}

// ---- the shell

static void take_terminal(void) {
  // Opened anew by its name inside, so that ttyname() and /proc/self/fd agree with /dev/pts/0.
  int terminal = open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) fail_errno("terminal", "/dev/pts/0");
  for (int fd = 0; fd <= 2; fd++)
    if (dup2(terminal, fd) != fd) fail_errno("terminal", "dup2");
  if (ioctl(0, TIOCSCTTY, 0)) fail_errno("terminal", "TIOCSCTTY");
}

static void take_pipes(void) {
  if (dup2(pipes[0][0], 0) != 0 || dup2(pipes[1][1], 1) != 1 || dup2(pipes[2][1], 2) != 2) fail_errno("pipes", "dup2");
}

static void prefer_for_oom(void) {
  // Before the identity changes: afterwards /proc/self belongs to root and the write fails.
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1000", 4) != 4) say("warn", "oom-score", strerror(errno), (char *)NULL);
  if (fd >= 0) close(fd);
}

static _Noreturn void run_shell(void) {
  if (setsid() < 0) fail_errno("setsid", NULL);
  if (spec.terminal) take_terminal();
  else take_pipes();
  prefer_for_oom();
  set_limits();
  take_identity();
  enter_folder();
  reset_signals();
  if (write(progress[1], "r", 1) != 1) fail_errno("gate", NULL);
  wait_for_go(gate[0]);
  close_from(CONTROL + 1);
  progress[0] = progress[1] = -1;
  execve(spec.program, spec.arguments, spec.environment);
  fail_errno("exec", spec.program);
}

// ---- pid 1 of the sandbox

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) fail_errno("user-namespace", path);
  close(fd);
}

static void map_identity(void) {
  char line[64];
  write_file("/proc/self/setgroups", "deny");
  snprintf(line, sizeof line, "%u %u 1", spec.uid, spec.uid);
  write_file("/proc/self/uid_map", line);
  snprintf(line, sizeof line, "%u %u 1", spec.gid, spec.gid);
  write_file("/proc/self/gid_map", line);
}

// A ceiling that the kernel holds and `ulimit -u` does not show, for where pid 1 cannot come first. A user namespace
// keeps the limit that its maker had, for all that the maker's namespace then holds (since Linux 5.14). Pid 1's holds
// this sandbox and nothing else. Threads count, too, so it is higher than the other, but by a third only: the more there
// are the longer pid 1 waits for its turn.
static pid_t fork_shell(void) {
  struct rlimit usual, low;
  if (spec.sandbox != OWN_ACCOUNT) return fork();
  if (getrlimit(RLIMIT_NPROC, &usual)) fail_errno("limit", "nproc");
  low = usual;
  rlim_t most = spec.processes + spec.processes / 3;
  if (low.rlim_cur > most) low.rlim_cur = most;
  if (setrlimit(RLIMIT_NPROC, &low)) fail_errno("limit", "nproc");
  pid_t shell = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (setrlimit(RLIMIT_NPROC, &usual)) fail_errno("limit", "nproc");
  if (shell == 0) map_identity();
  return shell < 0 ? fork() : shell; // no more of these namespaces: pid 1's count must do
}

static void raise_loopback(void) {
  struct ifreq request = {.ifr_flags = IFF_UP};
  strcpy(request.ifr_name, "lo");
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request)) say("warn", "loopback", strerror(errno), (char *)NULL);
  if (fd >= 0) close(fd);
}

static void woken(int signal) { (void)signal; }

static void let_signals_wake(sigset_t *while_waiting) {
  struct sigaction action = {.sa_handler = woken};
  sigset_t children;
  sigemptyset(while_waiting);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  if (sigaction(SIGCHLD, &action, NULL) || sigprocmask(SIG_BLOCK, &children, NULL)) fail_errno("signals", NULL);
}

static void leave_standard_descriptors(const char *null) {
  int fd = open(null, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) fail_errno("null", null);
  for (int each = 0; each <= 2; each++)
    if (dup2(fd, each) != each) fail_errno("null", null);
  if (fd > 2) close(fd);
}

// A fork bomb leaves others little time, so this one goes first: before all ordinary processes where it may.
static void come_first(void) {
  struct sched_param lowest = {.sched_priority = 1};
  if (!sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest)) return;
  setpriority(PRIO_PROCESS, 0, -5);
  // Everybody may ask for less at a time and is then sooner there (since Linux 6.12, before that it means nothing).
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline, period;
  } attributes = {.size = sizeof attributes, .nice = getpriority(PRIO_PROCESS, 0), .runtime_ns = 100000};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// Of a process that is gone 0. The kernel counts a folder for each below /proc/PID/task.
static unsigned long threads_of(int proc, const char *pid) {
  char path[32];
  struct stat status;
  snprintf(path, sizeof path, "%.20s/task", pid);
  return fstatat(proc, path, &status, 0) || status.st_nlink < 2 ? 0 : status.st_nlink - 2;
}

// Whether there are more processes, or threads of them all, than may be; counts no further than that.
static bool are_too_many(int proc) {
  static union {
    struct dirent64 first;
    char room[4096];
  } entries;
  unsigned long count = 0, threads = 0;
  if (lseek(proc, 0, SEEK_SET)) return false;
  for (long got; (got = syscall(SYS_getdents64, proc, &entries, sizeof entries)) > 0;)
    for (long at = 0; at < got;) {
      const struct dirent64 *entry = (const struct dirent64 *)(entries.room + at);
      at += entry->d_reclen;
      if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
      if (++count > spec.processes + 1) return true; // 1 is this one
      // Each takes a number and memory of the host's like a process; programs with very many have some hundred.
      if ((threads += threads_of(proc, entry->d_name)) > THREADS_EACH * spec.processes) return true;
    }
  return false;
}

static bool is_time_to_count(void) {
  static int64_t next;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t now_ns = now.tv_sec * 1000000000ll + now.tv_nsec;
  if (now_ns < next) return false;
  next = now_ns + COUNT_EVERY_NS;
  return true;
}

// Reaps everybody, tells the shell's end unless it is killed with all others, and says whether somebody is left.
static bool reap(pid_t shell, bool ending) {
  static bool ended;
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
    if (pid != shell || ended || ending) continue;
    if (WIFSTOPPED(status)) {
      say("stopped", decimal(WSTOPSIG(status)), (char *)NULL);
      continue;
    }
    ended = true;
    say_lost();
    say("exit", decimal(WIFEXITED(status) ? WEXITSTATUS(status) : -1),
        decimal(WIFSIGNALED(status) ? WTERMSIG(status) : 0), (char *)NULL);
  }
  return pid == 0;
}

static _Noreturn void run_init(void) {
  init_pid = 0;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) fail_errno("death-signal", NULL);
  // `enter` may have died between clone and prctl, and getppid() is 0 here whoever lives: ask the pipe.
  close(life[1]);
  close(progress[0]);
  close(gate[1]);
  struct pollfd alive = {.fd = life[0], .events = POLLIN};
  if (poll(&alive, 1, 0) != 0) _exit(125);

  if (spec.sandbox == OWN_ACCOUNT) map_identity();
  // Not in a user namespace: there the agent could no longer look into /proc/1.
  else if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) fail_errno("dumpable", NULL);
  umask(0);
  build_root();
  place_files();
  raise_loopback();
  no_new_privileges();
  sigset_t while_waiting;
  let_signals_wake(&while_waiting);

  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) fail_errno("proc", NULL);
  keep_cores_inside(); // the filter lets nobody do it
  int listener = start_witness();
  pid_t shell = fork_shell();
  if (shell < 0) fail_errno("fork", NULL);
  if (shell == 0) run_shell();

  // From here on nothing may call connect, lock, exec or a timer: pid 1 would wait for itself.
  for (int i = 0; !spec.terminal && i < 3; i++) {
    close(pipes[i][0]);
    close(pipes[i][1]);
  }
  close(progress[1]);
  progress[1] = -1;
  if (spec.terminal) leave_standard_descriptors("/dev/null");
  outbox_open = true;
  come_first();
  static const struct timespec beat = {.tv_nsec = COUNT_EVERY_NS};
  bool went = false, ending = false;
  for (;;) {
    // Stays when nobody is left: the agent may still want to look at /proc/1/root.
    bool left = reap(shell, ending);
    if (ending && left) kill_everybody();
    struct pollfd watched[] = {{.fd = life[0], .events = POLLIN},
                               {.fd = listener, .events = POLLIN},
                               {.fd = outbox_used > 0 ? CONTROL : -1, .events = POLLOUT},
                               {.fd = went ? -1 : gate[0], .events = POLLIN}};
    if (ppoll(watched, 4, went && left ? &beat : NULL, &while_waiting) < 0) {
      if (errno != EINTR) _exit(125);
    } else {
      if (watched[0].revents || agent_gone) _exit(0);
      if (watched[1].revents & POLLIN) serve_witness(listener, shell);
      else if (watched[1].revents) listener = -1; // no task with the filter is left; closing it is not ours to do
      if (watched[2].revents) flush_outbox();
      if (watched[3].revents) went = !close(gate[0]);
    }
    if (!went || ending || !left || !is_time_to_count()) continue;
    ending = are_too_many(proc);
    // Said before it is done: the agent must not take the end of the shell's streams for an end of its own.
    if (ending) say("ceiling", "processes", (char *)NULL);
  }
}

// ---- `enter`

static _Noreturn void end_all(int status) {
  kill(init_pid, SIGKILL);
  while (waitpid(init_pid, NULL, 0) < 0 && errno == EINTR)
    ;
  _exit(status);
}

static void prepare_terminal(void) {
  struct stat first, other;
  if (!isatty(0) || fstat(0, &first)) fail("terminal", "not-a-terminal", NULL);
  for (int fd = 1; fd <= 2; fd++)
    if (fstat(fd, &other) || other.st_rdev != first.st_rdev) fail("terminal", "not-the-same", NULL);
  // As sshd does, else `mesg` answers differently. An ordinary user owns it already and cannot give it to tty.
  if (may_set_identity() && fchown(0, spec.uid, TTY_GROUP)) fail_errno("terminal", "fchown");
  if (fchmod(0, 0620)) fail_errno("terminal", "fchmod");
}

static void make_pipes(void) {
  if (pipe2(progress, O_CLOEXEC) || pipe2(gate, O_CLOEXEC) || pipe2(life, O_CLOEXEC)) fail_errno("pipes", NULL);
  if (spec.terminal) return prepare_terminal();
  for (int i = 0; i < 3; i++) {
    if (pipe2(pipes[i], O_CLOEXEC)) fail_errno("pipes", NULL);
    // Both ends are one inode. Owned by the account, or `echo x >/dev/stdout` fails where over SSH it does not.
    if (may_set_identity() && fchown(pipes[i][0], spec.uid, spec.gid)) fail_errno("pipes", "fchown");
  }
}

static void check_caller(void) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) fail_errno("death-signal", NULL);
  if (getppid() != spec.parent) fail("parent", "not-the-agent", decimal(getppid()));
  if (geteuid() == 0 && spec.sandbox != OWN_ACCOUNT) return;
  if (spec.sandbox == WHOLE_ROOT) fail("identity", "not-root", NULL);
  if (geteuid() != spec.uid || getegid() != spec.gid) fail("identity", "another-account", NULL);
  gid_t groups[2];
  int count = getgroups(0, NULL);
  if (spec.sandbox == OWN_ACCOUNT && (count > 1 || (count == 1 && getgroups(2, groups) == 1 && groups[0] != spec.gid)))
    say("warn", "groups-unmapped", (char *)NULL);
}

// Waits for the shell to stand at the gate, then for the agent's word; anything else ends everything.
static void hold_gate(void) {
  for (char byte = 0;;) {
    struct pollfd watched[] = {{.fd = progress[0], .events = POLLIN}, {.fd = CONTROL, .events = POLLIN | POLLRDHUP}};
    if (poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      end_all(125);
    }
    if (watched[1].revents) end_all(125); // not a word before `ready`
    if (!watched[0].revents) continue;
    ssize_t got = read(progress[0], &byte, 1);
    if (got == 1 && byte == 'r') break;
    if (got != 1) fail("sandbox", "ended", NULL);
    end_all(125); // it said why
  }
  say("ready", decimal(init_pid), decimal(spec.terminal ? -1 : pipes[0][1]), decimal(spec.terminal ? -1 : pipes[1][0]),
      decimal(spec.terminal ? -1 : pipes[2][0]), (char *)NULL);
  char byte = 0;
  ssize_t got;
  while ((got = read(CONTROL, &byte, 1)) < 0 && errno == EINTR)
    ;
  if (got != 1 || byte != 'g') end_all(125);
  if (!spec.terminal) {
    close(pipes[0][1]); // the agent has opened its own: only it may hold the shell's stdin
    close(pipes[1][0]);
    close(pipes[2][0]);
  }
  // One for the shell, and one that stays and that pid 1 sees: it must not hang on what this process still gets to do
  // beside a bomb.
  if (write(gate[1], "gg", 2) != 2) fail_errno("gate", NULL);
  close(gate[1]);
}

static _Noreturn void wait_for_end(const sigset_t *while_waiting) {
  for (;;) {
    int status;
    pid_t pid = waitpid(init_pid, &status, WNOHANG);
    if (pid == init_pid) {
      say("gone", (char *)NULL);
      _exit(0);
    }
    if (pid < 0 && errno != EINTR) _exit(125);
    struct pollfd agent = {.fd = CONTROL, .events = POLLIN | POLLRDHUP};
    if (ppoll(&agent, 1, NULL, while_waiting) > 0) end_all(125);
  }
}

// Where the kernel refuses it like this, no child has keys either.
static bool leave_callers_keys(void) {
  if (geteuid() != 0 || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0) return true;
  return errno == ENOSYS || errno == EPERM;
}

// What else a child has from whoever called: his terminal, into which it could type, and his keys.
static void leave_callers_session(void) {
  if (setsid() < 0 && getsid(0) != getpid()) fail_errno("session", "setsid");
  if (!leave_callers_keys()) fail_errno("session", "keyring");
}

// With arguments it only executes them, without the caller's keys: so the agent starts, and what it starts in turn.
static _Noreturn void run_apart(char **words) {
  if (!leave_callers_keys()) perror("rcwarden: session keyring");
  else if (execv(words[0], words)) perror(words[0]);
  _exit(125);
}

// No question takes that long. An agent that was stopped, or is held by what it reads of a process, ends nothing.
static void bound_lifetime(void) {
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  if (signal(SIGALRM, SIG_DFL) == SIG_ERR || sigprocmask(SIG_UNBLOCK, &alarms, NULL)) fail_errno("signals", NULL);
  alarm(MOST_SECONDS); // of `enter`, with which the sandbox ends, and of a reader, which keeps it
}

int main(int count, char **words) {
  if (count > 1) run_apart(words + 1);
  check_descriptors();
  bound_lifetime();
  if (getuid() != geteuid() || getgid() != getegid()) fail("identity", "setuid", NULL); // never meant to be
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) fail_errno("death-signal", NULL);
  umask(077);
  read_spec();
  check_caller();
  leave_callers_session();
  spec.keep_cores = are_cores_piped();
  if (spec.sandbox == NO_SANDBOX) run_reader();
  look_ahead();
  make_pipes();
  sigset_t while_waiting;
  let_signals_wake(&while_waiting);

  unsigned long namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
  if (spec.sandbox == OWN_ACCOUNT) namespaces |= CLONE_NEWUSER;
  long pid = syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) fail_errno("clone", NULL);
  if (pid == 0) run_init();
  init_pid = (pid_t)pid;
  close(life[0]);
  close(progress[1]);
  progress[1] = -1;
  close(gate[0]);
  if (!spec.terminal) {
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
  } else leave_standard_descriptors("/dev/null"); // else the terminal would never hang up
  hold_gate();
  wait_for_end(&while_waiting);
}
