/* A second ruler, which shares nothing with ollama_replay: one thread that never sleeps streams
 * answers of OpenAI's form on a timetable and keeps when it wrote them.
 *
 *     second_ruler TRUTH FIRST_CHUNK_US GAP_US TOKENS
 *
 * Prints its port. On SIGTERM it writes TRUTH, one JSON object an answer: request_id, received_ns
 * (the kernel's stamp of the request's last bytes), intended_ns, written_ns, done_written_ns; all
 * of CLOCK_MONOTONIC. It understands what our adapter sends and nothing more.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CONNECTIONS 4096
#define MOST_REQUEST 65536
#define MOST_EVENTS 256
#define NS_PER_S 1000000000LL

typedef long long ns_t;

typedef struct Answer {
  char id[160];
  ns_t received, done_written;
  ns_t *intended, *written;
  int is_whole;
  struct Answer *next;
} Answer;

typedef struct {
  char in[MOST_REQUEST];
  size_t got;
  ns_t arrived, due;
  int sent; /* tokens of the answer under way */
  Answer *answer;
} Connection;

static Connection *connections[MOST_CONNECTIONS];
static Answer *answers, **last = &answers;
static ns_t first_chunk, gap;
static int tokens;
static volatile sig_atomic_t must_end;

static const char HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char TOKEN[] =
    "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
    "{\"content\":\"token \"},\"finish_reason\":null}]}\n\n";
static const char MODELS[] = "{\"object\":\"list\",\"data\":[{\"id\":\"replay:latest\"}]}";

static void end(int number) { (void)number; must_end = 1; }

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static ns_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void send_whole(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t done = send(fd, data, size, MSG_NOSIGNAL);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (done < 0) return; /* the client left: its answer stays without an end */
    data += done;
    size -= (size_t)done;
  }
}

static size_t chunked(char *out, const char *body, size_t size) {
  int head = sprintf(out, "%zx\r\n", size);
  memcpy(out + head, body, size);
  memcpy(out + head + size, "\r\n", 2);
  return (size_t)head + size + 2;
}

static void answer_json(int fd, const char *status, const char *body) {
  char out[1024];
  int size = snprintf(out, sizeof out,
                      "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                      status, strlen(body), body);
  send_whole(fd, out, (size_t)size);
}

static void begin(int fd, Connection *c) {
  Answer *a = calloc(1, sizeof *a);
  const char *id = strcasestr(c->in, "\r\nx-request-id:");
  if (id) sscanf(id + 15, " %150[^\r ]", a->id);
  a->received = c->arrived;
  a->intended = calloc((size_t)tokens, sizeof(ns_t));
  a->written = calloc((size_t)tokens, sizeof(ns_t));
  *last = a;
  last = &a->next;
  c->answer = a;
  c->sent = 0;
  c->due = a->received + first_chunk;
  send_whole(fd, HEAD, sizeof HEAD - 1);
}

static void take(int fd, Connection *c) {
  char *body = strstr(c->in, "\r\n\r\n");
  if (!body) return;
  const char *length = strcasestr(c->in, "\r\ncontent-length:");
  size_t size = length && length < body ? strtoul(length + 17, NULL, 10) : 0;
  if (c->got < (size_t)(body + 4 - c->in) + size) return;
  if (!strncmp(c->in, "POST ", 5)) begin(fd, c);
  else if (!strncmp(c->in, "GET /v1/models", 14)) answer_json(fd, "200 OK", MODELS);
  else answer_json(fd, "404 Not Found", "{\"error\":\"no such path\"}");
  c->got = 0;
  c->in[0] = 0;
}

/* Returns 0 once the other side has closed. */
static int receive(int fd, Connection *c, ns_t offset) {
  for (;;) {
    char control[128];
    struct iovec io = {c->in + c->got, MOST_REQUEST - 1 - c->got};
    struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return 0;
    c->arrived = clock_ns(CLOCK_MONOTONIC);
    for (struct cmsghdr *m = CMSG_FIRSTHDR(&message); m; m = CMSG_NXTHDR(&message, m))
      if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SO_TIMESTAMPNS) {
        struct timespec at;
        memcpy(&at, CMSG_DATA(m), sizeof at);
        c->arrived = at.tv_sec * NS_PER_S + at.tv_nsec - offset;
      }
    c->got += (size_t)size;
    c->in[c->got] = 0;
    take(fd, c);
  }
}

static void write_due(int fd, Connection *c) {
  char out[1024];
  Answer *a = c->answer;
  size_t size = chunked(out, TOKEN, sizeof TOKEN - 1);
  a->intended[c->sent] = c->due;
  a->written[c->sent] = clock_ns(CLOCK_MONOTONIC);
  send_whole(fd, out, size);
  c->due += gap;
  if (++c->sent < tokens) return;
  char body[512];
  int end_size = sprintf(body,
                         "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
                         "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":%d}}\n\n"
                         "data: [DONE]\n\n",
                         tokens);
  size = chunked(out, body, (size_t)end_size);
  memcpy(out + size, "0\r\n\r\n", 5);
  a->done_written = clock_ns(CLOCK_MONOTONIC);
  send_whole(fd, out, size + 5);
  a->is_whole = 1;
  c->answer = NULL;
}

static void write_numbers(FILE *file, const char *name, const ns_t *numbers) {
  fprintf(file, "\"%s\":[", name);
  for (int i = 0; i < tokens; i++) fprintf(file, i ? ",%lld" : "%lld", numbers[i]);
  fprintf(file, "],");
}

static void write_truth(const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) fail(path);
  for (Answer *a = answers; a; a = a->next) {
    if (!a->is_whole) continue;
    fprintf(file, "{\"request_id\":\"%s\",\"received_ns\":%lld,", a->id, a->received);
    write_numbers(file, "intended_ns", a->intended);
    write_numbers(file, "written_ns", a->written);
    fprintf(file, "\"done_written_ns\":%lld}\n", a->done_written);
  }
  if (fclose(file)) fail(path);
}

static int listener(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, MOST_CONNECTIONS) ||
      getsockname(fd, (struct sockaddr *)&address, &size))
    fail("listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int count, char **given) {
  if (count != 5) {
    fprintf(stderr, "usage: second_ruler TRUTH FIRST_CHUNK_US GAP_US TOKENS\n");
    return 2;
  }
  first_chunk = atoll(given[2]) * 1000;
  gap = atoll(given[3]) * 1000;
  tokens = atoi(given[4]);
  signal(SIGTERM, end);
  int server = listener(), poll = epoll_create1(0), one = 1, top = server;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, events[MOST_EVENTS];
  epoll_ctl(poll, EPOLL_CTL_ADD, server, &event);
  while (!must_end) {
    ns_t offset = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    int ready = epoll_wait(poll, events, MOST_EVENTS, 0);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == server) {
        while ((fd = accept4(server, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          if (fd >= MOST_CONNECTIONS) fail("too many connections");
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
          connections[fd] = calloc(1, sizeof(Connection));
          event.data.fd = fd;
          epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
          top = fd > top ? fd : top;
        }
      } else if (!receive(fd, connections[fd], offset)) {
        close(fd);
        free(connections[fd]);
        connections[fd] = NULL;
      }
    }
    for (int fd = server + 1; fd <= top; fd++)
      if (connections[fd] && connections[fd]->answer &&
          clock_ns(CLOCK_MONOTONIC) >= connections[fd]->due)
        write_due(fd, connections[fd]);
  }
  write_truth(given[1]);
  return 0;
}
