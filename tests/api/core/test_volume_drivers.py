"""Volumes of network file systems, disks and clouds."""

import pytest

from kubeactors.api.core.v1.validation import validate_pod
from tests.api.core.builders import JSON, pod, texts

RANGE = "must be between 0 and 255, inclusive"

COMPLETE: list[JSON] = [
    {"nfs": {"server": "s", "path": "/x"}},
    {"iscsi": {"targetPortal": "p", "iqn": "iqn.2001-04.com.example:storage", "lun": 0}},
    {"iscsi": {"targetPortal": "p", "iqn": "eui.0123456789ABCDEF", "lun": 0}},
    {"fc": {"targetWWNs": ["a"], "lun": 2}},
    {"fc": {"wwids": ["a"]}},
    {"glusterfs": {"endpoints": "e", "path": "p"}},
    {"rbd": {"monitors": ["m"], "image": "i"}},
    {"cephfs": {"monitors": ["m"]}},
    {"cinder": {"volumeID": "v", "secretRef": {"name": "s"}}},
    {"flexVolume": {"driver": "d", "options": {"a": "b"}}},
    {"flocker": {"datasetUUID": "u"}},
    {"gitRepo": {"repository": "r", "directory": "d"}},
    {"gcePersistentDisk": {"pdName": "p"}},
    {"awsElasticBlockStore": {"volumeID": "v"}},
    {"azureFile": {"secretName": "s", "shareName": "h"}},
    {"azureDisk": {"diskName": "d", "diskURI": "https://x"}},
    {"vsphereVolume": {"volumePath": "p"}},
    {"photonPersistentDisk": {"pdID": "p"}},
    {"quobyte": {"registry": "a:1,[::1]:2", "volume": "v"}},
    {"portworxVolume": {"volumeID": "v"}},
    {"scaleIO": {"gateway": "g", "system": "s", "volumeName": "v", "secretRef": {"name": "s"}}},
    {"storageos": {"volumeName": "v", "volumeNamespace": "n"}},
]


def wrong(source: JSON) -> list[str]:
    return texts(validate_pod(pod({"volumes": [{"name": "v", **source}]})))


@pytest.mark.parametrize("source", COMPLETE, ids=[next(iter(one)) for one in COMPLETE])
def test_a_complete_volume_is_accepted(source: JSON) -> None:
    assert wrong(source) == []


@pytest.mark.parametrize("name", list(dict.fromkeys(next(iter(one)) for one in COMPLETE)))
def test_a_volume_that_says_nothing_is_refused(name: str) -> None:
    assert wrong({name: {}}) != []


REFUSED: list[tuple[JSON, list[str]]] = [
    (
        {"iscsi": {"targetPortal": "p", "iqn": "iqn.x", "lun": -1, "chapAuthSession": True, "initiatorName": "naa.x"}},
        [
            'iscsi.iqn: Invalid value: "iqn.x": must be valid format',
            f"iscsi.lun: Invalid value: -1: {RANGE}",
            "iscsi.secretRef: Required value",
            'iscsi.initiatorname: Invalid value: "naa.x": must be valid format',
        ],
    ),
    (
        {"fc": {"targetWWNs": ["a"], "wwids": ["b"]}},
        [
            'fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously',
            "fc.lun: Required value: lun is required if targetWWNs is specified",
        ],
    ),
    ({"fc": {"targetWWNs": ["a"], "lun": 256}}, [f"fc.lun: Invalid value: 256: {RANGE}"]),
    ({"cinder": {"volumeID": "v", "secretRef": {}}}, ["cinder.secretRef.name: Required value"]),
    (
        {"flocker": {"datasetName": "a/b", "datasetUUID": "u"}},
        [
            'flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously',
            "flocker.datasetName: Invalid value: \"a/b\": must not contain '/'",
        ],
    ),
    (
        {"awsElasticBlockStore": {"volumeID": "v", "partition": 256}},
        ["awsElasticBlockStore.partition: Invalid value: 256: must be between 1 and 255, inclusive"],
    ),
    (
        {"azureDisk": {"diskName": "d", "diskURI": "x", "kind": "Odd", "cachingMode": "Some"}},
        [
            'azureDisk.cachingMode: Unsupported value: "Some": supported values: "None", "ReadOnly", "ReadWrite"',
            'azureDisk.kind: Unsupported value: "Odd": supported values: "Dedicated", "Managed", "Shared"',
            (
                'azureDisk.diskURI: Unsupported value: "x": supported values: '
                '"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"'
            ),
        ],
    ),
    (
        {"quobyte": {"registry": "a:1", "volume": "v", "tenant": "t" * 65}},
        ["quobyte.tenant: Required value: must be a UUID and may not exceed a length of 64 characters"],
    ),
    ({"storageos": {"volumeName": "a.b"}}, ['storageos.volumeName: Invalid value: "a.b": must not contain dots']),
    (
        {"csi": {"driver": "d", "nodePublishSecretRef": {}}},
        ["csi.nodePublishSecretRef.name: Required value"],
    ),
    ({"csi": {"driver": "d" * 64}}, ["csi.driver: Too long: may not be more than 63 bytes"]),
]


@pytest.mark.parametrize(("source", "expected"), REFUSED)
def test_a_volume_is_refused_with_every_error(source: JSON, expected: list[str]) -> None:
    assert wrong(source) == [f"spec.volumes[0].{text}" for text in expected]


def test_an_iscsi_volume_with_an_initiator_has_a_short_name() -> None:
    iqn = "iqn.2001-04.com.example:storage"
    source = {"targetPortal": "p" * 64, "iqn": iqn, "lun": 0, "initiatorName": iqn}
    (found,) = wrong({"iscsi": source})
    assert found.startswith('spec.volumes[0].name: Invalid value: "v": Total length of <volume name>')
