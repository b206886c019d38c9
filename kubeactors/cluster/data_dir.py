"""The directory of a cluster's state and certificates: made, or known to be ours before anything is written into it."""

from pathlib import Path

from kubeactors.storage.backends.sqlite_file import check_header

STORE = "store.db"
VOLUMES = "volumes"
"""Where containers that are coroutines have their files."""
OURS = (STORE, "pki", "kubeconfig")
"""What a data directory holds; one that has none of these, but other files, belongs to somebody else."""


class NotADataDir(Exception):
    """The directory belongs to something else, or is none; it was left alone. Use another one."""


def claim(directory: Path) -> None:
    """Make the directory, unless it is there.

    Raises:
        NotADataDir: it holds other files and none of ours.
        StorageError: its store was made by something else, or by a newer version.
        OSError: it cannot be made or read.
    """
    if directory.exists() and not directory.is_dir():
        raise NotADataDir(f"{directory}: not a directory; use another data directory")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = sorted(one.name for one in directory.iterdir() if not one.name.startswith(".") and one.name != "lost+found")
    if found and not any(name in found for name in OURS):
        raise NotADataDir(f"{directory}: holds {found[0]} and nothing of kubeactors; use an empty data directory")
    if STORE in found:
        check_header(directory / STORE)
