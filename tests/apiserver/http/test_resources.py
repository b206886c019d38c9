import gzip

import msgspec
import pytest

from kubeactors.api.core.v1 import Binding, ConfigMap
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.requests import (
    ADMIN,
    Create,
    Delete,
    DeleteCollection,
    Get,
    GroupVersionResource,
    List,
    ListOptions,
    Patch,
    Update,
    WriteOptions,
)

from .conftest import Edge, status_of

CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
PODS = GroupVersionResource("", "v1", "pods")
PATH = "/api/v1/namespaces/ns/configmaps"
A = '{"metadata":{"name":"a"},"data":{"x":"1"}}'
MADE = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","resourceVersion":"8"},"data":{"x":"1"}}\n'
AS_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
AS_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
AS_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
NAMED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
WRITTEN = WriteOptions(field_manager="tester")


async def test_a_create_becomes_a_request_and_its_reply_a_response(edge: Edge) -> None:
    answer = await edge.send("POST", PATH, A)
    assert (answer.status_code, answer.text) == (201, MADE)
    assert answer.headers["content-type"] == "application/json"
    made = ConfigMap(metadata=ObjectMeta(name="a"), data={"x": "1"})
    assert edge.asked == [Create(resource=CONFIG_MAPS, namespace="ns", user=ADMIN, object=made, options=WRITTEN)]


async def test_yaml_is_decoded_and_encoded(edge: Edge) -> None:
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n"
    headers = {"content-type": "application/yaml", "accept": "application/yaml"}
    answer = await edge.send("POST", PATH, body, headers)
    assert answer.headers["content-type"] == "application/yaml"
    assert answer.text == (
        "apiVersion: v1\ndata:\n  x: '1'\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ns\n  resourceVersion: '8'\n"
    )


async def test_an_update_takes_the_name_from_the_path(edge: Edge) -> None:
    answer = await edge.send("PUT", f"{PATH}/a?dryRun=All&fieldManager=me", A)
    assert answer.status_code == 200
    new = ConfigMap(metadata=ObjectMeta(name="a"), data={"x": "1"})
    options = WriteOptions(dry_run=("All",), field_manager="me")
    assert edge.asked == [
        Update(resource=CONFIG_MAPS, namespace="ns", name="a", user=ADMIN, object=new, options=options)
    ]


async def test_a_patch_is_passed_on_unchanged(edge: Edge) -> None:
    answer = await edge.send("PATCH", f"{PATH}/a", "{ }", {"content-type": "application/merge-patch+json"})
    assert status_of(answer) == (404, "NotFound", 'configmaps "a" not found')
    assert edge.asked == [
        Patch(
            resource=CONFIG_MAPS,
            namespace="ns",
            name="a",
            user=ADMIN,
            patch_type="application/merge-patch+json",
            patch=b"{ }",
            options=WRITTEN,
        )
    ]


async def test_an_unknown_patch_type_is_rejected(edge: Edge) -> None:
    answer = await edge.send("PATCH", f"{PATH}/a", "{}")
    assert status_of(answer) == (415, "UnsupportedMediaType", "415: Unsupported Media Type")


async def test_a_deletion_takes_its_options_from_the_body_or_the_query(edge: Edge) -> None:
    await edge.send(
        "DELETE", f"{PATH}/a", '{"preconditions":{"uid":"u"},"kind":"DeleteOptions","apiVersion":"apps/v1"}'
    )
    answer = await edge.send("DELETE", f"{PATH}/a?gracePeriodSeconds=3")
    assert (answer.status_code, answer.text) == (
        200,
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"a","kind":"configmaps"}}\n',
    )
    in_body = DeleteOptions(api_version="apps/v1", kind="DeleteOptions", preconditions=Preconditions(uid="u"))
    in_query = DeleteOptions(grace_period_seconds=3)
    assert edge.asked == [
        Delete(resource=CONFIG_MAPS, namespace="ns", name="a", user=ADMIN, options=options)
        for options in (in_body, in_query)
    ]


async def test_a_collection_is_deleted_by_selector(edge: Edge) -> None:
    answer = await edge.send("DELETE", f"{PATH}?labelSelector=k%3Dv")
    assert answer.text == '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[]}\n'
    wanted = ListOptions(label_selector="k=v")
    assert edge.asked == [
        DeleteCollection(resource=CONFIG_MAPS, namespace="ns", user=ADMIN, list_options=wanted, options=DeleteOptions())
    ]


async def test_a_list_is_of_a_namespace_or_of_all(edge: Edge) -> None:
    await edge.send("POST", PATH, A)
    answer = await edge.get("/api/v1/configmaps?limit=5")
    items = MADE.strip().replace('"kind":"ConfigMap","apiVersion":"v1",', "")
    assert answer.text == (
        f'{{"kind":"ConfigMapList","apiVersion":"v1","metadata":{{"resourceVersion":"7"}},"items":[{items}]}}\n'
    )
    assert edge.asked[1:] == [List(resource=CONFIG_MAPS, user=ADMIN, options=ListOptions(limit=5))]


async def test_a_subresource_has_a_kind_of_its_own(edge: Edge) -> None:
    body = '{"kind":"Binding","apiVersion":"v1","metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}}'
    answer = await edge.send("POST", "/api/v1/namespaces/ns/pods/p/binding", body)
    assert answer.status_code == 201
    [asked] = edge.asked
    assert isinstance(asked, Create)
    assert (asked.resource, asked.name, asked.subresource) == (PODS, "p", "binding")
    assert isinstance(asked.object, Binding)


async def test_a_get_passes_its_resource_version_on(edge: Edge) -> None:
    answer = await edge.get(f"{PATH}/a?resourceVersion=0")
    assert status_of(answer) == (404, "NotFound", 'configmaps "a" not found')
    assert edge.asked == [Get(resource=CONFIG_MAPS, namespace="ns", name="a", user=ADMIN, resource_version="0")]


async def test_export_is_rejected(edge: Edge) -> None:
    answer = await edge.get(f"{PATH}/a?export=true")
    assert status_of(answer) == (
        400,
        "BadRequest",
        "the export parameter, deprecated since v1.14, is no longer supported",
    )


async def test_a_table_has_a_row_with_metadata(edge: Edge) -> None:
    await edge.send("POST", PATH, A)
    answer = await edge.get(f"{PATH}/a", AS_TABLE)
    table = msgspec.json.decode(answer.content, type=dict[str, object])
    assert {key: table[key] for key in ("kind", "apiVersion", "metadata", "rows")} == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "8"},
        "rows": [
            {
                "cells": ["a", 1, "<unknown>"],
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"name": "a", "namespace": "ns", "resourceVersion": "8"},
                },
            }
        ],
    }


async def test_a_table_includes_the_object_on_request(edge: Edge) -> None:
    await edge.send("POST", PATH, A)
    whole = msgspec.json.decode((await edge.get(f"{PATH}/a?includeObject=Object", AS_TABLE)).content)
    assert whole["rows"][0]["object"] == msgspec.json.decode(MADE)
    bare = msgspec.json.decode((await edge.get(f"{PATH}/a?includeObject=None", AS_TABLE)).content)
    assert bare["rows"] == [{"cells": ["a", 1, "<unknown>"], "object": None}]
    assert status_of(await edge.get(f"{PATH}/a?includeObject=Wrong", AS_TABLE)) == (
        400,
        "BadRequest",
        (
            'Unable to convert to Table as requested: includeObject: Invalid value: "Wrong": '
            "must be 'Metadata', 'Object', 'None', or empty"
        ),
    )


async def test_partial_metadata_of_objects_and_of_lists(edge: Edge) -> None:
    await edge.send("POST", PATH, A)
    part = (
        '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",'
        '"metadata":{"name":"a","namespace":"ns","resourceVersion":"8"}}'
    )
    assert (await edge.get(f"{PATH}/a", AS_METADATA)).text == f"{part}\n"
    assert (await edge.get(PATH, AS_METADATA_LIST)).text == (
        '{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1",'
        f'"metadata":{{"resourceVersion":"7"}},"items":[{part}]}}\n'
    )
    assert status_of(await edge.get(PATH, AS_METADATA)) == (
        406,
        "NotAcceptable",
        "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)",
    )
    assert status_of(await edge.get(f"{PATH}/a", AS_METADATA_LIST)) == (
        406,
        "NotAcceptable",
        "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}',
            'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
        ),
        (
            '{"apiVersion":"v1","kind":"Nothing"}',
            (
                'Nothing in version "v1" cannot be handled as a ConfigMap: '
                'no kind "Nothing" is registered for version "v1" in scheme "kubeactors.api"'
            ),
        ),
        (
            '{"apiVersion":"v1","kind":"ConfigMap","data":{"x":1}}',
            (
                'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
            ),
        ),
        (
            "x",
            (
                "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; "
                "json parse error: invalid character 'x' looking for beginning of value (78)"
            ),
        ),
    ],
)
async def test_an_undecodable_body_is_rejected_with_the_message_of_go(edge: Edge, body: str, message: str) -> None:
    assert status_of(await edge.send("POST", PATH, body)) == (400, "BadRequest", message)
    assert edge.asked == []


UNKNOWN = '{"metadata":{"name":"a","nmae":"b"},"data":{},"spec":{}}'


async def test_unknown_fields_give_warnings_by_default(edge: Edge) -> None:
    answer = await edge.send("POST", PATH, UNKNOWN)
    assert answer.status_code == 201
    assert answer.headers.get_list("warning") == [
        r'299 - "unknown field \"metadata.nmae\""',
        r'299 - "unknown field \"spec\""',
    ]


async def test_unknown_fields_are_ignored_on_request(edge: Edge) -> None:
    answer = await edge.send("POST", f"{PATH}?fieldValidation=Ignore", UNKNOWN)
    assert (answer.status_code, answer.headers.get_list("warning")) == (201, [])


async def test_unknown_fields_are_errors_on_request(edge: Edge) -> None:
    assert status_of(await edge.send("POST", f"{PATH}?fieldValidation=Strict", UNKNOWN)) == (
        400,
        "BadRequest",
        (
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
            'unknown field "metadata.nmae", unknown field "spec"'
        ),
    )


NOT_FOUND = (404, "NotFound", "the server could not find the requested resource")
NOT_ALLOWED = (405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/v1/namespaces/ns/nosuches", NOT_FOUND),
        ("GET", "/api/v1/namespaces/ns/configmaps/a/nosuch", NOT_FOUND),
        ("GET", "/api/v1/configmaps/a", NOT_FOUND),
        ("GET", "/apis/apps/v1/nosuches", NOT_FOUND),
        ("PUT", PATH, NOT_ALLOWED),
        ("PATCH", PATH, NOT_ALLOWED),
        ("OPTIONS", PATH, NOT_ALLOWED),
        ("POST", f"{PATH}/a", NOT_ALLOWED),
        ("POST", "/api/v1/configmaps", NOT_ALLOWED),
        ("GET", "/api/v1/namespaces/ns/pods/p/binding", NOT_ALLOWED),
    ],
)
async def test_not_found_differs_from_method_not_allowed(
    edge: Edge, method: str, path: str, expected: tuple[int, str, str]
) -> None:
    assert status_of(await edge.send(method, path)) == expected
    assert edge.asked == []


async def test_the_error_for_an_unknown_group_is_plain_text(edge: Edge) -> None:
    response = await edge.send("GET", "/apis/nosuch.example.com/v1/things")
    assert (response.status_code, response.text) == (404, "404 page not found\n")


async def test_an_error_is_json_whatever_is_accepted(edge: Edge) -> None:
    answer = await edge.get(f"{PATH}/a", "text/html")
    assert status_of(answer) == (
        406,
        "NotAcceptable",
        f"406: Not Acceptable\n\nAvailable representations: {NAMED}",
    )
    assert answer.headers["content-type"] == "application/json"


async def test_authorization_comes_before_decoding(edge: Edge) -> None:
    answer = await edge.send("POST", PATH, "not json", {"authorization": "Bearer jane"})
    assert status_of(answer) == (
        403,
        "Forbidden",
        'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "ns"',
    )


async def test_a_large_response_is_compressed_if_gzip_is_accepted(edge: Edge) -> None:
    body = f'{{"metadata":{{"name":"a"}},"data":{{"x":"{"y" * 200_000}"}}}}'
    async with edge.client.stream(
        "POST", PATH, content=body, headers={"content-type": "application/json", "accept-encoding": "gzip"}
    ) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(raw) < 10_000
    assert len(gzip.decompress(raw)) > 200_000


async def test_browsers_get_indented_json(edge: Edge) -> None:
    await edge.send("POST", PATH, A)
    assert (await edge.get(f"{PATH}/a?pretty=true")).text.startswith('{\n  "kind": "ConfigMap",\n')
    curl = await edge.send("GET", f"{PATH}/a", headers={"user-agent": "curl/8"})
    assert curl.text.startswith('{\n  "kind": "ConfigMap",\n')
    assert (await edge.get(f"{PATH}/a?pretty=false")).text == MADE


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a":' * 10_000, 400),
        (b"[" * 10_000, 400),
        (b'{"metadata":{"name":"a"},"data":{"\xed\xa0\x80":"\xff"}}', 201),
        (b'{"metadata":{"name":"a"},"data":{"\\ud800":"\\udfff"}}', 201),
    ],
)
async def test_hostile_bodies_do_no_harm(edge: Edge, body: bytes, code: int) -> None:
    """They are rejected, or accepted with halves of surrogate pairs as U+FFFD, as in Go."""
    answer = await edge.send("POST", PATH, body)
    assert answer.status_code == code
