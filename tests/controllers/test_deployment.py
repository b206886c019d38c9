"""Deployments roll, wait, scale and clean up as Kubernetes' do."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentCondition, DeploymentStrategy, ReplicaSet
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import IntOrString
from kubeactors.client import controller_of
from kubeactors.controllers.conditions import find
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, MAX_REPLICAS, REVISION, REVISION_HISTORY
from tests.controllers.plane import Plane, deployment, sized, template


def roll(plane: Plane, image: str) -> None:
    """Give the deployment another template."""
    plane.change(deployment(), lambda one: replace(one, spec=replace(one.spec, template=template(image))))


def live(plane: Plane) -> Deployment:
    return plane.get(Deployment, "web")


def condition(plane: Plane, type_: str) -> DeploymentCondition:
    found = find(live(plane).status.conditions, type_)
    assert found is not None
    return found


def sizes(plane: Plane) -> dict[str, int]:
    """The replicas of each ReplicaSet by its revision."""
    return {one.metadata.annotations[REVISION]: one.spec.replicas or 0 for one in plane.list(ReplicaSet)}


def active_pods(plane: Plane) -> int:
    return len([pod for pod in plane.list(Pod) if pod.metadata.deletion_timestamp is None])


@pytest.fixture
def settled(control_plane: Plane) -> Plane:
    """Three replicas run the first template."""
    control_plane.create(deployment())
    control_plane.tick(2)
    assert live(control_plane).status.available_replicas == 3
    return control_plane


def test_a_deployment_settles_with_one_replica_set_and_two_conditions(settled: Plane) -> None:
    (made,) = settled.list(ReplicaSet)
    found = live(settled)
    assert found.metadata.annotations == {REVISION: "1"}
    assert found.metadata.generation == 1
    assert made.metadata.annotations == {REVISION: "1", DESIRED_REPLICAS: "3", MAX_REPLICAS: "4"}
    assert made.metadata.name == f"web-{made.metadata.labels['pod-template-hash']}"
    status = found.status
    assert (status.replicas, status.updated_replicas, status.ready_replicas, status.available_replicas) == (3, 3, 3, 3)
    assert (status.unavailable_replicas, status.terminating_replicas, status.observed_generation) == (0, 0, 1)
    assert [(one.type, one.status, one.reason, one.message) for one in status.conditions] == [
        ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        (
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            f'ReplicaSet "{made.metadata.name}" has successfully progressed.',
        ),
    ]
    assert settled.events("web") == [("ScalingReplicaSet", f"Scaled up replica set {made.metadata.name} from 0 to 3")]


def test_a_new_template_is_rolled_out_step_by_step(settled: Plane) -> None:
    old = settled.list(ReplicaSet)[0].metadata.name
    roll(settled, "example/web:2")
    settled.tick(8)
    assert settled.images() == ["example/web:2"] * 3
    assert sizes(settled) == {"1": 0, "2": 3}
    assert live(settled).metadata.annotations == {REVISION: "2"}
    new = next(one.metadata.name for one in settled.list(ReplicaSet) if one.metadata.name != old)
    assert [message for _, message in settled.events("web")][1:] == [
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 3 to 2",
        f"Scaled up replica set {new} from 1 to 2",
        f"Scaled down replica set {old} from 2 to 1",
        f"Scaled up replica set {new} from 2 to 3",
        f"Scaled down replica set {old} from 1 to 0",
    ]
    assert condition(settled, "Progressing").message == f'ReplicaSet "{new}" has successfully progressed.'


def test_a_rollback_reuses_the_old_replica_set(settled: Plane) -> None:
    first = settled.list(ReplicaSet)[0].metadata.name
    roll(settled, "example/web:2")
    settled.tick(8)
    roll(settled, "example/web:1")
    settled.tick(8)
    assert sizes(settled) == {"2": 0, "3": 3}
    again = settled.get(ReplicaSet, first)
    assert (again.metadata.annotations[REVISION], again.metadata.annotations[REVISION_HISTORY]) == ("3", "1")
    assert live(settled).metadata.annotations == {REVISION: "3"}


@dataclass(frozen=True)
class Bounds:
    surge: IntOrString
    unavailable: IntOrString
    most: int
    fewest: int


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(surge=1, unavailable=0, most=11, fewest=10),
        Bounds(surge=0, unavailable=2, most=10, fewest=8),
        Bounds(surge="30%", unavailable="20%", most=13, fewest=8),
        Bounds(surge="100%", unavailable=0, most=20, fewest=10),
        Bounds(surge="5%", unavailable="5%", most=11, fewest=10),
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", range(3))
def test_a_rollout_respects_max_surge_and_max_unavailable(bounds: Bounds, seed: int) -> None:
    plane = Plane(seed)
    plane.node("node-1")
    plane.create(deployment(10, surge=bounds.surge, unavailable=bounds.unavailable))
    plane.tick(2)
    roll(plane, "example/web:2")
    for _ in range(30):
        for _ in range(40):
            plane.sim.step()
            assert active_pods(plane) <= bounds.most
        plane.run_pods()
        ready = [pod for pod in plane.list(Pod) if pod.status.phase == "Running"]
        assert len(ready) >= bounds.fewest
        plane.sim.run(0.5)
    assert plane.images() == ["example/web:2"] * 10


def test_a_rollout_to_pods_that_never_run_keeps_the_minimum_available(control_plane: Plane) -> None:
    control_plane.create(deployment(4, surge=1, unavailable=1))
    control_plane.tick(2)
    roll(control_plane, "example/web:broken")
    control_plane.sim.run(5.0)
    status = live(control_plane).status
    assert (status.replicas, status.updated_replicas, status.available_replicas) == (5, 2, 3)
    assert status.unavailable_replicas == 2
    assert condition(control_plane, "Available").status == "True"
    control_plane.change(deployment(), sized(8))
    control_plane.sim.run(5.0)
    assert sizes(control_plane) == {"1": 5, "2": 4}
    assert {one.metadata.annotations[MAX_REPLICAS] for one in control_plane.list(ReplicaSet)} == {"9"}


def test_scaling_changes_the_size_and_nothing_else(settled: Plane) -> None:
    for wanted, maximum in ((5, "7"), (1, "2"), (0, "0")):
        settled.change(deployment(), sized(wanted))
        settled.tick(2)
        (one,) = settled.list(ReplicaSet)
        assert (one.spec.replicas, one.metadata.annotations[MAX_REPLICAS]) == (wanted, maximum)
        assert live(settled).status.replicas == wanted
        assert condition(settled, "Progressing").reason == "NewReplicaSetAvailable"
    assert condition(settled, "Available").status == "True"


def test_a_paused_deployment_reports_it_and_rolls_out_when_resumed(control_plane: Plane) -> None:
    made = deployment()
    control_plane.create(replace(made, spec=replace(made.spec, paused=True)))
    control_plane.tick()
    assert control_plane.list(ReplicaSet) == ()
    assert live(control_plane).metadata.annotations == {}
    assert [(one.type, one.status, one.reason, one.message) for one in live(control_plane).status.conditions] == [
        ("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"),
        ("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
    ]
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, paused=False)))
    control_plane.tick(2)
    assert sizes(control_plane) == {"1": 3}
    assert condition(control_plane, "Progressing").reason == "NewReplicaSetAvailable"


def test_a_paused_rollout_can_be_scaled(settled: Plane) -> None:
    settled.change(deployment(), lambda one: replace(one, spec=replace(one.spec, paused=True)))
    roll(settled, "example/web:2")
    settled.tick(2)
    assert sizes(settled) == {"1": 3}
    settled.change(deployment(), sized(4))
    settled.tick(2)
    assert sizes(settled) == {"1": 4}


def test_lack_of_progress_is_reported_after_the_deadline(control_plane: Plane) -> None:
    made = deployment()
    control_plane.create(replace(made, spec=replace(made.spec, progress_deadline_seconds=10)))
    control_plane.sim.run(5.0)
    assert condition(control_plane, "Progressing").reason == "ReplicaSetUpdated"
    control_plane.sim.run(10.0)
    (stuck,) = control_plane.list(ReplicaSet)
    found = condition(control_plane, "Progressing")
    assert (found.status, found.reason) == ("False", "ProgressDeadlineExceeded")
    assert found.message == f'ReplicaSet "{stuck.metadata.name}" has timed out progressing.'
    assert condition(control_plane, "Available").reason == "MinimumReplicasUnavailable"


def test_history_beyond_the_limit_is_deleted_once_it_is_empty(control_plane: Plane) -> None:
    made = deployment()
    control_plane.create(replace(made, spec=replace(made.spec, revision_history_limit=1)))
    control_plane.tick(2)
    for version in (2, 3, 4):
        roll(control_plane, f"example/web:{version}")
        control_plane.tick(8)
    assert sizes(control_plane) == {"3": 0, "4": 3}


def test_recreate_waits_until_the_old_pods_are_gone(control_plane: Plane) -> None:
    made = deployment()
    control_plane.create(replace(made, spec=replace(made.spec, strategy=DeploymentStrategy(type="Recreate"))))
    control_plane.tick(2)
    roll(control_plane, "example/web:2")
    control_plane.sim.run(5.0)
    assert {pod.spec.containers[0].image for pod in control_plane.list(Pod)} == {"example/web:1"}
    control_plane.tick(3)
    assert control_plane.images() == ["example/web:2"] * 3


def test_annotations_are_copied_to_the_replica_set_except_its_own(control_plane: Plane) -> None:
    made = deployment(0)
    annotations = {
        "kubernetes.io/change-cause": "because",
        "example.com/x": "y",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    control_plane.create(replace(made, metadata=replace(made.metadata, annotations=annotations)))
    control_plane.sim.run(1.0)
    (one,) = control_plane.list(ReplicaSet)
    assert one.metadata.annotations == {
        "kubernetes.io/change-cause": "because",
        "example.com/x": "y",
        REVISION: "1",
        DESIRED_REPLICAS: "0",
        MAX_REPLICAS: "0",
    }


def test_an_orphaned_replica_set_is_adopted_by_a_new_deployment(settled: Plane) -> None:
    settled.remove(live(settled), "Orphan")
    settled.sim.run(5.0)
    (orphan,) = settled.list(ReplicaSet)
    assert (orphan.spec.replicas, orphan.metadata.owner_references) == (3, ())
    settled.create(deployment())
    settled.tick()
    (adopted,) = settled.list(ReplicaSet)
    owner = controller_of(adopted.metadata)
    assert owner is not None
    assert (adopted.metadata.uid, owner.kind) == (orphan.metadata.uid, "Deployment")


def test_a_hash_collision_is_resolved(control_plane: Plane) -> None:
    control_plane.create(deployment())
    control_plane.tick(2)
    (first,) = control_plane.list(ReplicaSet)
    control_plane.remove(live(control_plane), "Orphan")
    control_plane.sim.run(3.0)
    other = template("example/web:other")
    labels = {**first.metadata.labels}
    control_plane.remove(control_plane.get(ReplicaSet, first.metadata.name), "Orphan")
    control_plane.sim.run(3.0)
    stranger = ReplicaSet(
        metadata=replace(first.metadata, resource_version="", uid="", owner_references=(), labels={}),
        spec=replace(first.spec, template=replace(other, metadata=replace(other.metadata, labels=labels)), replicas=0),
    )
    control_plane.create(stranger)
    control_plane.create(deployment())
    control_plane.tick(3)
    assert live(control_plane).status.collision_count == 1
    assert live(control_plane).status.available_replicas == 3
