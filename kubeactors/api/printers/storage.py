"""The table printers of claims, volumes and storage classes.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.core.v1.persistentvolume import PersistentVolume, class_of_volume
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim, class_of_claim
from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age
from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.api.storage.v1.csinode import CSINode
from kubeactors.api.storage.v1.storageclass import StorageClass, is_default_class
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachment
from kubeactors.api.storage.v1.volumeattributesclass import VolumeAttributesClass

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


def volume_cells(volume: PersistentVolume, now_ns: int) -> Cells:
    """All cells of a volume's row."""
    spec, status = volume.spec, volume.status
    claim = f"{spec.claim_ref.namespace}/{spec.claim_ref.name}" if spec.claim_ref is not None else ""
    return (
        volume.metadata.name,
        spec.capacity.get("storage", "0"),
        modes_cell(spec.access_modes),
        spec.persistent_volume_reclaim_policy,
        "Terminating" if volume.metadata.deletion_timestamp is not None else status.phase,
        claim,
        class_of_volume(volume),
        UNSET if spec.volume_attributes_class_name is None else spec.volume_attributes_class_name,
        status.reason,
        age(volume.metadata, now_ns),
        UNSET if spec.volume_mode is None else spec.volume_mode,
    )


def storage_class_cells(found: StorageClass, now_ns: int) -> Cells:
    """All cells of a storage class' row."""
    return (
        f"{found.metadata.name} (default)" if is_default_class(found) else found.metadata.name,
        found.provisioner,
        found.reclaim_policy or "Delete",
        found.volume_binding_mode or "Immediate",
        bool(found.allow_volume_expansion),
        age(found.metadata, now_ns),
    )


VOLUME = Printer(
    columns=(
        NAME,
        Column(name="Capacity", description="The capacity of the volume."),
        Column(name="Access Modes", description="The access modes of the volume."),
        Column(name="Reclaim Policy", description="What happens to the volume after its claim is deleted."),
        Column(name="Status", description="Available, Bound, Released or Failed; or Terminating."),
        Column(name="Claim", description="The claim that the volume is bound to."),
        Column(name="StorageClass", description="The StorageClass of the volume."),
        Column(name="VolumeAttributesClass", description="The VolumeAttributesClass of the volume."),
        Column(name="Reason", description="The reason of the phase."),
        AGE,
        Column(name="VolumeMode", description="Filesystem or Block.", priority=1),
    ),
    cells=volume_cells,
)
STORAGE_CLASS = Printer(
    columns=(
        NAME,
        Column(name="Provisioner", description="The provisioner of the volumes."),
        Column(name="ReclaimPolicy", description="What happens to volumes after their claims are deleted."),
        Column(name="VolumeBindingMode", description="When volumes are bound to claims."),
        Column(name="AllowVolumeExpansion", description="Whether claims can be expanded."),
        AGE,
    ),
    cells=storage_class_cells,
)
CLAIM = Printer(
    columns=(
        NAME,
        Column(name="Status", description="Pending, Bound or Lost; or Terminating."),
        Column(name="Volume", description="The volume that is bound to the claim."),
        Column(name="Capacity", description="The capacity of the volume."),
        Column(name="Access Modes", description="The access modes of the volume."),
        Column(name="StorageClass", description="The requested StorageClass."),
        Column(name="VolumeAttributesClass", description="The requested VolumeAttributesClass."),
        AGE,
        Column(name="VolumeMode", description="Filesystem or Block.", priority=1),
    ),
    cells=claim_cells,
)


def csi_driver_cells(driver: CSIDriver, now_ns: int) -> Cells:
    """All cells of a storage driver's row."""
    spec = driver.spec
    return (
        driver.metadata.name,
        spec.attach_required is not False,
        bool(spec.pod_info_on_mount),
        bool(spec.storage_capacity),
        ",".join(one.audience for one in spec.token_requests) or UNSET,
        bool(spec.requires_republish),
        ",".join(spec.volume_lifecycle_modes) or "<none>",
        age(driver.metadata, now_ns),
    )


def csi_node_cells(node: CSINode, now_ns: int) -> Cells:
    """All cells of a row about the drivers of a node."""
    return node.metadata.name, len(node.spec.drivers or ()), age(node.metadata, now_ns)


def attachment_cells(one: VolumeAttachment, now_ns: int) -> Cells:
    """All cells of an attachment's row."""
    spec = one.spec
    volume = spec.source.persistent_volume_name or ""
    return one.metadata.name, spec.attacher, volume, spec.node_name, one.status.attached, age(one.metadata, now_ns)


def attributes_class_cells(one: VolumeAttributesClass, now_ns: int) -> Cells:
    """All cells of the row of a class of volume attributes."""
    return one.metadata.name, one.driver_name, age(one.metadata, now_ns)


CSI_DRIVER = Printer(
    columns=(
        NAME,
        Column(name="AttachRequired", type="boolean", description="Whether volumes must be attached."),
        Column(name="PodInfoOnMount", type="boolean", description="Whether it is passed information about pods."),
        Column(name="StorageCapacity", type="boolean", description="Whether it publishes its storage capacity."),
        Column(name="TokenRequests", description="The audiences of the tokens that it requests."),
        Column(name="RequiresRepublish", type="boolean", description="Whether volumes are republished periodically."),
        Column(name="Modes", description="The lifecycle modes of its volumes."),
        AGE,
    ),
    cells=csi_driver_cells,
)
CSI_NODE = Printer(
    columns=(NAME, Column(name="Drivers", type="integer", description="The number of drivers."), AGE),
    cells=csi_node_cells,
)
ATTACHMENT = Printer(
    columns=(
        NAME,
        Column(name="Attacher", format="name", description="The driver that attaches the volume."),
        Column(name="PV", description="The volume."),
        Column(name="Node", description="The node that it is attached to."),
        Column(name="Attached", type="boolean", description="Whether it is attached."),
        AGE,
    ),
    cells=attachment_cells,
)
ATTRIBUTES_CLASS = Printer(
    columns=(NAME, Column(name="DriverName", description="The driver of the volumes."), AGE),
    cells=attributes_class_cells,
)
