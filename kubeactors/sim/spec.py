"""The cluster that a plan describes."""

from itertools import cycle, islice

from msgspec.structs import replace

from kubeactors.cluster import ClusterSpec, NodePool
from kubeactors.sim.plan import Plan
from kubeactors.sim.users.certificates import ROOT_CA, signing_key
from kubeactors.sim.users.manifests import own_pod
from kubeactors.sim.workload import RequestCertificate

VISITORS_RANGE = "10.32.0.0/24"
"""The pod CIDRs of foreign nodes come from this range: it has room for one node, so that a second must wait."""
BALANCERS_RANGE = "192.0.2.128/29"
"""The range of addresses of services of type LoadBalancer."""
STOP_SECONDS = 0.3
"""How long a container takes to stop: long enough for faults to hit meanwhile."""


def spec_of(plan: Plan, *, leader_elect: bool) -> ClusterSpec:
    """The cluster; with `leader_elect` a scheduler or controller manager without a rival is elected, too."""
    first, *more = pools_of(plan)
    return ClusterSpec(
        nodes=first,
        more_nodes=tuple(more),
        cluster_cidr=VISITORS_RANGE,
        load_balancer_pool=BALANCERS_RANGE,
        root_ca=ROOT_CA,
        signing_key=signing_key() if any(isinstance(one, RequestCertificate) for one in plan.steps) else b"",
        schedulers=plan.candidates,
        controller_managers=plan.candidates,
        events=plan.events,
        csi_nodes=False,
        leader_elect=leader_elect,
    )


def pools_of(plan: Plan) -> tuple[NodePool, ...]:
    """The nodes of a plan: one pool if all are alike, otherwise a pool per node.

    >>> [(one.names(), one.start_latency_seconds) for one in pools_of(Plan(nodes=2, start_seconds=(0.5, 2.0)))]
    [(('node-1',), 0.5), (('node-2',), 2.0)]
    """
    own = tuple(own_pod(number) for number in range(1, plan.own_pods + 1))
    pool = NodePool(count=plan.nodes, pods=str(plan.pods_per_node), stop_latency_seconds=STOP_SECONDS, static_pods=own)
    if not plan.start_seconds:
        return (pool,)
    latencies = islice(cycle(plan.start_seconds), plan.nodes)
    return tuple(
        replace(pool, count=1, own_names=(name,), labels=pool.labels_of(index), start_latency_seconds=seconds)
        for index, (name, seconds) in enumerate(zip(pool.names(), latencies, strict=True))
    )
