"""XML of strangers: entities and DTDs are refused before anything is built of it."""

import io

import defusedxml
import defusedxml.ElementTree

from importers.recording import Unreadable


def elements(content):
    """(event, element) as the text is read."""
    try:
        yield from defusedxml.ElementTree.iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise Unreadable("its XML defines a DTD or entities of its own, which no device writes") from error
    except (defusedxml.ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"it is cut off or no XML: {error}") from error


def check(content):
    """What another reader will read is whole, and brings no entities."""
    for event, element in elements(content):
        if event == "end":
            element.clear()


def tag(element):
    """Without its namespace."""
    return element.tag.rpartition("}")[2]


def root_of(head):
    """The name of the outermost element of a text's first bytes, or None where it is no XML."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text.decode("utf-16", errors="ignore").encode()
    while text.startswith((b"<?", b"<!")):
        end = text.find(b"-->" if text.startswith(b"<!--") else b"]>" if b"[" in text[: text.find(b">") + 1] else b">")
        if end < 0:
            return None
        text = text[text.find(b">", end) + 1 :].lstrip()
    if not text.startswith(b"<"):
        return None
    name = text[1:200].replace(b"/", b" ").replace(b">", b" ").split(None, 1)
    return name[0].rpartition(b":")[2].decode(errors="replace") if name else None
