/* The entry point: registers every domain on the connection that loads the extension. Opening writes nothing. */
#ifdef SQLITE_CORE
#include "sqlite3.h"
#define SQLITE_EXTENSION_INIT1
#define SQLITE_EXTENSION_INIT2(api) (void)(api);
#else
#include "sqlite3ext.h"
#endif
SQLITE_EXTENSION_INIT1

#include "athlete.h"
#include "base/functions/base_sql.h"
#include "charts/charts_sql.h"
#include "rolling/rolling_sql.h"
#include "store/store_sql.h"
#include "training/training_sql.h"
#include "trees/trees_sql.h"

const athlete_domain *const athlete_domains[] = {
    &athlete_base, &athlete_training, &athlete_rolling, &athlete_store, &athlete_trees, &athlete_charts, NULL,
};

#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

EXPORTED int sqlite3_athlete_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
    SQLITE_EXTENSION_INIT2(api)
    if (sqlite3_libversion_number() < ATHLETE_SQLITE_MINIMUM) {
        *message = sqlite3_mprintf("athlete needs SQLite %s or newer, this is %s",
                                   ATHLETE_SQLITE_MINIMUM_TEXT, sqlite3_libversion());
        return SQLITE_ERROR;
    }
    for (int i = 0; athlete_domains[i]; i++) {
        int rc = domain_register(db, athlete_domains[i], message);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}
