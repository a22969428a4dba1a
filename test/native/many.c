// Becomes many, by the word it is given, but never more than 2048: what it is to be stopped from must do no harm.
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void *stay(void *nothing) {
  pause();
  return nothing;
}

static int threads(void) {
  pthread_attr_t small;
  pthread_t thread;
  int count = 0;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 1 << 16);
  while (count < 2048 && !pthread_create(&thread, &small, stay, NULL)) count++;
  return count;
}

int main(int count, char **words) {
  const char *word = count > 1 ? words[1] : "";
  if (!strcmp(word, "threads")) return printf("%d\n", threads()) < 0;
  for (int i = 0; i < 11; i++)
    if (fork() == 0 && !strcmp(word, "sessions")) setsid();
  pause();
}
