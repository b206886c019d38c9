"""The user of a simulated cluster: does the actions of a plan, as a person with kubectl would.

Reads, changes, writes; reads again after a conflict; tries again while the API server is away. What is refused for
good is left: in a plan from which steps were taken, many an action has lost its object.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from kubeactors.actor import Actor, handle
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client
from kubeactors.message import Message
from kubeactors.sim.users import Bounds, Deployments, Hands, Nodes, Pods, Sets
from kubeactors.sim.users.hands import is_passing
from kubeactors.sim.workload import (
    AnyAction,
    DeploymentAction,
    NodeAction,
    OwnAction,
    PodAction,
    SetAction,
)
from kubeactors.sim.world import World


class Perform(Message, frozen=True):
    """Do this now."""

    action: AnyAction | OwnAction


OwnActions: TypeAlias = Callable[[OwnAction], Awaitable[None]]


async def nothing_declared(action: OwnAction) -> None:
    """No operator is tested.

    Raises:
        LookupError: always.
    """
    raise LookupError(f"nobody has declared what {action.name!r} is")


class User(Actor[Perform], reentrant=True, deterministic=True):
    """Does actions, several at a time if the API server is slow.

    Args:
        client: with the rights of an administrator.
        world: is told what the user takes into his own hands.
        own: does what the author of an operator has declared.
    """

    def __init__(self, client: Client, world: World, own: OwnActions = nothing_declared) -> None:
        self._own = own
        self._client = client
        self._world = world

    def started(self) -> None:
        """Get ready."""
        self._hands = Hands(self._client, self._world, self.ctx.sleep)
        self._deployments, self._sets = Deployments(self._hands), Sets(self._hands)
        self._pods, self._nodes, self._bounds = Pods(self._hands), Nodes(self._hands), Bounds(self._hands)

    @handle
    async def perform(self, message: Perform) -> None:
        """Do it, patiently."""
        try:
            await self._hands.persist(lambda: self._do(message.action))
        except StatusError as error:
            if not is_passing(error):
                self.ctx.log.info("user.refused", action=repr(message.action), error=str(error))

    def _do(self, action: AnyAction | OwnAction) -> Awaitable[None]:
        if isinstance(action, OwnAction):
            return self._own(action)
        if isinstance(action, DeploymentAction):
            return self._deployments.do(action)
        if isinstance(action, SetAction):
            return self._sets.do(action)
        if isinstance(action, PodAction):
            return self._pods.do(action)
        if isinstance(action, NodeAction):
            return self._nodes.do(action)
        return self._bounds.do(action)
