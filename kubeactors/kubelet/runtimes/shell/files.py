"""Files of containers, in memory: a tree for the container's own layer and for each directory that is mounted.

There are no links, owners or permissions; a tree holds at most `MAX_BYTES`.
"""

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

MAX_BYTES = 64 << 20
MAX_ENTRIES = 10_000
IMAGE_DIRECTORIES = ("etc", "home", "opt", "srv", "usr", "var")
"""What images have in them is not known: below these, directories are made as they are needed."""
DIRECTORIES = (*IMAGE_DIRECTORIES, "bin", "dev", "proc", "root", "tmp", "var/log", "var/run")
"""What every container has."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr")


class FileError(Exception):
    """A path cannot be used so; the message is libc's."""


class File:
    """One file: bytes, permissions, and when it was last written (unix nanoseconds)."""

    __slots__ = ("data", "mode", "modified")

    def __init__(self, data: bytes = b"", modified: int = 0) -> None:
        self.data: bytearray = bytearray(data)
        self.mode: int = 0o644
        self.modified: int = modified


class Tree:
    """Files and directories by their paths below the root, without a slash at either end. The root is ""."""

    __slots__ = ("_size", "entries")

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.entries: dict[str, File | None] = {"": None}
        """None is a directory."""
        self._size = 0
        for path, data in (files or {}).items():
            self.write(path.strip("/"), data, 0)

    @property
    def size(self) -> int:
        """Bytes in all files, about: what was overwritten counts until the file is removed."""
        return self._size

    def make_directories(self, path: str) -> None:
        """A directory and those above it.

        Raises:
            FileError: a file is in the way, or there are too many entries.
        """
        parts = path.split("/") if path else []
        for count in range(1, len(parts) + 1):
            self._directory("/".join(parts[:count]))

    def write(self, path: str, data: bytes, now: int, *, append: bool = False) -> File:
        """Write a file, making the directories above it.

        Raises:
            FileError: there is no room, or something is in the way.
        """
        self.make_directories(posixpath.dirname(path))
        file = self.entries.get(path)
        if file is None:
            if path in self.entries:
                raise FileError("Is a directory")
            self._check_entries()
            file = self.entries[path] = File()
        self.put(file, data, now, append=append)
        return file

    def put(self, file: File, data: bytes, now: int, *, append: bool) -> None:
        """Write to an open file of this tree.

        Raises:
            FileError: there is no room.
        """
        if not append:
            self._size -= len(file.data)
            file.data.clear()
        if self._size + len(data) > MAX_BYTES:
            raise FileError("No space left on device")
        self._size += len(data)
        file.data += data
        file.modified = now

    def remove(self, path: str) -> None:
        """Remove an entry and what is below it."""
        for one in [path, *self.below(path)]:
            gone = self.entries.pop(one)
            if gone is not None:
                self._size -= len(gone.data)

    def below(self, path: str) -> list[str]:
        """All entries below a directory, sorted."""
        prefix = f"{path}/" if path else ""
        return sorted(one for one in self.entries if one.startswith(prefix) and one != path)

    def _directory(self, path: str) -> None:
        if path not in self.entries:
            self._check_entries()
            self.entries[path] = None
        elif self.entries[path] is not None:
            raise FileError("Not a directory")

    def _check_entries(self) -> None:
        if len(self.entries) >= MAX_ENTRIES:
            raise FileError("No space left on device")


class MountPoint(msgspec.Struct, frozen=True):
    """A tree, or a part of it, at a path of a container."""

    path: str
    tree: Tree
    part: str = ""
    read_only: bool = False


class FileSystem:
    """What a container sees: its own layer, what is mounted in it, and files that others keep.

    Args:
        root: the container's own layer.
        mounts: what is mounted.
        kept: files by absolute path that can only be read.
        read_only: nothing can be written to the container's own layer.
    """

    __slots__ = ("_kept", "_mounts")

    def __init__(
        self,
        root: Tree,
        mounts: tuple[MountPoint, ...] = (),
        kept: Mapping[str, bytes] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        for name in DIRECTORIES:
            root.make_directories(name)
        for one in mounts:
            above = posixpath.dirname(one.path) if isinstance(one.tree.entries.get(one.part), File) else one.path
            root.make_directories(above.strip("/"))
        base = MountPoint("", root, read_only=read_only)
        self._mounts = (*sorted(mounts, key=lambda one: -len(one.path)), base)
        self._kept = kept or {}

    def read(self, path: str) -> bytes:
        """What is in a file.

        Raises:
            FileError: it cannot be read.
        """
        file = self.find(path)
        if file is not None:
            return bytes(file.data)
        if path in self._kept:
            return self._kept[path]
        raise FileError("Is a directory" if self.is_directory(path) else "No such file or directory")

    def find(self, path: str) -> File | None:
        """The file at an absolute path; None if there is none, or only one that others keep."""
        point, key = self._place(path)
        return point.tree.entries.get(key)

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        return self.find(path) is not None or path in self._kept

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory."""
        point, key = self._place(path)
        if key in point.tree.entries:
            return point.tree.entries[key] is None
        return any(one.startswith(path.rstrip("/") + "/") for one in self._kept)

    def exists(self, path: str) -> bool:
        """Whether there is anything."""
        return self.is_file(path) or self.is_directory(path)

    def names(self, path: str) -> list[str]:
        """What is in a directory, sorted."""
        point, key = self._place(path)
        prefix = f"{key}/" if key else ""
        found = {one[len(prefix) :].partition("/")[0] for one in point.tree.entries if one.startswith(prefix)}
        whole = path.rstrip("/") + "/"
        found |= {one[len(whole) :].partition("/")[0] for one in self._kept if one.startswith(whole)}
        return sorted(found - {""})

    def walk(self, path: str) -> Iterator[str]:
        """A path and all below it."""
        yield path
        if self.is_directory(path):
            for name in self.names(path):
                yield from self.walk(posixpath.join(path, name))

    def write(self, path: str, data: bytes, now: int, *, append: bool = False) -> tuple[Tree, File]:
        """Write a file in a directory that is there; where that is.

        Raises:
            FileError: it cannot be written.
        """
        point, key = self._writable(path)
        is_of_image = not point.path and key.partition("/")[0] in IMAGE_DIRECTORIES
        if not is_of_image and not self.is_directory(posixpath.dirname(path)):
            raise FileError("No such file or directory")
        return point.tree, point.tree.write(key, data, now, append=append)

    def make_directory(self, path: str, *, parents: bool) -> None:
        """Make a directory.

        Raises:
            FileError: it cannot be made.
        """
        if parents and self.is_directory(path):
            return
        if self.exists(path):
            raise FileError("File exists")
        point, key = self._writable(path)
        if not parents and not self.is_directory(posixpath.dirname(path)):
            raise FileError("No such file or directory")
        point.tree.make_directories(key)

    def remove(self, path: str) -> None:
        """Remove a file or a directory with all that is in it.

        Raises:
            FileError: it cannot be removed.
        """
        if not self.exists(path):
            raise FileError("No such file or directory")
        point, key = self._writable(path)
        if key == point.part or any(one.path.startswith(path + "/") for one in self._mounts):
            raise FileError("Device or resource busy")
        point.tree.remove(key)

    def _writable(self, path: str) -> tuple[MountPoint, str]:
        point, key = self._place(path)
        if point.read_only or (path in self._kept and key not in point.tree.entries):
            raise FileError("Read-only file system")
        return point, key

    def _place(self, path: str) -> tuple[MountPoint, str]:
        """Which tree an absolute path is in, and its path there."""
        point = next(one for one in self._mounts if path == one.path or path.startswith(one.path + "/"))
        rest = path[len(point.path) :].strip("/")
        return point, "/".join(one for one in (point.part, rest) if one)


def absolute(path: str, directory: str) -> str:
    """A path as seen from a directory, without dots.

    >>> absolute("../b/", "/a/c"), absolute("//x", "/")
    ('/a/b', '/x')
    """
    return "/" + posixpath.normpath(posixpath.join(directory, path)).strip("/")
