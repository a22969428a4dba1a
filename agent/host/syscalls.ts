/**
 * Numbers of the system calls that a task can wait in, as /proc/PID/syscall shows them. A number that is not listed is
 * a call that the probe draws no conclusion from. From the kernel's arch/x86/entry/syscalls/syscall_64.tbl and
 * include/uapi/asm-generic/unistd.h.
 */
const x64: Readonly<Record<number, string>> = {
  0: "read",
  1: "write",
  2: "open",
  7: "poll",
  17: "pread64",
  19: "readv",
  20: "writev",
  23: "select",
  34: "pause",
  35: "nanosleep",
  42: "connect",
  43: "accept",
  44: "sendto",
  45: "recvfrom",
  46: "sendmsg",
  47: "recvmsg",
  61: "wait4",
  65: "semop",
  70: "msgrcv",
  72: "fcntl",
  73: "flock",
  74: "fsync",
  128: "rt_sigtimedwait",
  130: "rt_sigsuspend",
  202: "futex",
  219: "restart_syscall",
  230: "clock_nanosleep",
  232: "epoll_wait",
  247: "waitid",
  257: "openat",
  270: "pselect6",
  271: "ppoll",
  281: "epoll_pwait",
  288: "accept4",
  299: "recvmmsg",
  437: "openat2",
  441: "epoll_pwait2",
};

const arm64: Readonly<Record<number, string>> = {
  22: "epoll_pwait",
  25: "fcntl",
  32: "flock",
  56: "openat",
  63: "read",
  64: "write",
  65: "readv",
  66: "writev",
  67: "pread64",
  72: "pselect6",
  73: "ppoll",
  82: "fsync",
  95: "waitid",
  98: "futex",
  101: "nanosleep",
  115: "clock_nanosleep",
  128: "restart_syscall",
  133: "rt_sigsuspend",
  137: "rt_sigtimedwait",
  188: "msgrcv",
  193: "semop",
  202: "accept",
  203: "connect",
  206: "sendto",
  207: "recvfrom",
  211: "sendmsg",
  212: "recvmsg",
  242: "accept4",
  243: "recvmmsg",
  260: "wait4",
  437: "openat2",
  441: "epoll_pwait2",
};

const tables: Readonly<Record<string, Readonly<Record<number, string>>>> = { x64, arm64 };

/** The call's name, or null where this architecture (as `process.arch` names it) or number is not known. */
export function syscallName(number: number, arch: string): string | null {
  return tables[arch]?.[number] ?? null;
}
