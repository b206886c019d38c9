"""Volumes and claims.

controller.py     binds them; `matching.py` says which (pure)     provisioner.py   makes volumes
protection.py     keeps what is in use
"""

from kubeactors.controllers.persistentvolume.controller import PersistentVolumeController
from kubeactors.controllers.persistentvolume.protection import (
    PersistentVolumeClaimProtectionController,
    PersistentVolumeProtectionController,
)
from kubeactors.controllers.persistentvolume.provisioner import SimulatedProvisioner

__all__ = [
    "PersistentVolumeClaimProtectionController",
    "PersistentVolumeController",
    "PersistentVolumeProtectionController",
    "SimulatedProvisioner",
]
