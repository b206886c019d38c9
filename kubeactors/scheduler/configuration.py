"""The configuration file: KubeSchedulerConfiguration, and the arguments of plugins.

Source: k8s.io/kube-scheduler/config/v1/{types,types_pluginargs}.go, pkg/scheduler/apis/config/v1/defaults.go (v1.36).
"""

from typing import TypeAlias

import msgspec

from kubeactors.api.core.v1 import NodeAffinity, TopologySpreadConstraint
from kubeactors.api.core.v1.demand import CPU, MEMORY
from kubeactors.scheduler.extender import ExtenderConfig
from kubeactors.scheduler.plugins.scoring_strategy import ResourceWeight, ScoringStrategy
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER

API_VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"
MULTI_POINT = "multiPoint"
POINTS = (
    "preEnqueue",
    "queueSort",
    "preFilter",
    "filter",
    "postFilter",
    "preScore",
    "score",
    "reserve",
    "permit",
    "preBind",
    "bind",
    "postBind",
)
"""The extension points, in the order in which they run."""

Arguments: TypeAlias = msgspec.Raw
NO_ARGUMENTS = msgspec.Raw(b"{}")


class ConfigurationError(Exception):
    """The configuration is invalid; the message says where and why."""


class PluginRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin, and the weight of its scores; 0 stands for 1."""

    name: str
    weight: int = 0


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Enabled and disabled plugins; `*` is all."""

    enabled: tuple[PluginRef, ...] = ()
    disabled: tuple[PluginRef, ...] = ()

    def disables(self, name: str) -> bool:
        """Whether the plugin is disabled."""
        return any(one.name in {name, "*"} for one in self.disabled)

    def enables(self, name: str) -> bool:
        """Whether the plugin is enabled."""
        return any(one.name == name for one in self.enabled)


NO_SWITCHES = Switches()


class PluginConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of a plugin."""

    name: str
    args: Arguments = NO_ARGUMENTS


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A profile."""

    scheduler_name: str = DEFAULT_SCHEDULER
    plugins: dict[str, Switches] = {}
    plugin_config: tuple[PluginConfig, ...] = ()
    percentage_of_nodes_to_score: int | None = None
    """Validated, but without effect: all nodes are evaluated."""

    def at(self, point: str) -> Switches:
        """The enabled and disabled plugins of an extension point."""
        return self.plugins.get(point, NO_SWITCHES)


class LeaderElection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Validated, but without effect: the cluster decides about leader election."""

    leader_elect: bool = True
    lease_duration: str = "15s"
    renew_deadline: str = "10s"
    retry_period: str = "2s"
    resource_lock: str = "leases"
    resource_name: str = "kube-scheduler"
    resource_namespace: str = "kube-system"


class ClientConnection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Without effect: the scheduler runs in the cluster's process."""

    kubeconfig: str = ""
    accept_content_types: str = ""
    content_type: str = "application/vnd.kubernetes.protobuf"
    qps: float = 50.0
    burst: int = 100


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The configuration file. Settings of processes and connections are accepted without effect."""

    api_version: str
    kind: str
    profiles: tuple[ProfileSpec, ...] = (ProfileSpec(),)
    extenders: tuple[ExtenderConfig, ...] = ()
    pod_initial_backoff_seconds: int = 1
    pod_max_backoff_seconds: int = 10
    percentage_of_nodes_to_score: int | None = None
    parallelism: int = 16
    leader_election: LeaderElection = LeaderElection()
    client_connection: ClientConnection = ClientConnection()
    enable_profiling: bool = True
    enable_contention_profiling: bool = True
    delay_cache_until_active: bool = False


class FitArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of NodeResourcesFit."""

    ignored_resources: tuple[str, ...] = ()
    ignored_resource_groups: tuple[str, ...] = ()
    scoring_strategy: ScoringStrategy = ScoringStrategy()


class BalancedArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of NodeResourcesBalancedAllocation."""

    resources: tuple[ResourceWeight, ...] = (ResourceWeight(CPU), ResourceWeight(MEMORY))


class NodeAffinityArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of NodeAffinity."""

    added_affinity: NodeAffinity | None = None


class SpreadArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of PodTopologySpread."""

    default_constraints: tuple[TopologySpreadConstraint, ...] = ()
    defaulting_type: str = "System"


class AffinityArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of InterPodAffinity."""

    hard_pod_affinity_weight: int = 1
    ignore_preferred_terms_of_existing_pods: bool = False


class PreemptionArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of DefaultPreemption."""

    min_candidate_nodes_percentage: int = 10
    min_candidate_nodes_absolute: int = 100


class VolumeBindingArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of VolumeBinding."""

    bind_timeout_seconds: int = 600


class DynamicResourcesArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of DynamicResources. Without effect: searches never take that long, and no device has binding conditions."""

    filter_timeout: str = "10s"
    binding_timeout: str = "10m"


class CoschedulingArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of Coscheduling."""

    permit_waiting_time_seconds: int = 60


class NoArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of all other built-in plugins."""


PLUGIN_ARGUMENTS: dict[str, type[msgspec.Struct]] = {
    "NodeResourcesFit": FitArguments,
    "NodeResourcesBalancedAllocation": BalancedArguments,
    "NodeAffinity": NodeAffinityArguments,
    "PodTopologySpread": SpreadArguments,
    "InterPodAffinity": AffinityArguments,
    "DefaultPreemption": PreemptionArguments,
    "VolumeBinding": VolumeBindingArguments,
    "DynamicResources": DynamicResourcesArguments,
    "Coscheduling": CoschedulingArguments,
}
"""By plugin; those that are missing here take no arguments."""
