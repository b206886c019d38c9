"""The strategies of kinds with few rules of their own.

Source: pkg/registry/{core,apps,coordination,discovery}/*/strategy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apiregistration.v1.apiservice import APIService, APIServiceStatus, local_condition
from kubeactors.api.apps.v1 import DaemonSet, Deployment, StatefulSet
from kubeactors.api.apps.v1.daemonset import TEMPLATE_GENERATION
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.core.v1 import Node, ReplicationController, ResourceQuota
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.pod_templates import WithTemplate
from kubeactors.apiserver.registry.strategy import CountsContent, Strategy, WithStatus, same_part, with_generation


class PlainStrategy(Strategy[TypedObject]):
    """ConfigMaps and Secrets."""

    repeats_metadata = True


class RbacStrategy(Strategy[TypedObject]):
    """Roles and bindings: an update creates a missing one."""

    creates_on_update = True
    repeats_metadata = True


class ServiceAccountStrategy(Strategy[TypedObject]):
    """Service accounts."""

    repeats_metadata = True
    returns_deleted = True


class EndpointsStrategy(Strategy[TypedObject]):
    """Endpoints: an update creates a missing one."""

    creates_on_update = True


class EventStrategy(Strategy[TypedObject]):
    """Events: they expire after an hour."""

    creates_on_update = True
    collected = False
    ttl_seconds = 3600


class LeaseStrategy(Strategy[TypedObject]):
    """Leases: an update requires a resource version, and creates a missing one."""

    creates_on_update = True
    unconditional_update = False


class EndpointSliceStrategy(Strategy[EndpointSlice]):
    """EndpointSlices: the generation counts changes of labels and of anything but metadata."""

    def prepare_for_create(self, new: EndpointSlice) -> EndpointSlice:
        """Generation 1."""
        return with_generation(new, 1)

    def prepare_for_update(self, new: EndpointSlice, old: EndpointSlice) -> EndpointSlice:
        """Count changes that matter to proxies."""
        same = replace(new, metadata=old.metadata) == old and new.metadata.labels == old.metadata.labels
        return new if same else with_generation(new, old.metadata.generation + 1)


class PriorityClassStrategy(Strategy[PriorityClass]):
    """PriorityClasses: generation 1, always."""

    def prepare_for_create(self, new: PriorityClass) -> PriorityClass:
        """Generation 1."""
        return with_generation(new, 1)


class NodeStrategy(WithStatus[Node]):
    """Nodes: a kubelet registers with a status."""

    counts_generations = False

    def prepare_for_create(self, new: Node) -> Node:
        """Keep the status."""
        return new


class ResourceQuotaStrategy(WithStatus[ResourceQuota]):
    """ResourceQuotas: a deletion returns the object."""

    counts_generations = False
    returns_deleted = True


class ReplicaSetStrategy(WithTemplate[TypedObject]):
    """ReplicaSets."""


class ReplicationControllerStrategy(WithTemplate[ReplicationController]):
    """ReplicationControllers: their pods are orphaned by default."""

    orphans = True


class StatefulSetStrategy(WithTemplate[StatefulSet]):
    """StatefulSets: `maxUnavailable` is dropped, as its feature gate, MaxUnavailableStatefulSet, is off."""

    def prepare_for_create(self, new: StatefulSet) -> StatefulSet:
        """No status; no fields of disabled features."""
        return super().prepare_for_create(_one_at_a_time(new))

    def prepare_for_update(self, new: StatefulSet, old: StatefulSet) -> StatefulSet:
        """Keep the status; count changes of the spec."""
        return super().prepare_for_update(_one_at_a_time(new), old)


def _one_at_a_time(value: StatefulSet) -> StatefulSet:
    strategy = value.spec.update_strategy
    if strategy.rolling_update is None or strategy.rolling_update.max_unavailable is None:
        return value
    strategy = replace(strategy, rolling_update=replace(strategy.rolling_update, max_unavailable=None))
    return replace(value, spec=replace(value.spec, update_strategy=strategy))


class DaemonSetStrategy(WithTemplate[DaemonSet]):
    """DaemonSets: an annotation counts changes of the template."""

    def prepare_for_create(self, new: DaemonSet) -> DaemonSet:
        """Template generation 1."""
        return _with_template_generation(super().prepare_for_create(new), 1)

    def prepare_for_update(self, new: DaemonSet, old: DaemonSet) -> DaemonSet:
        """Keep the status; count changes of the spec, and of the template apart from them."""
        count = int(old.metadata.annotations.get(TEMPLATE_GENERATION, "1"))
        if new.spec.template is not old.spec.template and new.spec.template != old.spec.template:
            count += 1
        return _with_template_generation(super().prepare_for_update(new, old), count)


def _with_template_generation(value: DaemonSet, count: int) -> DaemonSet:
    annotations = value.metadata.annotations
    if annotations.get(TEMPLATE_GENERATION) == str(count):
        return value
    annotations = {**annotations, TEMPLATE_GENERATION: str(count)}
    return with_metadata(value, replace(value.metadata, annotations=annotations))


class DeploymentStrategy(WithTemplate[Deployment]):
    """Deployments: the generation counts changes of annotations, too."""

    status_keeps_labels = True

    def prepare_for_update(self, new: Deployment, old: Deployment) -> Deployment:
        """Keep the status; count changes of the spec or annotations."""
        new = super().prepare_for_update(new, old)
        if new.metadata.generation == old.metadata.generation and new.metadata.annotations != old.metadata.annotations:
            return with_generation(new, old.metadata.generation + 1)
        return new


class ConfigurationStrategy(CountsContent[TypedObject]):
    """Webhook configurations and policy bindings: an update requires a resource version."""

    unconditional_update = False


class PolicyStrategy(WithStatus[TypedObject]):
    """ValidatingAdmissionPolicies: an update requires a resource version."""

    unconditional_update = False


class GenerationlessStrategy(WithStatus[TypedObject]):
    """Kinds with a status that have no generation."""

    counts_generations = False


class ConditionalStrategy(Strategy[TypedObject]):
    """CSINodes and the like: an update requires a resource version."""

    unconditional_update = False


class CSIDriverStrategy(Strategy[CSIDriver]):
    """CSIDrivers: the generation counts changes of the spec, from 0.

    `preventPodSchedulingIfMissing` is dropped, as its feature gate, VolumeLimitScaling, is off.
    """

    unconditional_update = False

    def prepare_for_create(self, new: CSIDriver) -> CSIDriver:
        """Drop the field of a disabled feature."""
        return _without_prevention(new)

    def prepare_for_update(self, new: CSIDriver, old: CSIDriver) -> CSIDriver:
        """Drop the field of a disabled feature; count changes of the spec."""
        new = _without_prevention(new)
        return new if same_part(new, old, "spec") else with_generation(new, old.metadata.generation + 1)


def _without_prevention(driver: CSIDriver) -> CSIDriver:
    if driver.spec.prevent_pod_scheduling_if_missing is None:
        return driver
    return replace(driver, spec=replace(driver.spec, prevent_pod_scheduling_if_missing=None))


class APIServiceStrategy(WithStatus[APIService]):
    """APIServices: those of this server are always available."""

    counts_generations = False

    def prepare_for_create(self, new: APIService) -> APIService:
        """Available, if it is served here."""
        new = super().prepare_for_create(new)
        if new.spec.service is not None:
            return new
        condition = local_condition(self.environment.timestamp())
        return replace(new, status=APIServiceStatus(conditions=(condition,)))


class HorizontalPodAutoscalerStrategy(WithStatus[HorizontalPodAutoscaler]):
    """HorizontalPodAutoscalers: they have no generation."""

    counts_generations = False


class PodDisruptionBudgetStrategy(WithStatus[PodDisruptionBudget]):
    """PodDisruptionBudgets: an update requires a resource version."""

    unconditional_update = False
