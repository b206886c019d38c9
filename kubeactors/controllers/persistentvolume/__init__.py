"""PersistentVolumes and PersistentVolumeClaims.

controller.py   binds them (`api/core/v1/volume_matching.py` matches)   provisioner.py   provisions volumes
protection.py   protects what is in use                                 expander.py      expands volumes
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
