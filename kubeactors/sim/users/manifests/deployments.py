"""Deployments and their autoscalers."""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment
from kubeactors.api.autoscaling.v2 import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec,
    HPAScalingPolicy,
    HPAScalingRules,
    MetricSpec,
    MetricTarget,
    ResourceMetricSource,
)
from kubeactors.api.core.v1 import PodSpec
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.users.manifests.names import metadata_of, selecting
from kubeactors.sim.users.manifests.pods import probed_pods, template_of
from kubeactors.sim.users.manifests.probing import answers
from kubeactors.sim.workload import Autoscale, CreateDeployment

URGENT = PriorityClass(metadata=ObjectMeta(name="urgent"), value=1000)
LOAD = f"{DOMAIN}cpu"
STOPS = f"{DOMAIN}stop-seconds"
CRASHING = {f"{DOMAIN}run-seconds": "0.5", f"{DOMAIN}exit-code": "1"}


def deployment_of(action: CreateDeployment) -> Deployment:
    """The Deployment that the action creates."""
    rolling = RollingUpdateDeployment(max_unavailable=action.max_unavailable, max_surge=action.max_surge)
    strategy = DeploymentStrategy(
        type="Recreate" if action.recreate else "RollingUpdate", rolling_update=None if action.recreate else rolling
    )
    spec = DeploymentSpec(
        replicas=action.replicas,
        selector=selecting(action.name),
        template=template_of(action.name, _spec_of(action), _behaviour(action), trait=action.trait),
        strategy=strategy,
        revision_history_limit=action.history,
        min_ready_seconds=action.min_ready_seconds,
        progress_deadline_seconds=action.deadline_seconds,
    )
    return Deployment(metadata=metadata_of(action.name), spec=spec)


def _spec_of(action: CreateDeployment) -> PodSpec:
    pods = probed_pods(action, action.cpu)
    if action.stop_seconds:
        pods = replace(pods, termination_grace_period_seconds=2 * action.stop_seconds)
    return replace(pods, priority_class_name=URGENT.metadata.name) if action.urgent else pods


def _behaviour(action: CreateDeployment) -> dict[str, str]:
    """The declared behaviour of its containers, as annotations."""
    found = answers(action)
    if action.load:
        found[LOAD] = action.load
    if action.stop_seconds:
        found[STOPS] = str(action.stop_seconds)
    return found | ({**CRASHING, f"{DOMAIN}crashes": str(action.crashes)} if action.crashes else {})


def autoscaler_of(action: Autoscale) -> HorizontalPodAutoscaler:
    """The autoscaler of a Deployment."""
    target = MetricTarget(type="Utilization", average_utilization=action.percent)
    spec = HorizontalPodAutoscalerSpec(
        scale_target_ref=CrossVersionObjectReference(kind="Deployment", name=action.name, api_version="apps/v1"),
        min_replicas=action.least,
        max_replicas=action.most,
        metrics=(MetricSpec(type="Resource", resource=ResourceMetricSource(name="cpu", target=target)),),
        behavior=_behavior(action),
    )
    return HorizontalPodAutoscaler(metadata=metadata_of(action.name), spec=spec)


def _behavior(action: Autoscale) -> HorizontalPodAutoscalerBehavior:
    policies = tuple(
        HPAScalingPolicy(type="Percent" if one.percent else "Pods", value=one.amount, period_seconds=one.seconds)
        for one in action.paces
    )
    paced = HPAScalingRules(policies=policies, select_policy="Min" if action.slowest else "Max") if policies else None
    shrinking = replace(paced or HPAScalingRules(), stabilization_window_seconds=action.patience_seconds)
    return HorizontalPodAutoscalerBehavior(scale_up=paced, scale_down=shrinking)
