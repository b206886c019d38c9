"""The resources of a scheme with their strategies, and the admission plug-ins: what the server serves."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from random import Random
from typing import TypeAlias, TypeVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.status import NotFound, StatusDetails, StatusError
from kubeactors.apiserver.admission.certificates import Certificates
from kubeactors.apiserver.admission.chain import Chain
from kubeactors.apiserver.admission.ingresses import DefaultIngressClass
from kubeactors.apiserver.admission.limit_ranger import LimitRanger
from kubeactors.apiserver.admission.mountable_secrets import MountableSecrets
from kubeactors.apiserver.admission.namespace_lifecycle import NamespaceLifecycle
from kubeactors.apiserver.admission.node_restriction import NodeRestriction
from kubeactors.apiserver.admission.nodes import TaintNodesByCondition
from kubeactors.apiserver.admission.plugin import Lookup
from kubeactors.apiserver.admission.pod_security import PodSecurity
from kubeactors.apiserver.admission.pods import DefaultTolerationSeconds, Priority
from kubeactors.apiserver.admission.policies.mutating import MutatingPolicies
from kubeactors.apiserver.admission.policies.policy_index import PolicyIndex
from kubeactors.apiserver.admission.policies.validating import ValidatingPolicies
from kubeactors.apiserver.admission.resource_quota import Ledger, ResourceQuotas
from kubeactors.apiserver.admission.role_escalation import RoleEscalation
from kubeactors.apiserver.admission.runtime_class import RuntimeClasses
from kubeactors.apiserver.admission.service_account import ServiceAccountTokens
from kubeactors.apiserver.admission.storage import (
    DefaultStorageClass,
    PersistentVolumeClaimResize,
    StorageObjectInUseProtection,
)
from kubeactors.apiserver.admission.templates import SharedSpecs
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.customresources.strategies import DefinitionStrategy
from kubeactors.apiserver.keys import prefix_of
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.registry import jobs, kinds
from kubeactors.apiserver.registry.addresses import IPAddressStrategy
from kubeactors.apiserver.registry.allocators import AddressAllocator, PortAllocator
from kubeactors.apiserver.registry.certificates import APPROVAL, CertificateStrategy
from kubeactors.apiserver.registry.evictions import BUDGETS, EvictionSubresource
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.namespaces import NamespaceStrategy
from kubeactors.apiserver.registry.pod_subresources import BindingSubresource
from kubeactors.apiserver.registry.pods import PodStrategy
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.scale import ScaleSubresource
from kubeactors.apiserver.registry.services import ServiceStrategy
from kubeactors.apiserver.registry.strategy import CountsContent, Strategy, WithStatus
from kubeactors.apiserver.registry.subresources import Part, Subresource
from kubeactors.apiserver.registry.templates import Templates
from kubeactors.apiserver.registry.tokens import TokenIssuer, TokenSubresource
from kubeactors.apiserver.registry.volumes import PersistentVolumeClaimStrategy, PersistentVolumeStrategy
from kubeactors.apiserver.selection import NodeOf


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What strategies share: time and ids, allocators, and knowledge about templates."""

    environment: Environment
    addresses: AddressAllocator
    ports: PortAllocator
    templates: Templates


AnyStrategy: TypeAlias = Strategy[TypedObject]
Maker: TypeAlias = Callable[[Kind[TypedObject], Shared], AnyStrategy]

T = TypeVar("T", bound=TypedObject)


def _simple(strategy: type[Strategy[T]]) -> Maker:
    """A strategy that needs nothing of that."""
    return lambda kind, shared: cast("AnyStrategy", strategy(cast("Kind[T]", kind), shared.environment))


def _pods(kind: Kind[TypedObject], shared: Shared) -> AnyStrategy:
    return cast("AnyStrategy", PodStrategy(cast("Kind[Pod]", kind), shared.environment, shared.templates))


def _services(kind: Kind[TypedObject], shared: Shared) -> AnyStrategy:
    made = ServiceStrategy(cast("Kind[Service]", kind), shared.environment, shared.addresses, shared.ports)
    return cast("AnyStrategy", made)


def _ip_addresses(kind: Kind[TypedObject], shared: Shared) -> AnyStrategy:
    made = IPAddressStrategy(cast("Kind[IPAddress]", kind), shared.environment, shared.addresses)
    return cast("AnyStrategy", made)


_COUNTED: Maker = _simple(CountsContent)
_WITHOUT_GENERATION: Maker = _simple(kinds.GenerationlessStrategy)
_CONFIGURATION: Maker = _simple(kinds.ConfigurationStrategy)

_MAKERS: dict[tuple[str, str], Maker] = {
    ("", "configmaps"): _simple(kinds.PlainStrategy),
    ("", "endpoints"): _simple(kinds.EndpointsStrategy),
    ("", "events"): _simple(kinds.EventStrategy),
    ("", "namespaces"): _simple(NamespaceStrategy),
    ("", "nodes"): _simple(kinds.NodeStrategy),
    ("", "persistentvolumeclaims"): _simple(PersistentVolumeClaimStrategy),
    ("", "persistentvolumes"): _simple(PersistentVolumeStrategy),
    ("", "pods"): _pods,
    ("", "podtemplates"): _COUNTED,
    ("", "replicationcontrollers"): _simple(kinds.ReplicationControllerStrategy),
    ("", "resourcequotas"): _simple(kinds.ResourceQuotaStrategy),
    ("", "secrets"): _simple(kinds.PlainStrategy),
    ("", "serviceaccounts"): _simple(kinds.ServiceAccountStrategy),
    ("", "services"): _services,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): _CONFIGURATION,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"): _CONFIGURATION,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): _CONFIGURATION,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): _simple(kinds.PolicyStrategy),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): _CONFIGURATION,
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): _CONFIGURATION,
    ("apiregistration.k8s.io", "apiservices"): _simple(kinds.APIServiceStrategy),
    ("apiextensions.k8s.io", "customresourcedefinitions"): _simple(DefinitionStrategy),
    ("apps", "daemonsets"): _simple(kinds.DaemonSetStrategy),
    ("apps", "deployments"): _simple(kinds.DeploymentStrategy),
    ("apps", "replicasets"): _simple(kinds.ReplicaSetStrategy),
    ("apps", "statefulsets"): _simple(kinds.StatefulSetStrategy),
    ("autoscaling", "horizontalpodautoscalers"): _simple(kinds.HorizontalPodAutoscalerStrategy),
    ("batch", "cronjobs"): _simple(jobs.CronJobStrategy),
    ("batch", "jobs"): _simple(jobs.JobStrategy),
    ("certificates.k8s.io", "certificatesigningrequests"): _simple(CertificateStrategy),
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): _simple(WithStatus),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): _simple(WithStatus),
    ("networking.k8s.io", "ingressclasses"): _COUNTED,
    ("networking.k8s.io", "ingresses"): _simple(WithStatus),
    ("networking.k8s.io", "ipaddresses"): _ip_addresses,
    ("networking.k8s.io", "networkpolicies"): _COUNTED,
    ("networking.k8s.io", "servicecidrs"): _WITHOUT_GENERATION,
    ("policy", "poddisruptionbudgets"): _simple(kinds.PodDisruptionBudgetStrategy),
    ("coordination.k8s.io", "leases"): _simple(kinds.LeaseStrategy),
    ("discovery.k8s.io", "endpointslices"): _simple(kinds.EndpointSliceStrategy),
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _simple(kinds.RbacStrategy),
    ("rbac.authorization.k8s.io", "clusterroles"): _simple(kinds.RbacStrategy),
    ("rbac.authorization.k8s.io", "rolebindings"): _simple(kinds.RbacStrategy),
    ("rbac.authorization.k8s.io", "roles"): _simple(kinds.RbacStrategy),
    ("resource.k8s.io", "deviceclasses"): _COUNTED,
    ("resource.k8s.io", "resourceclaims"): _WITHOUT_GENERATION,
    ("resource.k8s.io", "resourceslices"): _COUNTED,
    ("storage.k8s.io", "csidrivers"): _simple(kinds.CSIDriverStrategy),
    ("storage.k8s.io", "csinodes"): _simple(kinds.ConditionalStrategy),
    ("storage.k8s.io", "csistoragecapacities"): _simple(kinds.ConditionalStrategy),
    ("storage.k8s.io", "volumeattachments"): _WITHOUT_GENERATION,
    ("scheduling.k8s.io", "priorityclasses"): _simple(kinds.PriorityClassStrategy),
}
_PLAIN: Maker = _simple(Strategy)


def node_of_kind(kind: Kind[TypedObject]) -> NodeOf | None:
    """The node of an object of this kind; None if the kind has none."""
    return node_of_pod if kind.gvr == PODS else None


node_of_pod: NodeOf = attrgetter("spec.node_name")
"""The node that a pod is bound to."""


def resources_of(scheme: Scheme, cacher: Cacher, shared: Shared) -> dict[GroupVersionResource, Resource]:
    """The resources of the scheme, by their name in requests."""
    made = {
        kind.gvr: Resource(
            kind=kind,
            strategy=_MAKERS.get((kind.group, kind.resource), _PLAIN)(kind, shared),
            prefix=prefix_of(kind.gvr),
            cache=cacher.of(kind.gvr),
        )
        for kind in scheme
        if kind.stored
    }
    for kind in scheme:
        if kind.stored_as is not None:
            made[kind.gvr] = replace(made[kind.stored_as], kind=kind)
    return made


def ledger_of(cacher: Cacher, environment: Environment) -> Ledger:
    """The ledger of quota usage."""

    def namespaced() -> Iterator[GroupVersionResource]:
        return (cache.kind.gvr for cache in cacher if cache.kind.namespaced)

    ledger = Ledger(cacher, namespaced, wall=lambda: environment.wall, revision=lambda: cacher.revision)
    cacher.follow(ledger)
    return ledger


def policy_index_of(scheme: Scheme, cacher: Cacher) -> PolicyIndex:
    """The policies and webhooks in force."""
    index = PolicyIndex(scheme, cacher)
    cacher.follow(index)
    return index


class Known(msgspec.Struct, frozen=True):
    """The indexes and settings that plug-ins use besides the cache."""

    templates: Templates
    ledger: Ledger
    policies: PolicyIndex
    node_labels: frozenset[str]


def admission_of(authorizer: Authorizer, lookup: Lookup, random: Random, known: Known) -> Chain:
    """The plug-ins of a server, in order."""
    accounts, priority, tolerations = ServiceAccountTokens(lookup, random), Priority(lookup), DefaultTolerationSeconds()
    shared = SharedSpecs(known.templates, accounts, priority, tolerations)
    storage = (DefaultStorageClass(lookup), StorageObjectInUseProtection(), PersistentVolumeClaimResize(lookup))
    return Chain(
        (
            NamespaceLifecycle(lookup),
            LimitRanger(lookup),
            shared,
            MountableSecrets(lookup),
            NodeRestriction(lookup, known.node_labels),
            TaintNodesByCondition(),
            PodSecurity(lookup),
            priority,
            tolerations,
            *storage,
            RuntimeClasses(lookup),
            RoleEscalation(authorizer, lookup),
            Certificates(authorizer),
            DefaultIngressClass(lookup),
            MutatingPolicies(known.policies, lookup, authorizer),
            ValidatingPolicies(known.policies, lookup, authorizer),
            ResourceQuotas(known.ledger),
        )
    )


def subresources_of(
    resources: Mapping[GroupVersionResource, Resource],
    environment: Environment,
    lookup: Lookup,
    tokens: TokenIssuer | None,
) -> dict[tuple[GroupVersionResource, str], Subresource]:
    """The handlers of subresources, by resource and subresource."""
    special: dict[tuple[str, str], Subresource] = {
        ("certificatesigningrequests", APPROVAL): Part(),
        ("namespaces", "finalize"): Part(),
        ("pods", "binding"): BindingSubresource(environment, lookup),
        ("pods", "ephemeralcontainers"): Part(),
        ("pods", "eviction"): EvictionSubresource(environment, lookup, resources.get(BUDGETS)),
        ("pods", "resize"): Part(),
    }
    if tokens is not None:
        special["serviceaccounts", "token"] = TokenSubresource(tokens, environment, lookup)
    found: dict[tuple[GroupVersionResource, str], Subresource] = {}
    for kind in (one.kind for one in resources.values()):
        for name in kind.subresources:
            known = special.get((kind.resource, name)) or _USUAL.get(name)
            if known is not None:
                found[kind.gvr, name] = known
    return found


_USUAL: dict[str, Subresource] = {"status": Part(), "scale": ScaleSubresource()}


def unknown_resource() -> StatusError:
    """The error for a resource that is not served."""
    return NotFound.saying("the server could not find the requested resource", StatusDetails())
