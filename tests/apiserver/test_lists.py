"""Lists: selectors, pages, resource versions."""

import pytest

from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod
from kubeactors.apimachinery.meta import ListMeta, ObjectMeta
from kubeactors.apimachinery.requests import ListOptions
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiServerConfig
from kubeactors.apiserver.pages import decode_continue
from kubeactors.storage import Compact
from tests.apiserver.plane import Plane, config_map, pod, refusal


@pytest.fixture
def plane() -> Plane:
    plane = Plane()
    for name, labels in (("a", {"k": "one"}), ("b", {"k": "one"}), ("c", {"k": "two"}), ("d", {"k": "two"}), ("e", {})):
        plane.create(config_map(name, labels))
    return plane


def test_a_list_is_in_key_order(plane: Plane) -> None:
    assert plane.names(ConfigMap) == ["a", "b", "c", "d", "e"]


def test_a_list_over_namespaces_is_in_key_order() -> None:
    plane = Plane()
    for namespace in ("a", "a-b", "a0"):
        plane.create(Namespace(metadata=ObjectMeta(name=namespace)))
        plane.create(ConfigMap(metadata=ObjectMeta(name="x", namespace=namespace)))
    found = plane.listed(ConfigMap, "").items
    assert [one.metadata.namespace for one in found] == ["a-b", "a", "a0"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (ListOptions(label_selector="k=one"), ["a", "b"]),
        (ListOptions(label_selector="k!=one"), ["c", "d", "e"]),
        (ListOptions(label_selector="!k"), ["e"]),
        (ListOptions(field_selector="metadata.name=b"), ["b"]),
        (ListOptions(field_selector="metadata.name!=b", label_selector="k=one"), ["a"]),
        (ListOptions(field_selector="metadata.namespace=other"), []),
        (ListOptions(field_selector="metadata.namespace=default,metadata.name=a"), ["a"]),
    ],
)
def test_selectors_select(plane: Plane, options: ListOptions, names: list[str]) -> None:
    assert plane.names(ConfigMap, options=options) == names


def test_pods_are_selected_by_node() -> None:
    plane = Plane().with_account()
    for name, node in (("a", "n1"), ("b", "n2"), ("c", "n1"), ("d", "")):
        plane.create(pod(name, node))
    assert plane.names(Pod, "", ListOptions(field_selector="spec.nodeName=n1")) == ["a", "c"]
    assert plane.names(Pod, "", ListOptions(field_selector="spec.nodeName=")) == ["d"]
    assert plane.names(Pod, "", ListOptions(field_selector="spec.nodeName=n1,status.phase=Running")) == []
    assert plane.names(Pod, "kube-system", ListOptions(field_selector="spec.nodeName=n1")) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ListOptions(field_selector="data.x=1"),
            '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        (ListOptions(label_selector="k=one,"), "found '', expected: identifier after ','"),
        (
            ListOptions(resource_version="abc"),
            'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
        ),
        (
            ListOptions(continue_="eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0", resource_version="5"),
            "specifying resource version is not allowed when using continue",
        ),
        (
            ListOptions(continue_="eyJ2IjoibWV0YS5rOHMuaW8vdjkiLCJydiI6MSwic3RhcnQiOiJhIn0"),
            "invalid continue token: continue key is not valid: server does not recognize this encoded version meta.k8s.io/v9",
        ),
    ],
)
def test_malformed_list_options_are_rejected(plane: Plane, options: ListOptions, message: str) -> None:
    assert refusal(plane.try_list(ConfigMap, options=options)) == (400, "BadRequest", message)


def test_pages_are_one_snapshot(plane: Plane) -> None:
    first = plane.listed(ConfigMap, options=ListOptions(limit=3))
    assert [one.metadata.name for one in first.items] == ["a", "b", "c"]
    assert first.metadata.remaining_item_count == 2
    plane.delete(ConfigMap, "e")
    plane.create(config_map("f"))
    rest = plane.listed(ConfigMap, options=ListOptions(limit=500, continue_=first.metadata.continue_))
    assert [one.metadata.name for one in rest.items] == ["d", "e"]
    assert rest.metadata == ListMeta(resource_version=first.metadata.resource_version)


def test_pages_of_a_selection_are_full(plane: Plane) -> None:
    options = ListOptions(label_selector="k", limit=2)
    first = plane.listed(ConfigMap, options=options)
    assert first.metadata.remaining_item_count is None
    rest = plane.listed(ConfigMap, options=ListOptions(label_selector="k", limit=2, continue_=first.metadata.continue_))
    assert [one.metadata.name for one in (*first.items, *rest.items)] == ["a", "b", "c", "d"]


def test_a_list_that_fits_has_no_continue_token(plane: Plane) -> None:
    assert plane.listed(ConfigMap, options=ListOptions(limit=5)).metadata.continue_ == ""


def test_the_error_of_an_expired_token_has_a_new_one(plane: Plane) -> None:
    first = plane.listed(ConfigMap, options=ListOptions(limit=3))
    plane.create(config_map("f"))
    plane.sim.ask(plane.store, Compact(revision=int(plane.get(ConfigMap, "f").metadata.resource_version)))
    reply = plane.try_list(ConfigMap, options=ListOptions(limit=3, continue_=first.metadata.continue_))
    code, reason, message = refusal(reply)
    assert (code, reason) == (410, "Expired")
    assert message.startswith("The provided continue parameter is too old to display a consistent list result.")
    assert isinstance(reply, Status)
    assert decode_continue("/registry/configmaps/default/", reply.metadata.continue_)[1] == -1
    rest = plane.listed(ConfigMap, options=ListOptions(continue_=reply.metadata.continue_))
    assert [one.metadata.name for one in rest.items] == ["d", "e", "f"]


def test_an_exact_version_is_that_version(plane: Plane) -> None:
    version = plane.get(ConfigMap, "c").metadata.resource_version
    exact = ListOptions(resource_version=version, resource_version_match="Exact")
    found = plane.listed(ConfigMap, options=exact)
    assert [one.metadata.name for one in found.items] == ["a", "b", "c"]
    assert found.metadata == ListMeta(resource_version=version)
    legacy = plane.listed(ConfigMap, options=ListOptions(resource_version=version, limit=2))
    assert [one.metadata.name for one in legacy.items] == ["a", "b"]
    assert legacy.metadata.remaining_item_count == 1


def test_an_exact_version_that_is_compacted_is_expired(plane: Plane) -> None:
    version = plane.get(ConfigMap, "c").metadata.resource_version
    plane.sim.ask(plane.store, Compact(revision=int(plane.get(ConfigMap, "e").metadata.resource_version)))
    reply = plane.try_list(ConfigMap, options=ListOptions(resource_version=version, resource_version_match="Exact"))
    assert refusal(reply) == (410, "Expired", "The resourceVersion for the provided list is too old.")


def test_a_list_not_older_than_a_version_waits_for_the_cache(plane: Plane) -> None:
    version = plane.get(ConfigMap, "e").metadata.resource_version
    assert plane.names(ConfigMap, options=ListOptions(resource_version=version)) == ["a", "b", "c", "d", "e"]
    assert plane.names(ConfigMap, options=ListOptions(resource_version="0", limit=1)) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("match", ["", "Exact", "NotOlderThan"])
def test_a_version_of_the_future_is_too_large(plane: Plane, match: str) -> None:
    reply = plane.try_list(ConfigMap, options=ListOptions(resource_version="9999", resource_version_match=match))
    newest = plane.get(ConfigMap, "e").metadata.resource_version
    message = f"Timeout: Too large resource version: 9999, current: {newest}"
    assert refusal(reply) == (504, "Timeout", message)
    assert isinstance(reply, Status)
    assert reply.details is not None
    assert [one.reason for one in reply.details.causes] == ["ResourceVersionTooLarge"]
    assert reply.details.retry_after_seconds == 1


def test_an_object_of_the_future_is_too_large() -> None:
    plane = Plane(ApiServerConfig(freshness_seconds=0.5))
    plane.create(config_map("a"))
    assert refusal(plane.try_get(ConfigMap, "a", version="9999"))[:2] == (504, "Timeout")
    assert plane.get(ConfigMap, "a", version="0").metadata.name == "a"


def test_a_list_in_a_missing_namespace_is_empty(plane: Plane) -> None:
    assert plane.names(Pod, "nosuch") == []


def test_every_cluster_has_the_system_namespaces() -> None:
    assert Plane().names(Namespace) == ["default", "kube-node-lease", "kube-public", "kube-system"]
