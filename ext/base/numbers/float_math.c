#include "base/numbers/float_math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include "base/numbers/float_tables.h"
#include "base/precondition.h"

const double float_power_of_two[32] = {
    0x1.p+0,
    0x1.059b0d3158574p+0,
    0x1.0b5586cf9890fp+0,
    0x1.11301d0125b51p+0,
    0x1.172b83c7d517bp+0,
    0x1.1d4873168b9aap+0,
    0x1.2387a6e756238p+0,
    0x1.29e9df51fdee1p+0,
    0x1.306fe0a31b715p+0,
    0x1.371a7373aa9cbp+0,
    0x1.3dea64c123422p+0,
    0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0,
    0x1.5342b569d4f82p+0,
    0x1.5ab07dd485429p+0,
    0x1.6247eb03a5585p+0,
    0x1.6a09e667f3bcdp+0,
    0x1.71f75e8ec5f74p+0,
    0x1.7a11473eb0187p+0,
    0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0,
    0x1.93737b0cdc5e5p+0,
    0x1.9c49182a3f090p+0,
    0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0,
    0x1.b7f76f2fb5e47p+0,
    0x1.c199bdd85529cp+0,
    0x1.cb720dcef9069p+0,
    0x1.d5818dcfba487p+0,
    0x1.dfc97337b9b5fp+0,
    0x1.ea4afa2a490dap+0,
    0x1.f50765b6e4540p+0,
};

/* e^x = 2^k * 2^(i/32) * 2^(r/32) with 32 k + i the integer nearest to x * 32 / ln 2, and a cubic for the rest
** (Arm optimized-routines, math/expf.c: 0.502 ULP). */
float float_exp(float x) {
    if (x > 88.7f) x = 88.7f;
    if (x < -88.7f) x = -88.7f;
    double z = 0x1.71547652b82fep+0 * 32 * (double)x;
    double nearest = floor(z + 0.5);
    double r = z - nearest;
    int k = (int)nearest;
    int i = k & 31;
    uint64_t two_to_k_bits = (uint64_t)((k - i) / 32 + 1023) << 52;
    double two_to_k;
    memcpy(&two_to_k, &two_to_k_bits, sizeof two_to_k);
    double high = 0x1.c6af84b912394p-5 / 32 / 32 / 32 * r + 0x1.ebfce50fac4f3p-3 / 32 / 32;
    double low = 0x1.62e42ff0c52d6p-1 / 32 * r + 1.0;
    return (float)((high * (r * r) + low) * (float_power_of_two[i] * two_to_k));
}

const float_log_centre float_log_centres[16] = {
    {0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2}, {0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2},
    {0x1.49539f0f010bp+0, -0x1.01eae7f513a67p-2},  {0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3},
    {0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3}, {0x1.25e227b0b8eap+0, -0x1.1aa2bc79c81p-3},
    {0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4}, {0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4},
    {0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5}, {0x1p+0, 0x0p+0},
    {0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5},  {0x1.ca4b31f026aap-1, 0x1.c5e53aa362eb4p-4},
    {0x1.b2036576afce6p-1, 0x1.526e57720db08p-3},  {0x1.9c2d163a1aa2dp-1, 0x1.bc2860d22477p-3},
    {0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2},  {0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2},
};

/* log x = k ln 2 + log c + log(z / c), with c near the middle of one of 16 intervals around z, and a quartic for
** the rest (Arm optimized-routines, math/logf.c: 0.818 ULP). */
float float_log(float x) {
    assert(x > 0);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (bits == 0x3f800000) return 0;
    uint32_t from_middle = bits - 0x3f330000; /* z lies in [0.699, 1.398) */
    int i = (int)(from_middle >> 19 & 15);
    int k = (int)(from_middle >> 23) - (from_middle >> 31 ? 512 : 0);
    uint32_t z_bits = bits - (from_middle & 0xff800000);
    float z;
    memcpy(&z, &z_bits, sizeof z);
    double r = (double)z * float_log_centres[i].inverse_c - 1;
    double base = float_log_centres[i].log_c + (double)k * 0x1.62e42fefa39efp-1;
    double square = r * r;
    double y = 0x1.5575b0be00b6ap-2 * r + -0x1.ffffef20a4123p-2;
    y = -0x1.00ea348b88334p-2 * square + y;
    return (float)(y * square + (base + r));
}

float float_sigmoid(float x) {
    float negated = -x < 88.7f ? -x : 88.7f;
    return 1.0f / (float_exp(negated) + 1.0f + 1e-16f);
}

float float_logit(float p) {
    if (p < 1e-6f) p = 1e-6f;
    if (p > 1.0f - 1e-6f) p = 1.0f - 1e-6f;
    return -float_log(1.0f / p - 1.0f);
}
