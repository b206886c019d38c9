"""Volumes and claims.

controller.py     binds them; `api/core/v1/volume_matching.py` says which     provisioner.py   makes volumes
protection.py     keeps what is in use                                         expander.py      makes them larger
"""

from kubeactors.controllers.persistentvolume.controller import PersistentVolumeController
from kubeactors.controllers.persistentvolume.expander import ExpandController
from kubeactors.controllers.persistentvolume.protection import (
    PersistentVolumeClaimProtectionController,
    PersistentVolumeProtectionController,
)
from kubeactors.controllers.persistentvolume.provisioner import Provisioner

__all__ = [
    "ExpandController",
    "PersistentVolumeClaimProtectionController",
    "PersistentVolumeController",
    "PersistentVolumeProtectionController",
    "Provisioner",
]
