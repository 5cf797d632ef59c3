#include "cluster/cluster_model.h"

#include <math.h>
#include <string.h>
#include "base/text/json_members.h"

#define MOST_ROWS 9007199254740992.0

/* --- room ----------------------------------------------------------------------------------------------- */

athlete_status cluster_model_open(athlete_budget *budget, size_t k, size_t width, cluster_model *model) {
    *model = (cluster_model){.k = k, .width = width};
    model->means = memory_alloc(budget, 2 * width + k * width + 2 * k, sizeof *model->means);
    if (!model->means) return memory_status(budget);
    model->scales = model->means + width;
    model->centres = model->scales + width;
    model->ids = model->centres + k * width;
    model->sizes = model->ids + k;
    return ATHLETE_OK;
}

void cluster_model_free(athlete_budget *budget, cluster_model *model) {
    memory_free(budget, model->means);
    memory_free(budget, model->names);
    memory_free(budget, model->strings);
    *model = (cluster_model){.k = 0};
}

athlete_status cluster_model_name(athlete_budget *budget, const char *const *names, cluster_model *model) {
    size_t length = 0;
    for (size_t f = 0; f < model->width; f++) length += strlen(names[f]) + 1;
    model->strings = memory_alloc(budget, length, 1);
    model->names = memory_alloc(budget, model->width, sizeof *model->names);
    if (!model->strings || !model->names) return memory_status(budget);
    char *at = model->strings;
    for (size_t f = 0; f < model->width; f++) {
        size_t bytes = strlen(names[f]) + 1;
        model->names[f] = memcpy(at, names[f], bytes);
        at += bytes;
    }
    return ATHLETE_OK;
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Numbers that count something. */
static void write_counts(text_buffer *text, const char *name, const double *x, size_t n) {
    text_add_name(text, name);
    for (size_t i = 0; i < n; i++) {
        text_add(text, i == 0 ? "[" : ", ");
        text_add_integer(text, (int64_t)x[i]);
    }
    text_add(text, "]");
}

void cluster_model_write(const cluster_model *model, text_buffer *text) {
    text_add_name(text, "model");
    text_add_quoted(text, "kmeans");
    if (model->names) {
        text_add_name(text, "features");
        for (size_t f = 0; f < model->width; f++) {
            text_add(text, f == 0 ? "[" : ", ");
            text_add_quoted(text, model->names[f]);
        }
        text_add(text, "]");
    }
    text_add_name(text, "missing");
    text_add_quoted(text, model->imputes ? "mean" : "refuse");
    text_add_name(text, "rows");
    text_add_integer(text, (int64_t)model->rows);
    text_add_name(text, "inertia");
    text_add_number(text, model->inertia);
    text_add_numbers(text, "means", model->means, model->width);
    text_add_numbers(text, "scales", model->scales, model->width);
    write_counts(text, "clusters", model->ids, model->k);
    write_counts(text, "sizes", model->sizes, model->k);
    text_add_numbers(text, "centers", model->centres, model->k * model->width);
    text_add(text, "}");
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void copy_numbers(double *to, number_list from) {
    memcpy(to, from.values, from.n * sizeof *to);
}

static athlete_status read_numbers(json_members *members, athlete_budget *budget, cluster_model *model) {
    const double largest = 1e300; /* whatever is computed with them stays a number or becomes an infinity */
    double rows, inertia;
    number_list means =
        json_member_numbers(members, "means", 1, CLUSTER_MAX_FEATURES, -CLUSTER_LARGEST, CLUSTER_LARGEST);
    number_list scales = json_member_numbers(members, "scales", means.n, means.n, 1e-300, CLUSTER_LARGEST);
    number_list ids = json_member_numbers(members, "clusters", 1, KMEANS_MAX_CLUSTERS, 0, MOST_ROWS);
    number_list sizes = json_member_numbers(members, "sizes", ids.n, ids.n, 0, MOST_ROWS);
    number_list centres = json_member_numbers(members, "centers", ids.n * means.n, ids.n * means.n,
                                              -CLUSTER_LARGEST, CLUSTER_LARGEST);
    rows = json_member_number(members, "rows", 0, MOST_ROWS);
    inertia = json_member_number(members, "inertia", 0, largest);
    for (size_t i = 0; i < ids.n && members->status == ATHLETE_OK; i++) {
        if (ids.values[i] != floor(ids.values[i]) || sizes.values[i] != floor(sizes.values[i]))
            json_members_refuse(members, "\"clusters\" and \"sizes\" must be lists of whole numbers");
    }
    if (members->status != ATHLETE_OK) return members->status;
    athlete_status status = cluster_model_open(budget, ids.n, means.n, model);
    if (status != ATHLETE_OK) return status;
    model->rows = rows;
    model->inertia = inertia;
    copy_numbers(model->means, means);
    copy_numbers(model->scales, scales);
    copy_numbers(model->ids, ids);
    copy_numbers(model->sizes, sizes);
    copy_numbers(model->centres, centres);
    return ATHLETE_OK;
}

static athlete_status read_names(json_members *members, athlete_budget *budget, cluster_model *model) {
    if (!json_member_is_there(members, "features")) return ATHLETE_OK;
    const char **names = memory_alloc(budget, model->width, sizeof *names);
    if (!names) return memory_status(budget);
    athlete_status status = json_member_texts(members, "features", model->width, names);
    if (status == ATHLETE_OK) status = cluster_model_name(budget, names, model);
    memory_free(budget, names);
    return status;
}

athlete_status cluster_model_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                  cluster_model *model, athlete_fault *fault) {
    static const char *const missing[] = {"refuse", "mean", NULL}, *const kinds[] = {"kmeans", NULL};
    json_members members;
    *model = (cluster_model){.k = 0};
    athlete_status status = json_members_open(&members, text, length, budget, poll, fault);
    if (status == ATHLETE_OK) json_member_choice(&members, "model", kinds);
    int imputes = json_member_choice(&members, "missing", missing);
    if (members.status == ATHLETE_OK) status = read_numbers(&members, budget, model);
    else status = members.status;
    model->imputes = imputes == 1;
    if (status == ATHLETE_OK) status = read_names(&members, budget, model);
    json_members_close(&members);
    return status;
}

/* --- use ------------------------------------------------------------------------------------------------ */

size_t cluster_of(const cluster_model *model, double *row, double *distance) {
    double squared;
    points_standardise(row, 1, model->width, model->means, model->scales);
    size_t nearest = nearest_centre(row, model->centres, model->k, model->width, &squared);
    *distance = sqrt(squared);
    return nearest;
}
