"""The data directory: created, or recognized as ours before anything is written into it."""

from pathlib import Path

from kubeactors.storage.backends.sqlite_file import check_header

STORE = "store.db"
VOLUMES = "volumes"
"""The directory of the files of coroutine containers."""
OURS = (STORE, "pki", "kubeconfig")
"""The files of a data directory; a directory with other files and none of these is not ours."""


class NotADataDir(Exception):
    """The directory belongs to something else, or is not a directory; it was left alone. Use another one."""


def claim(directory: Path) -> None:
    """Create the directory, or check that it is ours.

    Raises:
        NotADataDir: it has other files and none of ours.
        StorageError: its store was written by something else, or by a newer version.
        OSError: it cannot be created or read.
    """
    if directory.exists() and not directory.is_dir():
        raise NotADataDir(f"{directory}: not a directory; use another data directory")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = sorted(one.name for one in directory.iterdir() if not one.name.startswith(".") and one.name != "lost+found")
    if found and not any(name in found for name in OURS):
        raise NotADataDir(f"{directory}: holds {found[0]} and nothing of kubeactors; use an empty data directory")
    if STORE in found:
        check_header(directory / STORE)
