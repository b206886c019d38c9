"""Decoding protobuf. The bodies were sent by kubectl 1.33."""

import base64
import typing

import msgspec
import pytest

from kubeactors.api import SCHEME
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.authentication.v1 import TokenRequest
from kubeactors.api.authorization.v1 import SubjectAccessReviewSpec
from kubeactors.api.autoscaling.v1 import Scale
from kubeactors.api.core.v1 import (
    Binding,
    ConfigMap,
    Container,
    ContainerPort,
    PodSpec,
    PodTemplateSpec,
    Probe,
    Secret,
    Service,
    ServicePort,
    ServiceSpec,
    Volume,
)
from kubeactors.api.policy.v1 import Eviction
from kubeactors.apimachinery.meta import DeleteOptions, LabelSelector, Object, ObjectMeta
from kubeactors.apimachinery.requests import Create, Delete
from kubeactors.apimachinery.serializer import TypeMeta, from_builtins
from kubeactors.apiserver.http.protobuf import ProtobufError, open_envelope, read_message
from kubeactors.apiserver.http.protobuf.messages import known_fields
from kubeactors.apiserver.http.type_hints import arguments, struct_of

from .conftest import Edge, status_of

DEPLOYMENT = (
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAISDAoKCgNhcHASA3dlYhps"
    "ChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIA"
    "QgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA="
)
CONFIG_MAP = "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhsKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWIaACIA"
SECRET = "azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA="
SERVICE = (
    "azhzAAoNCgJ2MRIHU2VydmljZRJmChsKAXgSABoAIgAqADIAOABCAFoICgNhcHASAXgSQwoeCgc4MC1odHRwEgNUQ1AYUCIKCAEQABoEaHR0cCgA"
    "EggKA2FwcBIBeBoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA=="
)
LABELS = {"app": "web"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            DEPLOYMENT,
            Deployment(
                metadata=ObjectMeta(name="web", labels=LABELS),
                spec=DeploymentSpec(
                    replicas=2,
                    selector=LabelSelector(match_labels=LABELS),
                    template=PodTemplateSpec(
                        metadata=ObjectMeta(labels=LABELS),
                        spec=PodSpec(
                            containers=(
                                Container(name="nginx", image="nginx", ports=(ContainerPort(container_port=80),)),
                            )
                        ),
                    ),
                ),
            ),
        ),
        (CONFIG_MAP, ConfigMap(metadata=ObjectMeta(name="c"), data={"a": "b"})),
        (SECRET, Secret(metadata=ObjectMeta(name="s"), data={"a": b"b"})),
        (
            SERVICE,
            Service(
                metadata=ObjectMeta(name="x", labels={"app": "x"}),
                spec=ServiceSpec(
                    ports=(ServicePort(name="80-http", protocol="TCP", port=80, target_port="http"),),
                    selector={"app": "x"},
                    type="ClusterIP",
                ),
            ),
        ),
    ],
)
def test_bodies_of_clients_are_decoded(body: str, expected: Object) -> None:
    envelope = open_envelope(base64.b64decode(body))
    decoded = from_builtins(read_message(envelope.raw, type(expected)), type(expected))
    assert (decoded.object, decoded.strict_errors) == (expected, ())


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    head = b""
    while value > 0x7F:
        head += bytes([value & 0x7F | 0x80])
        value >>= 7
    return head + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def nested(field: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(data)) + data


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        pytest.param(
            ObjectMeta,
            nested(8) + nested(14, b"a") + nested(14, b"b"),
            {"creationTimestamp": None, "finalizers": ["a", "b"]},
            id="no time",
        ),
        pytest.param(
            ObjectMeta,
            nested(8, number(1, 1_767_225_600)) + number(10, -5) + number(99, 1),
            {"creationTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": -5},
            id="a time, a negative number, an unknown field",
        ),
        pytest.param(
            Probe,
            nested(1, nested(2, nested(2, number(1, 0), number(2, 8080)))) + number(2, 3),
            {"httpGet": {"port": 8080}, "initialDelaySeconds": 3},
            id="fields of a message within",
        ),
        pytest.param(
            Volume,
            nested(1, b"v") + nested(2, nested(2, nested(2, nested(1, b"1Gi")))),
            {"name": "v", "emptyDir": {"sizeLimit": "1Gi"}},
            id="a quantity",
        ),
        pytest.param(
            DeleteOptions,
            number(1, 0) + nested(2, nested(1, b"u")) + number(3, 1) + nested(5, b"All"),
            {
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": "u"},
                "orphanDependents": True,
                "dryRun": ["All"],
            },
            id="options",
        ),
        (
            SubjectAccessReviewSpec,
            nested(5, nested(1, b"k"), nested(2, nested(1, b"a"), nested(1, b"b"))),
            {"extra": {"k": ["a", "b"]}},
        ),
    ],
)
def test_values_are_decoded_by_their_types(type_: type[Object], data: bytes, expected: dict[str, object]) -> None:
    assert read_message(data, type_) == expected


def reachable(hint: object, found: dict[type[Object], None]) -> dict[type[Object], None]:
    """All Structs that a type contains."""
    for argument in arguments(hint):
        reachable(argument, found)
    struct = struct_of(hint)
    if struct is not None and struct not in found:
        found[struct] = None
        for one in typing.get_type_hints(struct, include_extras=True).values():
            reachable(one, found)
    return found


def test_every_field_of_every_kind_has_a_number() -> None:
    found: dict[type[Object], None] = {}
    kinds = (kind.type for kind in SCHEME if kind.type is not CustomResourceDefinition)  # clients send these as JSON
    for type_ in (*kinds, Binding, DeleteOptions, Eviction, Scale, TokenRequest):
        reachable(type_, found)
    unknown = {
        type_.__name__: sorted(missing)
        for type_ in found
        if (
            missing := {field.encode_name for field in msgspec.structs.fields(type_)}
            - {"apiVersion", "kind"}
            - known_fields(type_)
        )
    }
    assert unknown == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty data"),
        (b"{}", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"),
        (b"k8s\x00\x0a\x09", "unexpected EOF"),
        (b"k8s\x00\x0b", "proto: illegal wireType 3"),
        (b"k8s\x00" + b"\xff" * 11, "proto: integer overflow"),
    ],
)
def test_a_malformed_message_is_rejected(data: bytes, message: str) -> None:
    with pytest.raises(ProtobufError) as refused:
        open_envelope(data)
    assert str(refused.value) == message


PROTOBUF = {
    "content-type": "application/vnd.kubernetes.protobuf",
    "accept": "application/vnd.kubernetes.protobuf,application/json",
}


async def test_the_response_to_protobuf_is_json(edge: Edge) -> None:
    answer = await edge.send("POST", "/api/v1/namespaces/ns/configmaps", base64.b64decode(CONFIG_MAP), PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/json")
    [asked] = edge.asked
    assert isinstance(asked, Create)
    assert asked.object == ConfigMap(metadata=ObjectMeta(name="c"), data={"a": "b"})


async def test_options_in_protobuf_are_decoded(edge: Edge) -> None:
    body = b"k8s\x00" + nested(1, nested(1, b"v1"), nested(2, b"DeleteOptions")) + nested(2, number(1, 7))
    await edge.send("DELETE", "/api/v1/namespaces/ns/configmaps/a", body, PROTOBUF)
    [asked] = edge.asked
    assert isinstance(asked, Delete)
    assert asked.options == DeleteOptions(grace_period_seconds=7)


async def test_another_kind_in_protobuf_is_rejected(edge: Edge) -> None:
    body = b"k8s\x00" + nested(1, nested(1, b"v1"), nested(2, b"Pod"))
    assert status_of(await edge.send("POST", "/api/v1/namespaces/ns/configmaps", body, PROTOBUF)) == (
        400,
        "BadRequest",
        'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
    )


def test_an_envelope_has_the_type_of_its_object() -> None:
    assert open_envelope(base64.b64decode(SECRET)).said == TypeMeta("v1", "Secret")
