"""Draws scenarios around a given workload: faults, and what users do next with the objects of a manifest."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

from msgspec.structs import replace

from kubeactors.apimachinery.requests import MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.sim.grammar import CANDIDATES, EVENTS, MOST_FAULTS, STARTS, Seeded, Source, node_names
from kubeactors.sim.grammar.actions import CRON_SECONDS, MOMENT_SECONDS, OFFSETS, PROPAGATIONS
from kubeactors.sim.grammar.faults import Aim, Faults
from kubeactors.sim.grammar.faults.aim import CONTROLLERS_OF
from kubeactors.sim.grammar.subjects import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    REPLICA_SET,
    REPLICATION_CONTROLLER,
    STATEFUL_SET,
)
from kubeactors.sim.plan import FAULT_KINDS, AnyStep, Plan, in_order
from kubeactors.sim.search import FIFO, strategy_of
from kubeactors.sim.workload import Drain, RequestVerb, SendRequest, Uncordon, UserAction

ROOM = 110
"""How many pods fit on a node, as in Kubernetes by default."""
MOST_FOLLOW_UPS = 8
NODE_ONE_IN = 6
"""One follow-up in so many is about a node."""
AWAY_SECONDS = (1.0, 5.0, 20.0)
"""How long a deleted object stays away, and a drained node cordoned."""
ROLLED = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
SCALED = (DEPLOYMENT, STATEFUL_SET, REPLICA_SET, REPLICATION_CONTROLLER)
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

MOST_PODS = 5
Body: TypeAlias = dict[str, object]
Make: TypeAlias = Callable[[SendRequest, float], tuple[UserAction, ...]]


def alone(workload: Sequence[UserAction], nodes: int = 3) -> Plan:
    """The workload without faults, first in, first out."""
    return Plan(nodes=nodes, pods_per_node=ROOM, schedule=FIFO, steps=(*workload, *_endings(workload)))


def generate(workload: Sequence[UserAction], seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3) -> Plan:
    """The scenario of a seed, which also decides the search strategy.

    Args:
        workload: in the order of time.
        seed: of the plan.
        kinds: the kinds of faults that it may have.
        nodes: how many nodes the cluster has.
    """
    source, names = Seeded(f"workload|{seed}"), node_names(nodes)
    done = [*workload, *FollowUps(source, names, workload).some()]
    done += _endings(done)
    steps: list[AnyStep] = [*done]
    if kinds:
        subjects = [kind for kind in dict.fromkeys(map(_kind_of, workload)) if kind in CONTROLLERS_OF]
        steps += Faults(Aim(source, names, subjects), kinds).some(MOST_FAULTS, [one.at for one in done])
    plan = replace(
        alone((), nodes),
        seed=seed,
        candidates=source.choice(CANDIDATES),
        start_seconds=source.choice(STARTS),
        events=source.choice(EVENTS),
    )
    return plan.with_steps(in_order(steps)).with_order(strategy_of(seed))


def _endings(done: Sequence[UserAction]) -> Iterator[UserAction]:
    """Suspend the cron jobs: while they start jobs, a cluster does not become quiet."""
    end = max((one.at for one in done), default=0.0) + MOMENT_SECONDS
    jobs = {
        (one.namespace, one.name): one for one in done if isinstance(one, SendRequest) and _kind_of(one) == CRON_JOB
    }
    for one in jobs.values():
        patch: Body = {"spec": {"suspend": True}}
        yield _changed(one, max(end, CRON_SECONDS), "patch", patch, MERGE_PATCH)


class FollowUps:
    """Draws what users do with objects that they have applied: restart, scale, delete, evict, apply again.

    A recorded workload has none: its users have done what they wanted.

    Args:
        source: makes the choices.
        nodes: the names of the nodes.
        workload: what has been done before.
    """

    def __init__(self, source: Source, nodes: tuple[str, ...], workload: Sequence[UserAction]) -> None:
        self._source = source
        self._nodes = nodes
        self._applied = tuple(one for one in workload if isinstance(one, SendRequest) and one.verb == "apply")
        self._begin = max((one.at for one in workload), default=0.0)
        self._time = self._begin

    def some(self) -> Iterator[UserAction]:
        """A few of them, in bursts."""
        objects = [one for one in self._applied if _kind_of(one) in CONTROLLERS_OF] or [*self._applied]
        for _ in range(self._source.integer(0, MOST_FOLLOW_UPS) if objects else 0):
            at = self._at()
            if not self._source.integer(0, NODE_ONE_IN - 1):
                yield from self._drain(at)
            else:
                found = self._source.choice(objects)
                yield from self._source.choice(self._about(_kind_of(found)))(found, at)

    def _at(self) -> float:
        """Right after the previous one, or at a new moment."""
        moments = (self._begin + MOMENT_SECONDS * number for number in (1, 2))
        self._time = round(self._source.choice((self._time, self._time, *moments)) + self._source.choice(OFFSETS), 3)
        return self._time

    def _about(self, kind: str) -> tuple[Make, ...]:
        rolled, scaled = (self._restart,) * 3 * (kind in ROLLED), (self._scale,) * 3 * (kind in SCALED)
        pods = (self._delete_pod, self._evict) * (kind in CONTROLLERS_OF)
        return (*rolled, *scaled, *pods, self._recreate, self._apply_again)

    def _restart(self, found: SendRequest, at: float) -> tuple[UserAction, ...]:
        """As `kubectl rollout restart`."""
        patch: Body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: f"{at:g}"}}}}}
        return (_changed(found, at, "patch", body=patch, patch_type=STRATEGIC_MERGE_PATCH),)

    def _scale(self, found: SendRequest, at: float) -> tuple[UserAction, ...]:
        """As `kubectl scale`."""
        patch: Body = {"spec": {"replicas": self._source.integer(0, 2 * found.pods + 1)}}
        return (replace(_changed(found, at, "patch", body=patch, patch_type=MERGE_PATCH), subresource="scale"),)

    def _delete_pod(self, found: SendRequest, at: float) -> tuple[UserAction, ...]:
        return (self._of_pod(found, at, "delete", {} if self._source.integer(0, 3) else {"gracePeriodSeconds": 0}),)

    def _evict(self, found: SendRequest, at: float) -> tuple[UserAction, ...]:
        body: Body = {"apiVersion": "policy/v1", "kind": "Eviction"}
        return (replace(self._of_pod(found, at, "create", body), subresource="eviction"),)

    def _of_pod(self, found: SendRequest, at: float, verb: RequestVerb, body: Body) -> SendRequest:
        """A request about one of its pods."""
        pod = replace(found, api_version="v1", resource="pods", name="", label_selector=pod_labels(found.body))
        return replace(_changed(pod, at, verb, body), number=self._source.integer(0, MOST_PODS))

    def _recreate(self, found: SendRequest, at: float) -> tuple[UserAction, ...]:
        """Delete it, and apply it again; if it still terminates then, it is gone afterwards."""
        later = round(at + self._source.choice(AWAY_SECONDS), 3)
        options: Body = {"propagationPolicy": self._source.choice(PROPAGATIONS)}
        return _changed(found, at, "delete", options), replace(found, at=later)

    @staticmethod
    def _apply_again(found: SendRequest, at: float) -> tuple[UserAction, ...]:
        return (replace(found, at=at),)

    def _drain(self, at: float) -> tuple[UserAction, ...]:
        node, later = self._source.choice(self._nodes), round(at + self._source.choice(AWAY_SECONDS), 3)
        return Drain(at=at, node=node), Uncordon(at=later, node=node)


def _changed(found: SendRequest, at: float, verb: RequestVerb, body: Body, patch_type: str = "") -> SendRequest:
    """Another request about the same object."""
    return replace(found, at=at, verb=verb, body=body, patch_type=patch_type)


def _kind_of(step: UserAction) -> str:
    """The kind of the object in the body of a request; empty if there is none."""
    return str(step.body.get("kind", "")) if isinstance(step, SendRequest) and isinstance(step.body, dict) else ""


def pod_labels(body: object) -> str:
    """A selector of the pods of a workload: the labels in its template. Empty, which means all pods, if it has none.

    >>> pod_labels({"spec": {"template": {"metadata": {"labels": {"app": "web", "tier": "front"}}}}})
    'app=web,tier=front'
    """
    for field in ("spec", "template", "metadata", "labels"):
        body = cast("Body", body).get(field) if isinstance(body, dict) else None
    labels = cast("Body", body) if isinstance(body, dict) else {}
    return ",".join(f"{key}={value}" for key, value in labels.items())
