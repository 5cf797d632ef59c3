/* Which vector instructions a kernel may use, asked of the processor when a call begins, once: in a
** virtual machine the question takes tens of microseconds.
**
** Kernels with vector code have one function per level, chosen once per call, and all levels give the same bits. A
** build can be held below what the processor has with -DATHLETE_SIMD_LIMIT=0 or 1; tests compare such builds. */
#ifndef ATHLETE_BASE_SIMD_H
#define ATHLETE_BASE_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__)
#define ATHLETE_X86  1
#define ATHLETE_AVX2 __attribute__((target("avx2"))) /* marks a function of the level SIMD_256 */
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define ATHLETE_NEON 1
#endif

typedef enum simd_level {
    SIMD_PLAIN, /* C */
    SIMD_128,   /* SSE2 on x86-64, NEON on arm64: every such processor has it */
    SIMD_256    /* AVX2 */
} simd_level;

simd_level simd_available(void);

#endif
