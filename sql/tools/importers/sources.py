"""The files in what was given: one file, a folder of them, or a zip. Nothing is unpacked onto a disk, and nothing is read beyond a
limit, so that neither a name in an archive nor a bomb does harm."""

import io
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile
import zlib

from importers.recording import Unreadable

LIMIT_BYTES = 64_000_000  # of one file, unpacked; a day of a watch has two
TABLE_BYTES = 256_000_000  # of a table of activities
WITHIN_BYTES = 4_000_000_000  # of a zip within a zip
ZIP = (b"PK\3\4", b"PK\5\6")
SYSTEM = (".ds_store", "thumbs.db", "desktop.ini")  # what systems leave in folders, of no use to anybody
OFFICE = "[Content_Types].xml"  # of a document that is a zip and none
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Files:
    """Names, in their order, and how each is opened. One that was given alone has only itself."""

    def __init__(self, given):
        self._zip, self._folder, self._alone, self._within = None, None, None, {}
        self._closed = {}  # folders that cannot be looked into, and why
        if given == "-":
            self._alone = ("standard input", sys.stdin.buffer)
        elif os.path.isdir(given):
            self._folder = pathlib.Path(given)
        else:
            self._alone = (pathlib.Path(given).name, open(given, "rb"))  # noqa: SIM115: open as long as the program runs
        if self._alone and self._alone[1].read(4) in ZIP:
            try:
                self._zip = zipfile.ZipFile(self._alone[1])
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise Unreadable(f"the zip is cut off or damaged: {error}") from error
        self._names = self._own_names()
        for name in self._names if self._zip is not None or self._folder is not None else []:
            found = self._open_within(name, self._zip and self._entries[name])
            for inner, info in found.items() if self._zip is None else []:
                self._open_within(inner, info)
        outer = {outer for _, outer, _ in self._within.values()}
        self._names = sorted({*self._names, *(name for name in self._within if not _is_system(name))} - outer)

    def names(self):
        return self._names

    def _own_names(self):
        if self._zip is not None:
            self._entries = _named(self._zip)
            return sorted(name for name in self._entries if not _is_system(name))
        if self._folder is not None:
            found = list(self._in_folder())
            return sorted([*found, *self._closed])
        return [self._alone[0]]

    def _in_folder(self):
        for folder, _, names in os.walk(self._folder, onerror=self._is_closed):
            for path in (pathlib.Path(folder, name) for name in names):
                if path.is_file() and self._is_within(path) and not _is_system(str(path)):
                    yield str(path.relative_to(self._folder))

    def _is_closed(self, error):
        self._closed[str(pathlib.Path(error.filename).relative_to(self._folder)) + "/"] = error

    def read(self, name, limit=LIMIT_BYTES):
        """A file's bytes, without the gzip it may be in."""
        return unpacked(self.packed(name, limit), limit)

    def packed(self, name, limit=LIMIT_BYTES):
        """A file's bytes as they are."""
        content = self.head(name, limit + 1)
        if len(content) > limit:
            raise Unreadable(f"it has more than {limit:,} bytes")
        return content

    def head(self, name, n_bytes):
        """Its first bytes, as they are."""
        try:
            with self._open(name) as stream:
                return stream.read(n_bytes)
        except DAMAGED as error:
            if "password" in str(error) or "encrypted" in str(error):
                raise Unreadable("it is encrypted: pack it anew, without a password") from error
            raise Unreadable(f"it is cut off or damaged in its archive: {error}") from error
        except OSError as error:
            raise Unreadable(f"it cannot be read: {error.strerror or error}") from error

    def _open_within(self, outer, told):
        """The files of a zip that is one of these; `told` is what another zip says of it. A zip within a zip is opened, in a folder, too;
        one in it again, or that is damaged, or grows as no zip does, stays a file."""
        try:
            if self.head(outer, 4) not in ZIP:
                return {}
            if told is not None:
                if told.file_size > min(WITHIN_BYTES, 2 * told.compress_size + 1_000_000):
                    return {}
                stream = tempfile.TemporaryFile()  # noqa: SIM115: a zip is read from its end; it has no name, and goes with the program
                with self._open(outer) as packed:
                    shutil.copyfileobj(packed, stream)
            else:
                stream = self._open(outer)
            archive = zipfile.ZipFile(stream)
        except (Unreadable, OSError, ValueError, *DAMAGED):
            return {}
        entries = _named(archive)
        found = {f"{outer}/{name}": info for name, info in entries.items() if OFFICE not in entries}
        self._within |= {name: (archive, outer, info) for name, info in found.items()}
        return found

    def _is_within(self, path):
        """A link that leads out of the folder is not followed."""
        return path.resolve().is_relative_to(self._folder.resolve())

    def _open(self, name):
        if name in self._closed:
            raise self._closed[name]
        if name in self._within:
            archive, _, info = self._within[name]
            return archive.open(info)
        if self._zip is not None:
            return self._zip.open(self._entries[name])
        if self._folder is not None:
            return open(self._folder / name, "rb")
        self._alone[1].seek(0)
        return io.BufferedReader(_Kept(self._alone[1]))


def _named(archive):
    """{name: entry}. Of several of one name the last has it, as where an archiver put it anew, and the others one with a number, unless
    they are the same to the byte."""
    found, older = {}, {}
    for info in archive.infolist():
        if info.is_dir():
            continue
        before = found.get(info.filename)
        if before is not None and (before.CRC, before.file_size) != (info.CRC, info.file_size):
            older.setdefault(info.filename, []).append(before)
        found[info.filename] = info
    for name, infos in older.items():
        root, ending = os.path.splitext(name)
        for number, info in enumerate(infos, 1):
            found.setdefault(f"{root} ({number}){ending}", info)
    return found


def _is_system(name):
    parts = pathlib.PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1:] and (parts[-1].startswith("._") or parts[-1].casefold() in SYSTEM)


class _Kept(io.RawIOBase):
    """A stream that stays open when its reader is done."""

    def __init__(self, stream):
        self._stream = stream

    def readable(self):
        return True

    def readinto(self, buffer):
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def unpacked(content, limit=LIMIT_BYTES):
    """Without the gzip it may be in, or the two: a browser packs what is packed."""
    return _without_gzip(_without_gzip(content, limit), limit)


def unpacked_head(head):
    """The beginning of what may be in a gzip; nothing of a damaged one."""
    try:
        return zlib.decompressobj(31).decompress(head, len(head)) if head[:2] == b"\x1f\x8b" else head
    except zlib.error:
        return b""


def _without_gzip(content, limit):
    if content[:2] != b"\x1f\x8b":
        return content
    stream, parts, size = zlib.decompressobj(31), [], 0
    while content:
        try:
            parts.append(stream.decompress(content, limit + 1 - size))
        except zlib.error as error:
            raise Unreadable(f"its gzip is cut off or damaged: {error}") from error
        size += len(parts[-1])
        if size > limit:
            raise Unreadable(f"it has more than {limit:,} bytes when it is unpacked")
        if not stream.eof:
            raise Unreadable("its gzip is cut off")
        content = stream.unused_data if stream.unused_data[:2] == b"\x1f\x8b" else b""
        stream = zlib.decompressobj(31)
    return b"".join(parts)
