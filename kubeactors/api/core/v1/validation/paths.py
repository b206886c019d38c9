"""Validation of relative paths that must not leave a volume.

Source: validateLocalDescendingPath, ValidateLocalNonReservedPath, validatePathNoBacksteps (v1.36).
"""

from collections.abc import Iterator

from kubeactors.apimachinery.field import FieldError, invalid


def no_backsteps(value: str, path: str) -> Iterator[FieldError]:
    """No element of the path is `..`."""
    if ".." in value and ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def descending(value: str, path: str) -> Iterator[FieldError]:
    """A relative path without `..`."""
    if value.startswith("/"):
        yield invalid(path, value, "must be a relative path")
    yield from no_backsteps(value, path)


def not_reserved(value: str, path: str) -> Iterator[FieldError]:
    """A relative path that does not start with two dots, which the kubelet reserves."""
    yield from descending(value, path)
    if value.startswith("..") and not value.startswith("../"):
        yield invalid(path, value, "must not start with '..'")
