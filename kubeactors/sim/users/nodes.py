"""Nodes."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Pod, Taint
from kubeactors.apimachinery.status import NotFound, TooManyRequests
from kubeactors.client import controller_of
from kubeactors.sim import workload
from kubeactors.sim.users.manifests import MAINTENANCE, visitor
from kubeactors.sim.users.pods import evict
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import NodeAction

EVICT_ATTEMPTS = 10
EVICT_SECONDS = 5.0
"""How often, and how soon, an eviction is retried that a disruption budget blocks."""

UNTAINT_ATTEMPTS = 60
"""How often removing a taint or a foreign node is retried: it must succeed."""


class Nodes:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: NodeAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case workload.Cordon():
                return self._cordon(action.node, unschedulable=True)
            case workload.Uncordon():
                return self._cordon(action.node, unschedulable=False)
            case workload.Taint():
                return self._taint(action)
            case workload.Drain():
                return self._drain(action.node)
            case workload.DeleteNode():
                return self._session.remove(Node, action.node, "")
            case workload.AddForeignNodes():
                return self._add_foreign(action)

    async def _cordon(self, name: str, *, unschedulable: bool) -> None:
        await self._session.change(
            Node, name, lambda live: replace(live, spec=replace(live.spec, unschedulable=unschedulable)), ""
        )

    async def _taint(self, action: workload.Taint) -> None:
        taint = Taint(key=MAINTENANCE, effect="PreferNoSchedule" if action.mild else "NoExecute")
        await self._session.change(Node, action.node, lambda live: _with_taints(live, taint), "")
        await self._session.sleep(action.seconds)
        untaint = partial(self._session.change, Node, action.node, _with_taints, "")
        await self._session.persist(untaint, UNTAINT_ATTEMPTS)

    async def _add_foreign(self, action: workload.AddForeignNodes) -> None:
        """Perform the steps of all machines in the order of their times."""
        steps: list[tuple[float, Callable[[], Awaitable[None]]]] = []
        for number in range(action.machines):
            name, comes = f"visitor-{action.machines - number}", number * action.apart_seconds
            leaves = comes + action.seconds
            steps.append((comes, partial(self._session.ensure, visitor(name))))
            steps.append((leaves, partial(self._session.remove, Node, name, "")))
            steps.append((leaves + action.held_seconds, partial(self._release, name)))
        now = 0.0
        for at, step in sorted(steps, key=lambda one: one[0]):
            await self._session.sleep(at - now)
            now = at
            await self._session.persist(step, UNTAINT_ATTEMPTS)

    async def _release(self, name: str) -> None:
        with suppress(NotFound):
            await self._session.change(Node, name, _without_finalizers, "")

    async def _drain(self, name: str) -> None:
        await self._cordon(name, unschedulable=True)
        there = await self._session.client.list(Pod, field_selector=f"spec.nodeName={name}")
        for pod in there.items:
            owner = controller_of(pod.metadata)
            if owner is None or owner.kind not in {"DaemonSet", "Node"}:
                await self._evict(pod)

    async def _evict(self, pod: Pod) -> None:
        for _ in range(EVICT_ATTEMPTS):
            try:
                with suppress(NotFound):
                    await evict(self._session, pod)
            except TooManyRequests:
                await self._session.sleep(EVICT_SECONDS)
            else:
                return


def _without_finalizers(node: Node) -> Node:
    return replace(node, metadata=replace(node.metadata, finalizers=()))


def _with_taints(node: Node, *ours: Taint) -> Node:
    """The node with these taints in place of the users' former ones."""
    others = tuple(one for one in node.spec.taints if one.key != MAINTENANCE)
    return replace(node, spec=replace(node.spec, taints=(*others, *ours)))
