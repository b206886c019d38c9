"""The order in which pods are deleted."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import ContainerStatus, Pod, PodCondition, PodSpec, PodStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.replicaset.ranking import DELETION_COST, pods_to_delete

NOW = parse_time("2026-01-02T00:00:00Z")


def pod(name: str, *, node: str = "n", phase: str = "Running", ready: str = "2026-01-01T00:00:00Z") -> Pod:
    conditions = (PodCondition(type="Ready", status="True", last_transition_time=ready),) if ready else ()
    metadata = ObjectMeta(name=name, uid=name, creation_timestamp="2026-01-01T00:00:00Z")
    return Pod(metadata=metadata, spec=PodSpec(node_name=node), status=PodStatus(phase=phase, conditions=conditions))


def first(*pods: Pod, on_node: dict[str, int] | None = None) -> str:
    both_ways = [pods_to_delete(list(some), on_node or {}, 1, NOW)[0] for some in (pods, pods[::-1])]
    assert both_ways[0] is both_ways[1]
    return both_ways[0].metadata.name


def test_an_unscheduled_pod_is_deleted_before_a_scheduled_one() -> None:
    assert first(pod("placed"), pod("unplaced", node="")) == "unplaced"


def test_pending_pods_are_deleted_before_unknown_and_those_before_running_ones() -> None:
    assert first(pod("running"), pod("unknown", phase="Unknown"), pod("pending", phase="Pending")) == "pending"
    assert first(pod("running"), pod("unknown", phase="Unknown")) == "unknown"


def test_an_unready_pod_is_deleted_before_a_ready_one() -> None:
    assert first(pod("ready"), pod("unready", ready="")) == "unready"


def test_a_pod_of_lower_deletion_cost_is_deleted_first() -> None:
    cheap = pod("cheap")
    cheap = replace(cheap, metadata=replace(cheap.metadata, annotations={DELETION_COST: "-1"}))
    assert first(pod("plain"), cheap) == "cheap"


def test_a_pod_on_a_crowded_node_is_deleted_before_one_that_is_alone() -> None:
    assert first(pod("alone", node="a"), pod("crowded", node="b"), on_node={"a": 1, "b": 2}) == "crowded"


def test_a_recently_ready_pod_is_deleted_before_one_ready_for_long() -> None:
    assert first(pod("old"), pod("new", ready="2026-01-01T23:59:00Z")) == "new"


def test_of_pods_of_about_the_same_age_the_uid_decides() -> None:
    assert first(pod("b"), pod("a", ready="2026-01-01T00:00:09Z")) == "a"


def test_a_pod_that_restarts_often_is_deleted_before_a_stable_one() -> None:
    restless = pod("restless")
    restless = replace(
        restless, status=replace(restless.status, container_statuses=(ContainerStatus(name="c", restart_count=3),))
    )
    assert first(pod("steady"), restless) == "restless"


def test_a_younger_pod_is_deleted_first() -> None:
    young = pod("young")
    young = replace(young, metadata=replace(young.metadata, creation_timestamp="2026-01-01T23:00:00Z"))
    assert first(pod("old"), young) == "young"


def test_pods_are_not_ranked_if_all_are_deleted() -> None:
    pods = [pod("b"), pod("a")]
    assert pods_to_delete(pods, {}, 2, NOW) == pods
