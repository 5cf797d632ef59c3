#include "cluster/cluster_argument_sql.h"

#include <string.h>
#include "base/binding/model_reference.h"

static void cached_clusters_close(cached_text *base) {
    cached_clusters *cached = (cached_clusters *)base;
    cluster_model_free(NULL, &cached->model);
    memory_free(NULL, cached->row);
}

static athlete_status parse_clusters(sqlite3 *db, cached_clusters *cached, athlete_fault *fault) {
    athlete_poll poll;
    poll_begin(&poll, db);
    athlete_status status =
        cluster_model_read(cached->base.text, cached->base.length, NULL, &poll, &cached->model, fault);
    poll_end(&poll);
    if (status == ATHLETE_INVALID)
        return fault_refuse(fault, "argument 1 (model) is no model of clusters: %s", fault->text);
    if (status != ATHLETE_OK) return status;
    cached->row = memory_alloc(NULL, cached->model.width, sizeof *cached->row);
    return cached->row ? ATHLETE_OK : ATHLETE_NOMEM;
}

static cached_clusters *clusters_of_text(sqlite3 *db, void *cache, const char *text, size_t length,
                                         athlete_status *status, athlete_fault *fault) {
    cached_text *base = text_cache_find(cache, text, length);
    *status = ATHLETE_OK;
    if (base) return (cached_clusters *)base;
    base = cached_text_open(text, length, sizeof(cached_clusters), cached_clusters_close);
    *status = base ? parse_clusters(db, (cached_clusters *)base, fault) : ATHLETE_NOMEM;
    if (*status == ATHLETE_OK) {
        text_cache_keep(cache, base);
        return (cached_clusters *)base;
    }
    cached_text_release(base);
    return NULL;
}

cached_clusters *cluster_argument(sqlite3 *db, void *cache, sqlite3_value *argument, athlete_status *status,
                                  athlete_fault *fault) {
    const char *text = (const char *)sqlite3_value_text(argument);
    *status = ATHLETE_NOMEM;
    if (!text) return NULL;
    return clusters_of_text(db, cache, text, (size_t)sqlite3_value_bytes(argument), status, fault);
}

cached_clusters *cluster_argument_of_call(athlete_call *call, sqlite3_value *argument,
                                          athlete_status *status) {
    const char *text = (const char *)sqlite3_value_text(argument);
    if (!text || !model_is_reference(text))
        return cluster_argument(call->db, call->domain_state, argument, status, &call->fault);
    char *registered;
    *status = model_reference_read(call->db, text, &registered, &call->fault);
    if (*status != ATHLETE_OK) return NULL;
    cached_clusters *found =
        clusters_of_text(call->db, call->domain_state, registered, strlen(registered), status, &call->fault);
    sqlite3_free(registered);
    return found;
}
