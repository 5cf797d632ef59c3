/* Pairs of doubles (x, y) on standard input, exp(x), log(x), pow(x, y) as doubles on standard output. */
#include <stdio.h>
#include "base/numbers/elementary.h"

int main(void) {
    double in[2], out[3];
    while (fread(in, sizeof in, 1, stdin) == 1) {
        out[0] = elementary_exp(in[0]);
        out[1] = elementary_log(in[0]);
        out[2] = elementary_pow(in[0], in[1]);
        if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;
    }
    return 0;
}
