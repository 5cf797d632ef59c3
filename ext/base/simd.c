#include "base/simd.h"

#ifdef ATHLETE_X86
#include <cpuid.h>

/* The compiler's own __builtin_cpu_supports keeps its answer in a writable variable. */
static int has_avx2(void) {
    unsigned a, b, c, d;
    __cpuid(1, a, b, c, d);
    if (!(c & bit_OSXSAVE)) return 0;
    unsigned enabled, high;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    if ((enabled & 6) != 6) return 0; /* the system saves the registers xmm and ymm */
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}
#endif

simd_level simd_available(void) {
    simd_level level = SIMD_PLAIN;
#if defined(ATHLETE_X86)
    level = has_avx2() ? SIMD_256 : SIMD_128;
#elif defined(ATHLETE_NEON)
    level = SIMD_128;
#endif
#ifdef ATHLETE_SIMD_LIMIT
    if (level > ATHLETE_SIMD_LIMIT) level = ATHLETE_SIMD_LIMIT;
#endif
    return level;
}
