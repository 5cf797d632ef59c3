"""The JSON of a request, within limits."""

import asyncio
import json

from feature_api.refusal import Refusal


class Receiver:
    """Receives the parts of a body, and knows whether one is still to come."""

    def __init__(self, scope, receive):
        self.receive = receive
        self.is_done = not {b"content-length", b"transfer-encoding"} & {name for name, _ in scope["headers"]}

    async def __call__(self):
        message = await self.receive()
        self.is_done = not message.get("more_body", False)
        return message


async def read(headers, receive, max_bytes, max_seconds):
    """The object that the body is. It is read no further than the limit, and waited for no longer."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refusal(415, "the body is read as application/json only")
    too_large = Refusal(413, f"the body has more than {max_bytes} bytes")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:18]) > max_bytes:
        raise too_large
    try:
        async with asyncio.timeout(max_seconds):
            return parse(await _bytes(receive, max_bytes, too_large))
    except TimeoutError:
        raise Refusal(408, f"the body has not arrived within {max_seconds} seconds") from None


async def _bytes(receive, max_bytes, too_large):
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
    return b"".join(parts)


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
