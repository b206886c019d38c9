"""Rules about single writes."""

from collections.abc import Callable
from functools import partial
from typing import cast

import msgspec

from kubeactors.actor import ActorStopped, Wait
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, sender_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    ADMIN,
    MERGE_PATCH,
    ApiRequest,
    Create,
    Delete,
    Patch,
    Result,
    Update,
)
from kubeactors.apimachinery.status import (
    Forbidden,
    InternalError,
    Status,
)
from kubeactors.sim.chaos.faults import AdmissionFailure, Conflicts, DelayedWrite, Denial, MissedDelete, ReplyLost, Verb
from kubeactors.sim.chaos.rules.common import Fired, concerns, pass_on
from kubeactors.sim.network import WRITES, Rule

VERBS: dict[Verb, tuple[type[object], ...]] = {
    "any": WRITES,
    "create": (Create,),
    "update": (Update,),
    "patch": (Patch,),
    "delete": (Delete,),
}
DENIALS: dict[Denial, Status] = {
    "forbidden": Forbidden.saying("admission webhook denied the request: not now").status,
    "internal-error": InternalError.saying("Internal error occurred: failed calling webhook").status,
}
CHANGES = (Update, Patch, Delete)
"""The requests about an existing object."""
TOUCHED = "sim.kubeactors/touched"
"""The annotation by which a concurrent writer changes an object just before the component does."""


class _Selection:
    """Selects the writes that a fault is about.

    A write whose sender does not wait for a reply is never selected: there is no reply to change.

    Args:
        resource: of the written objects; any but events and leases if empty.
        verbs: the classes of the requests.
        skip: how many matching writes to leave alone first.
        count: how many to select.
        every: select only every n-th.
    """

    def __init__(
        self, resource: str, verbs: tuple[type[object], ...] = WRITES, *, skip: int = 0, count: int = 1, every: int = 1
    ) -> None:
        self._resource = resource
        self._verbs = verbs
        self._skip = skip
        self._count = count
        self._every = every
        self._seen = 0

    def selects(self, envelope: Envelope) -> bool:
        """Whether this write is selected; counts it."""
        message, _, reply = envelope
        if reply is None or not isinstance(message, self._verbs):
            return False
        if not concerns(self._resource, cast("ApiRequest[object]", message).resource.resource):
            return False
        self._seen += 1
        number, rest = divmod(self._seen - self._skip, self._every)
        return not rest and 0 < number <= self._count


class Touch(Rule):
    """A concurrent writer changes the object between the component's read and its write. See `Conflicts`."""

    def __init__(self, fault: Conflicts, fired: Fired) -> None:
        self._selection = _Selection(fault.resource, CHANGES, count=fault.count)
        self._count = 0
        self._fired = fired

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Change the object first."""
        if not self._selection.selects(envelope):
            return envelope
        self._fired()
        changed: Wait[object] = Wait()
        changed.waiter = partial(self.network.deliver, server, envelope)
        server.put((self._change(cast("ApiRequest[object]", envelope[0])), None, changed))
        return None

    def _change(self, message: ApiRequest[object]) -> Patch:
        self._count += 1
        value = msgspec.json.encode({"metadata": {"annotations": {TOUCHED: str(self._count)}}})
        return Patch(
            resource=message.resource,
            namespace=message.namespace,
            name=message.name,
            patch_type=MERGE_PATCH,
            patch=value,
            user=ADMIN,
        )


class LoseReply(Rule):
    """A write takes effect, and its reply is lost. See `ReplyLost`."""

    def __init__(self, fault: ReplyLost, fired: Fired) -> None:
        self._selection = _Selection(fault.resource, skip=fault.skip)
        self._silent = fault.silent
        self._fired = fired

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver the write, but send its reply nowhere."""
        message, sender, reply = envelope
        if reply is None or not self._selection.selects(envelope):
            return envelope
        self._fired()
        lost: Wait[object] = Wait()
        if not self._silent:
            lost.waiter = partial(reply.fail, ActorStopped("the simulator has broken the connection"))
        return message, sender, lost


class DelayReply(Rule):
    """Replies to writes are delayed.

    Args:
        resource: of the written objects; any if empty.
        fired: see the package.
        after: calls its argument after the delay.
    """

    def __init__(self, resource: str, fired: Fired, after: Callable[[Callable[[], object]], object]) -> None:
        self._resource = resource
        self._fired: Fired | None = fired
        self._after = after

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver it with an address for the reply from which it is passed on late."""
        message, sender, reply = envelope
        if reply is None or not isinstance(message, WRITES):
            return envelope
        if self._resource not in ("", message.resource.resource):
            return envelope
        if self._fired is not None:
            self._fired()
            self._fired = None
        early: Wait[object] = Wait()
        early.waiter = partial(self._after, partial(pass_on, early, reply))
        return message, sender, early


class Hold(Rule):
    """Some writes, or their replies, are delayed.

    Args:
        fault: which ones.
        fired: is called with each of them.
        after: calls its second argument after so many seconds.
    """

    def __init__(
        self,
        fault: DelayedWrite,
        fired: Callable[[ApiRequest[object]], object],
        after: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._fault = fault
        self._selection = _Selection(fault.resource, VERBS[fault.verb], skip=fault.skip, count=fault.count)
        self._fired = fired
        self._after = after

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Hold the write back, or deliver it and forward its reply later."""
        message, sender, reply = envelope
        if reply is None or not self._selection.selects(envelope):
            return envelope
        write = cast("ApiRequest[object]", message)
        if self._fault.leg == "request":
            self._fired(write)
            self._after(self._fault.seconds, partial(self._deliver, server, envelope, _actor_of(envelope)))
            return None
        early: Wait[object] = Wait()
        early.waiter = partial(self._answered, write, early, reply)
        return message, sender, early

    def _deliver(self, server: Cell, envelope: Envelope, sender: object) -> None:
        """The request is lost if its sender has ended or restarted meanwhile: the connection is gone with it."""
        if sender is not None and _actor_of(envelope) is sender:
            self.network.deliver(server, envelope)

    def _answered(self, write: ApiRequest[object], early: Wait[object], late: Wait[object]) -> None:
        self._fired(write)
        self._after(self._fault.seconds, partial(pass_on, early, late))


class Vanish(Rule):
    """An object is deleted as soon as it is written, while the writer's watch is broken. See `MissedDelete`.

    Args:
        fault: which writes.
        hide: breaks the watch of a resource; called before the write.
        gone: deletes what was written.
    """

    def __init__(
        self, fault: MissedDelete, hide: Callable[[str], object], gone: Callable[[TypedObject], object]
    ) -> None:
        self._selection = _Selection(fault.resource, VERBS[fault.verb], skip=fault.skip, count=fault.count)
        self._hide = hide
        self._gone = gone

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver the write, and look at its reply before the writer does."""
        message, sender, reply = envelope
        if reply is None or not self._selection.selects(envelope):
            return envelope
        self._hide(cast("ApiRequest[object]", message).resource.resource)
        found: Wait[object] = Wait()
        found.waiter = partial(pass_on, found, reply, self._looked)
        return message, sender, found

    def _looked(self, answer: object) -> object:
        if isinstance(answer, Result) and isinstance(answer.object, TypedObject):
            self._gone(answer.object)
        return answer


def _actor_of(envelope: Envelope) -> object:
    """The actor that sent it, if it is still running."""
    cell = sender_of(envelope)
    return cell.actor if cell is not None else None


class Deny(Rule):
    """Some writes are rejected. See `AdmissionFailure`."""

    def __init__(self, fault: AdmissionFailure, fired: Fired) -> None:
        self._selection = _Selection(
            fault.resource, VERBS[fault.verb], skip=fault.skip, count=fault.count, every=fault.every
        )
        self._status = DENIALS[fault.answer]
        self._fired = fired

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Reject the write, if it is selected."""
        reply = envelope[2]
        if reply is None or not self._selection.selects(envelope):
            return envelope
        self._fired()
        reply.set(self._status)
        return None


class CrashAfter(Rule):
    """An actor crashes right after its n-th write from now on."""

    def __init__(self, controller: Cell, writes: int, crash: Fired) -> None:
        self._controller = controller
        self._left = writes
        self._crash = crash

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Count the writes."""
        if self._left and sender_of(envelope) is self._controller and isinstance(envelope[0], WRITES):
            self._left -= 1
            if not self._left:
                self._crash()
        return envelope
