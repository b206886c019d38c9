"""A scenario: nodes, and the steps that act on the cluster. The Structs mirror the YAML file."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from kubeactors.api.core.v1 import Taint
from kubeactors.cluster.spec import NodePool, Timing
from kubeactors.kubelet.stages import Stage

Quantity: TypeAlias = str | int | float
"""As in a manifest; in YAML, quantities without a unit are numbers."""
Count: TypeAlias = Annotated[int, Meta(ge=1)]
Amount: TypeAlias = Annotated[int, Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$")]
"""Short enough that names of pods derived from it are valid."""

BENCH_IMAGE = "example/app:1"
PATIENCE_SECONDS = 60.0


class NodeGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Nodes of one shape."""

    name: Name = "node"
    count: Count = 1
    cpu: Quantity = "8"
    memory: Quantity = "32Gi"
    pods: Count = 110
    labels: dict[str, str] = {}
    taints: tuple[Taint, ...] = ()
    racks: Amount = 3
    zones: Amount = 0
    resources: dict[str, Quantity] = {}
    """Extended resources, such as `nvidia.com/gpu`."""
    start_seconds: Seconds = 0.0
    """How long a container takes to start."""
    stop_seconds: Seconds = 0.0

    def pool(self) -> NodePool:
        """The pool of a cluster."""
        return NodePool(
            count=self.count,
            prefix=self.name,
            cpu=str(self.cpu),
            memory=str(self.memory),
            pods=str(self.pods),
            labels=self.labels,
            taints=self.taints,
            racks=self.racks,
            zones=self.zones,
            resources={name: str(amount) for name, amount in self.resources.items()},
            start_latency_seconds=self.start_seconds,
            stop_latency_seconds=self.stop_seconds,
        )


class Clockwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How soon a failed node is detected and evicted. The defaults are Kubernetes'."""

    heartbeat_seconds: Seconds = Timing().heartbeat_seconds
    lease_duration_seconds: Count = Timing().lease_duration_seconds
    node_monitor_grace_seconds: Seconds = Timing().node_monitor_grace_seconds
    evicted_nodes_per_second: Seconds = Timing().evicted_nodes_per_second

    def timing(self) -> Timing:
        """The timing of a cluster."""
        return Timing(
            heartbeat_seconds=self.heartbeat_seconds,
            lease_duration_seconds=self.lease_duration_seconds,
            node_monitor_grace_seconds=self.node_monitor_grace_seconds,
            evicted_nodes_per_second=self.evicted_nodes_per_second,
        )


class PodShape(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The shape of pods: by a few fields, or by a whole `template` (its `spec` wins)."""

    name: Name
    namespace: Name = "default"
    cpu: Quantity = "100m"
    memory: Quantity = "64Mi"
    image: str = BENCH_IMAGE
    toleration_seconds: Amount | None = None
    """How long a pod stays on a lost node; None is Kubernetes' default of 300."""
    template: dict[str, object] = {}
    """A PodTemplateSpec: `metadata` with labels and annotations, `spec`."""


class Import(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Import of a real cluster: the output of `kubectl get nodes,pods,deployments,... --all-namespaces -o yaml`.

    Its nodes exist from the start, beside those of `nodes`; its workloads are created in this step.
    """

    file: str
    """Relative to the scenario, unless absolute."""
    pods: Literal["recreate", "keep"] = "recreate"
    """Pods of controllers: left out and created anew, wherever the scheduler places them; or kept where they are."""
    wait: bool = True
    patience_seconds: Seconds = PATIENCE_SECONDS


class Create(PodShape, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A wave of workloads: `count` objects `NAME-1` and so on, with `replicas` pods each."""

    kind: Literal["Pod", "Deployment", "ReplicaSet", "StatefulSet", "Job"] = "Deployment"
    count: Count = 1
    replicas: Amount = 1
    wait: bool = True
    """Wait until all pods run (those of a Job: have finished) before the next step."""
    patience_seconds: Seconds = PATIENCE_SECONDS
    """How long without any improvement until the scenario is given up."""


class Churn(PodShape, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Continuous churn: `perSecond` pods are created, and the oldest deleted when there are more than `keep`."""

    per_second: Annotated[float, Meta(gt=0)]
    seconds: Annotated[float, Meta(gt=0)]
    keep: Count = 100
    patience_seconds: Seconds = PATIENCE_SECONDS


class Scale(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Scale each object of a wave."""

    name: Name
    replicas: Amount
    wait: bool = True
    patience_seconds: Seconds = PATIENCE_SECONDS


class Update(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Change the image of each object of a wave: a rolling update."""

    name: Name
    image: str = "example/app:2"
    wait: bool = True
    patience_seconds: Seconds = PATIENCE_SECONDS


class PowerOff(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Cut the power of machines: the nodes of these racks, these nodes, or a number of them (of a pool)."""

    racks: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    count: Amount = 0
    pool: str = ""
    """The pool to take `count` from; all by default."""
    wait: bool = True
    """Wait until their pods run elsewhere: the time to recover."""
    patience_seconds: Seconds = 600.0


class PowerOn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Boot all machines that are off; waits until they are Ready."""

    patience_seconds: Seconds = PATIENCE_SECONDS


class Settle(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Wait until all pods of all waves are as wanted."""

    patience_seconds: Seconds = PATIENCE_SECONDS


class Pause(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Let time pass."""

    seconds: Seconds


Action: TypeAlias = Create | Import | Churn | Scale | Update | PowerOff | PowerOn | Settle | Pause


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A step: exactly one of these actions."""

    create: Create | None = None
    import_: Import | None = msgspec.field(name="import", default=None)
    churn: Churn | None = None
    scale: Scale | None = None
    update: Update | None = None
    power_off: PowerOff | None = None
    power_on: PowerOn | None = None
    settle: Settle | None = None
    pause: Pause | None = None

    def __post_init__(self) -> None:
        if len(self._given()) != 1:
            words = ", ".join(msgspec.structs.fields(Step)[place].encode_name for place in range(9))
            raise ValueError(f"a step is one of {words}")

    def _given(self) -> list[Action]:
        fields = (
            self.create,
            self.import_,
            self.churn,
            self.scale,
            self.update,
            self.power_off,
            self.power_on,
            self.settle,
            self.pause,
        )
        return [one for one in fields if one is not None]

    @property
    def action(self) -> Action:
        """The action."""
        return self._given()[0]


class Scenario(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A cluster, and the steps that act on it."""

    name: str = ""
    nodes: tuple[NodeGroup, ...] = ()
    clockwork: Clockwork = Clockwork()
    stages: tuple[str | Stage, ...] = ()
    """KWOK's stages, or files and folders of them: with any, nodes and pods are simulated by stages, not kubelets."""
    scheduler: dict[str, object] | None = None
    """A KubeSchedulerConfiguration."""
    boot_seconds: Seconds = 600.0
    """How long nodes may take until they are Ready; with stages they may never be."""
    steps: tuple[Step, ...] = ()

    @property
    def played(self) -> tuple[Stage, ...]:
        """The stages themselves: in a parsed scenario files are resolved."""
        return tuple(one for one in self.stages if isinstance(one, Stage))

    @property
    def imports(self) -> tuple[Import, ...]:
        """All import steps."""
        return tuple(step.import_ for step in self.steps if step.import_ is not None)

    @property
    def waves(self) -> tuple[Create, ...]:
        """All create steps, in order."""
        return tuple(step.create for step in self.steps if step.create is not None)


def plain(nodes: int, pods: int) -> Scenario:
    """A scenario of bare pods on nodes with room for them.

    >>> plain(2, 7).nodes[0].pods
    14
    """
    per_node = -(-pods // nodes) + 10
    group = NodeGroup(count=nodes, cpu=str(per_node), memory=f"{per_node}Gi", pods=per_node)
    wave = Create(kind="Pod", name="pod", count=pods)
    return Scenario(name=f"{nodes:,} nodes, {pods:,} pods", nodes=(group,), steps=(Step(create=wave),))
