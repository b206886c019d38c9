"""What audit events say."""

from typing import cast

import msgspec
import pytest

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ManagedFieldsEntry, ObjectMeta
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apiserver.audit.event import (
    Event,
    EventUser,
    ObjectReference,
    Origin,
    line,
    one_line,
    received,
    source_ips,
    with_code,
    with_patch,
    with_request,
    with_response,
)
from kubeactors.apiserver.audit.policy import Level, Stage
from kubeactors.apiserver.authorization import Access, access_to

AT = 1_800_000_000_000_001_000
JANE = UserInfo(name="jane", uid="u", groups=("g",), extra={"k": ("v",)})
CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
ORIGIN = Origin(
    audit_id="id", uri="/api/v1/namespaces/ns/configmaps", addresses=("::1",), user_agent="tester/1", received_at=AT
)
A = ConfigMap(
    metadata=ObjectMeta(
        name="a", namespace="ns", uid="u1", resource_version="7", managed_fields=(ManagedFieldsEntry(manager="m"),)
    )
)


def event(level: Level = Level.REQUEST, verb: str = "create", name: str = "") -> Event:
    return received(level, ORIGIN, access_to(JANE, verb, CONFIG_MAPS, namespace="ns", name=name), "v1")


def test_a_request_is_described_by_its_user_its_origin_and_its_url() -> None:
    said = cast("object", msgspec.json.decode(line(event(), Stage.RESPONSE_COMPLETE, AT + 2000)))
    assert said == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": "id",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/ns/configmaps",
        "verb": "create",
        "user": {"username": "jane", "uid": "u", "groups": ["g"], "extra": {"k": ["v"]}},
        "sourceIPs": ["::1"],
        "userAgent": "tester/1",
        "objectRef": {"resource": "configmaps", "namespace": "ns", "apiVersion": "v1"},
        "requestReceivedTimestamp": "2027-01-15T08:00:00.000001Z",
        "stageTimestamp": "2027-01-15T08:00:00.000003Z",
    }


def test_a_request_for_a_path_refers_to_no_object() -> None:
    of_path = received(Level.METADATA, ORIGIN, Access(user=JANE, verb="get", path="/version"), "")
    assert of_path.object_ref is None


def test_a_long_user_agent_is_truncated() -> None:
    origin = msgspec.structs.replace(ORIGIN, user_agent="x" * 2000)
    found = received(Level.METADATA, origin, Access(user=JANE, verb="get", path="/"), "")
    assert found.user_agent == "x" * 1024 + "...TRUNCATED"


def test_an_object_in_a_request_completes_the_reference() -> None:
    found = with_request(event(), A)
    assert found.object_ref == ObjectReference(
        resource="configmaps", namespace="ns", name="a", uid="u1", api_version="v1", resource_version="7"
    )


def test_the_url_has_precedence_over_the_name_in_the_object() -> None:
    found = with_request(event(name="b"), A)
    assert found.object_ref is not None
    assert found.object_ref.name == "b"


@pytest.mark.parametrize(
    ("level", "has_request", "has_response"),
    [(Level.METADATA, False, False), (Level.REQUEST, True, False), (Level.REQUEST_RESPONSE, True, True)],
)
def test_a_level_says_which_objects_are_recorded(level: Level, *, has_request: bool, has_response: bool) -> None:
    found = with_response(with_request(event(level), A), [b"{}"])
    assert (found.request_object is not None, found.response_object is not None) == (has_request, has_response)
    assert (with_patch(event(level), b"{}", "t").request_object is not None) == has_request


def test_managed_fields_are_omitted_if_the_policy_says_so() -> None:
    listed = b'{"items":[{"metadata":{"name":"a","managedFields":[]}}],"metadata":{}}'
    table = b'{"rows":[{"cells":["a"],"object":{"metadata":{"managedFields":[]}}},{"cells":["b"]}]}'
    full = event(Level.REQUEST_RESPONSE)
    assert with_request(full, A, omit_managed_fields=True).request_object == msgspec.Raw(
        b'{"kind":"ConfigMap","apiVersion":"v1","metadata":'
        b'{"name":"a","namespace":"ns","uid":"u1","resourceVersion":"7"}}'
    )
    assert with_response(full, [listed], omit_managed_fields=True).response_object == msgspec.Raw(
        b'{"items":[{"metadata":{"name":"a"}}],"metadata":{}}'
    )
    assert with_response(full, [table], omit_managed_fields=True).response_object == msgspec.Raw(
        b'{"rows":[{"cells":["a"],"object":{"metadata":{}}},{"cells":["b"]}]}'
    )


def test_a_patch_is_one_line_beside_its_media_type() -> None:
    found = with_patch(event(), b'{\n "data": {"a": "\xff"}\n}', "application/merge-patch+json")
    assert found.request_object == msgspec.Raw('{"data":{"a":"�"}}'.encode())
    assert found.annotations == {"kubeactors.io/patch-type": "application/merge-patch+json"}


@pytest.mark.parametrize("patch", [b"", b"a: b", b"{", b"[" * 100_000])
def test_a_patch_that_is_not_json_is_left_out(patch: bytes) -> None:
    found = with_patch(event(), patch, "application/json-patch+json")
    assert found == msgspec.structs.replace(
        event(), annotations={"kubeactors.io/patch-type": "application/json-patch+json"}
    )


def test_every_line_is_one_line() -> None:
    said = with_code(with_patch(event(), b'{"a":\r\n"\\n"}', "t"), 200)
    assert line(said, Stage.RESPONSE_COMPLETE, AT).splitlines(keepends=True) == [
        line(said, Stage.RESPONSE_COMPLETE, AT)
    ]
    assert one_line(b"[ 1 ]") == b"[1]"


def test_a_request_that_is_not_authenticated_has_an_empty_user() -> None:
    found = received(Level.METADATA, ORIGIN, Access(user=UserInfo(name=""), verb="get", path="/"), "")
    assert msgspec.json.encode(found.user) == b"{}"
    assert found.user == EventUser()


@pytest.mark.parametrize(
    ("forwarded_for", "real_ip", "peer", "found"),
    [
        ("", "", "", ()),
        ("", "", "::ffff:192.0.2.1", ("192.0.2.1",)),
        ("192.0.2.1", "", "192.0.2.1", ("192.0.2.1",)),
        ("192.0.2.1, x,2001:DB8::1", "192.0.2.2", "192.0.2.1", ("192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.1")),
        ("", "192.0.2.2", "127.0.0.1", ("192.0.2.2", "127.0.0.1")),
    ],
)
def test_source_ips_are_those_of_proxies_and_then_that_of_the_connection(
    forwarded_for: str, real_ip: str, peer: str, found: tuple[str, ...]
) -> None:
    assert source_ips(forwarded_for, real_ip, peer) == found
