/* A model server that costs almost nothing, so that what is measured is the gateway before it.
 *
 *     upstream PORT
 *
 * The first part of the path says how it behaves; `"stream":true` in the body asks for events:
 *   /instant  the answer at once, or 64 tokens at once
 *   /slow     the answer after 50 ms, or the first token after 50 ms and one more every 10 ms, 64 in all
 *   /burst    2,000 tokens as fast as they are taken
 *   /idle     one token, and then nothing: the stream stays open
 * A token of /slow carries the time at which it was sent, in nanoseconds of CLOCK_MONOTONIC, as `t<number> `.
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

enum { MOST = 16384, FIRST_MS = 50, STEP_MS = 10 };

typedef struct {
    int fd, streams, left, timed, idle, want_write;
    int64_t due; /* 0: nothing is planned */
    char *in, *out;
    size_t in_len, in_cap, out_len, out_off, out_cap;
} Conn;

static Conn *conns[MOST];
static int planned[MOST], planned_count, epoll_fd;

static const char ANSWER[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"bench\",\"choices\":"
    "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Ships carry a mark on their side that shows how "
    "deep they may lie in the water when they are loaded. It is older than most rules of trade, and it is still painted "
    "by hand in many yards. When the mark is under water, the ship must not leave the port, whatever its owner says."
    "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":210,"
    "\"completion_tokens\":60,\"total_tokens\":270,\"prompt_tokens_details\":{\"cached_tokens\":0},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"system_fingerprint\":\"fp_bench\"}";
#define CHUNK_HEAD \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"bench\"," \
    "\"system_fingerprint\":\"fp_bench\",\"choices\":"
static const char LAST[] = CHUNK_HEAD
    "[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
static const char USAGE[] = CHUNK_HEAD
    "[],\"usage\":{\"prompt_tokens\":210,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n";

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put(Conn *c, const char *data, size_t length) {
    if (c->out_len + length > c->out_cap) {
        c->out_cap = (c->out_len + length) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, data, length);
    c->out_len += length;
}

static void put_chunk(Conn *c, const char *data, size_t length) {
    char head[16];
    put(c, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", length));
    put(c, data, length);
    put(c, "\r\n", 2);
}

static void put_token(Conn *c) {
    char text[512], word[32];
    if (c->timed)
        snprintf(word, sizeof word, "t%lld ", (long long)now_ns());
    else
        strcpy(word, "mark ");
    int length = snprintf(text, sizeof text,
                          CHUNK_HEAD "[{\"index\":0,\"delta\":{%s\"content\":\"%s\"},\"logprobs\":null,"
                                     "\"finish_reason\":null}],\"usage\":null}\n\n",
                          c->left == c->streams ? "\"role\":\"assistant\"," : "", word);
    put_chunk(c, text, (size_t)length);
    c->left--;
}

static void put_end(Conn *c) {
    char text[512];
    put_chunk(c, LAST, sizeof LAST - 1);
    put_chunk(c, text, (size_t)snprintf(text, sizeof text, USAGE, c->streams, 210 + c->streams));
    put_chunk(c, "data: [DONE]\n\n", 14);
    put(c, "0\r\n\r\n", 5);
    c->streams = 0;
}

static void watch(Conn *c, int write) {
    struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.fd = c->fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
    c->want_write = write;
}

static int flush(Conn *c) {
    while (c->out_off < c->out_len) {
        ssize_t n = write(c->fd, c->out + c->out_off, c->out_len - c->out_off);
        if (n < 0 && errno == EAGAIN) {
            if (!c->want_write) watch(c, 1);
            return 0;
        }
        if (n <= 0) return -1;
        c->out_off += (size_t)n;
    }
    c->out_off = c->out_len = 0;
    if (c->want_write) watch(c, 0);
    return 0;
}

static void plan(Conn *c, int64_t due) {
    if (c->due == 0) planned[planned_count++] = c->fd;
    c->due = due;
}

static void unplan(Conn *c) {
    for (int i = 0; c->due && i < planned_count; i++)
        if (planned[i] == c->fd) {
            planned[i] = planned[--planned_count];
            break;
        }
    c->due = 0;
}

static void drop(Conn *c) {
    unplan(c);
    conns[c->fd] = NULL;
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void answer(Conn *c) {
    char head[160];
    put(c, head,
        (size_t)snprintf(head, sizeof head,
                         "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n"
                         "x-request-id: req_bench\r\n\r\n",
                         sizeof ANSWER - 1));
    put(c, ANSWER, sizeof ANSWER - 1);
}

static void begin_stream(Conn *c) {
    static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                               "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    put(c, head, sizeof head - 1);
}

/* What is planned for a connection happens now. */
static void act(Conn *c) {
    if (c->streams == 0) {
        unplan(c);
        answer(c);
        return;
    }
    if (c->left == c->streams) begin_stream(c);
    put_token(c);
    if (c->left > 0) {
        c->due += (int64_t)STEP_MS * 1000000;
        return;
    }
    unplan(c);
    put_end(c);
}

static void begin(Conn *c, const char *path, int stream) {
    int slow = !strncmp(path, "/slow", 5), burst = !strncmp(path, "/burst", 6);
    c->streams = stream ? (burst ? 2000 : 64) : 0;
    c->left = c->streams;
    c->timed = slow;
    if (slow) {
        plan(c, now_ns() + (int64_t)FIRST_MS * 1000000);
    } else if (!stream) {
        answer(c);
    } else {
        begin_stream(c);
        if (!strncmp(path, "/idle", 5)) {
            put_token(c);
            c->idle = 1;
            return;
        }
        while (c->left > 0) put_token(c);
        put_end(c);
    }
}

/* Take whole requests from what has arrived. */
static void take(Conn *c) {
    while (!c->due && !c->idle && c->in_len > 0) {
        c->in[c->in_len] = 0;
        char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
        if (!end) return;
        size_t head = (size_t)(end - c->in) + 4, body = 0;
        *end = 0;
        char *found = strcasestr(c->in, "\r\ncontent-length:");
        char *chunked = strcasestr(c->in, "\r\ntransfer-encoding: chunked");
        if (found) body = strtoul(found + 17, NULL, 10);
        *end = '\r';
        if (chunked) {
            char *last = memmem(c->in + head, c->in_len - head, "0\r\n\r\n", 5);
            if (!last) return;
            body = (size_t)(last + 5 - c->in) - head;
        }
        if (c->in_len < head + body) return;
        int stream = memmem(c->in + head, body, "\"stream\":true", 13) != NULL ||
                     memmem(c->in + head, body, "\"stream\": true", 14) != NULL;
        char path[16] = {0};
        char *space = memchr(c->in, ' ', head);
        if (space) memcpy(path, space + 1, sizeof path - 1);
        memmove(c->in, c->in + head + body, c->in_len - head - body);
        c->in_len -= head + body;
        begin(c, path, stream);
    }
}

static void accept_all(int listener) {
    for (;;) {
        int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) return;
        if (fd >= MOST) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Conn *c = calloc(1, sizeof *c);
        c->fd = fd;
        c->in_cap = 8192;
        c->in = malloc(c->in_cap + 1);
        conns[fd] = c;
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

static int receive(Conn *c) {
    if (c->in_len == c->in_cap) {
        c->in_cap *= 4;
        c->in = realloc(c->in, c->in_cap + 1);
    }
    ssize_t n = read(c->fd, c->in + c->in_len, c->in_cap - c->in_len);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return -1;
    if (n > 0) c->in_len += (size_t)n;
    take(c);
    return flush(c);
}

static void serve(int listener) {
    struct epoll_event events[256];
    for (;;) {
        int64_t next = INT64_MAX;
        for (int i = 0; i < planned_count; i++)
            if (conns[planned[i]]->due < next) next = conns[planned[i]]->due;
        int64_t wait = next == INT64_MAX ? -1 : next - now_ns();
        struct timespec t = {wait > 0 ? wait / 1000000000 : 0, wait > 0 ? wait % 1000000000 : 0};
        int n = epoll_pwait2(epoll_fd, events, 256, next == INT64_MAX ? NULL : &t, NULL);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) {
                accept_all(listener);
                continue;
            }
            Conn *c = conns[events[i].data.fd];
            if (!c) continue;
            if ((events[i].events & EPOLLOUT && flush(c) < 0) ||
                (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && receive(c) < 0))
                drop(c);
        }
        int64_t now = now_ns();
        for (int i = planned_count - 1; i >= 0; i--) {
            Conn *c = conns[planned[i]];
            while (c->due && c->due <= now) act(c);
            if (!c->due) take(c);
            if (flush(c) < 0) drop(c);
        }
    }
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (count != 2) return 2;
    signal(SIGPIPE, SIG_IGN);
    address.sin_port = htons((uint16_t)atoi(words[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("upstream");
        return 1;
    }
    epoll_fd = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
    serve(listener);
}
