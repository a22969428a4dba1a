// Maps a file, closes it, says so, and keeps it mapped until stdin ends.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words) {
  int fd = count == 2 ? open(words[1], O_RDONLY) : -1;
  if (fd < 0 || mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED || close(fd)) return 1;
  char byte;
  return write(1, "m", 1) != 1 || read(0, &byte, 1) != 0;
}
