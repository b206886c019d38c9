"""Defaults and validation of ReplicaSets and Deployments."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    RollingUpdateDeployment,
)
from kubeactors.api.core.v1 import Container, PodSpec, PodTemplateSpec
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, LabelSelectorRequirement, ObjectMeta

DEPLOYMENT = SCHEME.by_type(Deployment)
REPLICA_SET = SCHEME.by_type(ReplicaSet)

TEMPLATE = PodTemplateSpec(
    metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=(Container(name="web", image="nginx"),))
)
WEB = LabelSelector(match_labels={"app": "web"})


def deployment(**spec: object) -> Deployment:
    fields = {"selector": WEB, "template": TEMPLATE, **spec}
    return DEPLOYMENT.default(Deployment(spec=DeploymentSpec(**fields)))  # type: ignore[arg-type]


def rolling(*, unavailable: IntOrString | None = None, surge: IntOrString | None = None) -> DeploymentStrategy:
    return DeploymentStrategy(rolling_update=RollingUpdateDeployment(max_unavailable=unavailable, max_surge=surge))


def errors(it: Deployment) -> list[str]:
    return [str(error) for error in DEPLOYMENT.validate(it)]


def test_a_bare_deployment_rolls_one_replica_by_quarters() -> None:
    spec = deployment().spec
    assert replace(spec, template=TEMPLATE) == DeploymentSpec(
        replicas=1,
        selector=WEB,
        template=TEMPLATE,
        strategy=DeploymentStrategy(
            type="RollingUpdate", rolling_update=RollingUpdateDeployment(max_unavailable="25%", max_surge="25%")
        ),
        revision_history_limit=10,
        progress_deadline_seconds=600,
    )
    assert spec.template.spec.restart_policy == "Always"


def test_a_defaulted_object_is_returned_as_it_is() -> None:
    once = deployment()
    assert DEPLOYMENT.default(once) is once
    replica_set = REPLICA_SET.default(ReplicaSet(spec=ReplicaSetSpec(selector=WEB, template=TEMPLATE)))
    assert replica_set.spec.replicas == 1
    assert REPLICA_SET.default(replica_set) is replica_set


def test_recreating_needs_no_numbers() -> None:
    strategy = DeploymentStrategy(type="Recreate")
    assert deployment(strategy=strategy).spec.strategy == strategy


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            {"selector": None},
            [
                "spec.selector: Required value",
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
            ],
        ),
        (
            {"selector": LabelSelector()},
            ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
        ),
        (
            {"selector": LabelSelector(match_expressions=(LabelSelectorRequirement(key="app", operator="In"),))},
            [
                "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
                'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
            ],
        ),
        (
            {"strategy": rolling(unavailable="0%", surge=0)},
            [
                'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
            ],
        ),
        (
            {"strategy": rolling(unavailable="120%")},
            ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%'],
        ),
        ({"strategy": rolling(surge="200%")}, []),
        (
            {"strategy": DeploymentStrategy(type="Blue", rolling_update=RollingUpdateDeployment(max_surge=1))},
            [
                'spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":1}}: supported values: "Recreate", "RollingUpdate"'
            ],
        ),
        (
            {"min_ready_seconds": 60, "progress_deadline_seconds": 60},
            ["spec.progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds"],
        ),
    ],
)
def test_what_is_wrong_with_a_deployment_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert errors(deployment(**spec)) == expected


def test_pods_of_a_deployment_run_for_ever() -> None:
    batch = replace(TEMPLATE, spec=replace(TEMPLATE.spec, restart_policy="OnFailure", active_deadline_seconds=5))
    assert errors(deployment(template=batch)) == [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]


@pytest.mark.parametrize("kind", [DEPLOYMENT, REPLICA_SET], ids=["deployment", "replica-set"])
def test_a_selector_is_for_ever(kind: object) -> None:
    other = LabelSelector(match_expressions=(LabelSelectorRequirement(key="app", operator="Exists"),))
    expected = (
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Exists"}]}: field is immutable'
    )
    if kind is DEPLOYMENT:
        found = DEPLOYMENT.validate_update(deployment(selector=other), deployment())
    else:
        old, new = (
            REPLICA_SET.default(ReplicaSet(spec=ReplicaSetSpec(selector=one, template=TEMPLATE)))
            for one in (WEB, other)
        )
        found = REPLICA_SET.validate_update(new, old)
    assert [str(error) for error in found] == [expected]


def test_a_part_is_never_more_than_the_whole() -> None:
    status = DeploymentStatus(replicas=1, updated_replicas=2, ready_replicas=0, available_replicas=1, collision_count=1)
    new = replace(deployment(), status=status)
    old = replace(new, status=replace(status, collision_count=2))
    assert [str(error) for error in DEPLOYMENT.validate_status_update(new, old)] == [
        "status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas",
        "status.collisionCount: Invalid value: 1: cannot be decremented",
    ]
    replica_set = ReplicaSet(status=ReplicaSetStatus(replicas=1, fully_labeled_replicas=2, ready_replicas=-1))
    assert [str(error) for error in REPLICA_SET.validate_status_update(replica_set, replica_set)] == [
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 0: cannot be greater than readyReplicas",
    ]


def test_a_name_that_makes_no_host_name_is_warned_of_once() -> None:
    dotted = replace(deployment(), metadata=ObjectMeta(name="a.b"))
    assert list(DEPLOYMENT.warn(dotted, None)) == [
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
    ]
    assert list(DEPLOYMENT.warn(dotted, dotted)) == []
