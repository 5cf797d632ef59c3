#include "base/poll.h"

#include "base/own_statement.h"
#include "base/sqlite.h"

/* A progress handler is called after a number of instructions that the host has set, 1000 in Datasette; the statement
** is some five of them. Stepped once in a poll, it would be heard after 200 polls, more than a tenth of a second. */
#define STEPS 8

void poll_begin(athlete_poll *poll, void *db) {
    *poll = (athlete_poll){.left = ATHLETE_POLL_UNITS, .db = db};
}

bool poll_now(athlete_poll *poll) {
    poll->left = ATHLETE_POLL_UNITS;
    if (poll->stopped) return true;
    if (!poll->db) return false;
    int rc = SQLITE_OK;
    if (!poll->statement) {
        rc = own_prepare(poll->db, "SELECT 1", &poll->statement, NULL);
    }
    for (int i = 0; i < STEPS && rc == SQLITE_OK; i++) {
        rc = sqlite3_step(poll->statement);
        if (rc == SQLITE_ROW) rc = sqlite3_reset(poll->statement);
    }
    if (rc != SQLITE_OK) poll->stopped = true;
    return poll->stopped;
}

void poll_end(athlete_poll *poll) {
    own_finalize(poll->db, &poll->statement);
}
