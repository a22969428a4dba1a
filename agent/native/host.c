// What the kernel and the C library offer and Node does not: a datagram to the service manager, who is at the other end of
// a socket, a lock that dies with its holder, free memory given back, whether anybody has a file open. An N-API addon; it
// never waits, and it trusts no argument.
//
// An argument of the wrong kind is a TypeError. What the system answers is a value: 0 or more, or an errno below zero,
// which agent/host/native.ts puts into words.
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Linux 4.13; older headers lack it, older kernels answer ENOPROTOOPT. include/uapi/asm-generic/socket.h
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

enum { MOST_TEXT = 4096, MOST_GROUPS = 65536 }; // what systemd reads of a datagram (PIPE_BUF); NGROUPS_MAX

napi_value type_error(napi_env env, const char *message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || pending) return NULL;
  // If even this fails there is nothing left to tell; undefined comes back, which no caller takes for an answer.
  if (napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message) != napi_ok) return NULL;
  return NULL;
}

napi_value number_of(napi_env env, double value) {
  napi_value made;
  if (napi_create_double(env, value, &made) != napi_ok) return type_error(env, "a number could not be made");
  return made;
}

bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *into) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, into, NULL, NULL) == napi_ok && given == count;
}

bool descriptor_of(napi_env env, napi_value value, int *fd) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  // The 32-bit getters take NaN and what is too large for another descriptor.
  if (!(number >= 0 && number <= INT_MAX) || (int)number != number) return false;
  *fd = (int)number;
  return true;
}

/// Text without NUL that fits into `room` bytes with its own NUL. -1: no text; else its length, or `room` if too long.
static ssize_t text_of(napi_env env, napi_value value, char *into, size_t room) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return -1;
  if (length >= room) return (ssize_t)room;
  if (napi_get_value_string_utf8(env, value, into, room, &length) != napi_ok) return -1;
  return strlen(into) == length ? (ssize_t)length : -1;
}

// ---- notify(path, text): one datagram, as sd_notify(3) sends it

static int send_to(const struct sockaddr_un *address, socklen_t size, const char *text, size_t length) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  ssize_t sent;
  do
    sent = sendto(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)address, size);
  while (sent < 0 && errno == EINTR);
  int outcome = sent < 0 ? -errno : (size_t)sent == length ? 0 : -EIO;
  close(fd); // what was sent is sent
  return outcome;
}

static napi_value notify(napi_env env, napi_callback_info info) {
  napi_value words[2];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[sizeof address.sun_path + 1], text[MOST_TEXT + 1];
  if (!arguments(env, info, 2, words)) return type_error(env, "notify: expected (path, text)");
  ssize_t named = text_of(env, words[0], path, sizeof path), length = text_of(env, words[1], text, sizeof text);
  if (named < 0 || length < 0) return type_error(env, "notify: expected two texts without NUL");
  if (named == sizeof path) return number_of(env, -ENAMETOOLONG);
  if (length == sizeof text) return number_of(env, -EMSGSIZE);
  if (named < 2 || length == 0 || (path[0] != '/' && path[0] != '@')) return number_of(env, -EINVAL);
  // A path may fill the field without a NUL at its end (unix(7)); an abstract name begins with one.
  memcpy(address.sun_path, path, (size_t)named);
  if (path[0] == '@') address.sun_path[0] = '\0';
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)named);
  return number_of(env, send_to(&address, size, text, (size_t)length));
}

// ---- peer(fd): who connected, as the kernel noted it then

static bool set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_value made;
  return napi_create_double(env, value, &made) == napi_ok &&
         napi_set_named_property(env, object, name, made) == napi_ok;
}

/// Their number, with `*groups` to be freed; or an errno below zero.
static ssize_t groups_of(int fd, gid_t **groups) {
  socklen_t size = 64 * sizeof **groups;
  for (;;) {
    gid_t *room = malloc(size);
    if (!room) return -ENOMEM;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, room, &size) == 0) {
      *groups = room;
      return (ssize_t)(size / sizeof **groups);
    }
    int error = errno; // with ERANGE `size` is what it needs
    free(room);
    if (error != ERANGE || size == 0 || size > MOST_GROUPS * sizeof **groups) return -error;
  }
}

static bool set_groups(napi_env env, napi_value object, int fd) {
  gid_t *groups = NULL;
  ssize_t count = groups_of(fd, &groups);
  napi_value list;
  bool made = (count < 0 ? napi_get_null(env, &list) : napi_create_array_with_length(env, (size_t)count, &list)) == napi_ok;
  for (ssize_t at = 0; made && at < count; at++) {
    napi_value gid;
    made = napi_create_double(env, groups[at], &gid) == napi_ok &&
           napi_set_element(env, list, (uint32_t)at, gid) == napi_ok;
  }
  free(groups);
  return made && napi_set_named_property(env, object, "groups", list) == napi_ok;
}

static napi_value peer(napi_env env, napi_callback_info info) {
  napi_value word, found;
  int fd, domain = 0;
  struct ucred who;
  socklen_t size = sizeof domain;
  if (!arguments(env, info, 1, &word) || !descriptor_of(env, word, &fd))
    return type_error(env, "peer: expected a descriptor");
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return number_of(env, -errno);
  // Of other sockets the kernel answers, too: pid 0, uid and gid -1.
  if (domain != AF_UNIX) return number_of(env, -EAFNOSUPPORT);
  size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return number_of(env, -errno);
  if (size != sizeof who || who.uid == (uid_t)-1 || who.gid == (gid_t)-1) return number_of(env, -ENOTCONN);
  if (napi_create_object(env, &found) != napi_ok || !set_number(env, found, "pid", who.pid) ||
      !set_number(env, found, "uid", who.uid) || !set_number(env, found, "gid", who.gid) ||
      !set_groups(env, found, fd))
    return type_error(env, "peer: the answer could not be made");
  return found;
}

// ---- lock(fd): the whole file, for writing, until the last copy of this open file is closed (fcntl(2), OFD locks)

static napi_value lock(napi_env env, napi_callback_info info) {
  napi_value word;
  int fd;
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (!arguments(env, info, 1, &word) || !descriptor_of(env, word, &fd))
    return type_error(env, "lock: expected a descriptor");
  if (fcntl(fd, F_OFD_SETLK, &whole) == 0) return number_of(env, 0);
  return number_of(env, errno == EACCES ? -EAGAIN : -errno);
}

// ---- trim(): what is free goes back to the kernel, also what lies between things in use (malloc_trim(3)); 1 if some did

static napi_value trim(napi_env env, napi_callback_info info) {
  if (!arguments(env, info, 0, NULL)) return type_error(env, "trim: expected nothing");
  return number_of(env, malloc_trim(0));
}

// ---- lease(fd): whether nobody else has the file open, or mapped (fcntl(2), F_SETLEASE)

/// Should somebody open it in the microseconds of the lease, the kernel says so by a signal that ends a process.
static int ignore_lease_breaks(void) {
  static bool is_done = false;
  if (is_done) return 0;
  struct sigaction now;
  if (sigaction(SIGIO, NULL, &now) != 0) return -errno;
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  bool is_default = !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
  if (is_default && sigaction(SIGIO, &ignore, NULL) != 0) return -errno;
  is_done = true;
  return 0;
}

int take_lease(int fd) {
  int ready = ignore_lease_breaks();
  if (ready != 0) return ready;
  return fcntl(fd, F_SETLEASE, F_WRLCK) == 0 ? 0 : -errno;
}

static napi_value lease(napi_env env, napi_callback_info info) {
  napi_value word;
  int fd;
  if (!arguments(env, info, 1, &word) || !descriptor_of(env, word, &fd))
    return type_error(env, "lease: expected a descriptor");
  int taken = take_lease(fd);
  if (taken != 0) return number_of(env, taken);
  // Whoever opens the file meanwhile waits, so it is given back at once; closing it would do so, too.
  return number_of(env, fcntl(fd, F_SETLEASE, F_UNLCK) == 0 ? 0 : -errno);
}

bool export_call(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  // What is missing is seen by who loads this.
  if (!export_call(env, exports, "notify", notify) || !export_call(env, exports, "peer", peer)) return NULL;
  if (!export_call(env, exports, "lock", lock) || !export_call(env, exports, "trim", trim)) return NULL;
  if (!export_call(env, exports, "lease", lease)) return NULL;
  if (!export_at_calls(env, exports)) return NULL;
  return exports;
}
