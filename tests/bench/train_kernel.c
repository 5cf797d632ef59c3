/* Trains on a matrix in memory, as often as it is asked to: the learner without SQL, to be timed beside libraries that
** also begin with a matrix in memory. trees_train.py builds and runs it.
**
**     train_kernel <matrix> <rows> <held-out rows> <columns> <options>
**
** The options are those of gbdt_train. The file has the float32 values of all rows in C order, NaN where one is missing, then all labels. After loading it
** prints "ready"; every line on its input is answered by "<seconds> <loss on the held-out rows>". */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "../trees/forest_margins.h"
#include "trees/trainer/train_options_sql.h"

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of the rows that follow the training rows in memory. */
static double held_out_loss(const forest *model, const train_data *set, size_t n_held, bool logistic) {
    double sum = 0;
    for (size_t row = set->train.n; row < set->train.n + n_held; row++) {
        float margin;
        forest_margins(model, set->train.values + row * (size_t)set->n_features, &margin);
        double label = set->train.labels[row], error = label - margin;
        sum += logistic ? log1p(exp(-fabs(margin))) + fmax(margin, 0) - label * margin : error * error;
    }
    return n_held == 0 ? NAN : logistic ? sum / (double)n_held : sqrt(sum / (double)n_held);
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    size_t n_rows = strtoull(argv[2], NULL, 10), n_held = strtoull(argv[3], NULL, 10);
    int n_features = atoi(argv[4]);
    train_options read;
    athlete_fault fault;
    if (train_options_read(argv[5], &read, &fault) != ATHLETE_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 2;
    }
    boost_options options = train_options_for_kernel(&read);
    bool logistic = options.objective.kind == OBJECTIVE_LOGISTIC;
    size_t n_values = (n_rows + n_held) * (size_t)n_features;
    float *values = malloc(n_values * sizeof *values), *labels = malloc((n_rows + n_held) * sizeof *labels);
    boost_history history = {.train = malloc((size_t)options.rounds * sizeof(float))};
    FILE *file = fopen(argv[1], "rb");
    if (!values || !labels || !history.train || !file) return 3;
    if (fread(values, sizeof *values, n_values, file) != n_values ||
        fread(labels, sizeof *labels, n_rows + n_held, file) != n_rows + n_held)
        return 4;
    fclose(file);
    train_data set = {.train = {.values = values, .labels = labels, .n = n_rows}, .n_features = n_features};
    puts("ready");
    fflush(stdout);
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        athlete_budget budget = {.limit = 0};
        athlete_poll poll;
        poll_begin(&poll, NULL);
        forest model;
        double began = now_s();
        athlete_status status = boost_train(&set, &options, &budget, &poll, &model, &history);
        double took = now_s() - began;
        if (status != ATHLETE_OK) return 5;
        printf("%.9f %.9f\n", took, held_out_loss(&model, &set, n_held, logistic));
        fflush(stdout);
        forest_free(&budget, &model);
        poll_end(&poll);
    }
    train_options_free(&read);
    return 0;
}
