/* Damage to the bytes of a database file, as a number says: the same number does the same to the same file. */
#ifndef ATHLETE_FUZZ_MUTATE_H
#define ATHLETE_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* The places that are worth more than a byte anywhere: statements of the schema, numbers of models, JSON. */
typedef struct places {
    size_t *at;
    size_t n;
} places;

typedef struct seed_file {
    unsigned char *bytes;
    size_t size, page_size;
    places schema, models, json;
} seed_file;

/* Finds the places of a file that was read; 0 if memory is short. */
int seed_file_prepare(seed_file *seed);

/* Writes a damaged copy of the file, of at most seed->size bytes, and returns how many; another one for each attempt. */
size_t mutate(const seed_file *seed, uint64_t number, int attempt, unsigned char *bytes);

#endif
