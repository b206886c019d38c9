"""The numbers of a status are judged by themselves."""

import pytest

from kubeactors.api.apps.v1 import DaemonSet, DaemonSetStatus, Deployment, DeploymentStatus
from kubeactors.api.apps.v1.deployment import DeploymentCondition
from kubeactors.api.autoscaling.v2 import (
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus,
)
from kubeactors.api.autoscaling.v2.autoscaler import HorizontalPodAutoscalerCondition
from kubeactors.api.batch.v1 import CronJob, CronJobStatus
from kubeactors.api.core.v1 import ObjectReference, ResourceQuota, ResourceQuotaSpec, ResourceQuotaStatus
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.apimachinery.meta import Condition, TypedObject
from kubeactors.sim.invariants.controllers.status_counts import PROBLEMS


def deployment(available: int, said: str) -> Deployment:
    condition = DeploymentCondition(type="Available", status=said)
    return Deployment(status=DeploymentStatus(available_replicas=available, conditions=(condition,)))


def daemons(ready: int, available: int, unavailable: int) -> DaemonSet:
    return DaemonSet(
        status=DaemonSetStatus(
            desired_number_scheduled=3,
            current_number_scheduled=2,
            number_ready=ready,
            number_available=available,
            number_unavailable=unavailable,
        )
    )


def budget(
    allowed: int, *, healthy: int = 3, expected: int = 3, disrupted: str = "", said: str = ""
) -> PodDisruptionBudget:
    condition = Condition(type="DisruptionAllowed", status=said or str(allowed > 0), reason="SufficientPods")
    return PodDisruptionBudget(
        status=PodDisruptionBudgetStatus(
            disruptions_allowed=allowed,
            current_healthy=healthy,
            desired_healthy=2,
            expected_pods=expected,
            disrupted_pods={disrupted: "2026-01-01T00:00:00Z"} if disrupted else {},
            conditions=(condition,),
        )
    )


def autoscaler(desired: int, active: str = "True") -> HorizontalPodAutoscaler:
    conditions = (
        HorizontalPodAutoscalerCondition(type="AbleToScale", status="True"),
        HorizontalPodAutoscalerCondition(type="ScalingActive", status=active),
    )
    return HorizontalPodAutoscaler(
        spec=HorizontalPodAutoscalerSpec(min_replicas=2, max_replicas=4),
        status=HorizontalPodAutoscalerStatus(observed_generation=0, desired_replicas=desired, conditions=conditions),
    )


def quota(hard: str, used: str) -> ResourceQuota:
    return ResourceQuota(
        spec=ResourceQuotaSpec(hard={"pods": "2"}), status=ResourceQuotaStatus(hard={"pods": hard}, used={used: "1"})
    )


def ticks(*uids: str) -> CronJob:
    return CronJob(status=CronJobStatus(active=tuple(ObjectReference(name=one, uid=one) for one in uids)))


@pytest.mark.parametrize(
    ("status", "problems"),
    [
        (deployment(1, "True"), 0),
        (deployment(0, "True"), 1),
        (deployment(1, "False"), 1),
        (daemons(2, 1, 2), 0),
        (daemons(1, 2, 1), 1),
        (daemons(2, 2, 2), 1),
        (budget(1), 0),
        (budget(0), 1),
        (budget(1, said="False"), 1),
        (budget(1, expected=0), 1),
        (budget(0, healthy=1), 0),
        (autoscaler(3), 0),
        (autoscaler(5), 1),
        (autoscaler(5, "False"), 0),
        (quota("2", "pods"), 0),
        (quota("3", "pods"), 1),
        (quota("2", "secrets"), 1),
        (ticks("a", "b"), 0),
        (ticks("a", "a"), 1),
    ],
)
def test_the_numbers_of_one_status_are_consistent(status: TypedObject, problems: int) -> None:
    assert len(list(PROBLEMS[type(status)](type(status)(), status))) == problems


@pytest.mark.parametrize(
    ("status", "problems"),
    [
        (budget(0, disrupted="web-0"), 0),
        (budget(0), 1),
        (budget(0, healthy=4, disrupted="web-0"), 1),
        (budget(2, disrupted="web-0"), 1),
    ],
)
def test_an_eviction_decrements_the_allowed_disruptions_and_recounts_nothing(
    status: PodDisruptionBudget, problems: int
) -> None:
    assert len(list(PROBLEMS[PodDisruptionBudget](budget(1), status))) == problems
