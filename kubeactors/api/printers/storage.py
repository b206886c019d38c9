"""How claims, volumes and storage classes look in a table.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim, class_of_claim
from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age

UNSET = "<unset>"

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def modes_cell(modes: Iterable[str]) -> str:
    """Access modes in short, in the usual order.

    >>> modes_cell(("ReadOnlyMany", "ReadWriteOnce"))
    'RWO,ROX'
    """
    present = tuple(modes)
    return ",".join(short for mode, short in _MODES.items() if mode in present)


def claim_cells(claim: PersistentVolumeClaim, now_ns: int) -> Cells:
    """All cells of a claim's row."""
    spec, status = claim.spec, claim.status
    bound = bool(spec.volume_name)
    return (
        claim.metadata.name,
        "Terminating" if claim.metadata.deletion_timestamp is not None else status.phase,
        spec.volume_name,
        status.capacity.get("storage", "0") if bound else "",
        modes_cell(status.access_modes) if bound else "",
        class_of_claim(claim),
        UNSET if spec.volume_attributes_class_name is None else spec.volume_attributes_class_name,
        age(claim.metadata, now_ns),
        UNSET if spec.volume_mode is None else spec.volume_mode,
    )


CLAIM = Printer(
    columns=(
        NAME,
        Column(name="Status", description="Pending, Bound or Lost; or Terminating."),
        Column(name="Volume", description="The volume that is bound to the claim."),
        Column(name="Capacity", description="How large the volume is."),
        Column(name="Access Modes", description="How the volume can be mounted."),
        Column(name="StorageClass", description="The class that the claim asks for."),
        Column(name="VolumeAttributesClass", description="The class of attributes that the claim asks for."),
        AGE,
        Column(name="VolumeMode", description="Filesystem or Block.", priority=1),
    ),
    cells=claim_cells,
)
