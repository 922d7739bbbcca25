/* Callers of a gateway: closed loops over kept connections, measured from the first byte sent.
 *
 *     load REQUEST_FILE PORT CONNECTIONS SECONDS [STREAMS]
 *
 * REQUEST_FILE holds the whole request as it goes over the wire. Each connection sends it, waits for the end of the
 * answer, and sends it again, for SECONDS; or STREAMS times when that is given. With STREAMS -1, each connection sends
 * it once, waits for the first token and stays open for SECONDS. Prints one JSON object: requests, errors (an answer
 * that is not 200, or a broken connection), seconds, latencies in ms, tokens (events with text; see `look`), the
 * time to the first token, and for tokens that carry their time (`t<ns> `) how long they were on the way.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16384, PIECE = 262144, KEPT = 48 };

typedef struct {
    int fd, done, ok, in_body, tokens;
    int64_t began, first;
    long long length; /* of the body; -1: chunked */
    size_t sent, body, kept;
    char head[8192], tail[KEPT];
    size_t head_len;
} Conn;

typedef struct {
    double *values;
    size_t count, cap;
} Series;

static Conn *conns[MOST];
static Series latencies, firsts, transits;
static char *request;
static size_t request_len;
static int epoll_fd, port, streams, open_count;
static long requests, errors, tokens;
static int64_t stop_at;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(Series *s, double value) {
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4096;
        s->values = realloc(s->values, s->cap * sizeof *s->values);
    }
    s->values[s->count++] = value;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void show(const char *name, Series *s) {
    if (!s->count) {
        printf("\"%s\":null,", name);
        return;
    }
    qsort(s->values, s->count, sizeof *s->values, compare);
    printf("\"%s\":{\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"most\":%.4f},", name, s->values[s->count / 2],
           s->values[s->count * 9 / 10], s->values[s->count * 99 / 100], s->values[s->count - 1]);
}

static int dial(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((uint16_t)port);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        if (fd >= 0) close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* A request fits into the socket's buffer, so one write is enough. */
static void ask(Conn *c) {
    c->sent = c->body = c->head_len = c->kept = 0;
    c->in_body = c->ok = c->tokens = 0;
    c->first = 0;
    c->began = now_ns();
    if (write(c->fd, request, request_len) != (ssize_t)request_len) c->ok = 0;
}

static int start(Conn *c) {
    c->fd = dial();
    if (c->fd < 0 || c->fd >= MOST) return -1;
    conns[c->fd] = c;
    struct epoll_event e = {.events = EPOLLIN, .data.fd = c->fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &e);
    ask(c);
    return 0;
}

static void end(Conn *c) {
    close(c->fd);
    conns[c->fd] = NULL;
    open_count--;
}

static void saw(Conn *c, int64_t now) {
    c->tokens++;
    tokens++;
    if (c->first) return;
    c->first = now;
    add(&firsts, (double)(now - c->began) / 1e6);
}

/* Count tokens: the times that they carry, of which a gateway may put several into one event, or else events with text.
 * What begins in the last KEPT bytes is looked at with the next piece. */
static void look(Conn *c, const char *data, size_t length, int64_t now) {
    static char text[KEPT + PIECE + 1];
    memcpy(text, c->tail, c->kept);
    memcpy(text + c->kept, data, length);
    size_t all = c->kept + length, end = all > KEPT ? all - KEPT : 0;
    text[all] = 0;
    for (char *found = text; (found = memchr(found, 't', (size_t)(text + end - found))) != NULL; found++) {
        if (found[1] >= '0' && found[1] <= '9') {
            char *after;
            int64_t sent = strtoll(found + 1, &after, 10);
            if (after - found > 12 && *after == ' ') {
                saw(c, now);
                add(&transits, (double)(now - sent) / 1e6);
            }
        } else if (found - text >= 7 && !memcmp(found - 7, "\"content\":\"", 11) && found[4] != 't') {
            saw(c, now);
        }
    }
    c->kept = all - end;
    memcpy(c->tail, text + end, c->kept);
}

/* Returns 1 when the answer is complete. */
static int body(Conn *c, const char *data, size_t length, int64_t now) {
    c->body += length;
    if (streams) look(c, data, length, now);
    if (c->length >= 0) return c->body >= (size_t)c->length;
    if (!streams) look(c, data, length, now);
    return c->kept >= 5 && !memcmp(c->tail + c->kept - 5, "0\r\n\r\n", 5);
}

static int receive(Conn *c, const char *data, size_t length, int64_t now) {
    if (c->in_body) return body(c, data, length, now);
    size_t room = sizeof c->head - 1 - c->head_len, taken = length < room ? length : room, before = c->head_len;
    memcpy(c->head + c->head_len, data, taken);
    c->head_len += taken;
    c->head[c->head_len] = 0;
    char *close_of = strstr(c->head, "\r\n\r\n");
    if (!close_of) return 0;
    size_t head = (size_t)(close_of - c->head) + 4;
    close_of[2] = 0;
    char *found = strcasestr(c->head, "\r\ncontent-length:");
    c->length = found ? atoll(found + 17) : -1;
    c->ok = !strncmp(c->head, "HTTP/1.1 200", 12);
    c->in_body = 1;
    return body(c, data + (head - before), length - (head - before), now);
}

static void complete(Conn *c, int64_t now) {
    requests++;
    if (!c->ok) errors++;
    add(&latencies, (double)(now - c->began) / 1e6);
    c->done++;
    if (streams > 0 ? c->done >= streams : now >= stop_at)
        end(c);
    else
        ask(c);
}

static void broken(Conn *c) {
    int fd = c->fd;
    errors++;
    requests++;
    c->done++;
    close(fd);
    conns[fd] = NULL;
    if (now_ns() >= stop_at || (streams > 0 && c->done >= streams) || start(c) < 0) open_count--;
}

static int run(int64_t hard_stop) {
    static char data[PIECE];
    struct epoll_event events[256];
    while (open_count > 0) {
        int64_t now = now_ns();
        if (now >= hard_stop || (streams < 0 && now >= stop_at)) break;
        int n = epoll_wait(epoll_fd, events, 256, 100);
        for (int i = 0; i < n; i++) {
            Conn *c = conns[events[i].data.fd];
            if (!c) continue;
            ssize_t got = read(c->fd, data, sizeof data);
            if (got <= 0)
                broken(c);
            else if (receive(c, data, (size_t)got, now = now_ns()))
                complete(c, now);
        }
    }
    return open_count;
}

int main(int count, char **words) {
    if (count < 5) return 2;
    signal(SIGPIPE, SIG_IGN);
    FILE *file = fopen(words[1], "rb");
    if (!file) return 2;
    request = malloc(1 << 20);
    request_len = fread(request, 1, 1 << 20, file);
    fclose(file);
    port = atoi(words[2]);
    int wanted = atoi(words[3]);
    double seconds = atof(words[4]);
    streams = count > 5 ? atoi(words[5]) : 0;
    epoll_fd = epoll_create1(0);
    int64_t began = now_ns();
    stop_at = began + (int64_t)(seconds * 1e9);
    for (int i = 0; i < wanted; i++) {
        Conn *c = calloc(1, sizeof *c);
        open_count++;
        if (start(c) < 0) {
            open_count--;
            errors++;
        }
    }
    int unfinished = run(stop_at + (int64_t)60e9);
    double lasted = (double)(now_ns() - began) / 1e9;
    printf("{");
    show("latency_ms", &latencies);
    show("first_token_ms", &firsts);
    show("transit_ms", &transits);
    printf("\"requests\":%ld,\"errors\":%ld,\"tokens\":%ld,\"open\":%d,\"seconds\":%.3f}\n", requests, errors, tokens,
           unfinished, lasted);
}
