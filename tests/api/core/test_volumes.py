"""Volumes, and how containers mount them."""

import pytest

from kubeactors.api.core.v1.validation import validate_pod
from tests.api.core.builders import JSON, pod, texts

VOLUME = "spec.volumes[0]"


SOURCES: list[tuple[JSON, list[str]]] = [
    ({"configMap": {}}, [".configMap.name: Required value"]),
    (
        {"secret": {"secretName": "s", "items": [{"key": "k", "path": "/abs"}]}},
        ['.secret.items[0].path: Invalid value: "/abs": must be a relative path'],
    ),
    (
        {"configMap": {"name": "c", "defaultMode": 1000}},
        [".configMap.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive"],
    ),
    (
        {"emptyDir": {"sizeLimit": "-1"}},
        [".emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"],
    ),
    ({"hostPath": {"path": "/a/../b"}}, [".hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]),
    ({"nfs": {"server": "s", "path": "x"}}, ['.nfs.path: Invalid value: "x": must be an absolute path']),
    ({"emptyDir": {}, "downwardAPI": {}}, [".downwarAPI: Forbidden: may not specify more than 1 volume type"]),
    ({"gcePersistentDisk": {}}, [".persistentDisk.pdName: Required value"]),
    ({"csi": {"driver": "x"}}, []),
    ({"csi": {}}, [".csi.driver: Required value", '.csi.driver: Invalid value: ""']),
    (
        {"iscsi": {"targetPortal": "1.2.3.4", "iqn": "abc", "lun": 256}},
        [
            '.iscsi.iqn: Invalid value: "abc": must be valid format starting with iqn, eui, or naa',
            ".iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
        ],
    ),
    (
        {"azureDisk": {"diskName": "d", "diskURI": "x", "kind": "Managed"}},
        ['.azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/{sub-id}/resourcegroups/'],
    ),
    (
        {"quobyte": {"registry": "host", "volume": "v"}},
        ['.quobyte.registry: Invalid value: "host": must be a host'],
    ),
    (
        {"flexVolume": {"driver": "d", "options": {"kubernetes.io/x": ""}}},
        ['.flexVolume.options[kubernetes.io/x]: Invalid value: "kubernetes.io/x": kubernetes.io and k8s.io'],
    ),
    ({"ephemeral": {}}, [".ephemeral.volumeClaimTemplate: Required value"]),
    (
        {"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "x"}, "spec": {"accessModes": ["Some"]}}}},
        [
            ".ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
            '.ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "Some"',
            ".ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
        ],
    ),
    (
        {"projected": {"sources": [{"configMap": {"name": "c"}, "secret": {"name": "s"}}]}},
        [".projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"],
    ),
    (
        {"projected": {"sources": [{"clusterTrustBundle": {"path": "p"}}]}},
        [".projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified"],
    ),
    ({"image": {}}, [".image.reference: Required value"]),
]


@pytest.mark.parametrize(("source", "expected"), SOURCES, ids=[next(iter(source)) for source, _ in SOURCES])
def test_a_volume_is_refused_with_the_path_of_each_field(source: JSON, expected: list[str]) -> None:
    found = texts(validate_pod(pod({"volumes": [{"name": "v", **source}]})))
    assert [text[: len(f"{VOLUME}{end}")] for text, end in zip(found, expected, strict=True)] == [
        f"{VOLUME}{end}" for end in expected
    ]


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ({"name": "v", "mountPath": "/x"}, []),
        ({"name": "no", "mountPath": "/x"}, ['[0].name: Not found: "no"']),
        ({"name": "v"}, ["[0].mountPath: Required value"]),
        (
            {"name": "v", "mountPath": "/x", "subPath": "../y"},
            [".subPath: Invalid value: \"../y\": must not contain '..'"],
        ),
        (
            {"name": "v", "mountPath": "/x", "mountPropagation": "Bidirectional"},
            [
                ".mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers"
            ],
        ),
        (
            {"name": "v", "mountPath": "/x", "recursiveReadOnly": "Enabled"},
            [".recursiveReadOnly: Forbidden: may only be specified when readOnly is true"],
        ),
    ],
)
def test_a_mount_names_a_volume_and_a_place(mount: JSON, expected: list[str]) -> None:
    spec = {"volumes": [{"name": "v"}], "containers": [{"name": "a", "image": "x", "volumeMounts": [mount]}]}
    path = "spec.containers[0].volumeMounts"
    assert texts(validate_pod(pod(spec))) == [f"{path}{end}" for end in expected]


def test_a_volume_that_is_wrong_itself_cannot_be_mounted() -> None:
    spec = {
        "volumes": [{"name": "v", "secret": {"optional": True}}],
        "containers": [{"name": "a", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/x"}]}],
    }
    assert texts(validate_pod(pod(spec))) == [
        "spec.volumes[0].secret.secretName: Required value",
        'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ]


def test_only_claims_are_devices() -> None:
    devices = [{"name": "v", "devicePath": "/dev/a"}, {"name": "v", "devicePath": "/dev/a"}]
    spec = {"volumes": [{"name": "v"}], "containers": [{"name": "a", "image": "x", "volumeDevices": devices}]}
    path = "spec.containers[0].volumeDevices"
    why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
    assert texts(validate_pod(pod(spec))) == [
        f'{path}[0].name: Invalid value: "v": {why}',
        f'{path}[1].name: Invalid value: "v": must be unique',
        f'{path}[1].name: Invalid value: "v": {why}',
        f'{path}[1].devicePath: Invalid value: "/dev/a": must be unique',
    ]


PROJECTIONS: list[tuple[JSON, list[str]]] = [
    ({"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.labels"}}]}}, []),
    (
        {"downwardAPI": {"items": [{"path": "..p"}, {"path": "p", "resourceFieldRef": {"resource": "limits.cpu"}}]}},
        [
            ".sources[0].downwardAPI.path: Invalid value: \"..p\": must not start with '..'",
            ".sources[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required",
            ".sources[0].downwardAPI.resourceFieldRef.containerName: Required value",
        ],
    ),
    (
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "p",
                        "fieldRef": {"fieldPath": "spec.nodeName"},
                        "resourceFieldRef": {"containerName": "a", "resource": "limits.cpu"},
                    },
                    {"path": "p", "fieldRef": {"fieldPath": "metadata.name"}},
                ]
            }
        },
        [
            '.sources[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values:',
            '.sources[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified',
            ': Invalid value: "p": conflicting duplicate paths',
        ],
    ),
    (
        {"serviceAccountToken": {"path": "", "expirationSeconds": 1}},
        [
            ".sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than",
            ".path: Required value",
        ],
    ),
    (
        {"serviceAccountToken": {"path": "t", "expirationSeconds": 2**33}},
        [".sources[0].serviceAccountToken.expirationSeconds: Invalid value: 8589934592: may not specify a duration"],
    ),
    ({"clusterTrustBundle": {"signerName": "example.com/s", "path": "p"}}, []),
    (
        {"clusterTrustBundle": {"name": "a", "signerName": "b", "path": "p"}},
        [".sources[0].clusterTrustBundle: Invalid value: {"],
    ),
    (
        {"clusterTrustBundle": {"name": "a", "labelSelector": {}, "path": ""}},
        [
            ".sources[0].clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name",
            ".sources[0].clusterTrustBundle.path: Required value",
        ],
    ),
    ({"podCertificate": {"signerName": "example.com/s", "keyType": "ED25519", "keyPath": "k"}}, []),
    (
        {"podCertificate": {"signerName": "A/s", "keyType": "DSA"}},
        [
            '.sources[0].podCertificate.signerName: Invalid value: "A/s": validating label "A": a lowercase RFC 1123',
            '.sources[0].podCertificate.keyType: Unsupported value: "DSA": supported values: "ECDSAP256"',
            ".sources[0].podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and",
        ],
    ),
]


@pytest.mark.parametrize(("source", "expected"), PROJECTIONS)
def test_a_projection_is_refused_with_every_error(source: JSON, expected: list[str]) -> None:
    spec = {"serviceAccountName": "a", "volumes": [{"name": "v", "projected": {"sources": [source]}}]}
    found = [text.removeprefix(f"{VOLUME}.projected") for text in texts(validate_pod(pod(spec)))]
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


def test_a_claim_that_an_ephemeral_volume_makes_is_no_volume_itself() -> None:
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    volumes = [
        {"name": "data", "ephemeral": {"volumeClaimTemplate": template}},
        {"name": "same", "persistentVolumeClaim": {"claimName": "web-data"}},
    ]
    assert texts(validate_pod(pod({"volumes": volumes}))) == [
        (
            'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "web-data": '
            "must not reference a PVC that gets created for an ephemeral volume"
        )
    ]
