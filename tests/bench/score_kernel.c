/* Seconds that the scorer takes for a matrix in memory, without SQLite: score_kernel MODEL MATRIX FEATURES LEVEL RUNS.
**
** MODEL is a model's JSON, MATRIX a file of float32 rows of FEATURES values each, LEVEL 0 plain, 1 SSE2 or NEON, 2
** AVX2. Prints one line per run; the margins of the last go to MATRIX.margins, to compare. The time includes turning rows
** into columns. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "trees/scorer/scorer.h"

static void *read_file(const char *name, size_t *size) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(1);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) exit(1);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void score(const scorer *compiled, scorer_block *block, const float *matrix, size_t n_rows, size_t n_features,
                  size_t n_outputs, float *margins) {
    athlete_poll poll;
    poll_begin(&poll, NULL);
    for (size_t start = 0; start < n_rows; start += SCORER_ROWS) {
        size_t n = n_rows - start < SCORER_ROWS ? n_rows - start : SCORER_ROWS;
        for (size_t r = 0; r < n; r++) {
            for (size_t f = 0; f < n_features; f++)
                block->columns[f * SCORER_STRIDE + r] = matrix[(start + r) * n_features + f];
        }
        if (scorer_margins(compiled, block, n, &poll) != ATHLETE_OK) exit(1);
        for (size_t r = 0; r < n; r++) {
            for (size_t o = 0; o < n_outputs; o++)
                margins[(start + r) * n_outputs + o] = block->margins[o * SCORER_ROWS + r];
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 6) return 1;
    size_t length, bytes, n_features = (size_t)atoi(argv[3]);
    char *text = read_file(argv[1], &length);
    float *matrix = read_file(argv[2], &bytes);
    size_t n_rows = bytes / sizeof(float) / n_features;
    forest model;
    athlete_fault fault;
    if (model_read(text, length, NULL, NULL, &model, &fault) != ATHLETE_OK) return 1;
    if ((size_t)model.n_features != n_features) return 1;
    double started = now();
    scorer *compiled;
    scorer_block block;
    if (scorer_open(&model, (simd_level)atoi(argv[4]), NULL, &compiled) != ATHLETE_OK) return 1;
    if (scorer_block_open(compiled, NULL, &block) != ATHLETE_OK) return 1;
    fprintf(stderr, "compiled in %.6f s\n", now() - started);
    size_t n_outputs = (size_t)model.n_outputs;
    float *margins = malloc(n_rows * n_outputs * sizeof *margins);
    if (!margins) return 1;
    for (int run = 0; run < atoi(argv[5]); run++) {
        started = now();
        score(compiled, &block, matrix, n_rows, n_features, n_outputs, margins);
        printf("%.9f\n", now() - started);
    }
    char name[1024];
    snprintf(name, sizeof name, "%s.margins", argv[2]);
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(margins, sizeof *margins, n_rows * n_outputs, file) != n_rows * n_outputs) return 1;
    fclose(file);
    scorer_block_close(NULL, &block);
    scorer_close(NULL, compiled);
    forest_free(NULL, &model);
    free(text), free(matrix), free(margins);
    return 0;
}
