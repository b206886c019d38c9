"""How a pod gets its priority."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import ObjectMeta
from tests.apiserver.plane import Plane, pod, refusal


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def a_class(name: str, value: int = 7, **more: object) -> PriorityClass:
    return replace(PriorityClass(metadata=ObjectMeta(name=name), value=value), **more)


def wishing(name: str, class_: str = "", **more: object) -> Pod:
    one = pod(name)
    return replace(one, spec=replace(one.spec, priority_class_name=class_, **more))


def test_every_cluster_has_the_system_priority_classes(plane: Plane) -> None:
    found = plane.listed(PriorityClass)
    assert [(one.metadata.name, one.value) for one in found.items if isinstance(one, PriorityClass)] == [
        ("system-cluster-critical", 2_000_000_000),
        ("system-node-critical", 2_000_001_000),
    ]


def test_a_pod_has_the_priority_and_the_policy_of_its_class(plane: Plane) -> None:
    plane.create(a_class("gold", 1000, preemption_policy="Never"))
    spec = plane.create(wishing("a", "gold")).spec
    assert (spec.priority, spec.preemption_policy) == (1000, "Never")


def test_the_default_class_is_for_pods_that_name_none(plane: Plane) -> None:
    assert plane.create(pod("before")).spec.priority == 0
    plane.create(a_class("usual", 5, global_default=True))
    spec = plane.create(pod("after")).spec
    assert (spec.priority_class_name, spec.priority) == ("usual", 5)


def test_only_one_class_is_the_default(plane: Plane) -> None:
    plane.create(a_class("usual", global_default=True))
    assert refusal(plane.try_create(a_class("other", global_default=True))) == (
        403,
        "Forbidden",
        (
            'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default.'
            " Only one default can exist"
        ),
    )


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (wishing("a", "nothing"), "no PriorityClass with name nothing was found"),
        (
            wishing("a", priority=7),
            (
                "the integer value of priority (7) must not be provided in pod spec; priority admission controller computed"
                " 0 from the given PriorityClass name"
            ),
        ),
        (
            wishing("a", preemption_policy="Sometimes"),
            (
                "the string value of PreemptionPolicy (Sometimes) must not be provided in pod spec; priority admission"
                " controller computed PreemptLowerPriority from the given PriorityClass name"
            ),
        ),
    ],
)
def test_a_priority_cannot_be_set_directly(plane: Plane, wish: Pod, why: str) -> None:
    assert refusal(plane.try_create(wish)) == (403, "Forbidden", f'pods "a" is forbidden: {why}')


def test_system_names_and_values_are_rejected(plane: Plane) -> None:
    assert refusal(plane.try_create(a_class("system-mine"))) == (
        422,
        "Invalid",
        (
            'PriorityClass.scheduling.k8s.io "system-mine" is invalid: metadata.name: Forbidden: priority class names with'
            " 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class"
        ),
    )
    assert refusal(plane.try_create(a_class("gold", 2_000_000_000))) == (
        422,
        "Invalid",
        (
            'PriorityClass.scheduling.k8s.io "gold" is invalid: value: Forbidden: maximum allowed value of a user defined'
            " priority is 1000000000"
        ),
    )


def test_the_value_of_a_class_is_immutable(plane: Plane) -> None:
    made = plane.create(a_class("gold"))
    assert refusal(plane.try_update(replace(made, value=8))) == (
        422,
        "Invalid",
        'PriorityClass.scheduling.k8s.io "gold" is invalid: value: Forbidden: may not be changed in an update.',
    )
