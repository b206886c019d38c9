import msgspec
import pytest

from kubeactors.api import SCHEME as ALL_KINDS
from kubeactors.api import SERVED
from kubeactors.apiserver.http.openapi import OpenApi
from kubeactors.apiserver.http.openapi.descriptions import ANY, ANY_STRUCT, described

from .conftest import Edge
from .shelf import SCHEME

POD = "io.k8s.api.core.v1.Pod"
DOCUMENTS = OpenApi(SCHEME, "v1.36.2")


def at(document: bytes, *path: str) -> object:
    """The value at a path."""
    value: object = msgspec.json.decode(document)
    for name in path:
        value = msgspec.convert(value, dict[str, object])[name]
    return value


def v3() -> bytes:
    document = DOCUMENTS.v3("api/v1")
    assert document is not None
    return document


def test_a_definition_has_its_group_version_kind() -> None:
    expected = [{"group": "", "kind": "Pod", "version": "v1"}]
    assert at(DOCUMENTS.v2, "definitions", POD, "x-kubernetes-group-version-kind") == expected
    assert at(v3(), "components", "schemas", POD, "x-kubernetes-group-version-kind") == expected


def test_a_reference_stands_alone_in_version_3_and_beside_a_description_in_version_2() -> None:
    [reference] = msgspec.convert(at(v3(), "components", "schemas", POD, "properties", "spec", "allOf"), list[object])
    assert reference == {"$ref": "#/components/schemas/io.k8s.api.core.v1.PodSpec"}
    assert at(DOCUMENTS.v2, "definitions", POD, "properties", "spec", "$ref") == (
        "#/definitions/io.k8s.api.core.v1.PodSpec"
    )


def test_lists_have_their_merge_keys() -> None:
    spec = ("definitions", "io.k8s.api.core.v1.PodSpec", "properties", "containers")
    found = msgspec.convert(at(DOCUMENTS.v2, *spec), dict[str, object])
    assert {key: value for key, value in found.items() if key.startswith("x-")} == {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge",
    }
    assert found["items"] == {"$ref": "#/definitions/io.k8s.api.core.v1.Container"}


@pytest.mark.parametrize(
    ("definition", "name", "expected"),
    [
        ("ConfigMap", "data", {"type": "object", "additionalProperties": {"type": "string"}}),
        (
            "ConfigMap",
            "binaryData",
            {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
        ),
        ("ConfigMap", "immutable", {"type": "boolean"}),
        ("PodSpec", "terminationGracePeriodSeconds", {"type": "integer", "format": "int64"}),
        ("PodSpec", "priority", {"type": "integer", "format": "int32"}),
        ("HTTPGetAction", "port", {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}),
        ("PodStatus", "startTime", {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Time"}),
    ],
)
def test_fields_have_their_types(definition: str, name: str, expected: dict[str, object]) -> None:
    found = at(DOCUMENTS.v2, "definitions", f"io.k8s.api.core.v1.{definition}", "properties", name)
    text = described().get((definition, name)) or described()[ANY, name]
    assert found == {"description": text, **expected}


def test_fields_that_are_always_encoded_are_required() -> None:
    assert at(DOCUMENTS.v2, "definitions", "io.k8s.api.core.v1.ContainerPort", "required") == ["containerPort"]
    assert at(DOCUMENTS.v2, "definitions", "io.k8s.api.core.v1.CSIVolumeSource", "required") == ["driver"]  # no map


@pytest.mark.parametrize(
    ("path", "method", "operation_id", "action"),
    [
        ("/api/v1/pods", "get", "listCoreV1PodForAllNamespaces", "list"),
        ("/api/v1/namespaces/{namespace}/pods", "post", "createCoreV1NamespacedPod", "post"),
        ("/api/v1/namespaces/{namespace}/pods", "delete", "deleteCoreV1CollectionNamespacedPod", "deletecollection"),
        ("/api/v1/namespaces/{namespace}/pods/{name}", "get", "readCoreV1NamespacedPod", "get"),
        ("/api/v1/namespaces/{namespace}/pods/{name}", "put", "replaceCoreV1NamespacedPod", "put"),
        ("/api/v1/namespaces/{namespace}/pods/{name}/status", "patch", "patchCoreV1NamespacedPodStatus", "patch"),
    ],
)
def test_operations_have_the_ids_of_kubernetes(path: str, method: str, operation_id: str, action: str) -> None:
    for document in (DOCUMENTS.v2, v3()):
        found = msgspec.convert(at(document, "paths", path, method), dict[str, object])
        assert (found["operationId"], found["x-kubernetes-action"]) == (operation_id, action)


def test_a_patch_has_the_field_validation_parameter_that_clients_look_for() -> None:
    path = "/api/v1/namespaces/{namespace}/configmaps/{name}"
    parameters = msgspec.convert(at(v3(), "paths", path, "patch", "parameters"), list[dict[str, object]])
    assert {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}} in parameters
    assert at(v3(), "paths", path, "patch", "x-kubernetes-group-version-kind") == {
        "group": "",
        "kind": "ConfigMap",
        "version": "v1",
    }


def test_every_reference_resolves() -> None:
    for document, place in ((DOCUMENTS.v2, ("definitions",)), (v3(), ("components", "schemas"))):
        known = msgspec.convert(at(document, *place), dict[str, object])
        prefix = f"#/{'/'.join(place)}/"
        assert not [one for one in references(msgspec.json.decode(document)) if one.removeprefix(prefix) not in known]


def references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for one in msgspec.convert(value, list[object]) for found in references(one)]
    if not isinstance(value, dict):
        return []
    members = msgspec.convert(value, dict[str, object])
    nested = [found for one in members.values() for found in references(one)]
    return [*nested, str(members["$ref"])] if isinstance(members.get("$ref"), str) else nested


async def test_the_index_has_the_hash_of_each_document(edge: Edge) -> None:
    index = await edge.get("/openapi/v3")
    assert index.headers["content-type"] == "text/plain; charset=utf-8"
    url = at(index.content, "paths", "api/v1", "serverRelativeURL")
    assert isinstance(url, str)
    assert url.startswith("/openapi/v3/api/v1?hash=")
    document = await edge.get(url)
    assert document.headers["content-type"] == "application/json"
    assert at(document.content, "openapi") == "3.0.0"


async def test_version_2_is_served_as_protobuf_too(edge: Edge) -> None:
    answer = await edge.get("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
    assert answer.headers["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert answer.content.startswith(b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.36.2")


def test_every_field_of_every_kind_has_a_description() -> None:
    definitions = msgspec.convert(at(OpenApi(ALL_KINDS, "v1.36.2").v2, "definitions"), dict[str, dict[str, object]])
    fields = {
        (name.rpartition(".")[2], field): msgspec.convert(schema, dict[str, object]).get("description")
        for name, one in definitions.items()
        for field, schema in msgspec.convert(one.get("properties", {}), dict[str, object]).items()
    }
    assert [field for field, text in fields.items() if not text] == []
    anywhere = {field for _, field in fields}
    unknown = [
        one for one in described() if one not in fields and not (one[0] in {ANY, ANY_STRUCT} and one[1] in anywhere)
    ]
    assert unknown == []


EVERYDAY = (
    ("api/v1", "core.v1", "Pod PodSpec PodSecurityContext PodStatus Container EphemeralContainer EnvVar EnvFromSource"),
    ("api/v1", "core.v1", "EnvVarSource Probe Lifecycle LifecycleHandler SecurityContext Affinity NodeAffinity"),
    ("api/v1", "core.v1", "PodAffinity PodAntiAffinity TopologySpreadConstraint ContainerStatus ContainerState"),
    ("api/v1", "core.v1", "ProjectedVolumeSource Service ServiceSpec ServiceStatus NodeSpec NodeStatus Endpoints"),
    ("api/v1", "core.v1", "PersistentVolumeClaimSpec PersistentVolumeClaimStatus LimitRangeSpec ResourceQuotaSpec"),
    ("apis/apps/v1", "apps.v1", "DeploymentSpec DeploymentStrategy StatefulSetSpec DaemonSetSpec ReplicaSetSpec"),
    ("apis/batch/v1", "batch.v1", "JobSpec JobStatus CronJobSpec CronJobStatus PodFailurePolicy SuccessPolicy"),
    ("apis/networking.k8s.io/v1", "networking.v1", "IngressSpec IngressRule IngressBackend NetworkPolicySpec"),
    ("apis/rbac.authorization.k8s.io/v1", "rbac.v1", "Role ClusterRole RoleBinding ClusterRoleBinding"),
)


@pytest.mark.parametrize(("path", "package", "names"), EVERYDAY)
def test_descriptions_of_common_fields_do_not_repeat_those_of_their_types(path: str, package: str, names: str) -> None:
    document = OpenApi(SERVED, "v1.36.2").v3(path)
    assert document is not None
    schemas = msgspec.convert(at(document, "components", "schemas"), dict[str, dict[str, object]])
    said = {f"#/components/schemas/{name}": str(one.get("description")) for name, one in schemas.items()}
    repeated: list[str] = []
    for name in names.split():
        fields = msgspec.convert(schemas[f"io.k8s.api.{package}.{name}"]["properties"], dict[str, dict[str, object]])
        for field, schema in fields.items():
            within = msgspec.convert(schema.get("items") or schema, dict[str, object])
            for one in msgspec.convert(within.get("allOf") or [within], list[dict[str, object]]):
                of_type = said.get(str(one.get("$ref")), "")
                if of_type and of_type.partition("\n")[0] == schema.get("description"):
                    repeated.append(f"{name}.{field}")
    assert repeated == []
