"""What is accepted of the smaller kinds and yet unwise: warnings for the user."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kubeactors.api import SCHEME
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.core.v1 import Node, PodTemplate, Secret
from kubeactors.api.core.v1.endpoints import Endpoints
from kubeactors.api.core.v1.serviceaccount import ServiceAccount
from kubeactors.api.discovery.v1.endpointslice import EndpointSlice
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.api.node.v1.runtimeclass import RuntimeClass
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.csistoragecapacity import CSIStorageCapacity
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from tests.api.core.builders import JSON

MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
OLD_ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
ZONE = "failure-domain.beta.kubernetes.io/zone"


def warnings(kind: type[TypedObject], value: JSON, old: JSON | None = None) -> list[str]:
    new = serializer.from_builtins(value, kind).object
    before = serializer.from_builtins(old, kind).object if old is not None else None
    return list(SCHEME.by_type(kind).warn(new, before))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (
            PodTemplate,
            {"template": {"spec": {"containers": [], "nodeSelector": {ZONE: "a"}}}},
            [f"template.spec.nodeSelector[{ZONE}]: {OLD_ZONE}"],
        ),
        (Node, {"spec": {"externalID": "x"}}, ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]),
        (RuntimeClass, {"handler": "h", "scheduling": {"nodeSelector": {ZONE: "a"}}}, [f"scheduling.nodeSelector: {OLD_ZONE}"]),
        (
            StorageClass,
            {"provisioner": "p", "allowedTopologies": [{"matchLabelExpressions": [{"key": ZONE, "values": ["a"]}]}]},
            [f"allowedTopologies[0].matchLabelExpressions[0].key: {ZONE} is {OLD_ZONE}"],
        ),
        (
            CSIStorageCapacity,
            {"storageClassName": "c", "nodeTopology": {"matchLabels": {ZONE: "a"}}},
            [f"nodeTopology.matchLabels.{ZONE}: {OLD_ZONE}"],
        ),
        (
            EndpointSlice,
            {"addressType": "FQDN", "endpoints": [{"addresses": ["a.example.com"]}]},
            ["spec.addressType: FQDN endpoints are deprecated"],
        ),
        (
            EndpointSlice,
            {"addressType": "IPv6", "endpoints": [{"addresses": ["FD00::1"]}]},
            ['endpoints[0].addresses[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")'],
        ),
        (
            EndpointSlice,
            {
                "metadata": {"labels": {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}},
                "addressType": "IPv6",
                "endpoints": [{"addresses": ["FD00::1"]}],
            },
            [],
        ),
        (
            Endpoints,
            {"subsets": [{"notReadyAddresses": [{"ip": "FD00::1"}]}]},
            ['subsets[0].notReadyAddresses[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")'],
        ),
        (
            NetworkPolicy,
            {"spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "fd00::/8", "except": ["FD00::/16"]}}]}]}},
            [
                ('spec.egress[0].to[0].ipBlock.except[0]: IPv6 CIDR value "FD00::/16" should be in RFC 5952 canonical '
                'format ("fd00::/16")')
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_unwise_is_warned_of(kind: type[TypedObject], value: JSON, expected: list[str]) -> None:
    assert warnings(kind, value) == expected


def test_the_annotation_about_mountable_secrets_is_warned_of_when_it_is_set() -> None:
    marked: JSON = {"metadata": {"annotations": {MOUNTABLE: "true"}}}
    expected = [
        (
            f"metadata.annotations[{MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to "
            "mounted secrets"
        )
    ]
    assert warnings(ServiceAccount, marked) == expected
    assert warnings(ServiceAccount, marked, {}) == expected
    assert warnings(ServiceAccount, marked, marked) == []


def definition(schema: JSON) -> JSON:
    return {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}}


def test_formats_that_nobody_checks_are_warned_of_once_and_only_if_they_are_new() -> None:
    text, number = {"type": "string", "format": "colour"}, {"type": "integer", "format": "int16"}
    known: JSON = {"when": {"type": "string", "format": "date-time"}, "count": {"type": "integer", "format": "int64"}}
    old = definition({"type": "object", "properties": {**known, "a": text}})
    new = definition(
        {
            "type": "object",
            "properties": {"a": text, "b": {"type": "array", "items": text}, "c": {"type": "object", "format": "x"}},
            "additionalProperties": {"anyOf": [number]},
        }
    )
    assert warnings(CustomResourceDefinition, old) == ['unrecognized format "colour"']
    assert warnings(CustomResourceDefinition, new) == [
        'unrecognized format "colour"', 'unrecognized format "x"', 'unrecognized format "int16"'
    ]  # fmt: skip
    assert warnings(CustomResourceDefinition, new, old) == ['unrecognized format "x"', 'unrecognized format "int16"']


def key_pair() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
    since = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, since, since + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private


CERTIFICATE, KEY = key_pair()
EMPTY_KEY = b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
EMPTY_CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
PUBLIC = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        (CERTIFICATE, KEY, []),
        (CERTIFICATE, key_pair()[1], ["tls: private key does not match public key"]),
        (b"x", KEY, ["tls: failed to find any PEM data in certificate input"]),
        (CERTIFICATE, b"x", ["tls: failed to find any PEM data in key input"]),
        (EMPTY_CERTIFICATE, KEY, ["x509: malformed certificate"]),
        (CERTIFICATE, EMPTY_KEY, ["tls: failed to parse private key"]),
        (
            KEY,
            CERTIFICATE,
            [
                (
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs "
                    "may have been switched"
                )
            ],
        ),
        (CERTIFICATE, CERTIFICATE, ["tls: found a certificate rather than a key in the PEM for the private key"]),
        (
            PUBLIC,
            KEY,
            [
                (
                    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the '
                    "following types: [PUBLIC KEY]"
                )
            ],
        ),
    ],
)
def test_a_certificate_that_no_server_can_use_is_warned_of(certificate: bytes, key: bytes, expected: list[str]) -> None:
    secret = Secret(type="kubernetes.io/tls", data={"tls.crt": certificate, "tls.key": key})
    assert list(SCHEME.by_type(Secret).warn(secret, None)) == expected
