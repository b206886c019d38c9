"""Defaults and validation of StatefulSets, DaemonSets and ControllerRevisions."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import (
    ControllerRevision,
    DaemonSet,
    DaemonSetSpec,
    DaemonSetStatus,
    DaemonSetUpdateStrategy,
    RollingUpdateDaemonSet,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetOrdinals,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetSpec,
    StatefulSetStatus,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.core.v1 import Container, PodSpec, PodTemplateSpec, VolumeMount
from kubeactors.api.core.v1.claim_templates import PersistentVolumeClaim as ClaimTemplate
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, ObjectMeta

SETS, DAEMONS = SCHEME.by_type(StatefulSet), SCHEME.by_type(DaemonSet)
TEMPLATE = PodTemplateSpec(
    metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=(Container(name="web", image="nginx"),))
)
WEB = LabelSelector(match_labels={"app": "web"})
NEGATIVE = "Invalid value: -1: must be greater than or equal to 0"
MOUNT = VolumeMount(name="data", mount_path="/data")
MOUNTING = replace(TEMPLATE, spec=PodSpec(containers=(Container(name="web", image="nginx", volume_mounts=(MOUNT,)),)))
NEVER = replace(TEMPLATE, spec=replace(TEMPLATE.spec, restart_policy="Never"))


def stateful(**spec: object) -> StatefulSet:
    fields = {"selector": WEB, "template": TEMPLATE, **spec}
    return SETS.default(StatefulSet(spec=StatefulSetSpec(**fields)))  # type: ignore[arg-type]


def daemon(**spec: object) -> DaemonSet:
    fields = {"selector": WEB, "template": TEMPLATE, **spec}
    return DAEMONS.default(DaemonSet(spec=DaemonSetSpec(**fields)))  # type: ignore[arg-type]


def rolling(**fields: object) -> StatefulSetUpdateStrategy:
    return StatefulSetUpdateStrategy(
        type="RollingUpdate",
        rolling_update=RollingUpdateStatefulSetStrategy(**fields),  # type: ignore[arg-type]
    )


def limits(unavailable: IntOrString, surge: IntOrString) -> DaemonSetUpdateStrategy:
    return DaemonSetUpdateStrategy(rolling_update=RollingUpdateDaemonSet(max_unavailable=unavailable, max_surge=surge))


def test_a_bare_stateful_set_keeps_claims_and_rolls_in_order() -> None:
    made = stateful()
    assert replace(made.spec, template=TEMPLATE) == StatefulSetSpec(
        replicas=1, selector=WEB, template=TEMPLATE, pod_management_policy="OrderedReady",
        update_strategy=rolling(partition=0), revision_history_limit=10,
        persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicy(
            when_deleted="Retain", when_scaled="Retain"
        ),
    )  # fmt: skip
    assert SETS.default(made) is made


def test_claims_in_a_stateful_set_are_written_with_their_type() -> None:
    made = stateful(volume_claim_templates=(ClaimTemplate(metadata=ObjectMeta(name="data")),))
    shown = serializer.to_builtins(made)["spec"]
    assert isinstance(shown, dict)
    assert shown["volumeClaimTemplates"] == [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": {"resources": {}, "volumeMode": "Filesystem"},
            "status": {"phase": "Pending"},
        }
    ]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"replicas": -1}, [f"spec.replicas: {NEGATIVE}"]),
        ({"min_ready_seconds": -1}, [f"spec.minReadySeconds: {NEGATIVE}"]),
        ({"ordinals": StatefulSetOrdinals(start=-1)}, [f"spec.ordinals.start: {NEGATIVE}"]),
        (
            {"pod_management_policy": "Chaotic"},
            ["spec.podManagementPolicy: Invalid value: \"Chaotic\": must be 'OrderedReady' or 'Parallel'"],
        ),
        ({"update_strategy": rolling(partition=-1)}, [f"spec.updateStrategy.rollingUpdate.partition: {NEGATIVE}"]),
        (
            {"update_strategy": rolling(max_unavailable="0%")},
            ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0'],
        ),
        (
            {"update_strategy": replace(rolling(partition=1), type="OnDelete")},
            [
                "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy 'RollingUpdate'"
            ],
        ),
        (
            {
                "persistent_volume_claim_retention_policy": StatefulSetPersistentVolumeClaimRetentionPolicy(
                    when_deleted="Never", when_scaled="Delete"
                )
            },
            [
                'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Never": supported values: "Retain", "Delete"'
            ],
        ),
        (
            {"selector": LabelSelector()},
            ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"],
        ),
        (
            {"service_name": "a.b"},
            ['spec.serviceName: Invalid value: "a.b": must not contain dots'],
        ),
        (
            {"template": replace(TEMPLATE, spec=PodSpec())},
            ["spec.template.spec.containers: Required value"],
        ),
        (
            {"template": MOUNTING, "volume_claim_templates": (ClaimTemplate(metadata=ObjectMeta(name="data")),)},
            [
                "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
                "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
            ],
        ),
        (
            {"template": MOUNTING},
            ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'],
        ),
        (
            {"template": NEVER},
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
    ],
)
def test_what_is_wrong_with_a_stateful_set_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert [str(error) for error in SETS.validate(stateful(**spec))] == expected


def test_little_of_a_stateful_set_may_change() -> None:
    old = stateful()
    allowed = stateful(replicas=3, ordinals=StatefulSetOrdinals(start=2), min_ready_seconds=5, revision_history_limit=1)
    assert list(SETS.validate_update(allowed, old)) == []
    (error,) = SETS.validate_update(stateful(service_name="other"), old)
    assert str(error).startswith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', ")


def test_what_an_older_version_accepted_in_a_stateful_set_may_stay() -> None:
    old = stateful(template=MOUNTING, service_name="a.b")
    assert list(SETS.validate_update(stateful(template=MOUNTING, service_name="a.b", replicas=3), old)) == []
    other = replace(MOUNTING, metadata=replace(TEMPLATE.metadata, annotations={"a": "b"}))
    assert list(SETS.validate_update(stateful(template=other, service_name="a.b"), old)) == []
    (error,) = SETS.validate_update(stateful(template=MOUNTING), stateful())
    assert str(error) == 'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'


def test_a_part_of_a_stateful_set_is_never_more_than_the_whole() -> None:
    status = StatefulSetStatus(replicas=1, ready_replicas=0, current_replicas=2, available_replicas=1)
    new = replace(stateful(), status=status)
    old = replace(new, status=replace(status, collision_count=1))
    assert [str(error) for error in SETS.validate_status_update(new, old)] == [
        "status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas",
        "status.collisionCount: Invalid value: 0: cannot be decremented",
    ]


def test_a_bare_daemon_set_misses_one_pod_at_a_time() -> None:
    made = daemon()
    assert made.spec.update_strategy == replace(limits(1, 0), type="RollingUpdate")
    assert made.spec.revision_history_limit == 10
    assert DAEMONS.default(made) is made


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"update_strategy": DaemonSetUpdateStrategy(type="OnDelete")}, []),
        (
            {"update_strategy": limits(1, 1)},
            [
                "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"
            ],
        ),
        (
            {"update_strategy": limits(0, 0)},
            ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"],
        ),
        (
            {"update_strategy": limits("120%", 0)},
            ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%'],
        ),
        (
            {"selector": LabelSelector(match_labels={"x": "y"})},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
            ],
        ),
        (
            {"template": NEVER},
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
    ],
)
def test_what_is_wrong_with_a_daemon_set_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert [str(error) for error in DAEMONS.validate(daemon(**spec))] == expected


def test_the_selector_of_a_daemon_set_is_for_ever() -> None:
    labels = replace(TEMPLATE, metadata=ObjectMeta(labels={"x": "y"}))
    new = daemon(selector=LabelSelector(match_labels={"x": "y"}), template=labels)
    assert [str(error) for error in DAEMONS.validate_update(new, daemon())] == [
        'spec.selector: Invalid value: {"matchLabels":{"x":"y"}}: field is immutable'
    ]


def test_counts_of_a_daemon_set_are_not_negative() -> None:
    made = replace(daemon(), status=DaemonSetStatus(number_ready=-1))
    assert [str(error) for error in DAEMONS.validate_status_update(made, made)] == [f"status.numberReady: {NEGATIVE}"]


def test_the_data_of_a_revision_never_changes() -> None:
    kind = SCHEME.by_type(ControllerRevision)
    assert [str(error) for error in kind.validate(ControllerRevision(revision=-1))] == [
        "data: Required value: data is mandatory",
        f"revision: {NEGATIVE}",
    ]
    old, new = ControllerRevision(data={"a": 1}), ControllerRevision(data={"a": 2}, revision=3)
    assert [str(error) for error in kind.validate_update(new, old)] == [
        'data: Invalid value: {"a":2}: field is immutable'
    ]
