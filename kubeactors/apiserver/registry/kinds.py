"""The strategies of the kinds that need few words.

Source: pkg/registry/{core,apps,coordination,discovery}/*/strategy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apiregistration.v1.apiservice import APIService, APIServiceStatus, local_condition
from kubeactors.api.apps.v1 import DaemonSet, Deployment
from kubeactors.api.apps.v1.daemonset import TEMPLATE_GENERATION
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.core.v1 import Node, ReplicationController, ResourceQuota
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.strategy import CountsContent, Strategy, WithStatus, same_part, with_generation


class PlainStrategy(Strategy[TypedObject]):
    """ConfigMaps and Secrets: what is sent is stored."""

    repeats_metadata = True


class RbacStrategy(Strategy[TypedObject]):
    """Roles and bindings: a tool that applies them need not know whether they exist."""

    creates_on_update = True
    repeats_metadata = True


class ServiceAccountStrategy(Strategy[TypedObject]):
    """Service accounts."""

    repeats_metadata = True
    returns_deleted = True


class EndpointsStrategy(Strategy[TypedObject]):
    """Endpoints: written by whoever comes first."""

    creates_on_update = True


class EventStrategy(Strategy[TypedObject]):
    """Events: gone after an hour."""

    creates_on_update = True
    collected = False
    ttl_seconds = 3600


class LeaseStrategy(Strategy[TypedObject]):
    """Leases: whoever renews one must have seen it."""

    creates_on_update = True
    unconditional_update = False


class EndpointSliceStrategy(Strategy[EndpointSlice]):
    """Endpoint slices: a generation is another content or other labels."""

    def prepare_for_create(self, new: EndpointSlice) -> EndpointSlice:
        """The first generation."""
        return with_generation(new, 1)

    def prepare_for_update(self, new: EndpointSlice, old: EndpointSlice) -> EndpointSlice:
        """Count what matters to those who program the network."""
        same = replace(new, metadata=old.metadata) == old and new.metadata.labels == old.metadata.labels
        return new if same else with_generation(new, old.metadata.generation + 1)


class PriorityClassStrategy(Strategy[PriorityClass]):
    """Priority classes: they hardly change, and their generation stays the first."""

    def prepare_for_create(self, new: PriorityClass) -> PriorityClass:
        """The first generation."""
        return with_generation(new, 1)


class NodeStrategy(WithStatus[Node]):
    """Nodes: a kubelet that registers brings the status along."""

    counts_generations = False

    def prepare_for_create(self, new: Node) -> Node:
        """The status stays."""
        return new


class ResourceQuotaStrategy(WithStatus[ResourceQuota]):
    """ResourceQuotas: whoever deletes one gets to see it."""

    counts_generations = False
    returns_deleted = True


class ReplicaSetStrategy(WithStatus[TypedObject]):
    """ReplicaSets."""


class ReplicationControllerStrategy(WithStatus[ReplicationController]):
    """ReplicationControllers: their pods survive them unless the client asks otherwise."""

    orphans = True


class StatefulSetStrategy(WithStatus[TypedObject]):
    """StatefulSets."""


class DaemonSetStrategy(WithStatus[DaemonSet]):
    """DaemonSets: an annotation counts templates."""

    def prepare_for_create(self, new: DaemonSet) -> DaemonSet:
        """The first template."""
        return _with_template_generation(super().prepare_for_create(new), 1)

    def prepare_for_update(self, new: DaemonSet, old: DaemonSet) -> DaemonSet:
        """The status stays; count specs, and templates apart from them."""
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


class DeploymentStrategy(WithStatus[Deployment]):
    """Deployments: other annotations are another generation too."""

    status_keeps_labels = True

    def prepare_for_update(self, new: Deployment, old: Deployment) -> Deployment:
        """The status stays; count specs and annotations."""
        new = super().prepare_for_update(new, old)
        if new.metadata.generation == old.metadata.generation and new.metadata.annotations != old.metadata.annotations:
            return with_generation(new, old.metadata.generation + 1)
        return new


class ConditionalStrategy(CountsContent[TypedObject]):
    """Webhooks and what binds policies: whoever changes one must have seen it."""

    unconditional_update = False


class PolicyStrategy(WithStatus[TypedObject]):
    """Validating policies: whoever changes one must have seen it."""

    unconditional_update = False


class UncountedStrategy(WithStatus[TypedObject]):
    """Kinds with a status whose specs are not counted."""

    counts_generations = False


class SeenStrategy(Strategy[TypedObject]):
    """What drivers say of nodes and storage: whoever changes it must have seen it."""

    unconditional_update = False


class CSIDriverStrategy(Strategy[CSIDriver]):
    """Storage drivers: generations count changes, but the first is none."""

    unconditional_update = False

    def prepare_for_update(self, new: CSIDriver, old: CSIDriver) -> CSIDriver:
        """Other tokens, or other habits, are another generation."""
        return new if same_part(new, old, "spec") else with_generation(new, old.metadata.generation + 1)


class APIServiceStrategy(WithStatus[APIService]):
    """Group versions: those of this server are always available."""

    counts_generations = False

    def prepare_for_create(self, new: APIService) -> APIService:
        """Available, if it is served here."""
        new = super().prepare_for_create(new)
        if new.spec.service is not None:
            return new
        condition = local_condition(self.environment.timestamp())
        return replace(new, status=APIServiceStatus(conditions=(condition,)))


class HorizontalPodAutoscalerStrategy(WithStatus[HorizontalPodAutoscaler]):
    """Autoscalers: generations are not counted."""

    counts_generations = False


class PodDisruptionBudgetStrategy(WithStatus[PodDisruptionBudget]):
    """Budgets: whoever changes one must have seen it."""

    unconditional_update = False
