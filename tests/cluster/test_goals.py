"""The goals of `wait_for` are those of kubectl, and a timeout reports the current state."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentSpec, DeploymentStatus
from kubeactors.api.core.v1 import Pod, PodCondition, PodStatus
from kubeactors.apimachinery import unstructured
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.cluster.goals import goal_of, told

POD = Pod(
    metadata=ObjectMeta(name="web", labels={"app": "web"}),
    status=PodStatus(
        phase="Running",
        conditions=(
            PodCondition(type="Ready", status="False", reason="ContainersNotReady", message="wait"),
            PodCondition(type="PodScheduled", status="True"),
        ),
    ),
)
SHOP = unstructured.of(
    {
        "apiVersion": "example.com/v1",
        "kind": "Shop",
        "metadata": {"name": "corner", "generation": 2},
        "status": {
            "observedGeneration": 1,
            "open": True,
            "conditions": [
                "no condition",
                {"type": "Stale", "status": "True"},
                {"type": "Open", "status": "True", "observedGeneration": 2},
            ],
        },
    }
)


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        ("PodScheduled", True),
        ("podscheduled", True),
        ("condition=PodScheduled", True),
        ("condition=podscheduled=true", True),
        ("PodScheduled=False", False),
        ("Ready", False),
        ("ready=false", True),
        ("Initialized", False),
        ("Initialized=False", False),
        ("create", True),
        ("Deleted", False),
        ("delete", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath='{.status.phase}'=Running", True),
        ("jsonpath=.status.phase=Pending", False),
        ("jsonpath={.status.conditions[1].status}=True", True),
        ("jsonpath={.metadata.labels['app']}", True),
        ("jsonpath={.status.podIP}", False),
        ("jsonpath={.status.conditions}", True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=False', True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', False),
        ("jsonpath={.status.conditions[?(@.type=='Initialized')].status}", False),
        ("jsonpath={.status.conditions[-1:].type}=PodScheduled", True),
        ("jsonpath={..phase}=Running", True),
        ("jsonpath=status.phase=Running", True),
        ('jsonpath={.status.phase}="Running"', True),
    ],
)
def test_conditions_on_a_pod_are_evaluated_as_by_kubectl(words: str, *, reached: bool) -> None:
    assert goal_of(words)(POD) is reached


@pytest.mark.parametrize("words", ["Ready", "Ready=False", "create", "jsonpath={.status.phase}"])
def test_only_deletion_holds_for_a_missing_object(words: str) -> None:
    assert not goal_of(words)(None)
    assert goal_of("delete")(None)


@pytest.mark.parametrize("words", ["", "=True", "condition=", "jsonpath="])
def test_malformed_conditions_are_rejected(words: str) -> None:
    with pytest.raises(ValueError, match=r"is not a condition to wait for|is not a single path"):
        goal_of(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("jsonpath={.a}{.b}", "is not a single path"),
        ("jsonpath={.a[}=1", "is not a JSONPath"),
        ("jsonpath={.a}=", "has no value after the equals sign"),
        ("jsonpath={.a}=b=c", "has more than one value"),
    ],
)
def test_a_path_that_kubectl_rejects_is_rejected(words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        goal_of(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("jsonpath={.status.conditions[*].status}=True", "given jsonpath expression matches more than one value"),
        ("jsonpath={.status.conditions}=x", "jsonpath leads to a nested object or list which is not supported"),
    ],
)
def test_an_incomparable_value_is_an_error_at_once(words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        goal_of(words)(POD)


def test_a_condition_of_an_older_generation_does_not_count() -> None:
    assert [goal_of(words)(SHOP) for words in ("Open", "Stale", "jsonpath={.status.open}=true")] == [True, False, True]
    status = DeploymentStatus(observed_generation=1, replicas=1, updated_replicas=1, available_replicas=1)
    web = Deployment(metadata=ObjectMeta(name="web", generation=1), spec=DeploymentSpec(replicas=1), status=status)
    assert goal_of("complete")(web)
    assert not goal_of("complete")(replace(web, metadata=replace(web.metadata, generation=2)))


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        (None, "it does not exist"),
        (POD, "Ready=False (ContainersNotReady: wait), PodScheduled=True"),
        (Pod(), "it has no conditions"),
        (SHOP, "Stale=True, Open=True"),
    ],
)
def test_a_timeout_reports_the_current_conditions(obj: TypedObject | None, words: str) -> None:
    assert told(obj) == words
