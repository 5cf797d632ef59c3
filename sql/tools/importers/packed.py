"""A channel of a recording as bytes, in the form that ext/streams/packed.h tells."""

VERSION, MOST_DECIMALS, MOST_SAMPLES, LARGEST = 1, 6, 1_000_000, 2**53


def packed(values, decimals=0, order=1):
    """Of numbers, None where there is none, as whole multiples of 10^-decimals."""
    if len(values) > MOST_SAMPLES:
        return None
    out = bytearray((VERSION, decimals, order))
    _varint(out, len(values))
    unit, last, step, before, repeats = 10**decimals, 0, 0, None, 0
    for value in values:
        if value is None:
            code = 0
        else:
            whole = round(value * unit)
            if not -LARGEST <= whole <= LARGEST:
                return None
            difference = whole - last - (step if order == 2 else 0)
            code = 1 + (2 * difference if difference >= 0 else -2 * difference - 1)
            last, step = whole, whole - last
        if code == before:
            repeats += 1
            continue
        _token(out, before, repeats)
        before, repeats = code, 1
    _token(out, before, repeats)
    return bytes(out)


def _token(out, code, repeats):
    if code is None:
        return
    if repeats == 1:
        _varint(out, 2 * code)
    else:
        _varint(out, 2 * code + 1)
        _varint(out, repeats - 2)


def _varint(out, value):
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
