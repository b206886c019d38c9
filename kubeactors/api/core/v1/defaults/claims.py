"""Defaults of claims and of volumes that are objects of their own.

Source: pkg/apis/core/v1/defaults.go (v1.36).
"""

from typing import TypeVar

from kubeactors.api.core.v1.defaults.common import filled
from kubeactors.api.core.v1.persistentvolumeclaim import PENDING, PersistentVolumeClaim

FILESYSTEM = "Filesystem"

C = TypeVar("C", bound=PersistentVolumeClaim)


def default_claim(claim: C) -> C:
    """A file system that nobody has given yet.

    >>> default_claim(PersistentVolumeClaim()).status.phase
    'Pending'
    """
    return filled(
        claim,
        spec=filled(claim.spec, volume_mode=claim.spec.volume_mode or FILESYSTEM),
        status=filled(claim.status, phase=claim.status.phase or PENDING),
    )
