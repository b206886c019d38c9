"""Eviction: a deletion of a pod that its disruption budget must allow.

The budget's status is updated before the pod is deleted, on condition that it has not changed meanwhile.

Source: pkg/registry/core/pod/storage/eviction.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.api.policy.v1 import Eviction, PodDisruptionBudget
from kubeactors.api.policy.v1.disruption import with_disruption_allowed
from kubeactors.api.policy.v1.poddisruptionbudget import ALWAYS_ALLOW
from kubeactors.apimachinery.labels import SelectorError, of_object
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions, TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.status import (
    BadRequest,
    Conflict,
    Status,
    StatusCause,
    StatusDetails,
    StatusError,
    TooManyRequests,
    forbidden,
)
from kubeactors.apiserver.admission.node_restriction import check_eviction
from kubeactors.apiserver.admission.plugin import DELETE, UPDATE, Attributes, Lookup
from kubeactors.apiserver.registry.deletion import check_preconditions
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.strategy import STATUS
from kubeactors.apiserver.registry.subresources import Subresource

BUDGETS = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
MAX_DISRUPTED_PODS = 2000
RETRY_SECONDS = 10

_TWO_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


class EvictionSubresource(Subresource):
    """Deletes a pod if its disruption budget allows it."""

    def __init__(self, environment: Environment, lookup: Lookup, budgets: Resource | None) -> None:
        self._environment = environment
        self._lookup = lookup
        self._budgets = budgets

    async def create(
        self, registry: Registry, resource: Resource, value: TypedObject, attributes: Attributes
    ) -> TypedObject | Status:
        """Delete the pod with the options of the eviction.

        Raises:
            Forbidden: a node may evict only its own pods.
            TooManyRequests: a disruption budget does not allow it now.
        """
        eviction = cast("Eviction", value)
        if eviction.metadata.name != attributes.name:
            raise BadRequest.saying("name in URL does not match name in Eviction object")
        options = eviction.delete_options or DeleteOptions()
        attributes = replace(attributes, dry_run=attributes.dry_run or bool(options.dry_run))
        pod = cast("Pod | None", resource.cached(attributes.namespace, attributes.name))
        if pod is None:
            raise resource.missing(attributes.name)
        check_eviction(pod, attributes)
        if _evicts_freely(pod):
            if pod.status.phase == "Pending" and pod.metadata.deletion_timestamp is None:
                options = _at_version(options, pod)  # it may become ready meanwhile
            return await self._delete(registry, resource, attributes, options)
        budgets = self._selecting(pod) if self._budgets is not None else []
        if len(budgets) > 1:
            return Status(status="Failure", message=_TWO_BUDGETS, code=500)
        if not budgets:
            return await self._delete(registry, resource, attributes, options)
        check_preconditions(pod, options)
        name = budgets[0].metadata.name
        if not _is_spared(pod, budgets[0]):
            await self._charge(registry, attributes, name)
            return await self._delete(registry, resource, attributes, options)
        try:
            return await self._delete(registry, resource, attributes, _at_version(options, pod))
        except Conflict:
            if options.preconditions is not None and options.preconditions.resource_version is not None:
                raise
            raise _being_processed(name) from None

    def _selecting(self, pod: Pod) -> list[PodDisruptionBudget]:
        found: list[PodDisruptionBudget] = []
        for one in self._lookup.select(BUDGETS, pod.metadata.namespace):
            budget = cast("PodDisruptionBudget", one)
            try:
                if of_object(budget.spec.selector).matches(pod.metadata.labels):
                    found.append(budget)
            except SelectorError:
                continue
        return found

    async def _charge(self, registry: Registry, attributes: Attributes, name: str) -> None:
        """Record a disruption in the status of the budget."""
        assert self._budgets is not None  # where one was found
        timestamp = self._environment.timestamp()

        def charged(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise _being_processed(name)
            return charge(cast("PodDisruptionBudget", current), attributes.name, timestamp)

        await registry.update(
            self._budgets,
            replace(attributes, operation=UPDATE, kind=self._budgets.kind, name=name, subresource=STATUS),
            charged,
        )

    async def _delete(
        self, registry: Registry, resource: Resource, attributes: Attributes, options: DeleteOptions
    ) -> Status:
        """Set the DisruptionTarget condition of the pod, and delete it."""
        if not attributes.dry_run:
            options = await self._announce(registry, resource, attributes, options)
        await registry.delete(resource, replace(attributes, operation=DELETE, subresource=""), options)
        return Status(status="Success", code=201)

    async def _announce(
        self, registry: Registry, resource: Resource, attributes: Attributes, options: DeleteOptions
    ) -> DeleteOptions:
        target = PodCondition(
            type="DisruptionTarget",
            status="True",
            reason="EvictionByEvictionAPI",
            message="Eviction API: evicting",
            last_transition_time=self._environment.timestamp(),
        )

        def announced(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise resource.missing(attributes.name)
            check_preconditions(current, options)
            pod = cast("Pod", current)
            others = tuple(one for one in pod.status.conditions if one.type != target.type)
            said = (one for one in pod.status.conditions if one.type == target.type and one.status == target.status)
            since = next((one.last_transition_time for one in said), target.last_transition_time)
            told = replace(target, last_transition_time=since)
            return replace(pod, status=replace(pod.status, conditions=(*others, told)))

        changing = replace(attributes, operation=UPDATE, subresource=STATUS)
        written = await registry.update(resource, changing, announced)
        if options.preconditions is None or options.preconditions.resource_version is None:
            return options
        return _at_version(options, cast("Pod", written.value), replacing=True)


def charge(budget: PodDisruptionBudget, pod: str, timestamp: str) -> PodDisruptionBudget:
    """The budget with a disruption of one more of its pods recorded.

    Raises:
        TooManyRequests: it allows none now, or its controller has not observed its spec yet.
        Forbidden: its status is inconsistent, or too many evictions are not confirmed by its controller yet.
    """
    name, status = budget.metadata.name, budget.status
    if status.observed_generation < budget.metadata.generation:
        raise _being_processed(name)
    if status.disruptions_allowed < 0:
        raise forbidden("poddisruptionbudget", "policy", name, "pdb disruptions allowed is negative")
    if len(status.disrupted_pods) > MAX_DISRUPTED_PODS:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise forbidden("poddisruptionbudget", "policy", name, why)
    if status.disruptions_allowed == 0:
        needs = f"needs {status.desired_healthy} healthy pods and has {status.current_healthy} currently"
        raise _violated(f"The disruption budget {name} {needs}", 0)
    left = replace(
        status,
        disruptions_allowed=status.disruptions_allowed - 1,
        disrupted_pods={**status.disrupted_pods, pod: timestamp},
    )
    return replace(budget, status=left if left.disruptions_allowed else with_disruption_allowed(left, timestamp))


def _evicts_freely(pod: Pod) -> bool:
    """Whether no budget applies, because the pod is pending, finished or terminating."""
    return pod.metadata.deletion_timestamp is not None or pod.status.phase in ("Succeeded", "Failed", "Pending")


def _is_spared(pod: Pod, budget: PodDisruptionBudget) -> bool:
    """Whether the pod is unhealthy, and can be evicted without a disruption."""
    if any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions):
        return False
    status = budget.status
    enough = status.current_healthy >= status.desired_healthy > 0
    return enough or budget.spec.unhealthy_pod_eviction_policy == ALWAYS_ALLOW


def _at_version(options: DeleteOptions, pod: Pod, *, replacing: bool = False) -> DeleteOptions:
    """The options with the pod's resource version as precondition, unless they have one and `replacing` is false."""
    wanted = options.preconditions or Preconditions()
    if wanted.resource_version is not None and not replacing:
        return options
    return replace(options, preconditions=replace(wanted, resource_version=pod.metadata.resource_version))


def _being_processed(name: str) -> StatusError:
    return _violated(f"The disruption budget {name} is still being processed by the server.", RETRY_SECONDS)


def _violated(why: str, retry_seconds: int) -> StatusError:
    causes = (StatusCause(reason="DisruptionBudget", message=why),)
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    return TooManyRequests.saying(message, StatusDetails(causes=causes, retry_after_seconds=retry_seconds))
