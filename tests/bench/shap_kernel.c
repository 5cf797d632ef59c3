/* Times the SHAP kernel without SQL, for trees_explain.py:
**
**     shap_kernel values|interactions <model.json> <rows of float32> <number of rows>
**
** Prints the seconds for all rows, with the model parsed and the explainer prepared before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "trees/shap/shap.h"

static void *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*length + 1, 1);
    if (!bytes || fread(bytes, 1, *length, file) != *length) exit(1);
    fclose(file);
    return bytes;
}

static double seconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc != 5) return 1;
    bool pairs = strcmp(argv[1], "interactions") == 0;
    size_t length, bytes, n = strtoul(argv[4], NULL, 10);
    char *text = read_file(argv[2], &length);
    float *rows = read_file(argv[3], &bytes);
    forest model;
    athlete_fault fault;
    shap_forest explainer;
    athlete_poll poll;
    poll_begin(&poll, NULL);
    if (model_read(text, length, NULL, NULL, &model, &fault) != ATHLETE_OK) return 1;
    if (shap_prepare(&model, forest_all(&model), NULL, &poll, &explainer) != ATHLETE_OK) return 1;
    const size_t n_features = (size_t)model.n_features, side = n_features + 1;
    if (bytes < n * n_features * sizeof *rows) return 1;
    double *out = malloc(SHAP_BLOCK_ROWS * (size_t)model.n_outputs * side * (pairs ? side : 1) * sizeof *out);
    if (!out) return 1;
    double start = seconds();
    for (size_t i = 0; i < n; i += SHAP_BLOCK_ROWS) {
        size_t block = n - i < SHAP_BLOCK_ROWS ? n - i : SHAP_BLOCK_ROWS;
        (pairs ? shap_interactions : shap_contributions)(&explainer, rows + i * n_features, block, out,
                                                         &poll);
    }
    printf("%.9f\n", seconds() - start);
    return 0;
}
