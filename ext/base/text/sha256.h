/* SHA-256, FIPS 180-4. */
#ifndef ATHLETE_BASE_TEXT_SHA256_H
#define ATHLETE_BASE_TEXT_SHA256_H

#include <stddef.h>

#define ATHLETE_SHA256_HEX_SIZE 65 /* 64 lower-case digits and the terminator */

void sha256_hex(const void *data, size_t length, char out[ATHLETE_SHA256_HEX_SIZE]);

#endif
