"""Faults of single writes."""

from typing import Literal

from kubeactors.sim.steps import Fault, Lasting
from kubeactors.sim.workload.interference import InterferenceKind

Denial = Literal["forbidden", "internal-error"]
Verb = Literal["any", "create", "update", "patch", "delete"]
Leg = Literal["request", "reply"]


class Conflicts(Fault, frozen=True, kw_only=True, tag="conflicts"):
    """The next writes of a component to objects of a resource conflict: each object is changed just before."""

    component: str
    resource: str
    count: int = 1


class AdmissionFailure(Fault, frozen=True, kw_only=True, tag="admission-failure"):
    """The next writes of a component, though valid, are rejected: a policy forbids them, or a webhook is broken.

    The component must retry later, perhaps with another write. With `every` only each n-th write is rejected; with
    `seconds` only writes of this period, so that writes of a component fail now and then.
    """

    component: str
    resource: str = ""
    verb: Verb = "any"
    skip: int = 0
    count: int = 1
    every: int = 1
    answer: Denial = "forbidden"
    seconds: float = 0.0

    @property
    def heals_at(self) -> float:
        """When it ends."""
        return self.at + self.seconds


class ReplyLost(Fault, frozen=True, kw_only=True, tag="reply-lost"):
    """A write of a component takes effect, and its reply is lost.

    The component sees a broken connection at once, or with `silent` nothing until its own deadline. The first `skip`
    writes from now on are answered.
    """

    component: str
    resource: str
    skip: int = 0
    silent: bool = False


class SlowReplies(Lasting, frozen=True, kw_only=True, tag="slow-replies"):
    """The replies to writes of a component are delayed, perhaps until after its watches deliver the events.

    Without a `resource` the replies to all its writes are: its work takes time, and much may happen meanwhile.
    """

    component: str
    resource: str
    delay_seconds: float = 1.0


class DelayedWrite(Lasting, frozen=True, kw_only=True, tag="delayed-write"):
    """A write of a component, or its reply (`leg`), is in flight for `seconds`: the cluster may change meanwhile.

    This affects the next `count` writes of the verb, after the first `skip`, to objects of the resource, or of any but
    events and leases. With `meanwhile` a user interferes with the object; before a create arrives, with its owner. A
    request is lost if its sender has ended or restarted before it arrives.
    """

    component: str
    resource: str = ""
    verb: Verb = "any"
    skip: int = 0
    count: int = 1
    leg: Leg = "request"
    meanwhile: InterferenceKind | None = None


class MissedDelete(Lasting, frozen=True, kw_only=True, tag="missed-delete"):
    """An object that a component writes is deleted at once, in a gap of its watch: it sees neither write nor deletion.

    The watch breaks before the write and relists after `seconds`; a user deletes the object as soon as it is written. This
    affects the next `count` writes of the verb, after the first `skip`, to objects of the resource, or of any but events
    and leases.
    """

    component: str
    resource: str = ""
    verb: Verb = "create"
    skip: int = 0
    count: int = 1


WriteFault = Conflicts | AdmissionFailure | ReplyLost | SlowReplies | DelayedWrite | MissedDelete
