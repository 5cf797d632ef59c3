"""CSV as JSON: each line becomes an object with the header's names, every value a text, one that is missing null."""

import csv
import io
import json
import sys

from .database import Failure


json_text = json.encoder.encode_basestring  # as json.dumps(text, ensure_ascii=False), without what that asks first
SEPARATOR = ",\n"


def read(stream, source, piece):
    """(source, array of objects) of about `piece` bytes, and more of them if there is more. Bytes that are not UTF-8 stay."""
    csv.field_size_limit(sys.maxsize)
    lines = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=""))
    try:
        names = [json_text(name) for name in _distinct(next(lines, []))]
        found, size, is_first = [], 0, True
        for values in lines:
            if values:
                found.append(_object(names, values))
                size += len(found[-1])
            if size > piece:
                yield source if is_first else f"{source} to line {lines.line_num}", _array(found)
                found, size, is_first = [], 0, False
        if found or is_first:
            yield source if is_first else f"{source} to line {lines.line_num}", _array(found)
    except csv.Error as error:
        raise Failure(f"{source}, line {lines.line_num}: {error}") from error


def _distinct(header):
    """Names of columns, of which one that is there before or is empty gets a number."""
    names = []
    for place, name in enumerate(header, 1):
        names.append(name if name and name not in names else f"{name}_{place}")
    return names


def _object(names, values):
    """Values beyond the header's are kept, too."""
    more = [json_text(f"column_{place}") for place in range(len(names) + 1, len(values) + 1)]
    texts = [*map(json_text, values), *["null"] * (len(names) - len(values))]
    return "{" + ",".join([f"{name}:{text}" for name, text in zip([*names, *more], texts)]) + "}"


def _array(objects):
    return f"[{SEPARATOR.join(objects)}]\n".encode(errors="surrogateescape") if objects else b""
