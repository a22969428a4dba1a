// Builds the root that the shell sees. Writes succeed and vanish: each real file system lies under an overlay
// whose upper half is in one tmpfs that no path leads to once the shell runs.
//
// The way there: a tmpfs becomes the root for a moment, with the host's tree at /old and the new one at /new.
// The namespace's own copy of the mounts is the "recursive clone": making it touches no file system, so that one
// that does not answer cannot stop it.
#include "enter.h"

#include <dirent.h>
#include <linux/capability.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <termios.h>

// The C library has these since 2.36; the numbers are the same on x86_64 and aarch64 (aarch64 is untested).
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum {
  TREE_CLONE = 1,
  MOVE_FROM_DESCRIPTOR = 4,
  WHOLE_TREE = 0x8000, // AT_RECURSIVE
  ATTR_RDONLY = 1,
  ATTR_NOSUID = 2,
  ATTR_NODEV = 4,
  ATTR_NOEXEC = 8,
  OVERLAY_MAGIC = 0x794c7630,
  MOUNTED_RDONLY = 1, // ST_RDONLY of statfs
  MOST_MOUNTS = 8192,
};
struct attributes {
  uint64_t set, clear, propagation, user_namespace;
};

static struct mount mounts[MOST_MOUNTS];
static size_t mount_count;
static char home_path[PATH_MAX]; // without links
static char terminal_path[PATH_MAX];

// ---- the mount table

static bool one_of(const char *word, const char *const *list) {
  for (; *list; list++)
    if (!strcmp(word, *list)) return true;
  return false;
}

static bool is_remote(const char *type) {
  static const char *const types[] = {"nfs",   "nfs4", "cifs",   "smb3",   "smbfs",   "9p",     "fuse", "fuseblk",
                                      "autofs", "ceph", "lustre", "afs",    "coda",    "ncpfs",  "gpfs", "beegfs",
                                      "panfs", "gfs2", "ocfs2",  "vboxsf", "orangefs", "glusterfs", "virtiofs", NULL};
  return one_of(type, types) || !strncmp(type, "fuse.", 5);
}

// A FUSE mount whose server an ordinary user runs (fusermount) answers what and when it likes. A process inside could
// lay its arguments on such a file, and the agent that reads them would wait for that user.
static bool is_strangers(const char *type, const char *options) {
  const char *user = options ? strstr(options, "user_id=") : NULL;
  bool fuse = !strcmp(type, "fuse") || !strcmp(type, "fuseblk") || !strncmp(type, "fuse.", 5);
  return spec.sandbox == WHOLE_ROOT && fuse && (!user || strtoul(user + 8, NULL, 10) != 0);
}

static bool is_kernels_own(const char *type) {
  static const char *const types[] = {"proc",      "sysfs",   "devtmpfs", "devpts",      "mqueue",   "cgroup",
                                      "cgroup2",   "pstore",  "bpf",      "configfs",    "fusectl",  "debugfs",
                                      "tracefs",   "securityfs", "nsfs",  "binfmt_misc", "efivarfs", "rpc_pipefs",
                                      "selinuxfs", "hugetlbfs", "resctrl", NULL};
  return one_of(type, types);
}

static bool is_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  if (length == 1) return path[0] == '/';
  return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static void unescape(char *text) { // \040 and its like
  char *to = text;
  for (const char *from = text; *from; to++) {
    bool octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
                 from[3] >= '0' && from[3] <= '7';
    *to = octal ? (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0') : *from;
    from += octal ? 4 : 1;
  }
  *to = 0;
}

static bool has_option(const char *options, const char *wanted) {
  size_t length = strlen(wanted);
  for (const char *at = options; at; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (!strncmp(at, wanted, length) && (at[length] == ',' || !at[length])) return true;
  }
  return false;
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", proc(5)
static bool read_line(char *line, struct mount *mount) {
  char *field[6], *save = NULL, *tail = strstr(line, " - ");
  unsigned major_number, minor_number;
  if (!tail) return false;
  *tail = 0;
  for (int i = 0; i < 6; i++)
    if (!(field[i] = strtok_r(i ? NULL : line, " ", &save))) return false;
  char *type = strtok_r(tail + 3, " ", &save);
  char *source = strtok_r(NULL, " ", &save), *super = strtok_r(NULL, " ", &save);
  if (!type || sscanf(field[2], "%u:%u", &major_number, &minor_number) != 2) return false;
  if (!super) super = source; // a file system without a name of its source
  unescape(field[4]);
  *mount = (struct mount){.id = atoi(field[0]), .parent = atoi(field[1]), .at = field[4], .type = type,
                          .device = makedev(major_number, minor_number), .remote = is_remote(type)};
  mount->left = is_strangers(type, super);
  // A read-only file system below a writable mount is read-only to the account as well.
  if (has_option(field[5], "ro") || (super && has_option(super, "ro"))) mount->flags |= MS_RDONLY;
  if (has_option(field[5], "nosuid")) mount->flags |= MS_NOSUID;
  if (has_option(field[5], "noexec")) mount->flags |= MS_NOEXEC;
  return true;
}

static const struct mount *by_id(const struct mount *all, size_t count, int id) {
  for (size_t i = 0; i < count; i++)
    if (all[i].id == id) return &all[i];
  return NULL;
}

// A mount is out of reach when another one lies on it, or on a folder on the way to it.
static bool is_covered(const struct mount *all, size_t count, const struct mount *mount) {
  for (size_t i = 0; i < count; i++)
    if (all[i].parent == mount->id && all[i].id != mount->id && !strcmp(all[i].at, mount->at)) return true;
  const struct mount *child = mount;
  for (int depth = 0; depth < 256; depth++) {
    const struct mount *parent = by_id(all, count, child->parent);
    if (!parent || parent == child) return false;
    for (const struct mount *other = all; other < all + count; other++)
      if (other->parent == parent->id && other != child && other != parent && is_below(mount->at, other->at) &&
          (strlen(other->at) < strlen(child->at) || (!strcmp(other->at, child->at) && other > child)))
        return true;
    child = parent;
  }
  return true; // a ring: believe nothing of it
}

static int shorter_first(const void *a, const void *b) {
  size_t left = strlen(((const struct mount *)a)->at), right = strlen(((const struct mount *)b)->at);
  return left < right ? -1 : left > right;
}

// Only what can be reached, parents before children.
static void read_mounts(void) {
  static char text[2][4 << 20]; // one for the host's table, one for the new namespace's
  static int reading;
  static struct mount all[MOST_MOUNTS];
  char *bytes = text[reading++ & 1], *save = NULL;
  size_t have = 0, count = 0;
  int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_errno("mounts", "/proc/self/mountinfo");
  for (ssize_t got; (got = read(fd, bytes + have, sizeof text[0] - 1 - have)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("mounts", "/proc/self/mountinfo");
    have += (size_t)got;
    if (have == sizeof text[0] - 1) fail("mounts", "too-many", NULL);
  }
  close(fd);
  bytes[have] = 0;
  for (char *line = strtok_r(bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    if (count == MOST_MOUNTS) fail("mounts", "too-many", NULL);
    if (read_line(line, &all[count])) count++;
  }
  mount_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_covered(all, count, &all[i])) continue;
    for (size_t k = 0; k < spec.left_count; k++)
      if (!strcmp(spec.left[k], all[i].at)) all[i].left = true;
    mounts[mount_count++] = all[i];
  }
  qsort(mounts, mount_count, sizeof *mounts, shorter_first);
}

static struct mount *mount_at(const char *path) {
  for (size_t i = 0; i < mount_count; i++)
    if (!strcmp(mounts[i].at, path)) return &mounts[i];
  return NULL;
}

const struct mount *mount_of(const char *path) {
  const struct mount *deepest = NULL;
  for (size_t i = 0; i < mount_count; i++)
    if (is_below(path, mounts[i].at)) deepest = &mounts[i]; // longer names come later
  return deepest;
}

// ---- following links

// Remembered by name, for the table is read again in the new namespace.
static char *held[1024];
static size_t held_count;

static bool is_held(const char *at) {
  for (size_t i = 0; i < held_count; i++)
    if (!strcmp(held[i], at)) return true;
  return false;
}

static void hold(const char *at) {
  if (is_held(at)) return;
  if (held_count == sizeof held / sizeof *held || !(held[held_count] = strdup(at))) fail("mounts", "too-many", "held");
  held_count++;
  say("mount", at, (char *)NULL);
}

// Ahead of the clone a mount on the way is needed: say so and pass. Later only those may be passed.
static bool ahead = true;
static bool may_pass(const char *path) {
  const struct mount *mount = mount_at(path);
  const struct mount *around = mount_of(path);
  if (around && around->left) return false;
  bool automatic = around && !strcmp(around->type, "autofs");
  if (!(mount && mount->remote) && !automatic) return true;
  if (!ahead) return is_held(around->at);
  hold(path);
  if (!automatic || !strcmp(path, around->at)) return true;
  // Below an automounter each name may become a mount once it is looked at, but only in the host's namespace.
  char folder[PATH_MAX + 1];
  snprintf(folder, sizeof folder, "%s/", path);
  int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return true;
}

enum reach follow(const char *path, char real[PATH_MAX]) {
  char rest[2 * PATH_MAX], link[PATH_MAX], next[2 * PATH_MAX];
  size_t used = 0;
  int links = 0;
  real[0] = 0;
  if (strlen(path) >= PATH_MAX) return MISSING;
  strcpy(rest, path);
  if (!may_pass("/")) return STOPPED;
  for (char *at = rest; *at;) {
    char *part = at + strspn(at, "/");
    size_t length = strcspn(part, "/");
    at = part + length;
    if (length == 0 || (length == 1 && part[0] == '.')) continue;
    if (length == 2 && part[0] == '.' && part[1] == '.') {
      while (used > 0 && real[--used] != '/')
        ;
      real[used] = 0;
      continue;
    }
    if (used + length + 2 > PATH_MAX) return MISSING;
    size_t before = used;
    real[used++] = '/';
    memcpy(real + used, part, length);
    real[used += length] = 0;
    if (!may_pass(real)) return STOPPED;
    if (mount_at(real)) continue; // nothing is mounted on a link, and this one need not be asked
    ssize_t bytes = readlink(real, link, sizeof link - 1);
    if (bytes < 0 && errno == EINVAL) continue; // no link
    if (bytes < 0) {                            // not there (yet): the rest stands as it is written
      if (used + strlen(at) + 1 > PATH_MAX) return MISSING;
      strcpy(real + used, at);
      return MISSING;
    }
    link[bytes] = 0;
    if (++links > 40 || snprintf(next, sizeof next, "%s/%s", link, at) >= (int)sizeof next) return MISSING;
    used = link[0] == '/' ? 0 : before;
    real[used] = 0;
    strcpy(rest, next);
    at = rest;
  }
  if (used == 0) strcpy(real, "/");
  return REACHED;
}

void look_ahead(void) {
  char real[PATH_MAX];
  read_mounts();
  if (follow(spec.home, home_path) == STOPPED) fail("home", "on-a-mount-left-out", spec.home);
  if (follow(spec.program, real) == STOPPED) fail("program", "on-a-mount-left-out", spec.program);
  if (follow(spec.cwd, real) == STOPPED) {
    say("warn", "cwd", "on-a-mount-left-out", spec.cwd, (char *)NULL);
    spec.cwd = "/";
  }
  for (size_t i = 0; i < spec.place_count; i++) {
    char folder[PATH_MAX];
    strcpy(folder, spec.places[i].path);
    *strrchr(folder, '/') = 0;
    if (follow(folder, real) == STOPPED) fail("place", "on-a-mount-left-out", spec.places[i].path);
  }
  if (!spec.terminal) return;
  ssize_t bytes = readlink("/proc/self/fd/0", terminal_path, sizeof terminal_path - 1);
  if (bytes <= 0 || terminal_path[0] != '/') fail("terminal", "no-name", NULL);
}

// ---- mounting

// /old/x, /new/x
static const char *under(const char *root, const char *path) {
  static char ring[4][PATH_MAX + 8];
  static unsigned next;
  char *text = ring[next++ % 4];
  snprintf(text, sizeof ring[0], "%s%s", root, strcmp(path, "/") ? path : "");
  return text;
}

static uint64_t attributes_of(unsigned long flags) {
  return (flags & MS_RDONLY ? ATTR_RDONLY : 0) | (flags & MS_NOSUID ? ATTR_NOSUID : 0) |
         (flags & MS_NODEV ? ATTR_NODEV : 0) | (flags & MS_NOEXEC ? ATTR_NOEXEC : 0);
}

static int set_attributes(const char *path, unsigned long flags) {
  struct attributes change = {.set = attributes_of(flags)};
  return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | WHOLE_TREE, &change, sizeof change);
}

// Shows a part of the host's tree inside, read-only. The tree is cloned, changed and only then put in its place, so
// that it is looked up once. deep: with all that is mounted below it, which older kernels leave out.
static int show(const char *from, const char *to, bool deep, unsigned long flags) {
  struct attributes change = {.set = attributes_of(flags | MS_RDONLY)};
  unsigned tree_flags = AT_SYMLINK_NOFOLLOW | TREE_CLONE | O_CLOEXEC | (deep ? WHOLE_TREE : 0);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, from, tree_flags);
  if (tree < 0 && errno != ENOSYS) return -1;
  if (tree >= 0) {
    int failed = (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (deep ? WHOLE_TREE : 0), &change,
                              sizeof change);
    if (!failed) failed = (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, to, MOVE_FROM_DESCRIPTOR);
    int reason = errno;
    close(tree);
    errno = reason;
    if (!failed || reason != ENOSYS) return failed;
  }
  if (mount(from, to, NULL, MS_BIND, NULL)) return -1; // before Linux 5.12
  if (!mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL)) return 0;
  int reason = errno;
  umount2(to, MNT_DETACH); // rather nothing than something that can be written
  errno = reason;
  return -1;
}

static void copy_looks(const char *upper, const struct stat *like) {
  // The top folder of an overlay looks like its upper one.
  static const char *const names[] = {"system.posix_acl_access", "system.posix_acl_default", "security.selinux", NULL};
  mode_t mode = like->st_mode & 07777;
  if (spec.sandbox == OWN_ACCOUNT && like->st_uid != spec.uid) {
    // Owned by the account now, where it was not: what the owner may do must stay what the account could do.
    mode &= ~(mode_t)0700;
    for (int bit = 1; bit <= 4; bit <<= 1)
      if (!access(".", bit)) mode |= (mode_t)bit << 6;
  } else if (lchown(upper, like->st_uid, like->st_gid) && spec.sandbox == WHOLE_ROOT)
    say("warn", "owner", upper, strerror(errno), (char *)NULL);
  for (const char *const *name = names; *name; name++) {
    char value[1024];
    ssize_t bytes = getxattr(".", *name, value, sizeof value);
    // Best effort: without them only `ls -Z` and `getfacl` of this one folder differ.
    if (bytes > 0 && lsetxattr(upper, *name, value, (size_t)bytes, 0)) continue;
  }
  chmod(upper, mode);
  struct timespec times[2] = {like->st_atim, like->st_mtim};
  utimensat(AT_FDCWD, upper, times, AT_SYMLINK_NOFOLLOW);
}

// An overlay reads its lower half with the rights of whoever mounts it. On NFS root is often nobody, so there the
// account mounts: with its ids towards the file server, and root's capabilities for the folders of our own.
static void act_as_account(bool account) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  if (account && setgroups(spec.group_count, spec.groups)) fail_errno("setgroups", "nfs");
  setfsgid(account ? spec.gid : 0);
  setfsuid(account ? spec.uid : 0);
  if (!account && setgroups(0, NULL)) fail_errno("setgroups", "nfs");
  if (syscall(SYS_capget, &header, sets)) fail_errno("capabilities", "nfs");
  for (int i = 0; i < 2; i++) sets[i].effective = sets[i].permitted; // setfsuid took those over files
  if (syscall(SYS_capset, &header, sets)) fail_errno("capabilities", "nfs");
}

// Lays an overlay over /new/PATH, on top of /old/PATH.
static int overlay(const char *path, unsigned long flags, bool squashed) {
  static unsigned count;
  char upper[32], work[32], options[160];
  struct stat like;
  snprintf(upper, sizeof upper, "/up/u%u", count);
  snprintf(work, sizeof work, "/up/w%u", count++);
  // lowerdir=. needs no escaping and shows no path in /proc/mounts
  snprintf(options, sizeof options, "lowerdir=.,upperdir=%s,workdir=%s%s", upper, work,
           spec.sandbox == OWN_ACCOUNT ? ",userxattr" : "");
  if (squashed) act_as_account(true);
  bool failed = chdir(under("/old", path)) || stat(".", &like) || mkdir(upper, 0700) || mkdir(work, 0700);
  if (!failed) {
    copy_looks(upper, &like);
    failed = mount("overlay", under("/new", path), "overlay", flags | MS_NODEV, options);
  }
  int reason = errno;
  if (squashed) act_as_account(false);
  if (chdir("/")) fail_errno("chdir", "/");
  errno = reason;
  return failed ? -1 : 0;
}

static void warn(const char *code, const char *path) { say("warn", code, path, strerror(errno), (char *)NULL); }

static void make_folders(const char *path) { // mount points below an automounter that is left out
  char folder[PATH_MAX + 8];
  snprintf(folder, sizeof folder, "%s", path);
  for (char *slash = folder + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = 0;
    mkdir(folder, 0755);
    *slash = '/';
  }
  mkdir(folder, 0755);
}

// ---- whole-root

static bool is_replaced(const char *path) { return is_below(path, "/proc") || is_below(path, "/dev"); }

static bool parent_is_automounter(const struct mount *mount) {
  for (size_t i = 0; i < mount_count; i++)
    if (mounts[i].id == mount->parent) return !strcmp(mounts[i].type, "autofs");
  return false;
}

// What lies below a mount that was shown as a whole, or not at all, needs nothing of its own.
static bool is_settled(const struct mount *mount, const bool *settled) {
  for (size_t i = 0; i < mount_count; i++)
    if (mounts[i].id == mount->parent) return settled[i];
  return false;
}

static void bring_in(const struct mount *mount, bool *settled) {
  const char *target = under("/new", mount->at);
  unsigned long flags = MS_NODEV | (mount->flags & (MS_NOSUID | MS_NOEXEC));
  struct stat status;
  if (parent_is_automounter(mount)) make_folders(target);
  if (mount->remote && !mount->held) {
    // Stays as it is. Not asked for its status: it may never answer.
    *settled = true;
    say("mount", mount->at, (char *)NULL);
    if (show(under("/old", mount->at), target, true, flags)) warn("bind", mount->at);
    return;
  }
  if (stat(under("/old", mount->at), &status)) return warn("bind", mount->at);
  // A socket or FIFO that is mounted by itself (a container manager's, in a container) would lead outside.
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return;
  if (!S_ISDIR(status.st_mode)) {
    if (show(under("/old", mount->at), target, false, flags)) warn("bind", mount->at);
    return;
  }
  // A read-only one gets an overlay as well, for its sockets and FIFOs; it stays read-only.
  flags |= mount->flags & MS_RDONLY;
  bool squashed = spec.uid != 0 && mount->remote && !strncmp(mount->type, "nfs", 3);
  if (!overlay(mount->at, flags, squashed)) return;
  int reason = errno;
  if (!(flags & MS_RDONLY)) {
    if (is_below(home_path, mount->at) && mount_of(home_path) == mount) fail("home", strerror(reason), mount->at);
    errno = reason;
    warn("overlay", mount->at);
  }
  if (show(under("/old", mount->at), target, false, flags)) warn("bind", mount->at);
}

static void show_sysfs(void) {
  unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  struct attributes probe = {0};
  if (syscall(SYS_mount_setattr, -1, "", AT_EMPTY_PATH, &probe, sizeof probe) == 0 || errno != ENOSYS) {
    if (show("/old/sys", "/new/sys", true, flags)) warn("bind", "/sys");
    return;
  }
  for (size_t i = 0; i < mount_count; i++)
    if (is_below(mounts[i].at, "/sys") && strcmp(mounts[i].type, "autofs"))
      if (show(under("/old", mounts[i].at), under("/new", mounts[i].at), false, flags)) warn("bind", mounts[i].at);
}

static void overlay_everything(void) {
  static bool settled[MOST_MOUNTS];
  struct mount *root = mount_at("/");
  if (!root) fail("root", "no-mount", NULL); // a chroot into a plain folder
  if (root->flags & MS_RDONLY ? mount("/old", "/new", NULL, MS_BIND, NULL) ||
                                    mount(NULL, "/new", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV, NULL)
                              : overlay("/", root->flags & (MS_NOSUID | MS_NOEXEC), false))
    fail_errno("overlay", "/");
  for (size_t i = 0; i < mount_count; i++) {
    struct mount *mount = &mounts[i];
    if (mount == root) continue;
    settled[i] = is_settled(mount, settled) || mount->left || is_replaced(mount->at) || is_below(mount->at, "/sys");
    if (settled[i]) continue;
    // The kernel's own outside /proc, /sys and /dev (a chroot's /proc, named namespaces) can be written by root's
    // files without any capability. An automounter cannot mount anything in here and would do so on the host.
    if (is_kernels_own(mount->type)) settled[i] = true;
    else if (strcmp(mount->type, "autofs")) bring_in(mount, &settled[i]);
  }
  show_sysfs();
}

// ---- own-account

// Files of others cannot be copied up in a user namespace: their owner has no number there (EOVERFLOW). So an overlay
// lies exactly on each folder that the account can write to and somebody else owns; its upper top is the account's.
// The wider ones serve folders of the account's own further down, and refuse the host's sockets.
static char covered[256][PATH_MAX]; // what has an overlay of its own
static size_t covered_count;

static bool has_overlay(const char *path) {
  for (size_t i = 0; i < covered_count; i++)
    if (!strcmp(path, covered[i])) return true;
  return false;
}

static bool may_touch(const char *path) {
  const struct mount *mount = mount_of(path);
  return mount && !mount->left && !is_kernels_own(mount->type) && (!mount->remote || is_held(mount->at));
}

static bool has_mount_below(const char *path) {
  for (size_t i = 0; i < mount_count; i++)
    if (is_below(mounts[i].at, path) && strcmp(mounts[i].at, path)) return true;
  return false;
}

static int cover(const char *path) {
  if (has_overlay(path)) return 0;
  if (has_mount_below(path)) { // what the kernel would say
    errno = EINVAL;
    return -1;
  }
  if (!may_touch(path) || covered_count == sizeof covered / sizeof *covered) {
    errno = EACCES;
    return -1;
  }
  if (overlay(path, mount_of(path)->flags, false)) return -1;
  strcpy(covered[covered_count++], path);
  return 0;
}

static bool account_writes(const char *path) {
  return may_touch(path) && !access(under("/old", path), W_OK);
}

static bool others_own(const char *path) {
  struct stat status;
  return !lstat(under("/old", path), &status) && (status.st_uid != spec.uid || status.st_gid != spec.gid);
}

// A read-only mount does not stop anybody from talking through a socket or FIFO of the host. An overlay does; where
// there can be none, one that nobody listens to lies over each.
static void hide(const char *path, bool is_socket) {
  static bool made[2];
  const char *mute = is_socket ? "/up/socket" : "/up/fifo";
  if (!made[is_socket] && mknod(mute, (is_socket ? S_IFSOCK : S_IFIFO) | 0666, 0)) fail_errno("hide", path);
  made[is_socket] = true;
  if (mount(mute, under("/new", path), NULL, MS_BIND, NULL)) warn("bind", path);
}

static void cover_spot(const char *path, int depth) {
  struct dirent *each;
  bool refused = cover(path) != 0; // something is mounted below it
  DIR *folder = depth > 0 && may_touch(path) ? opendir(under("/old", path)) : NULL;
  if (!folder) return;
  for (int count = 0; count < 256 && (each = readdir(folder)); count++) {
    char child[PATH_MAX];
    if (!strcmp(each->d_name, ".") || !strcmp(each->d_name, "..")) continue;
    if (snprintf(child, sizeof child, "%s/%s", path, each->d_name) >= (int)sizeof child || !may_touch(child)) continue;
    if (refused && (each->d_type == DT_SOCK || each->d_type == DT_FIFO)) hide(child, each->d_type == DT_SOCK);
    if (each->d_type != DT_DIR) continue;
    if (refused || (account_writes(child) && others_own(child))) cover_spot(child, refused ? depth - 1 : 0);
  }
  closedir(folder);
}

// A folder that everybody writes to, whose overlay is refused because something is mounted below it.
static void cover_scratch(const char *path) {
  static unsigned count;
  char fresh[32];
  struct stat like;
  if (!cover(path) || !may_touch(path) || lstat(under("/old", path), &like) || !S_ISDIR(like.st_mode)) return;
  snprintf(fresh, sizeof fresh, "/up/t%u", count++);
  if (mkdir(fresh, 0700) || chmod(fresh, like.st_mode & 07777) ||
      mount(fresh, under("/new", path), NULL, MS_BIND, NULL))
    return warn("bind", path);
  say("warn", "tmp-replaced", path, (char *)NULL);
}

// Before Linux 5.12 each mount is asked for by its name. One that must not be touched would stay as it is.
static void make_each_read_only(void) {
  for (size_t i = 0; i < mount_count; i++) {
    const struct mount *mount_there = &mounts[i];
    unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV | mount_there->flags;
    if (mount_there->left) fail("read-only", "needs-linux-5.12-to-leave-out", mount_there->at);
    if (mount_there->remote) say("mount", mount_there->at, (char *)NULL);
    // What this account may not even look up, its shell may not either.
    if (mount(NULL, under("/new", mount_there->at), NULL, flags, NULL) && errno != EACCES)
      fail_errno("read-only", mount_there->at);
  }
}

static void overlay_writable_spots(void) {
  static const char *const never[] = {"proc", "sys",   "dev",  "usr", "boot",       "etc", "lib",
                                      "lib32", "lib64", "libx32", "bin", "sbin", "lost+found", NULL};
  char runtime[64];
  if (mount("/old", "/new", NULL, MS_BIND | MS_REC, NULL)) fail_errno("bind", "/");
  if (set_attributes("/new", MS_RDONLY | MS_NODEV)) {
    if (errno != ENOSYS) fail_errno("read-only", "/");
    make_each_read_only();
  }
  if (!strcmp(home_path, "/")) fail("home", "is-the-root", NULL);

  DIR *root = opendir("/old");
  if (!root) fail_errno("root", NULL);
  for (struct dirent *each; (each = readdir(root));) {
    char path[PATH_MAX];
    if (each->d_type != DT_DIR || each->d_name[0] == '.' || one_of(each->d_name, never)) continue;
    snprintf(path, sizeof path, "/%s", each->d_name);
    if (may_touch(path) && !access(under("/old", path), X_OK) && strcmp(path, "/tmp")) cover_spot(path, 4);
  }
  closedir(root);
  snprintf(runtime, sizeof runtime, "/run/user/%u", spec.uid);
  if (account_writes(runtime)) cover_scratch(runtime);
  cover_scratch("/tmp");
  cover_scratch("/var/tmp");
  struct stat status;
  if (may_touch(home_path) && stat(under("/old", home_path), &status) && errno == ENOENT) return;
  if (cover(home_path)) fail_errno("home", home_path);
}

// ---- what every sandbox has of its own

static void make_proc_harmless(void) {
  // Root's files need no capability to write sysctls or to pull the emergency trigger: all that is no process's is
  // read-only. That also keeps a user namespace inside from mounting a proc without these.
  DIR *folder = opendir("/new/proc");
  if (!folder) fail_errno("proc", NULL);
  for (struct dirent *each; (each = readdir(folder));) {
    char path[PATH_MAX];
    struct stat status;
    if (each->d_name[0] == '.' || (each->d_name[0] >= '0' && each->d_name[0] <= '9')) continue;
    snprintf(path, sizeof path, "/new/proc/%s", each->d_name);
    if (lstat(path, &status) || S_ISLNK(status.st_mode)) continue;
    if (!S_ISDIR(status.st_mode) && !(status.st_mode & 0222)) continue;
    if (show(path, path, false, MS_NOSUID | MS_NODEV | MS_NOEXEC)) fail_errno("proc", path + 4);
  }
  closedir(folder);
}

// Memory that belongs to no process is in nobody's count and survives whoever made it. These settings are the ipc
// namespace's own, so that here, unlike other ones, they are not the host's.
static void bound_shared_memory(void) {
  char pages[32];
  snprintf(pages, sizeof pages, "%llu", spec.size / 4096);
  const struct {
    const char *path, *value;
  } settings[] = {{"/new/proc/sys/kernel/shmall", pages},
                  {"/new/proc/sys/kernel/sem", "250 32000 100 128"},
                  {"/new/proc/sys/kernel/msgmni", "32"}};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    size_t length = strlen(settings[i].value);
    int fd = open(settings[i].path, O_WRONLY | O_CLOEXEC);
    bool failed = fd < 0 || write(fd, settings[i].value, length) != (ssize_t)length;
    // A kernel without System V's has nothing to bound; in a user namespace older ones refuse it, and it is the account's.
    if (failed && errno != ENOENT && spec.sandbox == WHOLE_ROOT) fail_errno("ipc", settings[i].path + 4);
    if (fd >= 0) close(fd);
  }
}

static void mount_proc(void) {
  if (mount("proc", "/new/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
    // A container or a unit that covers parts of /proc: the kernel gives a user namespace no whole one then.
    fail("proc", strerror(errno), spec.sandbox == OWN_ACCOUNT ? "parts-of-the-host's-/proc-are-covered" : NULL);
  bound_shared_memory();
  make_proc_harmless();
}

static void make_node(const char *name, unsigned major_number, unsigned minor_number) {
  char path[64], outside[64];
  snprintf(path, sizeof path, "/new/dev/%s", name);
  if (spec.sandbox == WHOLE_ROOT) {
    if (mknod(path, S_IFCHR | 0666, makedev(major_number, minor_number))) fail_errno("dev", path + 4);
    return;
  }
  int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666); // no mknod in a user namespace
  if (fd < 0) fail_errno("dev", path + 4);
  close(fd);
  snprintf(outside, sizeof outside, "/old/dev/%s", name);
  if (mount(outside, path, NULL, MS_BIND, NULL)) fail_errno("dev", path + 4);
}

// Index 0 of the sandbox's own terminals is allocated and held for good; the agent's lies over its name.
static void show_terminal(void) {
  struct stat agents, inside;
  int unlocked = 0, index = -1;
  int master = open("/new/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) || ioctl(master, TIOCGPTN, &index) || index != 0)
    fail_errno("terminal", "ptmx");
  const char *outside = under("/old", terminal_path);
  if (fstat(0, &agents) || stat(outside, &inside)) fail_errno("terminal", terminal_path);
  if (agents.st_dev != inside.st_dev || agents.st_ino != inside.st_ino || agents.st_rdev != inside.st_rdev)
    fail("terminal", "another-by-that-name", terminal_path);
  if (mount(outside, "/new/dev/pts/0", NULL, MS_BIND, NULL)) fail_errno("terminal", "/dev/pts/0");
}

static void mount_shared_memory(void) {
  struct stat status;
  if (mkdir("/new/dev/shm", 01777)) fail_errno("dev", "/dev/shm");
  const struct mount *mount_there = mount_of("/dev/shm");
  bool usable = mount_there && !mount_there->remote && !mount_there->left && !lstat("/old/dev/shm", &status) &&
                S_ISDIR(status.st_mode);
  if (usable && !overlay("/dev/shm", MS_NOSUID, false)) return;
  if (mkdir("/up/shm", 01777) || mount("/up/shm", "/new/dev/shm", NULL, MS_BIND, NULL)) fail_errno("dev", "/dev/shm");
  if (usable) say("warn", "tmp-replaced", "/dev/shm", (char *)NULL);
}

static void build_dev(void) {
  static const struct {
    const char *name, *target;
  } links[] = {{"ptmx", "pts/ptmx"},
               {"fd", "/proc/self/fd"},
               {"stdin", "/proc/self/fd/0"},
               {"stdout", "/proc/self/fd/1"},
               {"stderr", "/proc/self/fd/2"}};
  unsigned long quiet = MS_NOSUID | MS_NOEXEC;
  if (mount("dev", "/new/dev", "tmpfs", quiet, "mode=0755,size=256k,nr_inodes=256")) fail_errno("dev", NULL);
  make_node("null", 1, 3);
  make_node("zero", 1, 5);
  make_node("full", 1, 7);
  make_node("random", 1, 8);
  make_node("urandom", 1, 9);
  make_node("tty", 5, 0);
  if (mkdir("/new/dev/pts", 0755) || mount("devpts", "/new/dev/pts", "devpts", quiet,
                                           spec.sandbox == OWN_ACCOUNT ? "newinstance,ptmxmode=0666,mode=0620"
                                                                       : "newinstance,ptmxmode=0666,mode=0620,gid=5"))
    fail_errno("dev", "/dev/pts");
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    char path[64];
    snprintf(path, sizeof path, "/new/dev/%s", links[i].name);
    if (symlink(links[i].target, path)) fail_errno("dev", path + 4);
  }
  mount_shared_memory();
  struct stat status;
  if (!lstat("/old/dev/mqueue", &status) && S_ISDIR(status.st_mode) &&
      (mkdir("/new/dev/mqueue", 01777) || mount("mqueue", "/new/dev/mqueue", "mqueue", quiet | MS_NODEV, NULL)))
    warn("bind", "/dev/mqueue");
  if (spec.terminal) show_terminal();
  if (spec.sandbox == OWN_ACCOUNT && chmod("/new/dev", 0555)) fail_errno("dev", NULL); // no root is there to own it
}

// Sockets of the host are refused through an overlay, which is good, but not for who answers `id`.
static void show_name_services(void) {
  static const char *const folders[] = {"/var/lib/sss/pipes", "/run/nscd", "/run/nslcd", "/run/samba/winbindd",
                                        "/run/systemd/userdb", NULL};
  for (const char *const *folder = folders; *folder; folder++) {
    struct stat status;
    const struct mount *mount = mount_of(*folder);
    if (!mount || mount->remote || mount->left || lstat(under("/old", *folder), &status) || !S_ISDIR(status.st_mode))
      continue;
    if (show(under("/old", *folder), under("/new", *folder), false, MS_NOSUID | MS_NODEV | MS_NOEXEC))
      warn("bind", *folder);
  }
}

// The last word before the root is taken: what an rc file writes to the home must vanish.
static void prove_home_is_safe(void) {
  char path[PATH_MAX + 8];
  struct statfs found;
  snprintf(path, sizeof path, "%s", under("/new", home_path));
  while (statfs(path, &found)) {
    if (errno != ENOENT && errno != ENOTDIR) fail_errno("home", home_path);
    *strrchr(path, '/') = 0; // an account without a home: its nearest folder
  }
  if (found.f_type != OVERLAY_MAGIC && !((unsigned long)found.f_flags & MOUNTED_RDONLY)) fail("home", "no-overlay", home_path);
}

static void make_scratch_root(void) {
  char options[128];
  // /proc is there on every host, never on the network, and comes into view again with the next step.
  unsigned long long inodes = spec.size / 2048;
  if (inodes < 16384) inodes = 16384;
  if (inodes > 1 << 20) inodes = 1 << 20;
  snprintf(options, sizeof options, "mode=0755,size=%llu,nr_inodes=%llu", spec.size, inodes);
  if (mount("rcwarden", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, options)) fail_errno("tmpfs", NULL);
  if (chdir("/proc") || mkdir("old", 0755) || mkdir("new", 0755) || mkdir("up", 0700)) fail_errno("tmpfs", NULL);
  if (syscall(SYS_pivot_root, ".", "old") || chdir("/")) fail_errno("pivot-root", NULL);
}

void build_root(void) {
  // First of all: on most hosts / is shared, and what follows would reach everybody.
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail_errno("private", NULL);
  ahead = false;
  read_mounts();
  for (size_t i = 0; i < mount_count; i++) mounts[i].held = is_held(mounts[i].at);
  make_scratch_root();
  if (spec.sandbox == WHOLE_ROOT) overlay_everything();
  else overlay_writable_spots();
  mount_proc();
  build_dev();
  show_name_services();
  prove_home_is_safe();
  // One on top of the other, then the lower one away: neither the host's tree nor the tmpfs keeps a path.
  if (chdir("/new") || syscall(SYS_pivot_root, ".", ".")) fail_errno("pivot-root", "/new");
  if (umount2(".", MNT_DETACH) || chdir("/")) fail_errno("pivot-root", "/old");
}

// ---- placed files

// The content of a file that is there, only where an overlay takes what is written (a mount on the file is read-only).
// It copies the file without its old content; of somebody else's file it cannot in a user namespace.
static int open_to_replace(int folder, const char *name) {
  struct stat status;
  struct statfs found;
  if (fstatfs(folder, &found) || found.f_type != OVERLAY_MAGIC) return -1;
  int fd = openat(folder, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || (!fstat(fd, &status) && S_ISREG(status.st_mode))) return fd;
  close(fd);
  return -1;
}

static int make_place(int folder, const char *name, const struct place *place, bool *kept) {
  switch (place->type | 0x20) {
    case 'd': return mkdirat(folder, name, 0700);
    case 'p': return mkfifoat(folder, name, 0600);
    case 'l': return symlinkat(place->content, folder, name);
    default: break;
  }
  int fd = place->type == 'r' ? open_to_replace(folder, name) : -1;
  *kept = fd >= 0;
  // A startup file can be swapped, a link at its name goes.
  if (fd < 0 && unlinkat(folder, name, 0) && errno != ENOENT) return -1;
  if (fd < 0) fd = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  for (size_t done = 0; done < place->length;) {
    ssize_t wrote = write(fd, place->content + done, place->length - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      int reason = errno;
      close(fd);
      errno = reason;
      return -1;
    }
    done += (size_t)wrote;
  }
  return close(fd);
}

void place_files(void) {
  for (const struct place *place = spec.places; place < spec.places + spec.place_count; place++) {
    char path[PATH_MAX];
    strcpy(path, place->path);
    char *name = strrchr(path, '/');
    *name++ = 0;
    if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) fail("place", "bad-name", place->path);
    int folder = open(*path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool kept = false;
    if (folder < 0 || make_place(folder, name, place, &kept)) fail_errno("place", place->path);
    bool roots = place->type < 'a';
    bool give = spec.sandbox == WHOLE_ROOT && !kept; // in a user namespace there is nobody else to own it
    if (give && fchownat(folder, name, roots ? 0 : spec.uid, roots ? 0 : spec.gid, AT_SYMLINK_NOFOLLOW))
      fail_errno("place", place->path);
    // Nobody else runs in here yet, so the name is still what was just made.
    if (!kept && (place->type | 0x20) != 'l' && fchmodat(folder, name, place->mode, 0)) fail_errno("place", place->path);
    close(folder);
  }
}
