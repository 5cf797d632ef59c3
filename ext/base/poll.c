#include "base/poll.h"

#include "base/own_statement.h"
#include "base/sqlite.h"

/* A progress handler is called after a number of instructions that the host has set, 1000 in Datasette; the statement
** is some five of them. Stepped once in a poll, it would be heard after 200 polls, more than a tenth of a second. */
#define STEPS 8

void poll_begin(athlete_poll *poll, void *db) {
    *poll = (athlete_poll){.left = ATHLETE_POLL_UNITS, .db = db};
}

/* Who was told to stop hears it at every later poll too, however little was done since: what it goes on with may be half done. */
static bool poll_stop(athlete_poll *poll) {
    poll->left = 0;
    return poll->stopped = true;
}

bool poll_now(athlete_poll *poll) {
    if (poll->stopped) return poll_stop(poll);
    poll->left = ATHLETE_POLL_UNITS;
    if (!poll->db) return false;
    int rc = SQLITE_OK;
    if (!poll->statement) {
        rc = own_prepare(poll->db, "SELECT 1", &poll->statement, NULL);
    }
    for (int i = 0; i < STEPS && rc == SQLITE_OK; i++) {
        rc = sqlite3_step(poll->statement);
        if (rc == SQLITE_ROW) rc = sqlite3_reset(poll->statement);
    }
    return rc != SQLITE_OK && poll_stop(poll);
}

void poll_end(athlete_poll *poll) {
    own_finalize(poll->db, &poll->statement);
}
