/* The SHA-256 digest (FIPS 180-4). */
#ifndef ATHLETE_BASE_TEXT_SHA256_H
#define ATHLETE_BASE_TEXT_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define ATHLETE_SHA256_HEX_SIZE 65 /* 64 digits and the terminator */

/* A digest in the making. */
typedef struct sha256_digest {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} sha256_digest;

void sha256_begin(sha256_digest *digest);
void sha256_add(sha256_digest *digest, const void *data, size_t length);
void sha256_end(sha256_digest *digest, char out[ATHLETE_SHA256_HEX_SIZE]);

/* Of one piece. */
void sha256_hex(const void *data, size_t length, char out[ATHLETE_SHA256_HEX_SIZE]);

#endif
