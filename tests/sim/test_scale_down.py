"""Which pods a scale-down must delete first."""

from collections import Counter

import pytest

from kubeactors.api.core.v1 import Pod, PodCondition, PodSpec, PodStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.sim.invariants.controllers.scale_down import Choice, ranks_lower

NOW = parse_time("2026-01-01T00:01:34Z")


def pod(name: str, *, created: int, ready: int | None, node: str = "node-1") -> Pod:
    """A running pod; times are in seconds."""
    said = "False" if ready is None else "True"
    conditions = (PodCondition(type="Ready", status=said, last_transition_time=f"2026-01-01T00:00:{ready or 0:02}Z"),)
    return Pod(
        metadata=ObjectMeta(name=name, creation_timestamp=f"2026-01-01T00:00:{created:02}Z"),
        spec=PodSpec(node_name=node),
        status=PodStatus(phase="Running", conditions=conditions),
    )


OLD = pod("old", created=4, ready=52)
YOUNG = pod("young", created=44, ready=52)


@pytest.mark.parametrize(
    ("deleted", "kept", "others", "is_lower"),
    [
        (OLD, YOUNG, (), True),
        (YOUNG, OLD, (), False),
        (OLD, pod("unready", created=4, ready=None), (), True),
        (OLD, pod("similar", created=5, ready=52), (), False),
        (OLD, YOUNG, (pod("long-ready", created=4, ready=4),), True),
        (OLD, YOUNG, (pod("ready-a-little-later", created=4, ready=54),), False),
        (OLD, YOUNG, (pod("alone-on-its-node", created=4, ready=54, node="node-2"),), True),
    ],
)
def test_a_pod_that_ranks_lower_must_not_be_kept_unless_the_comparisons_form_a_cycle(
    deleted: Pod, kept: Pod, others: tuple[Pod, ...], *, is_lower: bool
) -> None:
    pods = (deleted, kept, *others)
    crowds = Counter(one.spec.node_name for one in pods)
    choice = Choice(0, deleted, (kept, *others), crowds, (NOW - SECOND, NOW))
    assert ranks_lower(kept, choice) is is_lower
