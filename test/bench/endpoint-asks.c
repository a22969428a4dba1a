/*
 * Asks one path over a Unix socket, as often as it can: CONNECTIONS at once, each kept and used again, one request at a time.
 * The same for whatever listens. Says on one line: answers, seconds, the 99th percentile of the time to an answer's last
 * byte in microseconds, bytes of the last body. Ends with 1 and says why where an answer is not 200 or not whole.
 *
 *   endpoint-asks SOCKET PATH CONNECTIONS SECONDS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { most_connections = 64, most_answer = 1 << 20, most_times = 1 << 23 };

struct connection {
  int fd;
  size_t got;
  int64_t asked_ns;
  char *answer;
};

static struct connection connections[most_connections];
static uint32_t *times;
static size_t answers;
static long body_bytes;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char request[512];
static int poll_fd;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void ask(struct connection *at) {
  at->got = 0;
  at->asked_ns = now_ns();
  if (write(at->fd, request, strlen(request)) != (ssize_t)strlen(request)) fail("write");
}

static void join(struct connection *at) {
  at->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (at->fd < 0 || connect(at->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = at};
  if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, at->fd, &event) != 0) fail("epoll_ctl");
}

/* The bytes of a whole answer; 0 while its head is not there. */
static size_t whole(struct connection *at, int *closes) {
  at->answer[at->got] = 0;
  const char *end = strstr(at->answer, "\r\n\r\n");
  if (end == NULL) return 0;
  if (strncmp(at->answer, "HTTP/1.1 200 ", 13) != 0) {
    fprintf(stderr, "expected 200, found %.100s\n", at->answer);
    exit(1);
  }
  const char *length = strcasestr(at->answer, "\r\ncontent-length: ");
  if (length == NULL || length > end) fail("no Content-Length");
  const char *bye = strcasestr(at->answer, "\r\nconnection: close");
  *closes = bye != NULL && bye < end;
  body_bytes = strtol(length + 18, NULL, 10);
  return (size_t)(end - at->answer) + 4 + (size_t)body_bytes;
}

static void take(struct connection *at) {
  ssize_t bytes = read(at->fd, at->answer + at->got, most_answer - at->got);
  if (bytes <= 0) fail("read");
  at->got += (size_t)bytes;
  int closes = 0;
  size_t wanted = whole(at, &closes);
  if (wanted == 0 || at->got < wanted) return;
  if (answers < most_times) times[answers] = (uint32_t)((now_ns() - at->asked_ns) / 1000);
  answers++;
  if (closes) {
    close(at->fd);
    join(at);
  }
  ask(at);
}

static int ascending(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

int main(int count, char **words) {
  if (count != 5 || strlen(words[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, words[1]);
  snprintf(request, sizeof request, "GET %.400s HTTP/1.1\r\nHost: localhost\r\n\r\n", words[2]);
  int at_once = atoi(words[3]);
  if (at_once < 1 || at_once > most_connections) return 2;
  times = malloc(sizeof *times * most_times);
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (times == NULL || poll_fd < 0) fail("start");
  for (int at = 0; at < at_once; at++) {
    connections[at].answer = malloc(most_answer + 1);
    if (connections[at].answer == NULL) fail("malloc");
    join(&connections[at]);
    ask(&connections[at]);
  }
  int64_t started = now_ns(), until = started + (int64_t)(atof(words[4]) * 1e9);
  while (now_ns() < until) {
    struct epoll_event ready[most_connections];
    int found = epoll_wait(poll_fd, ready, most_connections, 1000);
    if (found < 0 && errno != EINTR) fail("epoll_wait");
    for (int at = 0; at < found; at++) take(ready[at].data.ptr);
  }
  double seconds = (double)(now_ns() - started) / 1e9;
  size_t kept = answers < most_times ? answers : most_times;
  if (kept == 0) return 1;
  qsort(times, kept, sizeof *times, ascending);
  printf("%zu %.3f %u %ld\n", answers, seconds, times[kept * 99 / 100], body_bytes);
  return 0;
}
