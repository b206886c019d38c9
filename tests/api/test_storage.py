"""Defaults and validation of claims, volumes and storage classes."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaimStatus
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.core.v1.topology import TopologySelectorLabelRequirement, TopologySelectorTerm
from kubeactors.api.core.v1.volume import HostPathVolumeSource
from kubeactors.api.core.v1.volume_drivers import NFSVolumeSource
from kubeactors.api.core.v1.volume_sources import (
    CSIPersistentVolumeSource,
    ISCSIPersistentVolumeSource,
    LocalVolumeSource,
)
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.csinode import CSINode, CSINodeDriver, CSINodeSpec
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentSpec
from kubeactors.apimachinery.field import FieldError

CLAIMS, VOLUMES, CLASSES = (
    SCHEME.by_type(PersistentVolumeClaim), SCHEME.by_type(PersistentVolume), SCHEME.by_type(StorageClass)
)  # fmt: skip
ATTACHMENTS, NODES = SCHEME.by_type(VolumeAttachment), SCHEME.by_type(CSINode)
FROZEN = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def texts(errors: Iterator[FieldError]) -> list[str]:
    return [str(error) for error in errors]


def claim(size: str = "1Gi", phase: str = "", **spec: object) -> PersistentVolumeClaim:
    fields = {
        "access_modes": ("ReadWriteOnce",), "resources": VolumeResourceRequirements(requests={"storage": size}), **spec
    }  # fmt: skip
    made = PersistentVolumeClaim(
        spec=PersistentVolumeClaimSpec(**fields),  # type: ignore[arg-type]
        status=PersistentVolumeClaimStatus(phase=phase, capacity={"storage": size} if phase else {}),
    )
    return CLAIMS.default(made)


def volume(**spec: object) -> PersistentVolume:
    fields = {
        "capacity": {"storage": "1Gi"}, "access_modes": ("ReadWriteOnce",),
        "host_path": HostPathVolumeSource(path="/x"), **spec,
    }  # fmt: skip
    return VOLUMES.default(PersistentVolume(spec=PersistentVolumeSpec(**fields)))  # type: ignore[arg-type]


def test_a_claim_is_a_pending_file_system() -> None:
    made = claim()
    assert (made.spec.volume_mode, made.status.phase) == ("Filesystem", "Pending")
    assert CLAIMS.default(made) is made


def test_a_claim_gets_its_volume_once_and_stays_as_it_is() -> None:
    bound = claim(volume_name="v")
    assert texts(CLAIMS.validate_update(bound, claim())) == []
    assert texts(CLAIMS.validate_update(claim(volume_name="w"), bound)) == [FROZEN]
    assert texts(CLAIMS.validate_update(claim("2Gi"), claim())) == [FROZEN]


def test_a_bound_claim_grows_and_never_shrinks_below_its_volume() -> None:
    bound = claim(phase="Bound", volume_name="v")
    grown = replace(bound, spec=claim("2Gi", volume_name="v").spec)
    shrunk = replace(bound, spec=claim("1Mi", volume_name="v").spec)
    assert texts(CLAIMS.validate_update(grown, bound)) == []
    assert texts(CLAIMS.validate_update(shrunk, bound)) == [
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    ]


def test_a_volume_is_a_file_system_that_is_kept() -> None:
    made = volume()
    assert made.spec.persistent_volume_reclaim_policy == "Retain"
    assert made.spec.volume_mode == "Filesystem"
    assert VOLUMES.default(made) is made
    disk = volume(host_path=None, iscsi=ISCSIPersistentVolumeSource(target_portal="10.1.2.3", iqn="iqn.2001-04.com:x"))
    assert disk.spec.iscsi is not None
    assert disk.spec.iscsi.iscsi_interface == "default"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        (
            {"capacity": {}, "access_modes": (), "host_path": None},
            [
                "spec.accessModes: Required value",
                "spec.capacity: Required value",
                'spec.capacity: Unsupported value: null: supported values: "storage"',
                "spec: Required value: must specify a volume type",
            ],
        ),
        (
            {"nfs": NFSVolumeSource(server="s", path="/x")},
            ["spec.nfs: Forbidden: may not specify more than 1 volume type"],
        ),
        (
            {"host_path": None, "local": LocalVolumeSource(path="/x")},
            ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
        ),
        (
            {"persistent_volume_reclaim_policy": "Shred"},
            [
                'spec.persistentVolumeReclaimPolicy: Unsupported value: "Shred": supported values: "Delete", "Recycle", "Retain"'
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_volume_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert texts(VOLUMES.validate(volume(**spec))) == expected


def test_a_volume_stays_where_it_is() -> None:
    moved = volume(host_path=HostPathVolumeSource(path="/y"))
    assert texts(VOLUMES.validate_update(moved, volume())) == [
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"
    ]


def test_a_class_says_what_volumes_are_like_for_ever() -> None:
    old = CLASSES.default(StorageClass(provisioner="p"))
    assert (old.reclaim_policy, old.volume_binding_mode) == ("Delete", "Immediate")
    new = replace(old, parameters={"a": "b"}, volume_binding_mode="WaitForFirstConsumer")
    assert texts(CLASSES.validate_update(new, old)) == [
        'parameters: Invalid value: {"a":"b"}: field is immutable',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]
    bad = replace(old, provisioner="", parameters={"": "x"}, reclaim_policy="Recycle", volume_binding_mode="Never")
    assert texts(CLASSES.validate(bad)) == [
        "provisioner: Required value",
        'parameters: Invalid value: "": field can not be empty.',
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
    ]


def test_a_place_is_named_once() -> None:
    def needs(key: str, *values: str) -> TopologySelectorLabelRequirement:
        return TopologySelectorLabelRequirement(key=key, values=values)

    terms = tuple(
        TopologySelectorTerm(match_label_expressions=found)
        for found in (
            (needs("zone", "a", "b"),),
            (needs("zone", "b", "a"),),
            (needs("rack", "1", "1"), needs("rack", "2")),
        )
    )
    assert texts(CLASSES.validate(CLASSES.default(StorageClass(provisioner="p", allowed_topologies=terms)))) == [
        'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
        'allowedTopologies[2].matchLabelExpressions[0].values[1]: Duplicate value: "1"',
        'allowedTopologies[2].matchLabelExpressions[1].key: Duplicate value: "rack"',
    ]


def test_a_volume_that_is_attached_inline_is_a_drivers_and_has_no_life_of_its_own() -> None:
    def attachment(volume: PersistentVolumeSpec) -> VolumeAttachment:
        source = VolumeAttachmentSource(inline_volume_spec=volume)
        return VolumeAttachment(spec=VolumeAttachmentSpec(attacher="A", node_name="n", source=source))

    csi = PersistentVolumeSpec(
        csi=CSIPersistentVolumeSource(driver="d", volume_handle="h"), access_modes=("ReadWriteOnce",)
    )
    path, inline = "spec.source.inlineVolumeSpec", "in the context of inline volumes"
    assert texts(ATTACHMENTS.validate(attachment(csi))) == []
    found = replace(
        csi,
        csi=None,
        local=LocalVolumeSource(path="/x"),
        claim_ref=ObjectReference(name="c"),
        capacity={"storage": "1"},
        persistent_volume_reclaim_policy="Delete",
        node_affinity=VolumeNodeAffinity(),
        storage_class_name="fast",
        volume_mode="Block",
    )
    assert texts(ATTACHMENTS.validate(attachment(found))) == [
        f"{path}.claimRef: Forbidden: may not be specified {inline}",
        f"{path}.capacity: Forbidden: may not be specified {inline}",
        f"{path}.csi: Required value: has to be specified {inline}",
        f"{path}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain {inline}",
        f"{path}.nodeAffinity: Forbidden: may not be specified {inline}",
        f"{path}.storageClassName: Forbidden: may not be specified {inline}",
        f"{path}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem {inline}",
    ]


def test_a_drivers_name_is_shown_as_it_was_written() -> None:
    node = CSINode(spec=CSINodeSpec(drivers=(CSINodeDriver(name="A_B", node_id="n"),)))
    (error,) = texts(NODES.validate(node))
    assert error.startswith(
        'spec.drivers[0].name: Invalid value: "A_B": a lowercase RFC 1123 subdomain must consist of'
    )
