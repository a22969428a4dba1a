// Makes `count` files in a folder (files FOLDER COUNT), or exchanges N/cur and N/link for N below COUNT in a folder for
// ever, after it said so (swap FOLDER COUNT).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int make(int folder, long count) {
  char name[64];
  for (long at = 0; at < count; at++) {
    snprintf(name, sizeof name, "arch_1_%ld.arc", at);
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || close(fd)) return 1;
  }
  return 0;
}

static int swap(int folder, long count) {
  char cur[64], link[64];
  for (int said = 0;; said = 1) {
    for (long at = 0; at < count; at++) {
      snprintf(cur, sizeof cur, "cur%ld", at);
      snprintf(link, sizeof link, "link%ld", at);
      if (renameat2(folder, cur, folder, link, RENAME_EXCHANGE)) return 1;
    }
    if (!said && write(1, "s", 1) != 1) return 1;
  }
}

int main(int count, char **words) {
  if (count != 4) return 1;
  int folder = open(words[2], O_RDONLY | O_DIRECTORY);
  if (folder < 0) return 1;
  return (strcmp(words[1], "swap") ? make : swap)(folder, atol(words[3]));
}
