"""The disk of a cluster: what a volume has held is removed when the volume is."""

from pathlib import Path
from shutil import rmtree
from typing import cast

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1.persistentvolume import DELETE, PersistentVolume
from kubeactors.client import Change, Client, InformerFactory, Notify

VOLUMES = "volumes"
"""Where they are, below the directory of all that containers keep."""


class LocalVolumes(Actor[Notify], deterministic=True):
    """Removes the directories of volumes that are gone and were to be deleted with their claims.

    Args:
        client: reads volumes.
        directory: of all that containers keep; nothing outside it is touched.
    """

    def __init__(self, client: Client, directory: Path) -> None:
        self._client = client
        self._directory = directory / VOLUMES

    def started(self) -> None:
        """Watch volumes."""
        InformerFactory(self.ctx, self._client).of(PersistentVolume).subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Remove what nobody can claim any more."""
        for change in cast("tuple[Change[PersistentVolume], ...]", message.changes):
            if change.new is None and change.current.spec.persistent_volume_reclaim_policy == DELETE:
                rmtree(self._directory / change.current.metadata.name, ignore_errors=True)
