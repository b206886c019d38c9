"""Cleanup of local volumes: the files of a deleted volume are removed."""

from pathlib import Path
from shutil import rmtree
from typing import cast

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1.persistentvolume import DELETE, PersistentVolume
from kubeactors.client import Change, Client, InformerFactory, Notify

VOLUMES = "volumes"
"""The subdirectory of volumes in the directory of all container files."""


class LocalVolumes(Actor[Notify], deterministic=True):
    """Removes the directories of deleted volumes with the reclaim policy Delete.

    Args:
        client: reads volumes.
        directory: of all container files; nothing outside of it is touched.
    """

    def __init__(self, client: Client, directory: Path) -> None:
        self._client = client
        self._directory = directory / VOLUMES

    def started(self) -> None:
        """Watch volumes."""
        InformerFactory(self.ctx, self._client).of(PersistentVolume).subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Remove the directory of a volume that is gone."""
        for change in cast("tuple[Change[PersistentVolume], ...]", message.changes):
            if change.new is None and change.current.spec.persistent_volume_reclaim_policy == DELETE:
                rmtree(self._directory / change.current.metadata.name, ignore_errors=True)
