/* The entry point: registers every domain on the connection that loads the extension. Opening writes nothing. */
#ifdef SQLITE_CORE
#include "sqlite3.h"
#else
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <stdatomic.h>
#endif

#if defined(_WIN32) && !defined(SQLITE_CORE)
#define ATHLETE_EXPORT __declspec(dllexport)
#elif !defined(_WIN32)
#define ATHLETE_EXPORT __attribute__((visibility("default")))
#endif

#include <stdbool.h>
#include "athlete.h"
#include "base/functions/base_sql.h"
#include "charts/charts_sql.h"
#include "cluster/cluster_sql.h"
#include "drift/drift_sql.h"
#include "rolling/rolling_sql.h"
#include "store/store_sql.h"
#include "streams/streams_sql.h"
#include "training/training_sql.h"
#include "trees/trees_sql.h"
#include "validation/validation_sql.h"

const athlete_domain *const athlete_domains[ATHLETE_DOMAINS + 1] = {
    &athlete_base,
    &athlete_training,
    &athlete_streams,
    &athlete_rolling,
    &athlete_store,
    &athlete_validation,
    &athlete_drift,
    &athlete_cluster,
    &athlete_trees,
    &athlete_charts,
    NULL,
};

/* A routine of the SQLite that asks for athlete, which need not be the one that sqlite3_api stands for. */
#ifdef SQLITE_CORE
#define ROUTINE(api, name) sqlite3_##name
#else
#define ROUTINE(api, name) (api)->name
#endif

/* There is one sqlite3_api, and a process may hold two SQLite libraries, an app's own and the system's. The first that
** loads this copy of athlete has it until nobody has it loaded any more; what one allocates the other must not free. */
static bool take_routines(const sqlite3_api_routines *api) {
#ifdef SQLITE_CORE
    (void)api;
    return true;
#else
    const sqlite3_api_routines *taken = NULL;
    return atomic_compare_exchange_strong((const sqlite3_api_routines *_Atomic *)&sqlite3_api, &taken, api) ||
           taken == api;
#endif
}

int sqlite3_athlete_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
#ifndef SQLITE_CORE
    if (!api) return SQLITE_ERROR; /* called as if it were linked in, where a loaded one has the name */
#endif
    (void)api;
    if (ROUTINE(api, libversion_number)() < ATHLETE_SQLITE_MINIMUM) {
        *message = ROUTINE(api, mprintf)("athlete needs SQLite %s or newer, this is %s",
                                         ATHLETE_SQLITE_MINIMUM_TEXT, ROUTINE(api, libversion)());
        return SQLITE_ERROR;
    }
    if (!take_routines(api)) {
        *message = ROUTINE(api, mprintf)("athlete is in use by another SQLite library of this process; "
                                         "for this one load a copy of its file under another name");
        return SQLITE_ERROR;
    }
    athlete_fault fault = {""};
    int rc = SQLITE_OK;
    for (int i = 0; athlete_domains[i] && rc == SQLITE_OK; i++)
        rc = domain_register(db, athlete_domains[i], &fault);
    if (*fault.text && message) *message = sqlite3_mprintf("%s", fault.text);
    return rc;
}
