"""The managed fields of a Scale: those of its parent that own the replicas, at the path that the Scale has them at.

Source: apimachinery/pkg/util/managedfields/scalehandler.go (v1.36).
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from kubeactors.apimachinery.managedfields.entries import Managed, Owned, decode, encode
from kubeactors.apimachinery.managedfields.fieldset import Path, difference, has, named, of_paths
from kubeactors.apimachinery.meta import ManagedFieldsEntry

SCALE_API_VERSION = "autoscaling/v1"
_REPLICAS = named("spec", "replicas")

ReplicasPaths: TypeAlias = Mapping[str, Path | None]
"""The path of the replicas in each version of the parent, by API version; None where a version has no scale."""
Entries: TypeAlias = tuple[ManagedFieldsEntry, ...]


def to_scale(parent: Iterable[ManagedFieldsEntry], paths: ReplicasPaths) -> Entries:
    """The managed fields of the Scale of an object: an entry for each owner of the replicas.

    Raises:
        ValueError: an entry is malformed.
    """
    return encode(
        {
            owner: Owned(of_paths(_REPLICAS), SCALE_API_VERSION, owned.time)
            for owner, owned in decode(parent).items()
            if _has_replicas(owned, paths)
        }
    )


def to_parent(parent: Iterable[ManagedFieldsEntry], scale: Entries, api_version: str, paths: ReplicasPaths) -> Entries:
    """The managed fields of an object after a write to its Scale, which has the managed fields `scale` now.

    An owner that the Scale has no longer loses the replicas, and one that it has now gains them, at their path in
    `api_version`. Times are kept; a new entry has none. Entries of unknown versions are dropped.

    An update belongs to a version, and that of the Scale is not the parent's. Therefore an updater that keeps the
    replicas gets another entry for them, as in Kubernetes.

    Raises:
        ValueError: an entry is malformed.
    """
    before, owners = decode(parent), decode(scale)
    made: Managed = {}
    for owner, owned in before.items():
        if owned.api_version not in paths:
            continue
        if owner in owners or not _has_replicas(owned, paths):
            made[owner] = owned
            owners.pop(owner, None)
        elif left := difference(owned.fields, of_paths(paths[owned.api_version] or ())):
            made[owner] = replace(owned, fields=left)
    path = paths[api_version]
    for owner, owned in owners.items():
        if path is not None and has(owned.fields, _REPLICAS):
            time = before[owner].time if owner in before else None
            made[owner] = Owned(of_paths(path), api_version, time)
    return encode(made)


def _has_replicas(owned: Owned, paths: ReplicasPaths) -> bool:
    path = paths.get(owned.api_version)
    return path is not None and has(owned.fields, path)
