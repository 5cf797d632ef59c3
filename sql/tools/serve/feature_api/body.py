"""The JSON of a request, within limits."""

import json

from feature_api.refusal import Refusal


async def read(headers, receive, max_bytes):
    """The object that the body is. It is read no further than the limit."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refusal(415, "the body is read as application/json only")
    too_large = Refusal(413, f"the body has more than {max_bytes} bytes")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:18]) > max_bytes:
        raise too_large
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "the request ended before its body")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_bytes:
            raise too_large
        more = message.get("more_body", False)
    return parse(b"".join(parts))


def parse(data):
    try:
        text = data.decode()
        value = json.loads(text, parse_constant=_constant, object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no character
        return value
    except RecursionError:
        raise Refusal(400, "the body is nested too deeply") from None
    except ValueError as error:  # of decode, of encode, of loads, and of the two below
        raise Refusal(400, f"the body is not JSON: {error}") from None


def _constant(name):
    raise ValueError(f"{name} is no number of JSON")


def _object(pairs):
    found = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"'{name[:60]}' is there twice")
        found[name] = value
    return found
