"""The user of a simulated cluster: performs the actions of a plan, as a person with kubectl would.

It reads, changes, writes; reads again after a conflict; retries while the API server is unavailable. An action that is
rejected for good is dropped: in a shrunk plan many an action has lost its object.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import NamedTuple, TypeAlias

from kubeactors.actor import Actor, handle
from kubeactors.apimachinery.requests import ADMIN, WatchClosed, WatchEvents
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client, Transport
from kubeactors.message import Message
from kubeactors.sim.users import (
    Accounts,
    Bounds,
    Certificates,
    Defaults,
    Deployments,
    Devices,
    FieldManagers,
    Interference,
    Namespaces,
    Nodes,
    Ownership,
    Pods,
    Rbac,
    Reads,
    Requests,
    Rules,
    Services,
    Session,
    Sets,
    Sharing,
    Tenancy,
    Volumes,
)
from kubeactors.sim.users.effect import EffectTransport
from kubeactors.sim.users.reads import Watching
from kubeactors.sim.users.session import is_passing
from kubeactors.sim.workload import (
    AccountAction,
    BoundAction,
    CertificateAction,
    DamageObject,
    DefaultAction,
    DeploymentAction,
    DeviceAction,
    ManagementAction,
    NamespaceAction,
    NodeAction,
    OwnAction,
    OwnershipAction,
    PodAction,
    ReadObjects,
    RoleAction,
    RuleAction,
    SendRequest,
    ServiceAction,
    SetAction,
    SharingAction,
    TenancyAction,
    UserAction,
    VolumeAction,
)
from kubeactors.sim.world import World


class Perform(Message, frozen=True):
    """Perform this action now."""

    action: UserAction


UserMessage: TypeAlias = Perform | WatchEvents | WatchClosed

OwnActions: TypeAlias = Callable[[OwnAction], Awaitable[None]]


async def nothing_declared(action: OwnAction) -> None:
    """No operator is under test.

    Raises:
        LookupError: always.
    """
    raise LookupError(f"the action {action.name!r} is not declared")


class Doer:
    """Performs actions, in virtual or real time.

    Args:
        client: with the rights of an administrator.
        world: records what the user intends.
        own: performs the actions that the author of an operator has declared.
        sleep: waits so many seconds.
        watching: the subscriber of the user's watches; None if they are left out.
    """

    def __init__(
        self,
        client: Client,
        world: World,
        own: OwnActions,
        sleep: Callable[[float], Awaitable[object]],
        watching: Watching | None = None,
    ) -> None:
        self._own = own
        self._session = Session(client, world, sleep)
        self._watching = watching

    async def perform(self, action: UserAction) -> StatusError | None:
        """Perform the action, with retries; returns the error with which it was rejected for good, or None."""
        try:
            await self._session.persist(lambda: self._do(action))
        except StatusError as error:
            return error
        return None

    def _do(self, action: UserAction) -> Awaitable[None]:  # noqa: C901, PLR0912 -- one case for each kind
        session = self._session
        if isinstance(action, OwnAction):
            return self._own(action)
        if isinstance(action, SendRequest):
            return Requests(session).do(action)
        if isinstance(action, DeploymentAction):
            return Deployments(session).do(action)
        if isinstance(action, SetAction):
            return Sets(session).do(action)
        if isinstance(action, PodAction):
            return Pods(session).do(action)
        if isinstance(action, NodeAction):
            return Nodes(session).do(action)
        if isinstance(action, NamespaceAction):
            return Namespaces(session).do(action)
        if isinstance(action, BoundAction):
            return Bounds(session).do(action)
        if isinstance(action, SharingAction):
            return Sharing(session).do(action)
        if isinstance(action, ServiceAction):
            return Services(session).do(action)
        if isinstance(action, VolumeAction):
            return Volumes(session).do(action)
        if isinstance(action, OwnershipAction):
            return Ownership(session).do(action)
        if isinstance(action, AccountAction):
            return Accounts(session).do(action)
        if isinstance(action, TenancyAction):
            return Tenancy(session).do(action)
        if isinstance(action, DeviceAction):
            return Devices(session).do(action)
        if isinstance(action, CertificateAction):
            return Certificates(session).do(action)
        if isinstance(action, RuleAction):
            return Rules(session).do(action)
        if isinstance(action, RoleAction):
            return Rbac(session).do(action)
        if isinstance(action, DefaultAction):
            return Defaults(session).do(action)
        if isinstance(action, ManagementAction):
            return FieldManagers(session).do(action)
        if isinstance(action, ReadObjects):
            return Reads(session, self._watching).do(action)
        if isinstance(action, DamageObject):
            return Interference(session).damage(action)
        return Interference(session).do(action)


class Connection(NamedTuple):
    """How a user reaches the API server, and the kinds that the user knows."""

    transport: Transport
    scheme: Scheme


class User(Actor[UserMessage], reentrant=True, deterministic=True):
    """Performs actions, several at a time if the API server is slow. See `Doer`.

    Args:
        connection: as an administrator.
        world: as for `Doer`.
        own: as for `Doer`.
        done: called at the end of each action with its kind, and whether it had an effect.
    """

    def __init__(
        self, connection: Connection, world: World, own: OwnActions, done: Callable[[str, bool], object]
    ) -> None:
        self._connection = connection
        self._world = world
        self._own = own
        self._done = done
        self._watches = count(1)

    @handle
    async def perform(self, message: Perform) -> None:
        """Perform the action; log it if it is rejected for good."""
        action, (transport, scheme) = message.action, self._connection
        way = EffectTransport(transport)
        watching = (self.ctx.self, partial(next, self._watches))
        doer = Doer(Client(way, ADMIN, scheme=scheme), self._world, self._own, self.ctx.sleep, watching)
        error = await doer.perform(action)
        judged_by_writes = not isinstance(action, OwnAction | ReadObjects)
        self._done(action.counted_as, way.has_written if judged_by_writes else error is None)
        if error is not None and not is_passing(error):
            self.ctx.log.info("user.refused", action=repr(action), error=str(error))

    @handle
    def watch_events(self, message: WatchEvents) -> None:
        """Events are read and dropped."""

    @handle
    def watch_closed(self, message: WatchClosed) -> None:
        """The end of a watch needs no reaction."""
