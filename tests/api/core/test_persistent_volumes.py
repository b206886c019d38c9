"""Volumes and claims that are objects of their own: every source, what may change, what is warned of."""

import pytest

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from tests.api.core.builders import JSON, texts

VOLUMES, CLAIMS = SCHEME.by_type(PersistentVolume), SCHEME.by_type(PersistentVolumeClaim)
RANGE = "must be between 0 and 255, inclusive"
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
FROZEN = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
CLASS = "volume.beta.kubernetes.io/storage-class"


def volume(source: JSON, **spec: object) -> PersistentVolume:
    whole = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], **source, **spec}
    made: JSON = {"metadata": {"name": "pv"}, "spec": whole}
    return VOLUMES.default(serializer.from_builtins(made, PersistentVolume).object)


def claim(status: JSON | None = None, annotations: JSON | None = None, **spec: object) -> PersistentVolumeClaim:
    whole = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    made = {"metadata": {"name": "c", "annotations": annotations or {}}, "spec": whole, "status": status or {}}
    return CLAIMS.default(serializer.from_builtins(made, PersistentVolumeClaim).object)


COMPLETE: list[JSON] = [
    {"hostPath": {"path": "/x", "type": "Directory"}},
    {"gcePersistentDisk": {"pdName": "p"}},
    {"awsElasticBlockStore": {"volumeID": "v"}},
    {"glusterfs": {"endpoints": "e", "path": "p", "endpointsNamespace": "n"}},
    {"flocker": {"datasetName": "d"}},
    {"nfs": {"server": "s", "path": "/x"}},
    {"rbd": {"monitors": ["m"], "image": "i"}},
    {"quobyte": {"registry": "a:1", "volume": "v"}},
    {"cephfs": {"monitors": ["m"]}},
    {"iscsi": {"targetPortal": "p", "iqn": "eui.0123456789ABCDEF", "lun": 0, "secretRef": {"name": "s"}}},
    {"cinder": {"volumeID": "v", "secretRef": {"name": "s", "namespace": "n"}}},
    {"fc": {"wwids": ["a"]}},
    {"flexVolume": {"driver": "d"}},
    {"azureFile": {"secretName": "s", "shareName": "h", "secretNamespace": "n"}},
    {"vsphereVolume": {"volumePath": "p"}},
    {"photonPersistentDisk": {"pdID": "p"}},
    {"portworxVolume": {"volumeID": "v"}},
    {"azureDisk": {"diskName": "d", "diskURI": "https://x"}},
    {"scaleIO": {"gateway": "g", "system": "s", "volumeName": "v", "secretRef": {"name": "s"}}},
    {"storageos": {"volumeName": "v", "secretRef": {"name": "s", "namespace": "n"}}},
    {"csi": {"driver": "d.example.com", "volumeHandle": "h", "nodePublishSecretRef": {"name": "s", "namespace": "n"}}},
]


@pytest.mark.parametrize("source", COMPLETE, ids=[next(iter(one)) for one in COMPLETE])
def test_a_volume_with_a_complete_source_is_accepted(source: JSON) -> None:
    assert texts(VOLUMES.validate(volume(source))) == []


@pytest.mark.parametrize("name", [next(iter(one)) for one in COMPLETE])
def test_a_volume_whose_source_says_nothing_is_refused(name: str) -> None:
    assert texts(VOLUMES.validate(volume({name: {}}))) != []


REFUSED: list[tuple[JSON, list[str]]] = [
    ({"hostPath": {"path": "/x", "type": "Disk"}}, [
        ('spec.hostPath.type: Unsupported value: "Disk": supported values: "", "BlockDevice", "CharDevice", "Directory", '
        '"DirectoryOrCreate", "File", "FileOrCreate", "Socket"')
    ]),
    ({"gcePersistentDisk": {"pdName": "", "partition": 300}}, [
        "spec.persistentDisk.pdName: Required value",
        "spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive",
    ]),
    ({"glusterfs": {"endpoints": "e", "path": "p", "endpointsNamespace": ""}}, [
        ('spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid '
        "namespace name")
    ]),
    ({"iscsi": {"targetPortal": "p", "iqn": "x", "lun": 256, "chapAuthSession": True, "initiatorName": "y"}}, [
        'spec.iscsi.iqn: Invalid value: "x": must be valid format',
        f"spec.iscsi.lun: Invalid value: 256: {RANGE}",
        "spec.iscsi.secretRef: Required value",
        'spec.iscsi.initiatorname: Invalid value: "y": must be valid format',
    ]),
    ({"iscsi": {"targetPortal": "p" * 62, "iqn": "eui.0123456789ABCDEF", "lun": 0, "initiatorName": "iqn.2001-04.c:x"}}, [
        (f'spec.iscsi.targetportal: Invalid value: "{"p" * 62}": Total length of <volume name>:<iscsi.targetPortal> must '
        "be under 64 characters if iscsi.initiatorName is specified.")
    ]),
    ({"cinder": {"volumeID": "v", "secretRef": {}}}, [
        "spec.cinder.secretRef.name: Required value", "spec.cinder.secretRef.namespace: Required value"
    ]),
    ({"azureFile": {"secretName": "s", "shareName": "h", "secretNamespace": ""}}, [
        "spec.azureFile.secretNamespace: Required value"
    ]),
    ({"storageos": {"volumeName": "v", "secretRef": {"name": "s"}}}, [
        "spec.storageos.secretRef.namespace: Required value"
    ]),
    ({"csi": {"driver": "a_b", "volumeHandle": "", "controllerExpandSecretRef": {"name": "A", "namespace": "a.b"}}}, [
        f'spec.csi.driver: Invalid value: "a_b": {SUBDOMAIN}',
        "spec.csi.volumeHandle: Required value",
        f'spec.csi.controllerExpandSecretRef.name: Invalid value: "A": {SUBDOMAIN}',
        'spec.csi.controllerExpandSecretRef.namespace: Invalid value: "a.b": must not contain dots',
    ]),
    ({"csi": {"driver": "d" * 64, "volumeHandle": "h", "nodeExpandSecretRef": {}}}, [
        "spec.csi.driver: Too long: may not be more than 63 bytes",
        "spec.csi.nodeExpandSecretRef.name: Required value",
        "spec.csi.nodeExpandSecretRef.namespace: Required value",
    ]),
    ({"local": {"path": "/a/../b"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [{}]}}}, [
        "spec.local.path: Invalid value: \"/a/../b\": must not contain '..'"
    ]),
    ({"cephfs": {"monitors": ["m"]}, "hostPath": {"path": "/x"}}, [
        "spec.cephFS: Forbidden: may not specify more than 1 volume type"
    ]),
    ({"hostPath": {"path": "//"}, "persistentVolumeReclaimPolicy": "Recycle"}, [
        "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"
    ]),
    ({"hostPath": {"path": "/x"}, "volumeAttributesClassName": ""}, [
        "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
        "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
    ]),
    ({"hostPath": {"path": "/x"}, "capacity": {"storage": "0", "cpu": "-1"}}, [
        'spec.capacity: Unsupported value: {"cpu":"-1","storage":"0"}: supported values: "storage"',
        "spec.capacity[cpu]: Invalid value: -1: must be a valid resource quantity",
        'spec.capacity[cpu]: Invalid value: "-1": must be greater than zero',
        'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), REFUSED)
def test_what_is_wrong_with_a_source_is_told_by_field(source: JSON, expected: list[str]) -> None:
    assert texts(VOLUMES.validate(volume(source))) == expected


def test_the_secret_for_growing_may_be_added_and_not_replaced() -> None:
    def csi(**more: object) -> PersistentVolume:
        return volume({"csi": {"driver": "d", "volumeHandle": "h", **more}})

    one, other = {"name": "s", "namespace": "n"}, {"name": "t", "namespace": "n"}
    added, replaced = csi(controllerExpandSecretRef=one), csi(controllerExpandSecretRef=other)
    frozen = ["spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"]
    assert texts(VOLUMES.validate_update(added, csi())) == []
    assert texts(VOLUMES.validate_update(replaced, added)) == frozen
    assert texts(VOLUMES.validate_update(csi(nodeExpandSecretRef=one), csi())) == frozen


def test_a_class_of_attributes_of_a_volume_is_changed_and_not_taken_away() -> None:
    source = {"csi": {"driver": "d", "volumeHandle": "h"}}
    plain, gold = volume(source), volume(source, volumeAttributesClassName="gold")
    assert texts(VOLUMES.validate_update(gold, plain)) == []
    assert texts(VOLUMES.validate_update(plain, gold)) == [
        "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"
    ]


SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"dataSource": SNAPSHOT, "dataSourceRef": SNAPSHOT}, []),
        (
            {"dataSource": {"kind": "", "name": ""}},
            [
                "spec.dataSource.name: Required value",
                "spec.dataSource.kind: Required value",
                "spec.dataSource: Invalid value: \"\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            ],
        ),
        (
            {"dataSourceRef": {"apiGroup": "A", "kind": "K", "name": "n", "namespace": "b.c"}},
            [
                f'spec.dataSourceRef.apiGroup: Invalid value: "A": {SUBDOMAIN}',
                'spec.dataSourceRef.namespace: Invalid value: "b.c": must not contain dots',
            ],
        ),
        (
            {"dataSource": SNAPSHOT, "dataSourceRef": {**SNAPSHOT, "name": "t"}},
            ["spec: Invalid value: {}: must match dataSourceRef"],
        ),
        (
            {"dataSource": SNAPSHOT, "dataSourceRef": {**SNAPSHOT, "namespace": "b"}},
            ["spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified"],
        ),
        (
            {"volumeAttributesClassName": "A"},
            [f'spec.volumeAttributesClassName: Invalid value: "A": {SUBDOMAIN}'],
        ),
    ],
)
def test_where_the_data_of_a_claim_comes_from_is_checked(spec: dict[str, object], expected: list[str]) -> None:
    assert texts(CLAIMS.validate(claim(None, None, **spec))) == expected


BOUND: JSON = {"phase": "Bound"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (claim(), claim(storageClassName="fast"), []),
        (claim(storageClassName="slow"), claim(storageClassName="fast"), [FROZEN]),
        (claim(annotations={CLASS: "slow"}), claim(storageClassName="slow"), []),
        (
            claim(annotations={CLASS: "slow"}),
            claim(storageClassName="fast"),
            [f'metadata.annotations.{CLASS}: Invalid value: "": field is immutable', FROZEN],
        ),
        (claim(BOUND), claim(BOUND, volumeAttributesClassName="gold"), []),
        (claim(), claim(volumeAttributesClassName="gold"), [FROZEN]),
        (
            claim(BOUND, volumeAttributesClassName="gold"),
            claim(BOUND, volumeAttributesClassName="silver"),
            [],
        ),
        (
            claim(volumeAttributesClassName="gold"),
            claim(volumeAttributesClassName=""),
            [
                FROZEN,
                "spec.volumeAttributesClassName: Forbidden: update from non-nil value to an empty string is forbidden",
            ],
        ),
        (
            claim(volumeMode="Filesystem"),
            claim(volumeMode="Block"),
            [FROZEN, 'volumeMode: Invalid value: "Block": field is immutable'],
        ),
    ],
)
def test_what_may_change_of_a_claim(
    old: PersistentVolumeClaim, new: PersistentVolumeClaim, expected: list[str]
) -> None:
    assert texts(CLAIMS.validate_update(new, old)) == expected


def test_a_status_of_a_claim_is_about_storage() -> None:
    status: JSON = {
        "capacity": {"storage": "-1"},
        "allocatedResources": {"cpu": "1", "storage": "-1", "example.com/x": "1"},
        "allocatedResourceStatuses": {"storage": "Growing"},
    }
    states = (
        '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", '
        '"NodeResizePending"'
    )
    assert texts(CLAIMS.validate_status_update(claim(status), claim())) == [
        "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
        f'status.allocatedResourceStatus: Unsupported value: "storage": supported values: {states}',
        'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
        "status.allocatedResources[storage]: Invalid value: -1: must be a valid resource quantity",
    ]


OLD_CLASS = f'metadata.annotations[{CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'


@pytest.mark.parametrize(
    ("kind", "made", "expected"),
    [
        (CLAIMS, claim(annotations={CLASS: "slow"}), [OLD_CLASS]),
        (
            CLAIMS,
            claim(resources={"requests": {"storage": "1500m"}, "limits": {"storage": "100m"}}),
            [
                'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
                'spec.resources.limits[storage]: fractional byte value "100m" is invalid, must be an integer',
            ],
        ),
        (
            VOLUMES,
            volume({"hostPath": {"path": "/x"}}, persistentVolumeReclaimPolicy="Recycle"),
            [
                (
                    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                    "Instead, the recommended approach is to use dynamic provisioning."
                )
            ],
        ),
        (
            VOLUMES,
            volume(
                {"rbd": {"monitors": ["m"], "image": "i"}},
                nodeAffinity={
                    "required": {
                        "nodeSelectorTerms": [
                            {"matchExpressions": [{"key": "beta.kubernetes.io/os", "operator": "Exists"}]}
                        ]
                    }
                },
            ),
            [
                (
                    "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is "
                    'deprecated since v1.14; use "kubernetes.io/os" instead'
                ),
                "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
            ],
        ),
    ],
)
def test_what_is_unwise_about_storage_is_warned_of(
    kind: Kind[TypedObject], made: TypedObject, expected: list[str]
) -> None:
    assert list(kind.warn(made, None)) == expected
