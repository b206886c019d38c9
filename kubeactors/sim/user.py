"""The user of a simulated cluster: does the actions of a plan, as a person with kubectl would.

Reads, changes, writes; reads again after a conflict; tries again while the API server is away. What is refused for
good is left: in a plan from which steps were taken, many an action has lost its object.
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
from kubeactors.sim.steps import kind_of
from kubeactors.sim.users import (
    Accounts,
    Bounds,
    Certificates,
    Defaults,
    Deployments,
    Devices,
    Hands,
    Looks,
    Management,
    Namespaces,
    Nodes,
    Ownership,
    Pods,
    Rights,
    Rules,
    Services,
    Sets,
    Sharing,
    Tenancy,
    Things,
    Volumes,
)
from kubeactors.sim.users.hands import is_passing
from kubeactors.sim.users.looks import Watching
from kubeactors.sim.users.noted import NotedTransport
from kubeactors.sim.workload import (
    AccountAction,
    AnyAction,
    BoundAction,
    CertificateAction,
    DefaultAction,
    DeploymentAction,
    DeviceAction,
    Look,
    ManagementAction,
    Meddle,
    NamespaceAction,
    NodeAction,
    OwnAction,
    OwnershipAction,
    PodAction,
    RightAction,
    RuleAction,
    ServiceAction,
    SetAction,
    SharingAction,
    Spoil,
    TenancyAction,
    VolumeAction,
)
from kubeactors.sim.world import World


class Perform(Message, frozen=True):
    """Do this now."""

    action: AnyAction | OwnAction


UserMessage: TypeAlias = Perform | WatchEvents | WatchClosed

OwnActions: TypeAlias = Callable[[OwnAction], Awaitable[None]]


async def nothing_declared(action: OwnAction) -> None:
    """No operator is tested.

    Raises:
        LookupError: always.
    """
    raise LookupError(f"nobody has declared what {action.name!r} is")


class Doer:
    """Does actions; who it is for says how to wait.

    Args:
        client: with the rights of an administrator.
        world: is told what the user takes into his own hands.
        own: does what the author of an operator has declared.
        sleep: waits so many seconds.
        watching: who is told of what the user watches; None if nothing is.
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
        self._hands = Hands(client, world, sleep)
        self._deployments, self._sets = Deployments(self._hands), Sets(self._hands)
        self._pods, self._nodes, self._bounds = Pods(self._hands), Nodes(self._hands), Bounds(self._hands)
        self._namespaces, self._sharing = Namespaces(self._hands), Sharing(self._hands)
        self._services, self._volumes = Services(self._hands), Volumes(self._hands)
        self._ownership, self._accounts = Ownership(self._hands), Accounts(self._hands)
        self._tenancy, self._devices = Tenancy(self._hands), Devices(self._hands)
        self._certificates, self._things = Certificates(self._hands), Things(self._hands)
        self._rules, self._rights = Rules(self._hands), Rights(self._hands)
        self._defaults = Defaults(self._hands)
        self._management = Management(self._hands)
        self._looks = Looks(self._hands, watching)

    async def perform(self, action: AnyAction | OwnAction) -> StatusError | None:
        """Do it, patiently; what it was refused with, if it was."""
        try:
            await self._hands.persist(lambda: self._own(action) if isinstance(action, OwnAction) else self._do(action))
        except StatusError as error:
            return error
        return None

    def _do(self, action: AnyAction) -> Awaitable[None]:
        if isinstance(action, DeploymentAction):
            return self._deployments.do(action)
        if isinstance(action, SetAction):
            return self._sets.do(action)
        if isinstance(action, PodAction):
            return self._pods.do(action)
        if isinstance(action, NodeAction):
            return self._nodes.do(action)
        if isinstance(action, NamespaceAction):
            return self._namespaces.do(action)
        if isinstance(action, BoundAction):
            return self._bounds.do(action)
        if isinstance(action, Meddle):
            return self._things.do(action)
        if isinstance(action, Spoil):
            return self._things.spoil(action)
        if isinstance(action, Look):
            return self._looks.do(action)
        return self._do_about_belongings(action)

    def _do_about_belongings(
        self,
        action: SharingAction
        | ServiceAction
        | VolumeAction
        | OwnershipAction
        | AccountAction
        | TenancyAction
        | DeviceAction
        | CertificateAction
        | RuleAction
        | RightAction
        | DefaultAction
        | ManagementAction,
    ) -> Awaitable[None]:
        if isinstance(action, RuleAction):
            return self._rules.do(action)
        if isinstance(action, RightAction):
            return self._rights.do(action)
        if isinstance(action, DefaultAction):
            return self._defaults.do(action)
        if isinstance(action, ManagementAction):
            return self._management.do(action)
        return self._do_about_things(action)

    def _do_about_things(
        self,
        action: SharingAction
        | ServiceAction
        | VolumeAction
        | OwnershipAction
        | AccountAction
        | TenancyAction
        | DeviceAction
        | CertificateAction,
    ) -> Awaitable[None]:
        if isinstance(action, SharingAction):
            return self._sharing.do(action)
        if isinstance(action, ServiceAction):
            return self._services.do(action)
        if isinstance(action, VolumeAction):
            return self._volumes.do(action)
        if isinstance(action, OwnershipAction):
            return self._ownership.do(action)
        if isinstance(action, TenancyAction):
            return self._tenancy.do(action)
        if isinstance(action, DeviceAction):
            return self._devices.do(action)
        if isinstance(action, CertificateAction):
            return self._certificates.do(action)
        return self._accounts.do(action)


class Connection(NamedTuple):
    """How a user reaches the API server, and the kinds that he knows."""

    transport: Transport
    scheme: Scheme


class User(Actor[UserMessage], reentrant=True, deterministic=True):
    """Does actions, several at a time if the API server is slow. See `Doer`.

    Args:
        connection: as an administrator.
        world: as for `Doer`.
        own: as for `Doer`.
        done: is told of each action that has come to its end.
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
        """Do it; what is refused for good is logged. Told is of what kind it was, and whether it had an effect."""
        action, (transport, scheme) = message.action, self._connection
        way = NotedTransport(transport)
        watching = (self.ctx.self, partial(next, self._watches))
        doer = Doer(Client(way, ADMIN, scheme=scheme), self._world, self._own, self.ctx.sleep, watching)
        error = await doer.perform(action)
        if isinstance(action, OwnAction):
            self._done(action.name, error is None)
        else:
            self._done(kind_of(action), way.has_written or (isinstance(action, Look) and error is None))
        if error is not None and not is_passing(error):
            self.ctx.log.info("user.refused", action=repr(action), error=str(error))

    @handle
    def watch_events(self, message: WatchEvents) -> None:
        """It is seen."""

    @handle
    def watch_closed(self, message: WatchClosed) -> None:
        """It is over."""
