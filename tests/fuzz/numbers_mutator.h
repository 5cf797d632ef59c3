/* A mutator for texts full of numbers.
**
** Damage at random bytes seldom leaves a text that still parses, and texts that do not parse, each in its own way, soon
** fill the corpus, so that what lies behind the parser is hardly met. Fifteen of sixteen mutations here keep the text's
** form: they exchange, repeat or remove whole numbers. */
#ifndef ATHLETE_FUZZ_NUMBERS_MUTATOR_H
#define ATHLETE_FUZZ_NUMBERS_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
