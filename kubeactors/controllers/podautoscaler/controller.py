"""The horizontal pod autoscaler controller: every 15 seconds it reads the metrics of each workload, and scales it.

Source: pkg/controller/podautoscaler/horizontal.go (v1.36).
"""

from contextlib import suppress
from typing import NamedTuple, NoReturn, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.autoscaling.v1 import Scale
from kubeactors.api.autoscaling.v2 import (
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerCondition,
    HorizontalPodAutoscalerStatus,
    HPAScalingRules,
    MetricStatus,
)
from kubeactors.api.autoscaling.v2.autoscaler import ABLE_TO_SCALE, SCALING_ACTIVE, SCALING_LIMITED
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector, SelectorError, parse
from kubeactors.apimachinery.quantity import milli_value
from kubeactors.apimachinery.requests import Get, GroupVersionResource, Update
from kubeactors.apimachinery.status import Conflict, NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    key_of,
    split_key,
)
from kubeactors.controllers.adoption import selector_value
from kubeactors.controllers.backends import LABELS
from kubeactors.controllers.conditions import find
from kubeactors.controllers.podautoscaler.behavior import Memory, decide
from kubeactors.controllers.podautoscaler.calculator import Tolerances
from kubeactors.controllers.podautoscaler.evaluation import Evaluated, EvaluationError, Target, evaluate
from kubeactors.controllers.podautoscaler.metrics import MetricsSource
from kubeactors.controllers.podautoscaler.selecting import Selecting
from kubeactors.controllers.pods import by_labels
from kubeactors.message import Recipient

PERIOD_SECONDS = 15.0
"""The sync period of an autoscaler."""

SCALE = "scale"


class _Stopped(Exception):
    """This sync ends early; the conditions say why."""


class _Sync(msgspec.Struct, kw_only=True):
    """The state of a sync of one autoscaler: the status in the making."""

    autoscaler: HorizontalPodAutoscaler
    timestamp: str
    status: HorizontalPodAutoscalerStatus

    def condition(self, type_: str, *, holds: bool, reason: str, message: str) -> None:
        """Set a condition; its transition time is kept if its status does not change."""
        status = "True" if holds else "False"
        old = find(self.status.conditions, type_)
        time = old.last_transition_time if old is not None and old.status == status else self.timestamp
        new = HorizontalPodAutoscalerCondition(
            type=type_, status=status, last_transition_time=time, reason=reason, message=message
        )
        if old is None:
            conditions = (*self.status.conditions, new)
        else:
            conditions = tuple(new if one is old else one for one in self.status.conditions)
        self.status = replace(self.status, conditions=conditions)


class _Wanted(NamedTuple):
    """The desired number of pods, and why."""

    replicas: int
    reason: str


class HorizontalController(Controller):
    """Scales workloads."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        metrics: MetricsSource,
        *,
        autoscalers: SharedInformer[HorizontalPodAutoscaler],
        pods: SharedInformer[Pod],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._metrics = metrics
        self._memories: dict[str, Memory] = {}
        """By the UID of the autoscaler."""
        self._selecting = Selecting()
        pods.add_indexes({LABELS: by_labels})
        self._autoscalers = autoscalers.lister
        self._overlay: Overlay[HorizontalPodAutoscaler] = Overlay(autoscalers.lister)
        self._pods = pods.lister
        self.observe(autoscalers, self._on_autoscaler)
        self.observe(pods, _ignore, 0)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "horizontal-pod-autoscaler")

    def _on_autoscaler(self, change: Change[HorizontalPodAutoscaler]) -> None:
        news = not self._overlay.seen(change)
        if change.new is None:
            self._memories.pop(change.current.metadata.uid, None)
            self._selecting.drop(change.key)
        elif news and (change.old is None or change.old.spec != change.new.spec):
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Read the metrics, scale the target, write the status, and requeue."""
        found = self._overlay.newest(key, self._autoscalers.by_key(key))
        if found is None:
            return
        self.enqueue_after(key, PERIOD_SECONDS)
        sync = _Sync(autoscaler=found, timestamp=self.ctx.timestamp(), status=found.status)
        try:
            with suppress(_Stopped):
                await self._sync(sync)
        except Exception:  # not `finally`: that would also run when the controller is stopped
            await self._write_status(found, sync.status)
            raise
        await self._write_status(found, sync.status)

    async def _write_status(self, found: HorizontalPodAutoscaler, status: HorizontalPodAutoscalerStatus) -> None:
        if status != found.status:
            written = await self._client.update_status(replace(found, status=status))
            self._overlay.wrote(key_of(written), written)

    async def _sync(self, sync: _Sync) -> None:
        resource, scale = await self._scale(sync)
        current = scale.spec.replicas
        memory = self._memories.setdefault(sync.autoscaler.metadata.uid, Memory())
        if not memory.recommended:
            memory.recommended.append((self.ctx.now, current))
        wanted = await self._wanted(sync, scale, memory)
        if wanted.replicas != current:
            await self._rescale(sync, resource, scale, wanted, memory)
        sync.status = replace(sync.status, current_replicas=current, desired_replicas=wanted.replicas)

    async def _wanted(self, sync: _Sync, scale: Scale, memory: Memory) -> _Wanted:
        """The desired number of pods."""
        spec, current = sync.autoscaler.spec, scale.spec.replicas
        least = 1 if spec.min_replicas is None else spec.min_replicas
        if current == 0 and least != 0:
            message = "scaling is disabled since the replica count of the target is zero"
            sync.condition(SCALING_ACTIVE, holds=False, reason="ScalingDisabled", message=message)
            return _Wanted(0, "")
        if current > spec.max_replicas:
            return _Wanted(spec.max_replicas, "Current number of replicas above Spec.MaxReplicas")
        if current < least:
            return _Wanted(least, "Current number of replicas below Spec.MinReplicas")
        best = await self._evaluate(sync, scale)
        decision = decide(spec, current, best.replicas, memory, self.ctx.now)
        reason, message = decision.able
        sync.condition(ABLE_TO_SCALE, holds=True, reason=reason, message=message)
        reason, message = decision.limited
        sync.condition(SCALING_LIMITED, holds=decision.is_limited, reason=reason, message=message)
        above = decision.replicas > current
        return _Wanted(decision.replicas, f"{best.name} above target" if above else "All metrics below target")

    async def _evaluate(self, sync: _Sync, scale: Scale) -> Evaluated:
        """The metric that calls for most pods. If one fails, there is no scale-down."""
        spec = sync.autoscaler.spec
        target = self._target(sync, scale)
        found: list[Evaluated] = []
        failures: list[EvaluationError] = []
        for metric in spec.metrics:
            try:
                found.append(await evaluate(self._metrics, metric, target))
            except EvaluationError as error:
                self._recorder.warning(sync.autoscaler, error.reason, str(error))
                failures.append(error)
        best = max(found, key=_replicas, default=None)
        statuses: tuple[MetricStatus, ...] = tuple(one.status for one in found)
        sync.status = replace(sync.status, current_metrics=statuses or None)
        if best is None or (failures and best.replicas < target.wanted):
            self._not_computed(sync, failures, len(spec.metrics), scale)
            raise _Stopped
        message = f"the HPA was able to successfully calculate a replica count from {best.name}"
        sync.condition(SCALING_ACTIVE, holds=True, reason="ValidMetricFound", message=message)
        return best

    def _not_computed(self, sync: _Sync, failures: list[EvaluationError], metrics: int, scale: Scale) -> None:
        first = failures[0]
        message = f"the HPA was unable to compute the replica count: {first}"
        sync.condition(SCALING_ACTIVE, holds=False, reason=first.reason, message=message)
        why = f"invalid metrics ({len(failures)} invalid out of {metrics}), first error is: {first.told}"
        self._recorder.warning(sync.autoscaler, "FailedComputeMetricsReplicas", why)
        sync.status = replace(sync.status, current_replicas=scale.spec.replicas)

    def _target(self, sync: _Sync, scale: Scale) -> Target:
        behavior, namespace = sync.autoscaler.spec.behavior, sync.autoscaler.metadata.namespace
        selector = self._selector(sync, scale)
        candidates = self._pods.by_index(LABELS, selector_value(namespace, selector))
        pods = tuple(pod for pod in candidates.values() if selector.matches(pod.metadata.labels))
        self._check_alone(sync, scale, selector, pods)
        return Target(
            namespace=namespace,
            selector=selector,
            pods=pods,
            wanted=scale.spec.replicas,
            current=scale.status.replicas,
            tolerances=Tolerances(
                up=_tolerance(behavior.scale_up if behavior is not None else None),
                down=_tolerance(behavior.scale_down if behavior is not None else None),
            ),
            now=self.ctx.wall,
        )

    def _selector(self, sync: _Sync, scale: Scale) -> Selector:
        if not scale.status.selector:
            self._recorder.warning(sync.autoscaler, "SelectorRequired", "selector is required")
            message = "the HPA target's scale is missing a selector"
            sync.condition(SCALING_ACTIVE, holds=False, reason="InvalidSelector", message=message)
            self._unselected(sync, scale, "selector is required")
        try:
            return parse(scale.status.selector)
        except SelectorError as error:
            why = f"couldn't convert selector into a corresponding internal selector object: {error}"
            self._recorder.warning(sync.autoscaler, "InvalidSelector", why)
            sync.condition(SCALING_ACTIVE, holds=False, reason="InvalidSelector", message=why)
            self._unselected(sync, scale, why)

    def _check_alone(self, sync: _Sync, scale: Scale, selector: Selector, pods: tuple[Pod, ...]) -> None:
        """Stop unless this is the only autoscaler that selects these pods."""
        key = key_of(sync.autoscaler)
        if self._autoscalers.by_key(key) is not None:  # else it was deleted meanwhile
            self._selecting.put(key, selector)
        others = self._selecting.of(pods)
        if len(others) > 1:
            named = " ".join(f"{{{name} {namespace}}}" for namespace, name in map(split_key, others))
            why = f"pods by selector {scale.status.selector} are controlled by multiple HPAs: [{named}]"
            self._recorder.warning(sync.autoscaler, "AmbiguousSelector", why)
            sync.condition(SCALING_ACTIVE, holds=False, reason="AmbiguousSelector", message=why)
            self._unselected(sync, scale, why)

    def _unselected(self, sync: _Sync, scale: Scale, why: str) -> NoReturn:
        """Stop: the selector of the target is unknown."""
        self._recorder.warning(sync.autoscaler, "FailedComputeMetricsReplicas", why)
        sync.status = replace(sync.status, current_replicas=scale.spec.replicas, current_metrics=None)
        raise _Stopped

    # The target.

    async def _scale(self, sync: _Sync) -> tuple[GroupVersionResource, Scale]:
        """The scale subresource of the target."""
        reference, namespace = sync.autoscaler.spec.scale_target_ref, sync.autoscaler.metadata.namespace
        kind = self._client.scheme.by_kind(reference.api_version, reference.kind)
        try:
            if kind is None:
                group = reference.api_version.rpartition("/")[0]
                raise NotFound.saying(f'no matches for kind "{reference.kind}" in group "{group}"')
            request = Get(
                resource=kind.gvr,
                namespace=namespace,
                name=reference.name,
                subresource=SCALE,
                user=self._client.user,
            )
            scale = cast("Scale", (await self._client.send(request)).object)
        except StatusError as error:
            self._recorder.warning(sync.autoscaler, "FailedGetScale", str(error))
            message = f"the HPA controller was unable to get the target's current scale: {error}"
            sync.condition(ABLE_TO_SCALE, holds=False, reason="FailedGetScale", message=message)
            raise _Stopped from error
        message = "the HPA controller was able to get the target's current scale"
        sync.condition(ABLE_TO_SCALE, holds=True, reason="SucceededGetScale", message=message)
        return kind.gvr, scale

    async def _rescale(
        self, sync: _Sync, resource: GroupVersionResource, scale: Scale, wanted: _Wanted, memory: Memory
    ) -> None:
        """Scale the target, on the condition that its scale is as it was seen."""
        metadata, size = scale.metadata, wanted.replicas
        request = Update(
            resource=resource,
            namespace=metadata.namespace,
            name=metadata.name,
            subresource=SCALE,
            object=replace(scale, spec=replace(scale.spec, replicas=size)),
            user=self._client.user,
        )
        try:
            await self._client.send(request)
        except StatusError as error:
            why = f"New size: {size}; reason: {wanted.reason}; error: {error}"
            self._recorder.warning(sync.autoscaler, "FailedRescale", why)
            message = f"the HPA controller was unable to update the target scale: {error}"
            sync.condition(ABLE_TO_SCALE, holds=False, reason="FailedUpdateScale", message=message)
            sync.status = replace(sync.status, current_replicas=scale.spec.replicas)
            if isinstance(error, Conflict):
                self.enqueue_after(key_of(sync.autoscaler), 1.0)
            raise _Stopped from error
        message = f"the HPA controller was able to update the target scale to {size}"
        sync.condition(ABLE_TO_SCALE, holds=True, reason="SucceededRescale", message=message)
        sync.status = replace(sync.status, last_scale_time=sync.timestamp)
        self._recorder.normal(sync.autoscaler, "SuccessfulRescale", f"New size: {size}; reason: {wanted.reason}")
        memory.scaled(scale.spec.replicas, size, self.ctx.now)


def _tolerance(rules: HPAScalingRules | None) -> float:
    if rules is None or rules.tolerance is None:
        return 0.1
    return milli_value(rules.tolerance) / 1000


def _replicas(one: Evaluated) -> int:
    return one.replicas


def _ignore(_: Change[Pod]) -> None:
    """Pods are only looked up; their changes trigger no sync."""
