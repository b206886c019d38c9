"""What strategies change in specs and statuses before they are stored."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import (
    Deployment,
    DeploymentSpec,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.batch.v1 import CronJob, CronJobSpec, JobSpec, JobTemplateSpec
from kubeactors.api.core.v1 import (
    Affinity,
    Container,
    Lifecycle,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodCondition,
    PodSpec,
    PodTemplateSpec,
    TopologySpreadConstraint,
)
from kubeactors.api.storage.v1.csidriver import CSIDriver, CSIDriverSpec
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement, ObjectMeta
from tests.apiserver.plane import Plane, pod, refusal

WEB = LabelSelector(match_labels={"app": "web"})
LABELS = ObjectMeta(labels={"app": "web"})
SIGNALLED = Container(name="c", image="nginx", lifecycle=Lifecycle(stop_signal="SIGUSR1"))


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def signalled(policy: str = "Always") -> PodTemplateSpec:
    return PodTemplateSpec(metadata=LABELS, spec=PodSpec(containers=(SIGNALLED,), restart_policy=policy))


def test_the_label_keys_of_a_new_pod_narrow_its_selectors(plane: Plane) -> None:
    term = PodAffinityTerm(
        topology_key="zone", label_selector=WEB, match_label_keys=("version",), mismatch_label_keys=("tier", "none")
    )
    spread = TopologySpreadConstraint(
        max_skew=1, topology_key="zone", when_unsatisfiable="DoNotSchedule", label_selector=WEB,
        match_label_keys=("version",),
    )  # fmt: skip
    affinity = Affinity(pod_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=(term,)))
    given = pod("a")
    spec = replace(given.spec, affinity=affinity, topology_spread_constraints=(spread,))
    labels = {"version": "2", "tier": "front"}
    made = plane.create(replace(given, spec=spec, metadata=replace(given.metadata, labels=labels))).spec
    assert made.affinity is not None
    assert made.affinity.pod_affinity is not None
    (stored,) = made.affinity.pod_affinity.required_during_scheduling_ignored_during_execution
    same_version = LabelSelectorRequirement(key="version", operator="In", values=("2",))
    other_tier = LabelSelectorRequirement(key="tier", operator="NotIn", values=("front",))
    assert stored == replace(term, label_selector=replace(WEB, match_expressions=(same_version, other_tier)))
    assert made.topology_spread_constraints == (
        replace(spread, label_selector=replace(WEB, match_expressions=(same_version,))),
    )


def test_fields_of_disabled_features_are_dropped_from_pods_and_templates(plane: Plane) -> None:
    given = pod("a")
    made = plane.create(replace(given, spec=replace(given.spec, containers=(SIGNALLED,))))
    assert made.spec.containers[0].lifecycle is None
    deployment = plane.create(
        Deployment(metadata=ObjectMeta(name="a"), spec=DeploymentSpec(selector=WEB, template=signalled()))
    )
    assert deployment.spec.template.spec.containers[0].lifecycle is None
    changed = replace(deployment, spec=replace(deployment.spec, template=signalled()))
    assert plane.update(changed).spec.template.spec.containers[0].lifecycle is None
    jobs = JobTemplateSpec(spec=JobSpec(template=signalled("Never")))
    job = plane.create(
        CronJob(metadata=ObjectMeta(name="a"), spec=CronJobSpec(schedule="@daily", job_template=jobs))
    ).spec.job_template
    assert job.spec.template.spec.containers[0].lifecycle is None


def test_a_stateful_set_replaces_one_pod_at_a_time(plane: Plane) -> None:
    rolling = RollingUpdateStatefulSetStrategy(max_unavailable=2, partition=1)
    template = PodTemplateSpec(metadata=LABELS, spec=pod("a").spec)
    strategy = StatefulSetUpdateStrategy(type="RollingUpdate", rolling_update=rolling)
    spec = StatefulSetSpec(selector=WEB, template=template, update_strategy=strategy)
    made = plane.create(StatefulSet(metadata=ObjectMeta(name="a"), spec=spec)).spec.update_strategy
    assert made == replace(strategy, rolling_update=replace(rolling, max_unavailable=None))


def test_a_status_keeps_the_generations_that_it_does_not_set(plane: Plane) -> None:
    made = plane.create(pod("a"))
    ready = PodCondition(type="Ready", status="True", observed_generation=1)
    old: Pod = plane.update(
        replace(made, status=replace(made.status, observed_generation=1, conditions=(ready,))), "status"
    )
    conditions = (PodCondition(type="Ready", status="False"), PodCondition(type="Other", status="True"))
    new = plane.update(replace(old, status=replace(old.status, observed_generation=0, conditions=conditions)), "status")
    assert new.status.observed_generation == 1
    assert [one.observed_generation for one in new.status.conditions] == [1, 0]


def test_a_csi_driver_does_not_keep_pods_from_being_scheduled(plane: Plane) -> None:
    spec = CSIDriverSpec(prevent_pod_scheduling_if_missing=True)
    made = plane.create(CSIDriver(metadata=ObjectMeta(name="example.com"), spec=spec))
    assert made.spec.prevent_pod_scheduling_if_missing is None
    changed = plane.update(replace(made, spec=replace(made.spec, prevent_pod_scheduling_if_missing=True)))
    assert changed == made


def test_tokens_are_put_into_secrets_only_if_there_are_any(plane: Plane) -> None:
    spec = CSIDriverSpec(service_account_token_in_secrets=False)
    reply = plane.try_create(CSIDriver(metadata=ObjectMeta(name="example.com"), spec=spec))
    assert refusal(reply) == (
        422,
        "Invalid",
        (
            'CSIDriver.storage.k8s.io "example.com" is invalid: spec.serviceAccountTokenInSecrets: Invalid value: false: '
            "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        ),
    )
