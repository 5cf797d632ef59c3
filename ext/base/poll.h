/* How a long computation stays interruptible.
**
** SQLite calls a host's progress handler, and looks at sqlite3_interrupt(), only while it runs a statement; a C
** loop in between is deaf to both. So a kernel reports its work here in units of roughly a nanosecond, and
** about four times a millisecond a no-op statement is stepped, whose failure means "stop". */
#ifndef ATHLETE_BASE_POLL_H
#define ATHLETE_BASE_POLL_H

#include <stdbool.h>
#include <stddef.h>

#define ATHLETE_POLL_UNITS 250000

typedef struct athlete_poll {
    size_t left;                    /* units until the statement is stepped again */
    bool stopped;                   /* a poll failed; it stays failed */
    void *db;                       /* sqlite3*, or NULL for a poll that never stops */
    struct sqlite3_stmt *statement; /* prepared by the first poll */
} athlete_poll;

void poll_begin(athlete_poll *poll, void *db);
bool poll_now(athlete_poll *poll);
void poll_end(athlete_poll *poll);

/* The polls that a long stretch of work has missed, as many as a handler needs that is called after a thousand instructions. */
static inline bool poll_late(athlete_poll *poll, size_t units) {
    size_t missed = units / ATHLETE_POLL_UNITS;
    for (size_t i = 0; i < missed && i < 32; i++) {
        if (poll_now(poll)) return true;
    }
    return poll_now(poll);
}

/* True when the caller must give up. `units` is the work done since the last call, about a nanosecond each. */
static inline bool poll_due(athlete_poll *poll, size_t units) {
    if (poll->left > units) {
        poll->left -= units;
        return false;
    }
    return poll_late(poll, units);
}

#endif
