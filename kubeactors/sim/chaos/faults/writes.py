"""What comes of single writes."""

from typing import Literal

from kubeactors.sim.steps import Fault, Lasting
from kubeactors.sim.workload.things import Meddling

Denial = Literal["forbidden", "internal-error"]
Verb = Literal["any", "create", "update", "patch", "delete"]
Leg = Literal["request", "reply"]


class Conflicts(Fault, frozen=True, kw_only=True, tag="conflicts"):
    """The next writes of a component to objects of a resource come too late: somebody has just changed the object."""

    component: str
    resource: str
    count: int = 1


class AdmissionFailure(Fault, frozen=True, kw_only=True, tag="admission-failure"):
    """The next writes of a component are refused, though nothing is wrong with them: a policy forbids them, a webhook is broken.

    Who asked must ask again; by then it is another time, and perhaps another write. With `every` only each so many-th is
    refused, with `seconds` those of so long only: whatever a component does fails now and then.
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
        """When it is over."""
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
    """The replies to writes of a component come late, and may come after what its watches tell of them.

    Without a `resource` to all of its writes: what it does takes time, and much may happen while it does it.
    """

    component: str
    resource: str
    delay_seconds: float = 1.0


class DelayedWrite(Lasting, frozen=True, kw_only=True, tag="delayed-write"):
    """A write of a component is under way for `seconds`, or its reply (`leg`): what holds when it is sent need not when it comes.

    It happens to the next `count` writes of the verb, after the first `skip`, to objects of the resource, or of any but
    events and leases. With `meanwhile` a user does that to the object that it is about; if it is to create one that comes
    yet, to the owner. A request whose sender is gone when it would come is lost.
    """

    component: str
    resource: str = ""
    verb: Verb = "any"
    skip: int = 0
    count: int = 1
    leg: Leg = "request"
    meanwhile: Meddling | None = None


class MissedDelete(Lasting, frozen=True, kw_only=True, tag="missed-delete"):
    """What a component writes goes at once, and its watch does not tell: that breaks before, and lists again after `seconds`.

    A user deletes the object as soon as it is written. It happens to the next write of the verb, after the first `skip`, to
    an object of the resource, or of any but events and leases.
    """

    component: str
    resource: str = ""
    verb: Verb = "create"
    skip: int = 0
    count: int = 1


WriteFault = Conflicts | AdmissionFailure | ReplyLost | SlowReplies | DelayedWrite | MissedDelete
