import pytest

from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.http.paths import ResourcePath, parse_path, verb_of

PODS = GroupVersionResource("", "v1", "pods")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/pods", ResourcePath(resource=PODS)),
        ("/api/v1/pods/", ResourcePath(resource=PODS)),
        ("/api/v1/namespaces/ns/pods", ResourcePath(resource=PODS, namespace="ns")),
        ("/api/v1/namespaces/ns/pods/p", ResourcePath(resource=PODS, namespace="ns", name="p")),
        (
            "/api/v1/namespaces/ns/pods/p/proxy/a/b",
            ResourcePath(resource=PODS, namespace="ns", name="p", subresource="proxy", rest=("a", "b")),
        ),
        ("/api/v1/namespaces", ResourcePath(resource=NAMESPACES)),
        ("/api/v1/namespaces/ns", ResourcePath(resource=NAMESPACES, name="ns")),
        ("/api/v1/namespaces/ns/finalize", ResourcePath(resource=NAMESPACES, name="ns", subresource="finalize")),
        (
            "/apis/apps/v1/namespaces/ns/deployments/d/scale",
            ResourcePath(resource=DEPLOYMENTS, namespace="ns", name="d", subresource="scale"),
        ),
        ("/api/v1/watch/namespaces/ns/pods/p", ResourcePath(resource=PODS, namespace="ns", name="p", watch=True)),
        ("/api/v1/watch", None),
        ("/api/v1", None),
        ("/apis/apps/v1", None),
        ("/healthz", None),
        ("/", None),
    ],
)
def test_a_path_names_a_resource(path: str, expected: ResourcePath | None) -> None:
    assert parse_path(path) == expected


@pytest.mark.parametrize(
    ("method", "path", "watch", "verb"),
    [
        ("GET", "/api/v1/pods", False, "list"),
        ("GET", "/api/v1/pods", True, "watch"),
        ("GET", "/api/v1/namespaces/ns/pods/p", True, "get"),
        ("GET", "/api/v1/watch/namespaces/ns/pods/p", False, "watch"),
        ("POST", "/api/v1/namespaces/ns/pods", False, "create"),
        ("PUT", "/api/v1/namespaces/ns/pods/p", False, "update"),
        ("PATCH", "/api/v1/namespaces/ns/pods/p", False, "patch"),
        ("DELETE", "/api/v1/namespaces/ns/pods/p", False, "delete"),
        ("DELETE", "/api/v1/namespaces/ns/pods", False, "deletecollection"),
        ("OPTIONS", "/api/v1/pods", False, ""),
    ],
)
def test_a_method_maps_to_a_verb(method: str, path: str, watch: bool, verb: str) -> None:  # noqa: FBT001 - a parameter
    found = parse_path(path)
    assert found is not None
    assert verb_of(method, found, watch=watch) == verb


def test_a_namespace_is_its_own_scope() -> None:
    found = parse_path("/api/v1/namespaces/ns/status")
    assert found is not None
    assert (found.namespace, found.scope) == ("", "ns")
