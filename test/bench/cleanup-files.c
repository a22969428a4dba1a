// Makes COUNT empty files in FOLDER, or in FOLDERS folders below it: half of them old archives, a quarter young ones, a
// quarter of another name.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count != 4 || chdir(words[1])) return 1;
  long files = atol(words[2]), folders = atol(words[3]);
  time_t now = time(NULL), day = 86400;
  for (long at = 0; at < files; at++) {
    char name[64], folder[32] = ".";
    if (folders > 1) snprintf(folder, sizeof folder, "d%ld", at % folders);
    if (folders > 1 && at < folders && mkdir(folder, 0700)) return 1;
    long kind = at / folders % 4;
    snprintf(name, sizeof name, "%s/%s_1_%ld.arc", folder, kind == 3 ? "keep" : "arch", at);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    struct timespec when = {.tv_sec = kind == 2 ? now + 8 * day : now - 10 * day};
    if (fd < 0 || futimens(fd, (struct timespec[]){when, when}) || close(fd)) return 1;
  }
  return 0;
}
