/* What an application on a phone does, from a folder of assets (assets.py) and one file of its own:
**
**     app <assets> <athlete.db> [<activities.json> …]
**
** lands what is new, runs the stages of the day, and prints the features of the last day, the estimates of the races, each also as the
** model says it now, and the next workout. */
#define _FILE_OFFSET_BITS 64 /* or a large disk has no entries for 32 bits */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "athlete.h"

enum { MAX_FILES = 200, MAX_PATH = 1024 };

typedef struct listing {
    char paths[MAX_FILES][MAX_PATH];
    int n;
} listing;

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

/* The files of a folder, in the order of their names; whether there are any. */
static int list(const char *folder, const char *within, listing *found) {
    char path[MAX_PATH];
    found->n = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, within) >= (int)sizeof path) return 0;
    DIR *open = opendir(path);
    if (!open) return 0;
    for (struct dirent *entry; (entry = readdir(open)) != NULL && found->n < MAX_FILES;)
        if (entry->d_name[0] != '.' &&
            snprintf(found->paths[found->n], MAX_PATH, "%s/%s", path, entry->d_name) < MAX_PATH)
            found->n++;
    closedir(open);
    qsort(found->paths, (size_t)found->n, MAX_PATH, by_name);
    return found->n > 0;
}

/* A file's text with a zero at its end, to be freed; NULL where it cannot be read. */
static char *text_of(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        text = size < 0 ? NULL : malloc((size_t)size + 1);
        *length = text ? fread(text, 1, (size_t)size, file) : 0;
        if (text) text[*length] = '\0';
    }
    if (file) fclose(file);
    if (!text) fprintf(stderr, "cannot read %s\n", path);
    return text;
}

/* A stage is one transaction; one that fails leaves the database as it was. */
static int run(sqlite3 *db, const char *path) {
    size_t length;
    char *text = text_of(path, &length);
    int is_done = text && sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
    if (text && !is_done) {
        fprintf(stderr, "%s failed: %s\n", path, sqlite3_errmsg(db));
        if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    free(text);
    return is_done;
}

/* The stages of layers whose first digit is below `end`. */
static int run_below(sqlite3 *db, const listing *stages, char end) {
    for (int i = 0; i < stages->n; i++)
        if (strrchr(stages->paths[i], '/')[1] < end && !run(db, stages->paths[i])) return 0;
    return 1;
}

static int land(sqlite3 *db, const char *path) {
    size_t length = 0;
    char *text = text_of(path, &length);
    sqlite3_stmt *insert = NULL;
    int is_done = 0;
    if (text && sqlite3_prepare_v2(db, "INSERT INTO bronze_inbox (source, body) VALUES (?1, ?2)", -1, &insert,
                                   NULL) == SQLITE_OK) {
        const char *slash = strrchr(path, '/');
        sqlite3_bind_text(insert, 1, slash ? slash + 1 : path, -1, SQLITE_STATIC);
        sqlite3_bind_text64(insert, 2, text, length, SQLITE_STATIC, SQLITE_UTF8);
        is_done = sqlite3_step(insert) == SQLITE_DONE;
    }
    sqlite3_finalize(insert);
    free(text);
    if (text && !is_done) fprintf(stderr, "cannot land %s: %s\n", path, sqlite3_errmsg(db));
    return is_done;
}

/* Prints the rows of a query, the heading before each. */
static int print(sqlite3 *db, const char *heading, const char *sql) {
    sqlite3_stmt *query;
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", heading, sqlite3_errmsg(db));
        return 0;
    }
    int code;
    while ((code = sqlite3_step(query)) == SQLITE_ROW) {
        printf("%s", heading);
        for (int i = 0; i < sqlite3_column_count(query); i++) {
            const char *text = (const char *)sqlite3_column_text(query, i);
            printf("\t%s=%s", sqlite3_column_name(query, i), text ? text : "");
        }
        printf("\n");
    }
    if (code != SQLITE_DONE) fprintf(stderr, "%s: %s\n", heading, sqlite3_errmsg(db));
    sqlite3_finalize(query);
    return code == SQLITE_DONE;
}

static const char FEATURES[] =
    "SELECT athlete_id, as_of_date, number_text(ctl_42d) AS ctl, number_text(atl_7d) AS atl, "
    "number_text(tsb) AS tsb, number_text(acwr) AS acwr "
    "FROM athlete_rolling_features ORDER BY as_of_date DESC LIMIT 1";

/* The model that holds, over the features that it had: gbdt_score answers all of them at once. */
static const char SCORES[] =
    "WITH last AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY distance_class ORDER BY prediction_date DESC, "
    "prediction_id DESC) AS age"
    "              FROM gold_athlete_predictions WHERE model = 'time_estimator'),"
    "     asked AS (SELECT v.model_json, 'SELECT prediction_id' || (SELECT group_concat(printf(', inputs ->> "
    "%Q AS \"%w\"', '$.' || f.value, f.value), '')"
    "                                                               FROM json_each(v.model_json, "
    "'$.learner.feature_names') AS f)"
    "                      || ' FROM gold_athlete_predictions' AS question"
    "               FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version) WHERE (a.model, "
    "a.alias) = ('time_estimator', 'champion'))"
    "SELECT l.athlete_id, l.prediction_date, l.distance_class, hms(l.predicted_s) AS estimate, "
    "number_text(l.predicted_s) AS estimate_s,"
    "       number_text(portable_exp((l.inputs ->> '$.base_ln_s') + s.value)) AS model_says_s "
    "FROM asked JOIN gbdt_score(asked.model_json, asked.question) AS s JOIN last AS l ON l.prediction_id = "
    "s.key AND l.age = 1 ORDER BY l.prediction_id";

static const char WORKOUT[] = "SELECT athlete_id, recommendation_date, recommended_workout_type AS workout, "
                              "number_text(duration) AS minutes, pace_min_km, reason "
                              "FROM gold_training_recommendations ORDER BY recommendation_id DESC LIMIT 1";

static int work(sqlite3 *db, const char *assets, char **files, int n_files) {
    static listing stages, inbox;
    if (!list(assets, "stages", &stages) || !list(assets, "inbox", &inbox)) {
        fprintf(stderr, "%s holds no assets: make them by assets.py\n", assets);
        return 0;
    }
    if (!run_below(db, &stages, '2')) return 0; /* which make the inbox, and land what is in it */
    for (int i = 0; i < inbox.n; i++)
        if (!land(db, inbox.paths[i])) return 0;
    for (int i = 0; i < n_files; i++)
        if (!land(db, files[i])) return 0;
    return run_below(db, &stages, ':') && print(db, "features", FEATURES) && print(db, "estimate", SCORES) &&
           print(db, "workout", WORKOUT);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: app <assets> <athlete.db> [<activities.json> …]\n");
        return 2;
    }
    /* From here on every connection that this process opens has the functions, also one that a framework opens. */
    sqlite3_auto_extension((void (*)(void))sqlite3_athlete_init);
    sqlite3 *db;
    int is_done = sqlite3_open(argv[2], &db) == SQLITE_OK &&
                  sqlite3_exec(db, "PRAGMA cache_size = -4000", NULL, NULL, NULL) == SQLITE_OK;
    if (!is_done) fprintf(stderr, "%s: %s\n", argv[2], sqlite3_errmsg(db));
    is_done = is_done && work(db, argv[1], argv + 3, argc - 3);
    sqlite3_close(db);
    if (is_done) printf("memory\tsqlite_mb=%.1f\n", (double)sqlite3_memory_highwater(0) / 1e6);
    return is_done ? 0 : 1;
}
