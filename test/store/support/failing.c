/*
 * Preloaded: input/output on the state's files fails as the file $RCWARDEN_FAIL says, with the name of a call (fdatasync
 * stands for fsync, too) and an errno; where there is no such file, nothing fails. A failed sync has written its data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(const char *call, int descriptor) {
  char link[64], path[4096], wanted[32];
  int number = 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, "/state.db") == NULL) return 0;
  const char *name = getenv("RCWARDEN_FAIL");
  FILE *file = name == NULL ? NULL : fopen(name, "re");
  if (file == NULL) return 0;
  int found = fscanf(file, "%31s %d", wanted, &number);
  fclose(file);
  if (found != 2 || strcmp(wanted, call) != 0) return 0;
  errno = number;
  return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

int fdatasync(int descriptor) {
  if (fails("fdatasync", descriptor)) return -1;
  return REAL("fdatasync", int (*)(int))(descriptor);
}

int fsync(int descriptor) {
  if (fails("fdatasync", descriptor)) return -1;
  return REAL("fsync", int (*)(int))(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t at) {
  if (fails("pwrite", descriptor)) return -1;
  return REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off64_t))(descriptor, bytes, count, at);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t at) {
  return pwrite64(descriptor, bytes, count, at);
}
