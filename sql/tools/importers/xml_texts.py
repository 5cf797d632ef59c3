"""XML of strangers: entities and DTDs are refused before anything is built of it."""

import io
import re
import xml.etree.ElementTree  # writes what defusedxml has read

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


def unprefixed(content):
    """For a reader that knows no prefix of the outermost element's namespace, and no encoding but UTF-8. It is whole, and brings no entities."""
    space, tree = None, None
    for event, element in elements(content):
        if event == "start" and space is None:
            space, tree = element.tag.rpartition("}")[0] + "}", element if _is_odd(content) else None
        if event == "end" and tree is None:
            element.clear()
    if tree is None:
        return content
    for element in tree.iter():
        if isinstance(element.tag, str) and space != "}" and element.tag.startswith(space):
            element.tag = element.tag[len(space):]
    return xml.etree.ElementTree.tostring(tree, encoding="unicode")


def _is_odd(content):
    """Whether its outermost element has a prefix, or it is not UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    outermost = re.search(rb"<[A-Za-z_][^\s:>/]*:?", content)
    return outermost is None or outermost[0].endswith(b":")  # letters of two bytes look like UTF-8, too


def tag(element):
    """Without its namespace."""
    return element.tag.rpartition("}")[2]


def begun(content):
    """From its first letter on: some editors leave a mark and blanks before it."""
    return re.sub(rb"\A(?:\xef\xbb\xbf|[ \t\r\n])+(?=<)", b"", content)


def root_of(head):
    """The name of the outermost element of a text's first bytes, or None where it is no XML."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if wide := "utf-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(text[:2]):
        text = text.decode(wide, errors="ignore").encode()
    while text.startswith((b"<?", b"<!")):
        end = text.find(b"-->" if text.startswith(b"<!--") else b"]>" if b"[" in text[: text.find(b">") + 1] else b">")
        if end < 0:
            return None
        text = text[text.find(b">", end) + 1 :].lstrip()
    if not text.startswith(b"<"):
        return None
    name = text[1:200].replace(b"/", b" ").replace(b">", b" ").split(None, 1)
    return name[0].rpartition(b":")[2].decode(errors="replace") if name else None
