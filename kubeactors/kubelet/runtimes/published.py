"""Volumes made from objects, whose files are updated atomically.

The files are in a timestamped directory; `..data` is a link to it, and the visible files are links through `..data`. An
update makes a new directory and changes `..data` last: readers see either all old or all new files, and watchers of the
link see the change.

Source: pkg/volume/util/atomic_writer.go (v1.36).
"""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kubeactors.kubelet.runtimes.runtime import Mount
from kubeactors.kubelet.runtimes.shell.files import Link, Tree

DATA = "..data"
SECOND = 1_000_000_000


def version_name(now: int) -> str:
    """The name of the directory of files published now (Unix nanoseconds).

    >>> version_name(1_767_225_600_000_000_042)
    '..2026_01_01_00_00_00.000000042'
    """
    moment = datetime.fromtimestamp(now // SECOND, UTC)
    return f"..{moment:%Y_%m_%d_%H_%M_%S}.{now % SECOND:09}"


def _tops(paths: Iterable[str]) -> list[str]:
    """The visible entries at the top of a volume, sorted."""
    return sorted({one.partition("/")[0] for one in paths})


class Published:
    """A volume for simulated commands. Its `tree` is always the same object."""

    __slots__ = ("_files", "_version", "tree")

    def __init__(self) -> None:
        self.tree: Tree = Tree()
        self._files: dict[str, tuple[bytes, int]] | None = None
        self._version = ""

    def publish(self, mount: Mount, now: int) -> None:
        """Publish these files unless they are unchanged."""
        files = {path: (data, mode_of(mount, path)) for path, data in (mount.files or {}).items()}
        if files == self._files:
            return
        before, self._version = self._version, version_name(now)
        while self._version == before:
            now += 1
            self._version = version_name(now)
        self.tree.make_directories(self._version)
        for path, (data, mode) in files.items():
            self.tree.write(f"{self._version}/{path.strip('/')}", data, now).mode = mode
        self.tree.link(DATA, self._version, now)
        self._show(_tops(files), now)
        if before:
            self.tree.remove(before)
        self._files = files

    def _show(self, tops: list[str], now: int) -> None:
        for top in tops:
            if not isinstance(self.tree.entries.get(top), Link):
                self.tree.link(top, f"{DATA}/{top}", now)
        for path, entry in list(self.tree.entries.items()):
            if isinstance(entry, Link) and path != DATA and path not in tops:
                self.tree.remove(path)


def plain_tree(mount: Mount) -> Tree:
    """The files without links, for a subPath mount, which is never updated."""
    tree = Tree()
    for path, data in (mount.files or {}).items():
        tree.write(path.strip("/"), data, 0).mode = mode_of(mount, path)
    return tree


def mode_of(mount: Mount, path: str) -> int:
    """The mode of a file."""
    return mount.modes.get(path, mount.default_mode)


def publish_on_disk(mount: Mount, directory: Path, now: int) -> None:
    """Publish files in a real directory.

    Raises:
        OSError: the file system failed.
    """
    files = mount.files or {}
    directory.mkdir(parents=True, exist_ok=True)
    data = directory / DATA
    before = directory / data.readlink() if data.is_symlink() else None
    if before is not None and _has(before, mount):
        return
    version = directory / version_name(now)
    for name, content in files.items():
        path = version / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode_of(mount, name))
    version.mkdir(parents=True, exist_ok=True)
    temporary = directory / "..data_tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version.name)
    temporary.replace(data)
    tops = _tops(files)
    for top in tops:
        if not (directory / top).is_symlink():
            (directory / top).symlink_to(f"{DATA}/{top}")
    for path in directory.iterdir():
        if path.is_symlink() and path.name not in {DATA, *tops}:
            path.unlink()
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)


def _has(version: Path, mount: Mount) -> bool:
    """Whether a directory contains exactly the files of a mount."""
    there = {path.relative_to(version).as_posix(): path for path in version.rglob("*") if path.is_file()}
    wanted = mount.files or {}
    return there.keys() == wanted.keys() and all(path.read_bytes() == wanted[name] for name, path in there.items())
