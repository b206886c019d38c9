"""The horizontal pod autoscaler: every fifteen seconds it asks for the metrics of each workload, and sets its size.

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
"""How often an autoscaler looks."""

SCALE = "scale"


class _Stopped(Exception):
    """There is nothing more to do in this look; the conditions say why."""


class _Look(msgspec.Struct, kw_only=True):
    """One look at one autoscaler, as far as it has come: what its status will say."""

    autoscaler: HorizontalPodAutoscaler
    timestamp: str
    status: HorizontalPodAutoscalerStatus

    def condition(self, type_: str, *, holds: bool, reason: str, message: str) -> None:
        """Set a condition; its time stays if its status does."""
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
    """How many pods there shall be, and why."""

    replicas: int
    reason: str


class HorizontalController(Controller):
    """Sets the size of workloads."""

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
        """By the uid of the autoscaler."""
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
        """Look at the metrics, set the size, say what was done; and again in a while."""
        found = self._overlay.newest(key, self._autoscalers.by_key(key))
        if found is None:
            return
        self.enqueue_after(key, PERIOD_SECONDS)
        look = _Look(autoscaler=found, timestamp=self.ctx.timestamp(), status=found.status)
        try:
            with suppress(_Stopped):
                await self._look(look)
        except Exception:  # in a `finally` a controller that ends would go on
            await self._say(found, look.status)
            raise
        await self._say(found, look.status)

    async def _say(self, found: HorizontalPodAutoscaler, status: HorizontalPodAutoscalerStatus) -> None:
        if status != found.status:
            written = await self._client.update_status(replace(found, status=status))
            self._overlay.wrote(key_of(written), written)

    async def _look(self, look: _Look) -> None:
        resource, scale = await self._scale(look)
        current = scale.spec.replicas
        memory = self._memories.setdefault(look.autoscaler.metadata.uid, Memory())
        if not memory.recommended:
            memory.recommended.append((self.ctx.now, current))
        wanted = await self._wanted(look, scale, memory)
        if wanted.replicas != current:
            await self._rescale(look, resource, scale, wanted, memory)
        look.status = replace(look.status, current_replicas=current, desired_replicas=wanted.replicas)

    async def _wanted(self, look: _Look, scale: Scale, memory: Memory) -> _Wanted:
        """How many pods there shall be."""
        spec, current = look.autoscaler.spec, scale.spec.replicas
        least = 1 if spec.min_replicas is None else spec.min_replicas
        if current == 0 and least != 0:
            message = "scaling is disabled since the replica count of the target is zero"
            look.condition(SCALING_ACTIVE, holds=False, reason="ScalingDisabled", message=message)
            return _Wanted(0, "")
        if current > spec.max_replicas:
            return _Wanted(spec.max_replicas, "Current number of replicas above Spec.MaxReplicas")
        if current < least:
            return _Wanted(least, "Current number of replicas below Spec.MinReplicas")
        best = await self._evaluate(look, scale)
        decision = decide(spec, current, best.replicas, memory, self.ctx.now)
        reason, message = decision.able
        look.condition(ABLE_TO_SCALE, holds=True, reason=reason, message=message)
        reason, message = decision.limited
        look.condition(SCALING_LIMITED, holds=decision.is_limited, reason=reason, message=message)
        above = decision.replicas > current
        return _Wanted(decision.replicas, f"{best.name} above target" if above else "All metrics below target")

    async def _evaluate(self, look: _Look, scale: Scale) -> Evaluated:
        """The metric that asks for most pods. One that cannot be had forbids to shrink."""
        spec = look.autoscaler.spec
        target = self._target(look, scale)
        found: list[Evaluated] = []
        failures: list[EvaluationError] = []
        for metric in spec.metrics:
            try:
                found.append(await evaluate(self._metrics, metric, target))
            except EvaluationError as error:
                self._recorder.warning(look.autoscaler, error.reason, str(error))
                failures.append(error)
        best = max(found, key=_replicas, default=None)
        statuses: tuple[MetricStatus, ...] = tuple(one.status for one in found)
        look.status = replace(look.status, current_metrics=statuses or None)
        if best is None or (failures and best.replicas < target.wanted):
            self._not_computed(look, failures, len(spec.metrics), scale)
            raise _Stopped
        message = f"the HPA was able to successfully calculate a replica count from {best.name}"
        look.condition(SCALING_ACTIVE, holds=True, reason="ValidMetricFound", message=message)
        return best

    def _not_computed(self, look: _Look, failures: list[EvaluationError], metrics: int, scale: Scale) -> None:
        first = failures[0]
        message = f"the HPA was unable to compute the replica count: {first}"
        look.condition(SCALING_ACTIVE, holds=False, reason=first.reason, message=message)
        why = f"invalid metrics ({len(failures)} invalid out of {metrics}), first error is: {first.told}"
        self._recorder.warning(look.autoscaler, "FailedComputeMetricsReplicas", why)
        look.status = replace(look.status, current_replicas=scale.spec.replicas)

    def _target(self, look: _Look, scale: Scale) -> Target:
        behavior, namespace = look.autoscaler.spec.behavior, look.autoscaler.metadata.namespace
        selector = self._selector(look, scale)
        candidates = self._pods.by_index(LABELS, selector_value(namespace, selector))
        pods = tuple(pod for pod in candidates.values() if selector.matches(pod.metadata.labels))
        self._check_alone(look, scale, selector, pods)
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

    def _selector(self, look: _Look, scale: Scale) -> Selector:
        if not scale.status.selector:
            self._recorder.warning(look.autoscaler, "SelectorRequired", "selector is required")
            message = "the HPA target's scale is missing a selector"
            look.condition(SCALING_ACTIVE, holds=False, reason="InvalidSelector", message=message)
            self._unselected(look, scale, "selector is required")
        try:
            return parse(scale.status.selector)
        except SelectorError as error:
            why = f"couldn't convert selector into a corresponding internal selector object: {error}"
            self._recorder.warning(look.autoscaler, "InvalidSelector", why)
            look.condition(SCALING_ACTIVE, holds=False, reason="InvalidSelector", message=why)
            self._unselected(look, scale, why)

    def _check_alone(self, look: _Look, scale: Scale, selector: Selector, pods: tuple[Pod, ...]) -> None:
        """No other autoscaler selects any of the pods."""
        key = key_of(look.autoscaler)
        if self._autoscalers.by_key(key) is not None:  # it may be gone by now
            self._selecting.put(key, selector)
        others = self._selecting.of(pods)
        if len(others) > 1:
            named = " ".join(f"{{{name} {namespace}}}" for namespace, name in map(split_key, others))
            why = f"pods by selector {scale.status.selector} are controlled by multiple HPAs: [{named}]"
            self._recorder.warning(look.autoscaler, "AmbiguousSelector", why)
            look.condition(SCALING_ACTIVE, holds=False, reason="AmbiguousSelector", message=why)
            self._unselected(look, scale, why)

    def _unselected(self, look: _Look, scale: Scale, why: str) -> NoReturn:
        """It is not known which pods there are."""
        self._recorder.warning(look.autoscaler, "FailedComputeMetricsReplicas", why)
        look.status = replace(look.status, current_replicas=scale.spec.replicas, current_metrics=None)
        raise _Stopped

    # The target.

    async def _scale(self, look: _Look) -> tuple[GroupVersionResource, Scale]:
        """The size of the target, through its own subresource."""
        reference, namespace = look.autoscaler.spec.scale_target_ref, look.autoscaler.metadata.namespace
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
            self._recorder.warning(look.autoscaler, "FailedGetScale", str(error))
            message = f"the HPA controller was unable to get the target's current scale: {error}"
            look.condition(ABLE_TO_SCALE, holds=False, reason="FailedGetScale", message=message)
            raise _Stopped from error
        message = "the HPA controller was able to get the target's current scale"
        look.condition(ABLE_TO_SCALE, holds=True, reason="SucceededGetScale", message=message)
        return kind.gvr, scale

    async def _rescale(
        self, look: _Look, resource: GroupVersionResource, scale: Scale, wanted: _Wanted, memory: Memory
    ) -> None:
        """Set the size, if it is still what was seen."""
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
            self._recorder.warning(look.autoscaler, "FailedRescale", why)
            message = f"the HPA controller was unable to update the target scale: {error}"
            look.condition(ABLE_TO_SCALE, holds=False, reason="FailedUpdateScale", message=message)
            look.status = replace(look.status, current_replicas=scale.spec.replicas)
            if isinstance(error, Conflict):
                self.enqueue_after(key_of(look.autoscaler), 1.0)
            raise _Stopped from error
        message = f"the HPA controller was able to update the target scale to {size}"
        look.condition(ABLE_TO_SCALE, holds=True, reason="SucceededRescale", message=message)
        look.status = replace(look.status, last_scale_time=look.timestamp)
        self._recorder.normal(look.autoscaler, "SuccessfulRescale", f"New size: {size}; reason: {wanted.reason}")
        memory.scaled(scale.spec.replicas, size, self.ctx.now)


def _tolerance(rules: HPAScalingRules | None) -> float:
    if rules is None or rules.tolerance is None:
        return 0.1
    return milli_value(rules.tolerance) / 1000


def _replicas(one: Evaluated) -> int:
    return one.replicas


def _ignore(_: Change[Pod]) -> None:
    """Pods are only looked up: a change of theirs is no reason to look at metrics."""
