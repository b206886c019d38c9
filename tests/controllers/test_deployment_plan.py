"""The arithmetic of rollouts, without a cluster."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentCondition,
    DeploymentStatus,
    DeploymentStrategy,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
)
from kubeactors.apimachinery.meta import IntOrString, ObjectMeta
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.deployment import sizes
from kubeactors.controllers.deployment.plan import View, plan
from kubeactors.controllers.deployment.revisions import (
    DESIRED_REPLICAS,
    HISTORY_LENGTH,
    MAX_REPLICAS,
    REVISION,
    REVISION_HISTORY,
    same_template,
    synced_annotations,
)
from tests.controllers.plane import deployment, template

NOW = parse_time("2026-01-01T00:00:00Z")


def found(name: str, size: int, present: int | None = None, *, before: int = 0, image: str = "") -> ReplicaSet:
    """A ReplicaSet that wants `size` pods and has `present`; `before` is the most that the deployment allowed last."""
    annotations = {REVISION: name, **({MAX_REPLICAS: str(before)} if before else {})}
    count = size if present is None else present
    return ReplicaSet(
        metadata=ObjectMeta(
            name=name, uid=name, creation_timestamp=f"2026-01-01T00:00:0{name}Z", annotations=annotations
        ),
        spec=ReplicaSetSpec(replicas=size, template=template(image or f"example/web:{name}")),
        status=ReplicaSetStatus(replicas=count, ready_replicas=count, available_replicas=count),
    )


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (3, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (1, 0, "25%", (0, 1)),
        (1, 0, 0, (0, 1)),
        (4, 2, 3, (2, 3)),
    ],
)
def test_surge_rounds_up_and_unavailability_down_but_never_both_to_zero(
    replicas: int, surge: IntOrString, unavailable: IntOrString, expected: tuple[int, int]
) -> None:
    assert sizes.fenceposts(deployment(replicas, surge=surge, unavailable=unavailable)) == expected


def test_no_more_pods_can_be_unavailable_than_are_wanted() -> None:
    assert sizes.max_unavailable(deployment(2, unavailable=5)) == 2
    assert sizes.max_unavailable(deployment(0, unavailable=5)) == 0


@pytest.mark.parametrize(("old_size", "old_pods", "expected"), [(3, 3, 1), (2, 3, 1), (2, 2, 2), (0, 4, 0)])
def test_the_new_replica_set_grows_only_into_room_left_by_old_pods(old_size: int, old_pods: int, expected: int) -> None:
    new, old = found("2", 0), found("1", old_size, old_pods)
    assert sizes.new_size(deployment(3, surge=1, unavailable=0), [old, new], new) == expected


def test_nothing_is_scaled_up_before_all_replica_sets_have_observed_their_spec() -> None:
    told, new = found("1", 0), found("2", 1)
    told = replace(told, metadata=replace(told.metadata, generation=2))
    assert sizes.new_size(deployment(3), [told, new], new) == 1
    seen = replace(told, status=replace(told.status, observed_generation=2))
    assert sizes.new_size(deployment(3), [seen, new], new) == 3


def test_a_scaled_up_deployment_waits_for_pods_that_are_not_deleted_yet() -> None:
    made = deployment(10, surge=1, image="example/web:2")
    old, new = found("1", 0, 2), found("2", 3)
    sized = sized_for(new, 3)
    assert plan(View(deployment=made, replica_sets=(old, sized), now=NOW)).updates == ()
    step = plan(View(deployment=made, replica_sets=(found("1", 0, 1), sized), now=NOW))
    assert [one.replica_set.spec.replicas for one in step.updates] == [10]


def sized_for(value: ReplicaSet, desired: int) -> ReplicaSet:
    annotations = {**value.metadata.annotations, DESIRED_REPLICAS: str(desired)}
    return replace(value, metadata=replace(value.metadata, annotations=annotations))


def test_replica_sets_shrink_before_others_grow() -> None:
    made = deployment(8, surge=1, image="example/web:3")
    large, small = sized_for(found("1", 5, before=13), 12), sized_for(found("2", 3, before=5), 4)
    step = plan(View(deployment=made, replica_sets=(large, small), now=NOW))
    assert [(one.replica_set.metadata.name, one.replica_set.spec.replicas) for one in step.updates] == [("1", 4)]
    shrunk = replace(step.updates[0].replica_set, status=found("1", 4).status)
    step = plan(View(deployment=made, replica_sets=(shrunk, small), now=NOW))
    assert [(one.replica_set.metadata.name, one.replica_set.spec.replicas) for one in step.updates] == [("2", 5)]


def test_the_replica_set_that_gets_the_remainder_is_written_first() -> None:
    made = deployment(6, surge=0, image="example/web:2")
    adopted, new = sized_for(found("1", 4, before=6), 4), sized_for(found("2", 6, 0, before=6), 6)
    step = plan(View(deployment=made, replica_sets=(adopted, new), now=NOW))
    assert [(one.replica_set.metadata.name, one.replica_set.spec.replicas) for one in step.updates] == [
        ("2", 2),
        ("1", 4),
    ]


def test_a_replica_set_of_the_right_size_by_chance_is_annotated_nevertheless() -> None:
    made = deployment(1, surge=0, unavailable=1, image="example/web:2")
    old = sized_for(found("1", 1), 5)
    (step,) = plan(View(deployment=made, replica_sets=(old,), now=NOW)).updates
    assert (step.replica_set.spec.replicas, step.message) == (1, "")
    assert step.replica_set.metadata.annotations[DESIRED_REPLICAS] == "1"
    again = plan(View(deployment=made, replica_sets=(step.replica_set,), now=NOW))
    assert again.create is not None


def test_progress_at_a_future_time_counts_as_progress_now() -> None:
    ahead = DeploymentCondition(
        type="Progressing",
        status="True",
        last_update_time="2026-01-01T05:00:00Z",
        last_transition_time="2025-12-31T00:00:00Z",
        reason="ReplicaSetUpdated",
        message="goes on",
    )
    made = deployment(1, image="example/web:1")
    stuck = replace(found("1", 1), status=ReplicaSetStatus(replicas=1))
    counted = DeploymentStatus(replicas=1, updated_replicas=1, unavailable_replicas=1, conditions=(ahead,))
    made = replace(made, spec=replace(made.spec, progress_deadline_seconds=8), status=counted)
    step = plan(View(deployment=made, replica_sets=(stuck,), now=NOW))
    (said,) = (one for one in step.deployment.status.conditions if one.type == "Progressing")
    assert (said, step.seconds) == (replace(ahead, last_update_time="2026-01-01T00:00:00Z"), 9.0)


def test_recreate_does_not_wait_for_sizes_of_a_rolling_update() -> None:
    made = deployment(4, image="example/web:3")
    recreated = replace(made, spec=replace(made.spec, strategy=DeploymentStrategy(type="Recreate")))
    old = tuple(sized_for(found(name, 2), 3) for name in "12")
    step = plan(View(deployment=recreated, replica_sets=old, now=NOW))
    assert [one.replica_set.spec.replicas for one in step.updates] == [0, 0]


def test_recreate_deletes_no_history_before_there_is_a_newer_revision() -> None:
    made = deployment(0, image="example/web:3")
    spec = replace(made.spec, strategy=DeploymentStrategy(type="Recreate"), revision_history_limit=0)
    recreated, old = replace(made, spec=spec), found("2", 0)
    waiting = plan(View(deployment=recreated, replica_sets=(old,), populated=("2",), now=NOW))
    assert (waiting.create, waiting.deletions) == (None, ())
    step = plan(View(deployment=recreated, replica_sets=(old,), now=NOW))
    assert step.create is not None
    assert step.create.metadata.annotations[REVISION] == "3"
    assert step.deletions == (old,)


@pytest.mark.parametrize(
    ("replicas", "before", "present", "expected"),
    [
        (8, 5, (3, 2), (5, 4)),
        (20, 13, (8, 5), (16, 10)),
        (5, 13, (8, 5), (4, 3)),
        (0, 5, (3, 2), (0, 0)),
        (10, 13, (8, 5), (8, 5)),
    ],
)
def test_a_deployment_scaled_during_a_rollout_is_scaled_proportionally(
    replicas: int, before: int, present: tuple[int, int], expected: tuple[int, int]
) -> None:
    surge: IntOrString = 1 if before == 5 else "30%"
    old, new = found("1", present[0], before=before), found("2", present[1], before=before)
    shared = sizes.proportional_sizes(deployment(replicas, surge=surge), [old, new])
    assert (shared["1"], shared["2"]) == expected


def test_of_equal_shares_the_newest_gets_the_remainder() -> None:
    three = [found(name, 2, before=7) for name in "123"]
    assert sizes.proportional_sizes(deployment(7, surge=1), three) == {"1": 2, "2": 2, "3": 4}


def test_the_only_active_replica_set_or_else_the_newest_is_scaled() -> None:
    active, idle, newest = found("1", 3), found("2", 0), found("3", 0)
    assert sizes.active_or_latest(newest, [active, idle]) is active
    assert sizes.active_or_latest(None, [idle, newest]) is newest
    assert sizes.active_or_latest(newest, [idle]) is newest
    assert sizes.active_or_latest(found("4", 1), [active]) is None
    assert sizes.active_or_latest(None, []) is None


def test_templates_are_compared_without_their_hash() -> None:
    one = template()
    hashed = replace(one, metadata=replace(one.metadata, labels={**one.metadata.labels, "pod-template-hash": "x"}))
    assert same_template(one, hashed)
    assert not same_template(one, template("example/web:2"))


def annotated(**annotations: str) -> Deployment:
    made = deployment()
    return replace(made, metadata=replace(made.metadata, annotations=annotations))


def test_a_revision_only_grows() -> None:
    assert synced_annotations(annotated(), {REVISION: "7"}, 3) == {REVISION: "7"}
    assert synced_annotations(annotated(), {}, 3) == {REVISION: "3"}
    assert synced_annotations(annotated(), {REVISION: "nonsense"}, 3) == {REVISION: "nonsense"}


def test_the_revision_history_annotation_is_bounded() -> None:
    once = synced_annotations(annotated(), {REVISION: "1"}, 3)
    assert synced_annotations(annotated(), once, 5) == {REVISION: "5", REVISION_HISTORY: "1,3"}
    long = ",".join(map(str, range(1000, 1400)))
    history = synced_annotations(annotated(), {REVISION: "1400", REVISION_HISTORY: long}, 1401)[REVISION_HISTORY]
    assert history.endswith(",1399,1400")
    assert len(history) <= HISTORY_LENGTH


def test_annotations_of_the_deployment_take_precedence() -> None:
    assert synced_annotations(annotated(a="new"), {"a": "old", "b": "kept"}, 1) == {
        "a": "new", "b": "kept", REVISION: "1",
    }  # fmt: skip


def test_a_plan_that_was_applied_leaves_nothing_to_do() -> None:
    made = deployment()
    made = replace(made, metadata=replace(made.metadata, uid="d", generation=1))
    first = plan(View(deployment=made, replica_sets=(), now=NOW))
    assert first.create is not None
    assert first.updates == ()
    again = plan(View(deployment=first.deployment, replica_sets=(first.create,), now=NOW))
    assert (again.create, again.updates, again.deletions) == (None, (), ())
    assert again.deployment == first.deployment


def test_unhealthy_old_pods_are_deleted_first_and_need_no_room() -> None:
    made = deployment(10, surge=3, unavailable=2, image="example/web:2")
    old, new = found("1", 8, 3), found("2", 5, 5)
    step = plan(View(deployment=made, replica_sets=(old, new), now=NOW))
    assert [(one.replica_set.metadata.name, one.replica_set.spec.replicas) for one in step.updates] == [("1", 3)]


def test_pods_about_to_be_deleted_do_not_count_as_available() -> None:
    made = deployment(3, surge=2, unavailable=1, image="example/web:3")
    old, middle, new = found("1", 2, 3), found("2", 2, 0), found("3", 0)
    step = plan(View(deployment=made, replica_sets=(old, middle, new), now=NOW))
    assert [(one.replica_set.metadata.name, one.replica_set.spec.replicas) for one in step.updates] == [("2", 0)]


def test_a_terminating_deployment_scales_nothing() -> None:
    made = deployment(10, image="example/web:2")
    going = replace(made, metadata=replace(made.metadata, deletion_timestamp="2026-01-01T00:00:00Z"))
    step = plan(View(deployment=going, replica_sets=(found("1", 8, 3),), now=NOW))
    assert (step.create, step.updates, step.deletions) == (None, (), ())
