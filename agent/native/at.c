// Calls on a held folder and a bare name in it, which Node does not have: nobody who moves folders or swaps them with links
// can lead them elsewhere. Part of the addon (host.c); nothing here loops, retries or goes on after a failure.
//
// A name is a Buffer of 1 to 255 bytes without / and NUL, neither . nor ..; another one is -EINVAL, whoever checked before.
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// linux/ioprio.h, which older headers lack.
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_IDLE = 3, IOPRIO_CLASS_SHIFT = 13 };

// Linux 5.8; an older one leaves the bit out of what it answers.
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif

/// What a file is, as host/at.ts reads it: numbers in this order.
enum { DEV, INO, SIZE, MTIME, MTIME_NS, UID, LINKS, MOUNT, CTIME, CTIME_NS, MODE, FIELDS };

enum { READ_QUIETLY = O_RDONLY | O_NONBLOCK | O_NOATIME | O_NOCTTY | O_CLOEXEC };

typedef char name_t[NAME_MAX + 1];

/// false: no Buffer. What is no name gives an empty one, which every call here refuses.
static bool name_of(napi_env env, napi_value value, name_t into) {
  bool is_buffer = false;
  void *bytes;
  size_t length;
  into[0] = '\0';
  if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer) return false;
  if (napi_get_buffer_info(env, value, &bytes, &length) != napi_ok) return false;
  if (length < 1 || length > NAME_MAX || memchr(bytes, '/', length) || memchr(bytes, '\0', length)) return true;
  memcpy(into, bytes, length);
  into[length] = '\0';
  if (strcmp(into, ".") == 0 || strcmp(into, "..") == 0) into[0] = '\0';
  return true;
}

static bool place_of(napi_env env, const napi_value *words, int *folder, name_t name) {
  return descriptor_of(env, words[0], folder) && name_of(env, words[1], name);
}

/// A BigInt64Array with one number for each field.
static int64_t *fields_of(napi_env env, napi_value value) {
  bool is_typed = false;
  napi_typedarray_type type;
  size_t length, offset;
  void *numbers;
  napi_value buffer;
  if (napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed) return NULL;
  if (napi_get_typedarray_info(env, value, &type, &length, &numbers, &buffer, &offset) != napi_ok) return NULL;
  return type == napi_bigint64_array && length == FIELDS ? numbers : NULL;
}

static int look(int folder, const char *name, int64_t *into) {
  struct statx found;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &found) != 0) return -errno;
  if ((found.stx_mask & STATX_BASIC_STATS) != STATX_BASIC_STATS) return -EOPNOTSUPP;
  into[DEV] = (int64_t)makedev(found.stx_dev_major, found.stx_dev_minor);
  into[INO] = (int64_t)found.stx_ino;
  into[SIZE] = (int64_t)found.stx_size;
  into[MTIME] = found.stx_mtime.tv_sec;
  into[MTIME_NS] = found.stx_mtime.tv_nsec;
  into[CTIME] = found.stx_ctime.tv_sec;
  into[CTIME_NS] = found.stx_ctime.tv_nsec;
  into[UID] = found.stx_uid;
  into[LINKS] = found.stx_nlink;
  into[MODE] = found.stx_mode;
  into[MOUNT] = found.stx_mask & STATX_MNT_ID ? (int64_t)found.stx_mnt_id : -1;
  return 0;
}

// ---- statAt(folder, name, fields): a link is not followed; statOf(fd, fields)

static napi_value stat_at(napi_env env, napi_callback_info info) {
  napi_value words[3];
  int folder;
  name_t name;
  int64_t *into;
  if (!arguments(env, info, 3, words) || !place_of(env, words, &folder, name) || !(into = fields_of(env, words[2])))
    return type_error(env, "statAt: expected (descriptor, name, fields)");
  return number_of(env, *name ? look(folder, name, into) : -EINVAL);
}

static napi_value stat_of(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int fd;
  int64_t *into;
  if (!arguments(env, info, 2, words) || !descriptor_of(env, words[0], &fd) || !(into = fields_of(env, words[1])))
    return type_error(env, "statOf: expected (descriptor, fields)");
  return number_of(env, look(fd, "", into));
}

// ---- moveAt(folder, name, folder, name): never over another one

static napi_value move_at(napi_env env, napi_callback_info info) {
  napi_value words[4];
  int from, to;
  name_t old, new;
  if (!arguments(env, info, 4, words) || !place_of(env, words, &from, old) || !place_of(env, words + 2, &to, new))
    return type_error(env, "moveAt: expected (descriptor, name, descriptor, name)");
  if (!*old || !*new) return number_of(env, -EINVAL);
  return number_of(env, renameat2(from, old, to, new, RENAME_NOREPLACE) == 0 ? 0 : -errno);
}

// ---- removeAt(folder, name): no folder

static napi_value remove_at(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int folder;
  name_t name;
  if (!arguments(env, info, 2, words) || !place_of(env, words, &folder, name))
    return type_error(env, "removeAt: expected (descriptor, name)");
  if (!*name) return number_of(env, -EINVAL);
  return number_of(env, unlinkat(folder, name, 0) == 0 ? 0 : -errno);
}

// ---- holdAt(folder, name): a folder, to be used and not read; makeAt(folder, name): one of the caller's alone

static napi_value hold_at(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int folder;
  name_t name;
  if (!arguments(env, info, 2, words) || !place_of(env, words, &folder, name))
    return type_error(env, "holdAt: expected (descriptor, name)");
  if (!*name) return number_of(env, -EINVAL);
  int held = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return number_of(env, held < 0 ? -errno : held);
}

static napi_value make_at(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int folder;
  name_t name;
  if (!arguments(env, info, 2, words) || !place_of(env, words, &folder, name))
    return type_error(env, "makeAt: expected (descriptor, name)");
  if (!*name) return number_of(env, -EINVAL);
  return number_of(env, mkdirat(folder, name, 0700) == 0 ? 0 : -errno);
}

// ---- openAt(folder, name): for reading. Only where nobody else can have put another kind of file there meanwhile.

static napi_value open_at(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int folder;
  name_t name;
  if (!arguments(env, info, 2, words) || !place_of(env, words, &folder, name))
    return type_error(env, "openAt: expected (descriptor, name)");
  if (!*name) return number_of(env, -EINVAL);
  int fd = openat(folder, name, READ_QUIETLY | O_NOFOLLOW);
  return number_of(env, fd < 0 ? -errno : fd);
}

// ---- listOf(folder): the same folder, to be listed; entriesOf(fd, Buffer): what getdents64(2) puts there, 0 at the end

static napi_value list_of(napi_env env, napi_callback_info info) {
  napi_value word;
  int folder;
  if (!arguments(env, info, 1, &word) || !descriptor_of(env, word, &folder))
    return type_error(env, "listOf: expected a descriptor");
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
  // Only whoever owns the folder may leave no mark.
  if (fd < 0 && errno == EPERM) fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return number_of(env, fd < 0 ? -errno : fd);
}

static napi_value entries_of(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int fd;
  bool is_buffer = false;
  void *room;
  size_t length;
  if (!arguments(env, info, 2, words) || !descriptor_of(env, words[0], &fd) ||
      napi_is_buffer(env, words[1], &is_buffer) != napi_ok || !is_buffer ||
      napi_get_buffer_info(env, words[1], &room, &length) != napi_ok)
    return type_error(env, "entriesOf: expected (descriptor, Buffer)");
  long got = syscall(SYS_getdents64, fd, room, length > INT_MAX ? INT_MAX : length);
  return number_of(env, got < 0 ? -errno : (double)got);
}

// ---- syncFolder(folder): its entries are on the disk

static napi_value sync_folder(napi_env env, napi_callback_info info) {
  napi_value word;
  int folder;
  if (!arguments(env, info, 1, &word) || !descriptor_of(env, word, &folder))
    return type_error(env, "syncFolder: expected a descriptor");
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // the held one is good for names alone
  if (fd < 0) return number_of(env, -errno);
  int outcome = fsync(fd) == 0 ? 0 : -errno;
  close(fd); // nothing was written through it
  return number_of(env, outcome);
}

// ---- examineAt(folder, name, fields, Buffer, isPrivate): the first bytes of the file that was seen, and who has it open

/// All that a plan knows of it, but for the time at which the inode changed.
static bool is_same(const int64_t *one, const int64_t *other) {
  return S_ISREG(one[MODE]) && S_ISREG(other[MODE]) && other[LINKS] == 1 && memcmp(one, other, CTIME * sizeof *one) == 0;
}

/// 0, or an errno below zero: -ESTALE where it is another file.
static int check(int fd, const int64_t *seen) {
  int64_t now[FIELDS];
  int outcome = look(fd, "", now);
  return outcome != 0 || is_same(seen, now) ? outcome : -ESTALE;
}

/// By the place that was looked at, so that nothing but a regular file is ever opened: a FIFO or a device would notice.
static int open_seen(int folder, const char *name, const int64_t *seen) {
  int place = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (place < 0) return -errno;
  int outcome = check(place, seen);
  if (outcome == 0) {
    char path[sizeof "/proc/self/fd/" + 3 * sizeof place];
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    int fd = open(path, READ_QUIETLY);
    outcome = fd < 0 ? -errno : fd;
  }
  close(place); // older kernels would count it among those who have the file open
  return outcome;
}

/// Where only this process' own account may put anything: it was a regular file, and it is looked at once it is open.
static int open_private(int folder, const char *name, const int64_t *seen) {
  int fd = openat(folder, name, READ_QUIETLY | O_NOFOLLOW);
  if (fd < 0) return -errno;
  int outcome = check(fd, seen);
  if (outcome == 0) return fd;
  close(fd);
  return outcome;
}

/// The number of bytes that were read; 256 more where somebody has it open, 512 more where that cannot be told.
static napi_value examine_at(napi_env env, napi_callback_info info) {
  napi_value words[5];
  int folder;
  name_t name;
  int64_t *seen;
  bool is_buffer = false, is_private;
  void *head;
  size_t room;
  if (!arguments(env, info, 5, words) || !place_of(env, words, &folder, name) || !(seen = fields_of(env, words[2])) ||
      napi_is_buffer(env, words[3], &is_buffer) != napi_ok || !is_buffer ||
      napi_get_buffer_info(env, words[3], &head, &room) != napi_ok ||
      napi_get_value_bool(env, words[4], &is_private) != napi_ok)
    return type_error(env, "examineAt: expected (descriptor, name, fields, Buffer, boolean)");
  if (!*name || room > 255) return number_of(env, -EINVAL);
  int fd = (is_private ? open_private : open_seen)(folder, name, seen);
  if (fd < 0) return number_of(env, fd);
  // Nobody opens it while the lease is held; who had it open until just before may have written.
  int openness = take_lease(fd), outcome = check(fd, seen);
  ssize_t got = outcome < 0 ? 0 : pread(fd, head, room, 0);
  if (outcome == 0) outcome = got < 0 ? -errno : (int)got;
  close(fd); // with it the lease ends
  return number_of(env, outcome < 0 || openness == 0 ? outcome : outcome + (openness == -EAGAIN ? 256 : 512));
}

// ---- beIdle(): this process reads and writes only where nobody else wants to (ioprio_set(2))

static napi_value be_idle(napi_env env, napi_callback_info info) {
  if (!arguments(env, info, 0, NULL)) return type_error(env, "beIdle: expected nothing");
  int class = IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT;
  return number_of(env, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, class) == 0 ? 0 : -errno);
}

bool export_at_calls(napi_env env, napi_value exports) {
  static const struct {
    const char *name;
    napi_callback callback;
  } calls[] = {{"statAt", stat_at},         {"statOf", stat_of},       {"moveAt", move_at},       {"removeAt", remove_at},
               {"holdAt", hold_at},         {"makeAt", make_at},       {"openAt", open_at},       {"listOf", list_of},
               {"entriesOf", entries_of},   {"syncFolder", sync_folder}, {"examineAt", examine_at}, {"beIdle", be_idle}};
  for (size_t at = 0; at < sizeof calls / sizeof *calls; at++)
    if (!export_call(env, exports, calls[at].name, calls[at].callback)) return false;
  return true;
}
