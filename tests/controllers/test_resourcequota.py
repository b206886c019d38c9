"""The status of quotas says what is used."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.core.v1 import ConfigMap, ResourceQuota, ResourceQuotaSpec, ResourceQuotaStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers import ControllerManagerConfig
from tests.controllers.plane import PATIENT, Plane, meta, replica_set
from tests.controllers.test_custom_owners import definition, shop


def quota(**hard: str) -> ResourceQuota:
    named = {name.replace("__", "/"): amount for name, amount in hard.items()}
    return ResourceQuota(metadata=meta("q"), spec=ResourceQuotaSpec(hard=named))


def used(plane: Plane, seconds: float = 1.0) -> dict[str, str]:
    plane.sim.run(seconds)
    return plane.get(ResourceQuota, "q").status.used


def config_map(name: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"))


def test_existing_created_and_deleted_objects_are_counted(control_plane: Plane) -> None:
    made = control_plane.create(config_map("a"))
    control_plane.create(quota(configmaps="9", pods="2", count__moons="1"))
    assert used(control_plane) == {"configmaps": "2", "pods": "0"}
    control_plane.create(config_map("b"))
    assert used(control_plane) == {"configmaps": "3", "pods": "0"}
    control_plane.delete(made)
    assert used(control_plane) == {"configmaps": "2", "pods": "0"}


def test_changed_limits_are_copied_to_the_status(control_plane: Plane) -> None:
    made = control_plane.create(quota(configmaps="9"))
    used(control_plane)
    control_plane.change(made, lambda one: replace(one, spec=ResourceQuotaSpec(hard={"services": "4"})))
    control_plane.sim.run(1.0)
    status = control_plane.get(ResourceQuota, "q").status
    assert status == ResourceQuotaStatus(hard={"services": "4"}, used={"services": "1"})


def test_a_replica_set_reports_that_quota_rejects_its_pods() -> None:
    plane = Plane(config=ControllerManagerConfig(root_ca="PEM", node_lifecycle=PATIENT))
    plane.node("node-1")
    plane.create(quota(pods="1"))
    plane.create(replica_set(2))
    plane.tick(2)
    assert used(plane) == {"pods": "1"}
    (condition,) = plane.get(ReplicaSet, "web").status.conditions
    assert (condition.type, condition.status, condition.reason) == ("ReplicaFailure", "True", "FailedCreate")
    assert condition.message.endswith("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1")


@pytest.mark.parametrize("seed", range(3))
def test_the_usage_is_the_same_after_a_restart_of_the_controllers(seed: int) -> None:
    plane = Plane(seed)
    plane.create(quota(configmaps="9"))
    assert used(plane) == {"configmaps": "1"}
    plane.sim.crash(plane.manager, RuntimeError("power"))
    plane.create(config_map("a"))
    plane.sim.run(5.0)
    assert used(plane) == {"configmaps": "2"}


def test_custom_objects_are_counted_while_their_kind_exists(control_plane: Plane) -> None:
    plane = control_plane
    made = plane.create(quota(configmaps="9", **{"count__shops.example.com": "5"}))
    assert used(plane) == {"configmaps": "1"}
    crd = plane.create(definition())
    assert used(plane) == {"configmaps": "1", "count/shops.example.com": "0"}
    first = shop(plane, "a")
    shop(plane, "b")
    assert used(plane)["count/shops.example.com"] == "2"
    plane.delete(first)
    assert used(plane)["count/shops.example.com"] == "1"
    plane.change(made, lambda one: replace(one, spec=ResourceQuotaSpec(hard={"configmaps": "9"})))
    assert used(plane) == {"configmaps": "1"}
    plane.change(made, lambda one: replace(one, spec=made.spec))
    assert used(plane)["count/shops.example.com"] == "1"
    plane.delete(crd)
    assert used(plane, 10.0) == {"configmaps": "1"}


def test_the_usage_of_custom_objects_is_the_same_after_a_restart_at_any_time() -> None:
    plane = Plane()
    plane.create(definition())
    plane.sim.run(1.0)
    shop(plane, "a")
    made = plane.create(quota(**{"count__shops.example.com": "5"}))
    assert used(plane) == {"count/shops.example.com": "1"}
    before = plane.get(ResourceQuota, made.metadata.name)
    plane.sim.crash(plane.manager, RuntimeError("power"))
    plane.sim.run(5.0)
    assert plane.get(ResourceQuota, made.metadata.name) == before
