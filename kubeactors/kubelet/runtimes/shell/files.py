"""The files of containers, in memory: a tree for the container's own layer, and one for each mounted directory.

There are symbolic links, but no owners; permissions are only displayed. A tree holds at most `MAX_BYTES`.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping

import msgspec

MAX_BYTES = 64 << 20
MAX_ENTRIES = 10_000
BYTE, ENTRY = 4, 20
"""What a byte costs that is read or written, and an entry that is looked at in search of those of a directory."""
MAX_LINKS = 20
"""The maximum number of links to follow."""
DIRECTORY_SIZE = 4096
"""The size that directories have."""
IMAGE_DIRECTORIES = ("etc", "home", "opt", "srv", "usr", "var")
"""The contents of images are unknown: below these paths directories are created on demand."""
OWN_DIRECTORIES = ("", "dev", "proc", "tmp")
"""Directories whose contents do not come from images."""
DIRECTORIES = (*IMAGE_DIRECTORIES, "bin", "dev", "proc", "root", "tmp", "var/log", "var/run")
"""Files and directories of every container."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr")


class FileError(Exception):
    """An operation on a path failed; the message is libc's."""


class File:
    """A file: its bytes, its permissions, and its modification time in Unix nanoseconds."""

    __slots__ = ("data", "mode", "modified")

    def __init__(self, data: bytes = b"", modified: int = 0) -> None:
        self.data: bytearray = bytearray(data)
        self.mode: int = 0o644
        self.modified: int = modified


class Link:
    """A symbolic link."""

    __slots__ = ("modified", "target")

    def __init__(self, target: str, modified: int) -> None:
        self.target: str = target
        self.modified: int = modified


class Tree:
    """Files and directories by their paths below the root, without leading and trailing slash. The root is ""."""

    __slots__ = ("_size", "entries", "has_links")

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.entries: dict[str, File | Link | None] = {"": None}
        """None stands for a directory."""
        self.has_links: bool = False
        """Whether there was ever a link."""
        self._size = 0
        for path, data in (files or {}).items():
            self.write(path.strip("/"), data, 0)

    @property
    def size(self) -> int:
        """The approximate bytes in all files: overwritten data count until the file is removed."""
        return self._size

    def make_directories(self, path: str) -> None:
        """Create a directory and its parents.

        Raises:
            FileError: a file is in the way, or there are too many entries.
        """
        parts = path.split("/") if path else []
        for count in range(1, len(parts) + 1):
            self._directory("/".join(parts[:count]))

    def write(self, path: str, data: bytes, now: int, *, append: bool = False) -> File:
        """Write a file, creating its parent directories.

        Raises:
            FileError: there is no space, or something is in the way.
        """
        self.make_directories(posixpath.dirname(path))
        file = self.entries.get(path)
        if isinstance(file, Link):
            raise FileError("File exists")
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
            FileError: there is no space.
        """
        if not append:
            self._size -= len(file.data)
            file.data.clear()
        if self._size + len(data) > MAX_BYTES:
            raise FileError("No space left on device")
        self._size += len(data)
        file.data += data
        file.modified = now

    def link(self, path: str, target: str, now: int) -> None:
        """Create or replace a link.

        Raises:
            FileError: something else is in the way, or there are too many entries.
        """
        if not isinstance(self.entries.get(path), Link):
            if path in self.entries:
                raise FileError("File exists")
            self._check_entries()
            self.make_directories(posixpath.dirname(path))
        self.entries[path] = Link(target, now)
        self.has_links = True

    def remove(self, path: str) -> None:
        """Remove an entry and everything below it."""
        for one in [path, *self.below(path)]:
            gone = self.entries.pop(one)
            if isinstance(gone, File):
                self._size -= len(gone.data)

    def below(self, path: str) -> list[str]:
        """The paths of all entries below a directory, sorted; none below a file."""
        if self.entries.get(path) is not None:
            return []
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
    """A tree, or a part of it, mounted at a path."""

    path: str
    tree: Tree
    part: str = ""
    read_only: bool = False


class FileSystem:
    """The file system of a container: its own layer, mounts, and external files.

    Args:
        root: the container's own layer.
        mounts: the mounts.
        kept: external read-only files by absolute path.
        read_only: whether the container's own layer is read-only.
    """

    __slots__ = ("_kept", "_mounts", "charge")

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
        self.charge: Callable[[int], None] = lambda _cost: None
        """Charges work to the running process."""

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            FileError: it cannot be read.
        """
        file = self.find(path)
        if file is not None:
            self.charge(BYTE * len(file.data))
            return bytes(file.data)
        if path in self._kept:
            return self._kept[path]
        raise FileError("Is a directory" if self.is_directory(path) else "No such file or directory")

    def find(self, path: str) -> File | None:
        """The file at an absolute path; None if there is none, or only an external one."""
        point, key = self._place(path)
        found = point.tree.entries.get(key)
        return found if isinstance(found, File) else None

    def size(self, path: str) -> int:
        """The size of an entry in bytes, without following a link.

        Raises:
            FileError: it does not exist.
        """
        link = self.find_link(path)
        if link is not None:
            return len(link.target)
        return DIRECTORY_SIZE if self.is_directory(path) else len(self.read(path))

    def mode(self, path: str) -> int:
        """The permissions of an entry, without following a link."""
        if self.find_link(path) is not None:
            return 0o777
        file = self.find(path)
        return file.mode if file is not None else 0o755 if self.is_directory(path) else 0o644

    def modified(self, path: str) -> int:
        """When an entry was modified, in Unix nanoseconds; a directory, when the latest file in it was."""
        if self.is_directory(path) and self.find_link(path) is None:
            inside = [posixpath.join(path, name) for name in self.names(path)]
            return max((self.modified(one) for one in inside if not self.is_directory(one)), default=0)
        found = self.find_link(path) or self.find(path)
        return found.modified if found is not None else 0

    def find_link(self, path: str) -> Link | None:
        """The symbolic link at an absolute path; None if there is none."""
        point, key = self._place(path, follow=False)
        found = point.tree.entries.get(key)
        return found if isinstance(found, Link) else None

    def resolved(self, path: str) -> str:
        """The absolute path with all links followed."""
        point, key = self._place(path)
        return absolute(key[len(point.part) :].strip("/"), point.path or "/")

    def make_link(self, path: str, target: str, now: int) -> None:
        """Create a symbolic link.

        Raises:
            FileError: it cannot be created.
        """
        point, key = self._place(path, follow=False)
        if point.read_only:
            raise FileError("Read-only file system")
        if self.find_link(path) is not None:
            raise FileError("File exists")
        point.tree.link(key, target, now)

    def is_file(self, path: str) -> bool:
        """Whether the path is a file."""
        return self.find(path) is not None or path in self._kept

    def is_directory(self, path: str) -> bool:
        """Whether the path is a directory."""
        point, key = self._place(path)
        if key in point.tree.entries:
            return point.tree.entries[key] is None
        return any(one.startswith(path.rstrip("/") + "/") for one in self._kept)

    def exists(self, path: str) -> bool:
        """Whether the path exists."""
        return self.is_file(path) or self.is_directory(path)

    def may_be_of_image(self, path: str) -> bool:
        """Whether the path does not exist here, but may exist in the image."""
        if self.exists(path) or path.strip("/").partition("/")[0] in OWN_DIRECTORIES:
            return False
        point, _ = self._place(path)
        return not point.path

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted."""
        point, key = self._place(path)
        prefix = f"{key}/" if key else ""
        self.charge(ENTRY * len(point.tree.entries))
        found = {one[len(prefix) :].partition("/")[0] for one in point.tree.entries if one.startswith(prefix)}
        whole = path.rstrip("/") + "/"
        found |= {one[len(whole) :].partition("/")[0] for one in self._kept if one.startswith(whole)}
        return sorted(found - {""})

    def walk(self, path: str) -> Iterator[str]:
        """The path and all paths below it."""
        yield path
        if self.is_directory(path) and self.find_link(path) is None:
            for name in self.names(path):
                yield from self.walk(posixpath.join(path, name))

    def write(self, path: str, data: bytes, now: int, *, append: bool = False) -> tuple[Tree, File]:
        """Write a file in an existing directory. Returns the file and its tree.

        Raises:
            FileError: it cannot be written.
        """
        self.charge(BYTE * len(data))
        point, key = self._writable(path)
        is_of_image = not point.path and key.partition("/")[0] in IMAGE_DIRECTORIES
        if not is_of_image and not self.is_directory(posixpath.dirname(path)):
            raise FileError("No such file or directory")
        return point.tree, point.tree.write(key, data, now, append=append)

    def make_directory(self, path: str, *, parents: bool) -> None:
        """Create a directory.

        Raises:
            FileError: it cannot be created.
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
        """Remove a file, or a directory with its contents.

        Raises:
            FileError: it cannot be removed.
        """
        if not self.exists(path) and self.find_link(path) is None:
            raise FileError("No such file or directory")
        point, key = self._writable(path, follow=False)
        if key == point.part or any(one.path.startswith(path + "/") for one in self._mounts):
            raise FileError("Device or resource busy")
        point.tree.remove(key)

    def _writable(self, path: str, *, follow: bool = True) -> tuple[MountPoint, str]:
        point, key = self._place(path, follow=follow)
        if point.read_only or (path in self._kept and key not in point.tree.entries):
            raise FileError("Read-only file system")
        return point, key

    def _place(self, path: str, *, follow: bool = True, depth: int = 0) -> tuple[MountPoint, str]:
        """The mount of an absolute path, and the path in its tree; `follow` a link at its end."""
        point = next(one for one in self._mounts if path == one.path or path.startswith(one.path + "/"))
        rest = path[len(point.path) :].strip("/")
        if point.tree.has_links and rest:
            parts = rest.split("/")
            for count in range(1, len(parts) + follow):
                link = point.tree.entries.get(_joined(point.part, "/".join(parts[:count])))
                if isinstance(link, Link):
                    if depth >= MAX_LINKS:
                        raise FileError("Too many levels of symbolic links")
                    above = absolute("/".join(parts[: count - 1]), point.path or "/")
                    target = absolute("/".join(parts[count:]), absolute(link.target, above))
                    return self._place(target, follow=follow, depth=depth + 1)
        return point, _joined(point.part, rest)


def _joined(part: str, rest: str) -> str:
    return f"{part}/{rest}" if part and rest else part or rest


def absolute(path: str, directory: str) -> str:
    """The absolute, normalized form of a path relative to a directory.

    >>> absolute("../b/", "/a/c"), absolute("//x", "/")
    ('/a/b', '/x')
    """
    return "/" + posixpath.normpath(posixpath.join(directory, path)).strip("/")
