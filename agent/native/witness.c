// Sees what the shell asks the kernel for that a sandbox would answer differently, and which timers can end a wait.
// A seccomp filter on pid 1, inherited by all it starts, sends those calls to pid 1; it notes and lets them go on.
//
// Pid 1 must never make such a call itself (it would wait for itself; kill_everybody is the exception) and never close
// the listener while a task lives (every such call would then say ENOSYS, execve too).
#include "enter.h"

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

// ---- the calls

enum call { ALARM, SETITIMER, TIMER_SETTIME, TIMERFD_SETTIME, CONNECT, SENDTO, SENDMSG, SENDMMSG, SOCKET, SOCKETCALL,
            FLOCK, FCNTL, EXECVE, EXECVEAT, IO_URING, KEYRING, KILL, MOUNT, USERFAULT, SETRLIMIT, PRLIMIT };

struct watched {
  uint32_t number;
  enum call call;
  bool narrow; // 32-bit times, of i386's older calls
};

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) // untested
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "only x86_64 and aarch64"
#endif

static const struct watched native_calls[] = {
#ifdef SYS_alarm
    {SYS_alarm, ALARM, false},
#endif
    {SYS_setitimer, SETITIMER, false}, {SYS_timer_settime, TIMER_SETTIME, false},
    {SYS_timerfd_settime, TIMERFD_SETTIME, false}, {SYS_connect, CONNECT, false}, {SYS_sendto, SENDTO, false},
    {SYS_sendmsg, SENDMSG, false}, {SYS_sendmmsg, SENDMMSG, false}, {SYS_socket, SOCKET, false},
    {SYS_flock, FLOCK, false}, {SYS_fcntl, FCNTL, false}, {SYS_execve, EXECVE, false},
    {SYS_execveat, EXECVEAT, false}, {SYS_io_uring_setup, IO_URING, false}, {SYS_add_key, KEYRING, false},
    {SYS_request_key, KEYRING, false}, {SYS_keyctl, KEYRING, false}, {SYS_kill, KILL, false},
    {SYS_mount, MOUNT, false}, {430, MOUNT, false}, // fsopen
    {SYS_userfaultfd, USERFAULT, false}, {SYS_setrlimit, SETRLIMIT, false}, {SYS_prlimit64, PRLIMIT, false}};

#if defined(__x86_64__)
#define OTHER_ARCH AUDIT_ARCH_I386
// i386 programs run on x86_64 kernels; the kernel's arch/x86/entry/syscalls/syscall_32.tbl
static const struct watched other_calls[] = {
    {27, ALARM, false},          {104, SETITIMER, true},        {260, TIMER_SETTIME, true}, {409, TIMER_SETTIME, false},
    {325, TIMERFD_SETTIME, true}, {411, TIMERFD_SETTIME, false}, {362, CONNECT, false},     {369, SENDTO, false},
    {370, SENDMSG, false},       {345, SENDMMSG, false},        {359, SOCKET, false},       {102, SOCKETCALL, false},
    {143, FLOCK, false},         {55, FCNTL, false},            {221, FCNTL, false},        {11, EXECVE, false},
    {358, EXECVEAT, false},      {425, IO_URING, false},        {286, KEYRING, false},      {287, KEYRING, false},
    {288, KEYRING, false},       {37, KILL, false},             {21, MOUNT, false},      {430, MOUNT, false},
    {374, USERFAULT, false},     {75, SETRLIMIT, false},        {340, PRLIMIT, false}};
#else
#define OTHER_ARCH AUDIT_ARCH_ARM
// 32-bit ARM programs: only what must be refused; the rest of what they do is unseen.
static const struct watched other_calls[] = {
    {309, KEYRING, false},   {310, KEYRING, false},  {311, KEYRING, false}, {425, IO_URING, false}, {21, MOUNT, false},
    {430, MOUNT, false},     {388, USERFAULT, false}, {75, SETRLIMIT, false}, {369, PRLIMIT, false}, {281, SOCKET, false}};
#endif

// ---- the filter

enum { MOST_STEPS = 512 };
static struct sock_filter steps[MOST_STEPS];
static unsigned short step_count;

static void step(struct sock_filter one) {
  if (step_count == MOST_STEPS) fail("witness", "filter-too-long", NULL);
  steps[step_count++] = one;
}
static void load(size_t offset) { step((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset)); }
static void answer(uint32_t action) { step((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action)); }
static void jump_if(uint32_t value, size_t then, size_t otherwise) {
  step((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, (uint8_t)then, (uint8_t)otherwise));
}

// The low half of an argument (both machines are little-endian): for int arguments the kernel looks at no more.
static size_t argument(unsigned index) { return offsetof(struct seccomp_data, args) + 8 * index; }

// kill(2) takes two arguments. With these two more it is pid 1's own, for nobody else can know them.
static uint32_t password[2];

static void let_own_kill_go(const struct watched *call) {
  jump_if(call->number, 0, 6);
  load(argument(4));
  jump_if(password[0], 0, 3);
  load(argument(5));
  jump_if(password[1], 0, 1);
  answer(SECCOMP_RET_ALLOW);
  load(offsetof(struct seccomp_data, nr));
}

void kill_everybody(void) {
  if (getpid() != 1) _exit(125); // anywhere else that would be the host
  // Whoever forks right now is either killed with its child or fails to fork: the kernel does both under one lock.
  syscall(SYS_kill, -1, SIGKILL, 0, 0, password[0], password[1]);
}

// Sends the call on only for these values of one argument, or only for all others.
static void ask_if(const struct watched *call, unsigned index, const uint32_t *values, size_t count, bool others) {
  jump_if(call->number, 0, count + 3);
  load(argument(index));
  for (size_t i = 0; i < count; i++) jump_if(values[i], count - i, 0);
  answer(others ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW);
  answer(others ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
}

// What the sandbox never lets do, and what it says instead; 0: nothing of the kind. Of sockets only those of `VSOCK`.
static int refusal_of(enum call call) {
  switch (call) {
    case KEYRING: return ENOSYS;   // the account's keys are the host's
    case IO_URING: return ENOSYS;  // its requests are seen by no filter
    case USERFAULT: return EPERM;  // whoever reads its memory, the agent too, would wait for it
    case MOUNT: return EPERM;      // the cgroup tree that a user namespace may mount is the host's, and root's to write
    case SOCKET: return EAFNOSUPPORT;
    default: return 0;
  }
}

enum { VSOCK = 40 }; // reaches the machine below and above this one, whatever the network namespace

// A limit of 1 keeps a core from a program of the host's (enter.c, keep_cores_inside). It cannot be changed, yet to want
// to is no mistake: it says that it was done.
static void keep_core_limit(const struct watched *call) {
  bool pointer = call->call == PRLIMIT; // which may only ask
  jump_if(call->number, 0, pointer ? 8 : 4);
  load(argument(pointer ? 1 : 0));
  jump_if(RLIMIT_CORE, 0, pointer ? 5 : 1);
  if (pointer) {
    load(argument(2));
    jump_if(0, 0, 2);
    load(argument(2) + 4);
    jump_if(0, 1, 0);
  }
  answer(SECCOMP_RET_ERRNO | 0);
  answer(SECCOMP_RET_ALLOW);
}

static void refuse(const struct watched *call) {
  if (call->call == SOCKET) {
    jump_if(call->number, 0, 4);
    load(argument(0));
    jump_if(VSOCK, 0, 1);
    answer(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    answer(SECCOMP_RET_ALLOW);
    return;
  }
  if (refusal_of(call->call) == 0) return;
  jump_if(call->number, 0, 1);
  answer(SECCOMP_RET_ERRNO | (uint32_t)refusal_of(call->call));
}

static void ask_about(const struct watched *call) {
  static const uint32_t taking[] = {1, 2, 5, 6};                        // LOCK_SH LOCK_EX, with LOCK_NB
  static const uint32_t locking[] = {5, 6, 7, 12, 13, 14, 36, 37, 38}; // F_GETLK SETLK SETLKW, i386's 64, OFD
  static const uint32_t local[] = {AF_UNIX};
  static const uint32_t everybody[] = {UINT32_MAX, 1}; // 1: where the session's sshd would be
  static const uint32_t network[] = {1, 3, 11, 16, 20}; // socket connect sendto sendmsg sendmmsg, linux/net.h
  switch (call->call) {
    case FLOCK: return ask_if(call, 1, taking, sizeof taking / sizeof *taking, false);
    case FCNTL: return ask_if(call, 1, locking, sizeof locking / sizeof *locking, false);
    case SOCKET: return ask_if(call, 0, local, 1, true);
    case KILL:
      let_own_kill_go(call);
      return ask_if(call, 0, everybody, 2, false);
    case SOCKETCALL: return ask_if(call, 0, network, sizeof network / sizeof *network, false);
    case SENDTO: // with an address: both halves of the pointer
      jump_if(call->number, 0, 6);
      load(argument(4));
      jump_if(0, 0, 2);
      load(argument(4) + 4);
      jump_if(0, 1, 0);
      answer(SECCOMP_RET_USER_NOTIF);
      return answer(SECCOMP_RET_ALLOW);
    default:
      jump_if(call->number, 0, 1);
      return answer(SECCOMP_RET_USER_NOTIF);
  }
}

static void filter_calls(const struct watched *calls, size_t count, bool listening) {
  load(offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < count; i++) {
    bool sets_limit = calls[i].call == SETRLIMIT || calls[i].call == PRLIMIT;
    if (sets_limit && spec.keep_cores) keep_core_limit(&calls[i]);
    else if (sets_limit) continue;
    else if (listening && calls[i].call != USERFAULT) ask_about(&calls[i]);
    else refuse(&calls[i]);
  }
  answer(SECCOMP_RET_ALLOW);
}

static void build_filter(bool listening) {
  step_count = 0;
  load(offsetof(struct seccomp_data, arch));
  jump_if(NATIVE_ARCH, 1, 0);
  unsigned short other = step_count;
  step((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
#if defined(__x86_64__)
  // x32, the native kind with other numbers: on nearly every kernel it says ENOSYS anyway.
  load(offsetof(struct seccomp_data, nr));
  step((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  answer(SECCOMP_RET_ERRNO | ENOSYS);
#endif
  filter_calls(native_calls, sizeof native_calls / sizeof *native_calls, listening);
  steps[other].k = (uint32_t)(step_count - other - 1);
  jump_if(OTHER_ARCH, 1, 0);
  answer(SECCOMP_RET_ALLOW); // no other kind of program runs on these machines
  filter_calls(other_calls, sizeof other_calls / sizeof *other_calls, listening);
}

static long install(unsigned long flags) {
  struct sock_fprog program = {step_count, steps};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void only_refuse(void) {
  build_filter(false);
  // SPEC_ALLOW: without it older kernels change the speed of branches, and a line in /proc/PID/status
  if (install(SECCOMP_FILTER_FLAG_SPEC_ALLOW) && install(0)) fail_errno("seccomp", NULL);
}

// The kernel may know a longer form of these than this program was built with.
static union {
  struct seccomp_notif value;
  char room[512];
} question;
static union {
  struct seccomp_notif_resp value;
  char room[512];
} reply;

int start_witness(void) {
  struct seccomp_notif_sizes sizes;
  if (spec.witness) {
    bool known = !syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) &&
                 sizes.seccomp_notif <= sizeof question && sizes.seccomp_notif_resp <= sizeof reply;
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long listener = -1;
    if (known) {
      if (getrandom(password, sizeof password, 0) != sizeof password) fail_errno("witness", "password");
      build_filter(true);
      // Since 5.19: else a signal with a handler makes a call fail with EINTR that never does so in life.
      listener = install(flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
      if (listener < 0 && errno == EINVAL) listener = install(flags);
    }
    if (listener >= 0) return (int)listener;
    say("warn", "no-witness", strerror(errno), (char *)NULL);
  }
  only_refuse();
  return -1;
}

// ---- notes

enum kind { TIMERS, CONNECTS, SOCKETS, LOCKS, SET_IDS, KEYRINGS, IO_URINGS, SIGNALS, EXECS, MOUNTS, KINDS };
enum { MOST_NOTES = 200 }; // a kind
static unsigned noted[KINDS];
static long long lost, lost_said;

void say_lost(void) {
  if (lost == lost_said) return;
  lost_said = lost;
  say("note", "lost", decimal(lost), (char *)NULL);
}

static bool may_note(enum kind kind) {
  if (noted[kind] < MOST_NOTES) {
    noted[kind]++;
    return true;
  }
  lost++;
  if ((lost & (lost - 1)) == 0) say_lost(); // at 1, 2, 4, 8 ... and at the shell's end
  return false;
}

// ---- reading the caller

static bool still_waits(int listener) {
  uint64_t id = question.value.id;
  return !ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static size_t read_memory(pid_t task, uint64_t address, void *to, size_t length) {
  struct iovec here = {to, length}, there = {(void *)(uintptr_t)address, length};
  ssize_t got = process_vm_readv(task, &here, 1, &there, 1, 0);
  return got > 0 ? (size_t)got : 0;
}

static bool read_text(pid_t task, uint64_t address, char *to, size_t size) {
  for (size_t have = 0; have < size;) {
    size_t want = 4096 - ((address + have) & 4095); // the next page may not be there
    if (want > size - have) want = size - have;
    size_t got = read_memory(task, address + have, to + have, want);
    if (got == 0) return false;
    if (memchr(to + have, 0, got)) return true;
    have += got;
  }
  return false;
}

static const char *read_link(pid_t task, const char *what, char to[PATH_MAX]) {
  char path[96];
  snprintf(path, sizeof path, "/proc/%d/%s", task, what);
  ssize_t bytes = readlink(path, to, PATH_MAX - 1);
  to[bytes > 0 ? bytes : 0] = 0;
  return to;
}

// What stands behind a name in /proc/PID/status; empty where it cannot be had.
static const char *status_of(pid_t task, const char *name) {
  static char text[4096];
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", task);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[bytes > 0 ? bytes : 0] = 0;
  char *line = strstr(text, name);
  return line ? line + strlen(name) : "";
}

static pid_t process_of(pid_t task) {
  int process = atoi(status_of(task, "\nTgid:"));
  return process > 0 ? process : task;
}

// In a user namespace of its own a task has capabilities, and what the kernel would refuse to others it might do.
static bool has_capabilities(pid_t task) { return strtoull(status_of(task, "\nCapEff:"), NULL, 16) != 0; }

// ---- one note each

static void note_timer(const char *kind, pid_t task, uint64_t id, bool readable, const int64_t times[4], bool absolute) {
  if (!may_note(TIMERS)) return;
  // times: interval s, ns, value s, ns. A value is rounded up, for 0 says disarmed.
  int64_t value = times[2] * 1000 + (times[3] + 999999) / 1000000, interval = times[0] * 1000 + times[1] / 1000000;
  say("note", "timer", kind, decimal(process_of(task)), decimal((long long)id), decimal(readable ? value : -1),
      decimal(readable ? interval : 0), decimal(absolute), (char *)NULL);
}

static bool read_times(pid_t task, uint64_t address, bool narrow, int64_t unit, int64_t times[4]) {
  int32_t small[4];
  if (narrow) {
    if (read_memory(task, address, small, sizeof small) != sizeof small) return false;
    for (int i = 0; i < 4; i++) times[i] = small[i];
  } else if (read_memory(task, address, times, 4 * sizeof *times) != 4 * sizeof *times) return false;
  for (int i = 0; i < 4; i++) // what the kernel refuses must not overflow here
    if (times[i] < 0 || times[i] > INT64_MAX / 2000) return false;
  times[1] *= unit;
  times[3] *= unit;
  return times[1] <= 1000000000 && times[3] <= 1000000000;
}

static void note_connect(pid_t task, uint64_t address, uint64_t length) {
  union {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_un local;
    struct sockaddr_storage room;
  } to = {0};
  char text[INET6_ADDRSTRLEN], word[256];
  if (length > sizeof to) length = sizeof to;
  size_t got = address ? read_memory(task, address, &to, length) : 0;
  if (got < sizeof to.any.sa_family || !may_note(CONNECTS)) return;
  switch (to.any.sa_family) {
    case AF_UNIX: {
      const char *name = to.local.sun_path;
      size_t most = got - offsetof(struct sockaddr_un, sun_path);
      if (got <= offsetof(struct sockaddr_un, sun_path)) most = 0;
      if (most > sizeof to.local.sun_path) most = sizeof to.local.sun_path;
      bool abstract = most > 0 && !name[0];
      snprintf(word, sizeof word, abstract ? "unix:@%.*s" : "unix:%.*s", (int)(most - abstract), name + abstract);
      break;
    }
    case AF_INET:
      snprintf(word, sizeof word, "inet:%s:%u", inet_ntop(AF_INET, &to.inet.sin_addr, text, sizeof text),
               ntohs(to.inet.sin_port));
      break;
    case AF_INET6:
      snprintf(word, sizeof word, "inet6:%s:%u", inet_ntop(AF_INET6, &to.inet6.sin6_addr, text, sizeof text),
               ntohs(to.inet6.sin6_port));
      break;
    default: snprintf(word, sizeof word, "family:%d", to.any.sa_family);
  }
  say("note", "connect", decimal(process_of(task)), word, (char *)NULL);
}

static void note_message(pid_t task, uint64_t address, bool i386) {
  uint32_t small[2];
  struct {
    uint64_t name;
    uint32_t length;
  } wide = {0, 0};
  if (i386) {
    if (read_memory(task, address, small, sizeof small) != sizeof small) return;
    wide.name = small[0];
    wide.length = small[1];
  } else if (read_memory(task, address, &wide, 12) != 12) return;
  if (wide.name) note_connect(task, wide.name, wide.length);
}

static void note_socket(pid_t task, uint64_t family) {
  if ((int)family == AF_UNIX || !may_note(SOCKETS)) return;
  say("note", "socket", decimal(process_of(task)), decimal((int)family), (char *)NULL);
}

static void note_lock(pid_t task, const char *how, int fd) {
  char name[PATH_MAX], path[64];
  struct statx status;
  if (!may_note(LOCKS)) return;
  snprintf(path, sizeof path, "fd/%d", fd);
  read_link(task, path, name);
  snprintf(path, sizeof path, "/proc/%d/fd/%d", task, fd);
  // What is known already will do: a file server that does not answer must not stop pid 1.
  if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO, &status)) return;
  // The device below the overlay, as the host's /proc/locks has it; the inode is the host's as long as the file is.
  const struct mount *mount = name[0] == '/' ? mount_of(name) : NULL;
  dev_t device = mount ? mount->device : makedev(status.stx_dev_major, status.stx_dev_minor);
  say("note", "lock", decimal(process_of(task)), how, *name ? name : "?", decimal((long long)device),
      decimal((long long)status.stx_ino), (char *)NULL);
}

// The file that would be executed, by a path that can be looked at without asking a mount that may not answer.
static bool program_of(pid_t task, int folder, uint64_t address, char path[PATH_MAX]) {
  char name[PATH_MAX], what[32];
  if (!read_text(task, address, name, sizeof name)) return false;
  if (*name == '/') return strcpy(path, name);
  if (folder == AT_FDCWD) strcpy(what, "cwd");
  else snprintf(what, sizeof what, "fd/%d", folder);
  read_link(task, what, path);
  if (path[0] != '/') return false; // a memfd
  size_t used = strlen(path);
  if (!*name) return true; // AT_EMPTY_PATH
  return snprintf(path + used, PATH_MAX - used, "/%s", name) < (int)(PATH_MAX - used);
}

static void note_exec(pid_t task, int folder, uint64_t address, pid_t shell) {
  static bool started;
  char path[PATH_MAX], real[PATH_MAX];
  struct statx status;
  pid_t process = process_of(task);
  bool first = process == shell && !started;
  if (first) started = true;
  if (!program_of(task, folder, address, path) || follow(path, real) != REACHED) return;
  if (statx(AT_FDCWD, real, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_MODE | STATX_TYPE, &status)) return;
  if (!S_ISREG(status.stx_mode) || !(status.stx_mode & 0111)) return; // one of the tries along PATH
  const struct mount *mount = mount_of(real);
  bool counts = !mount || !(mount->flags & MS_NOSUID);
  bool set_id = status.stx_mode & S_ISUID || (status.stx_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  if (counts && (set_id || lgetxattr(real, "security.capability", NULL, 0) > 0) && may_note(SET_IDS))
    say("note", "set-id", decimal(process), real, (char *)NULL);
  if (process == shell && !first && may_note(EXECS)) say("note", "exec", path, (char *)NULL);
}

static void note_socketcall(pid_t task, int which, uint64_t address) {
  uint32_t words[6] = {0};
  if (read_memory(task, address, words, which == 11 ? 24 : 12) == 0) return;
  switch (which) {
    case 1: return note_socket(task, words[0]);
    case 3: return note_connect(task, words[1], words[2]);
    case 11: return words[4] ? note_connect(task, words[4], words[5]) : (void)0;
    default: return note_message(task, words[1], true);
  }
}

static const struct watched *find_call(const struct seccomp_data *data) {
  const struct watched *calls = native_calls;
  size_t count = sizeof native_calls / sizeof *native_calls;
  if (data->arch != NATIVE_ARCH) {
    calls = other_calls;
    count = sizeof other_calls / sizeof *other_calls;
  }
  for (size_t i = 0; i < count; i++)
    if (calls[i].number == (uint32_t)data->nr) return &calls[i];
  return NULL;
}

static void note(const struct watched *watched, pid_t shell) {
  const struct seccomp_data *data = &question.value.data;
  const uint64_t *argument = (const uint64_t *)data->args;
  pid_t task = (pid_t)question.value.pid;
  bool i386 = data->arch != NATIVE_ARCH;
  int64_t times[4] = {0};
  bool readable;
  switch (watched->call) {
    case ALARM:
      times[2] = (uint32_t)argument[0];
      return note_timer("alarm", task, 0, true, times, false);
    case SETITIMER:
      if ((int)argument[0] != ITIMER_REAL) return; // the others count CPU time, not a wait
      readable = !argument[1] || read_times(task, argument[1], watched->narrow, 1000, times); // NULL disarms
      return note_timer("alarm", task, 0, readable, times, false);
    case TIMER_SETTIME:
    case TIMERFD_SETTIME:
      readable = read_times(task, argument[2], watched->narrow, 1, times);
      return note_timer(watched->call == TIMERFD_SETTIME ? "timerfd" : "posix", task, (uint32_t)argument[0], readable,
                        times, argument[1] & TIMER_ABSTIME);
    case CONNECT: return note_connect(task, argument[1], argument[2] & UINT32_MAX);
    case SENDTO: return note_connect(task, argument[4], argument[5] & UINT32_MAX);
    case SENDMSG:
    case SENDMMSG: return note_message(task, argument[1], i386); // of several messages the first
    case SOCKET: return note_socket(task, argument[0]);
    case SOCKETCALL: return note_socketcall(task, (int)argument[0], argument[1]);
    case FLOCK: return note_lock(task, "flock", (int)argument[0]);
    case FCNTL: return note_lock(task, "fcntl", (int)argument[0]);
    case EXECVE: return note_exec(task, AT_FDCWD, argument[0], shell);
    case EXECVEAT: return note_exec(task, (int)argument[0], argument[1], shell);
    case IO_URING:
      if (may_note(IO_URINGS)) say("note", "io-uring", decimal(process_of(task)), (char *)NULL);
      return;
    case KEYRING:
      if (may_note(KEYRINGS)) say("note", "keyring", decimal(process_of(task)), (char *)NULL);
      return;
    case MOUNT:
      if (has_capabilities(task) && may_note(MOUNTS)) say("note", "mount", decimal(process_of(task)), (char *)NULL);
      return;
    case USERFAULT:
    case SETRLIMIT:
    case PRLIMIT: return; // decided by the filter alone
    case KILL:
      if (may_note(SIGNALS)) say("note", "signal", decimal(process_of(task)), decimal((int)argument[0]), (char *)NULL);
      return;
  }
}

static bool is_refused(const struct watched *watched) {
  if (watched->call == SOCKET) return (int)question.value.data.args[0] == VSOCK;
  return refusal_of(watched->call) != 0;
}

void serve_witness(int listener, pid_t shell) {
  memset(&question, 0, sizeof question);
  memset(&reply, 0, sizeof reply);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question)) return; // the task was killed meanwhile
  const struct watched *watched = find_call(&question.value.data);
  // The pid may have gone to somebody else by now; a dead caller's note would only mislead.
  if (watched && still_waits(listener)) note(watched, shell);
  reply.value.id = question.value.id;
  if (watched && is_refused(watched)) reply.value.error = -refusal_of(watched->call);
  else reply.value.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  // Fails when the task is gone: nobody waits for it then.
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply)) return;
}
