"""A column of a group as SQLite holds it and as Arrow does, both ways, to the byte.

    registered     in SQLite               in Arrow, Parquet
    numerical      REAL                    double
    integer        INTEGER                 int64
    boolean        INTEGER, 0 or 1         bool
    categorical    TEXT                    dictionary of string
    text           TEXT                    string
    timestamp      TEXT, a day             date32; the group's own times timestamp[us, UTC], at midnight
                   TEXT, an instant        timestamp[us, UTC]
    embedding      BLOB, float32           list of float
    another        by its storage          string, int64, double or binary

A timestamp's text has a form, which goes along as metadata so that the same text comes back. Where one of the group's own times
has several forms (days, and instants where a correction became known), the texts themselves go along in a column <name>_text. Any
other column of several forms, or of one that is none of FORMS, stays text.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

INSTANT = pa.timestamp("us", tz="UTC")
PATTERN = b"0000-00-00T00:00:00.000000Z"
FORMS = {"day": 10, "second": 20, "millisecond": 24, "microsecond": 27}
MIXED = "mixed"
UNITS = {"second": "s", "millisecond": "ms", "microsecond": "us"}
STORED = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64(), "BLOB": pa.binary()}
EMBEDDING = pa.list_(pa.float32())


class OtherForm(Exception):
    """A text is not of the form that those before it had."""


def form_of(text):
    """The form that a timestamp's text seems to have, by its length; None for none of FORMS."""
    return next((form for form, length in FORMS.items() if text is not None and len(text) == length), None)


def next_form(column, form):
    """What to try after a text that is not of a form."""
    return MIXED if column.is_time and form != MIXED else None


def arrow_type(column, form):
    if column.type == "timestamp" and column.storage == "TEXT" and form:
        return pa.date32() if form == "day" and not column.is_time else INSTANT
    if column.storage == "TEXT":
        return pa.dictionary(pa.int32(), pa.string()) if column.type == "categorical" else pa.string()
    if column.type == "boolean":
        return pa.bool_()
    return EMBEDDING if column.type == "embedding" else STORED[column.storage]


# --- from SQLite -------------------------------------------------------------------------------------------------


def to_arrow(array, target, form):
    """An array as SQLite gave it, as the type that arrow_type told."""
    if pa.types.is_timestamp(target) or pa.types.is_date(target):
        return _parsed(array, target, form)
    if pa.types.is_dictionary(target):
        return array.dictionary_encode()
    return _unpacked(array) if target == EMBEDDING else array.cast(target)


def _parsed(texts, target, form):
    if form == MIXED:
        is_day = pc.equal(pc.binary_length(texts), FORMS["day"])
        texts = pc.if_else(is_day, pc.binary_join_element_wise(texts, "T00:00:00Z", ""), texts)
        return _cast(texts, target)
    filled = texts.drop_null()
    length = FORMS[form]
    pattern = PATTERN[: length - 1] + b"Z" if form != "day" else PATTERN[:length]
    if len(filled):
        lengths = pc.min_max(pc.binary_length(filled)).as_py()
        if lengths != {"min": length, "max": length}:
            raise OtherForm
        first = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset]
        letters = np.frombuffer(filled.buffers()[2], np.uint8, len(filled) * length, first).reshape(-1, length)
        fixed = [i for i, letter in enumerate(pattern) if not chr(letter).isdigit()]
        if not (letters[:, fixed] == np.frombuffer(pattern, np.uint8)[fixed]).all():
            raise OtherForm
    if form == "day" and not pa.types.is_date(target):
        return _cast(texts, pa.date32()).cast(pa.timestamp("us")).cast(target)
    return _cast(texts, target)


def _cast(texts, target):
    try:
        return texts.cast(target)
    except pa.ArrowInvalid:
        raise OtherForm from None


def _unpacked(blobs):
    """float32 numbers, little-endian, as lists."""
    lengths = np.asarray(pc.fill_null(pc.binary_length(blobs), 0)) // 4
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    numbers = np.frombuffer(b"".join(b for b in blobs.drop_null().to_pylist()), "<f4").astype(np.float32)
    return pa.ListArray.from_arrays(offsets, pa.array(numbers), mask=blobs.is_null())


# --- to SQLite -------------------------------------------------------------------------------------------------


def to_stored(array, form):
    """An array of any type that a column can be made of, as text, int64, double or binary; TypeError for another type. A
    timestamp without a time zone is taken to be in UTC."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return to_stored(array.dictionary_decode(), form)
    if pa.types.is_timestamp(kind):
        return _written(array, form)
    if pa.types.is_date(kind):
        return array.cast(pa.date32()).cast(pa.string())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return array.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return array.cast(pa.float64())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _packed(array)
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind):
        return array.cast(pa.binary())
    raise TypeError(f"{kind} is nothing that a database holds")


def _packed(lists):
    """Lists of numbers as float32, little-endian."""
    return pa.array([None if one.values is None else np.asarray(one.values.cast(pa.float32())).astype("<f4").tobytes() for one in lists], pa.binary())


def _written(array, form):
    """Wall time in UTC needs no time zone database."""
    naive = array.cast(pa.timestamp(array.type.unit))
    if form == "day":
        return naive.cast(pa.date32()).cast(pa.string())
    return pc.strftime(naive.cast(pa.timestamp(UNITS[form])), format="%Y-%m-%dT%H:%M:%SZ")


def finest_form(array):
    """The form that loses nothing of a timestamp column that came without one."""
    if not len(array.drop_null()):
        return "second"
    micro = np.asarray(array.cast(pa.timestamp(array.type.unit)).drop_null()).astype("M8[us]").astype(np.int64)
    return "second" if not (micro % 1_000_000).any() else "millisecond" if not (micro % 1000).any() else "microsecond"
