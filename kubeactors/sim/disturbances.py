"""Which components faults affect, and until when: for so long they may be late or have a stale view."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.client.reflector import MAX_BACKOFF_SECONDS

LONG_AGO = -(1 << 62)
RETRIED_SECONDS = 30.0
RETRIED = int(RETRIED_SECONDS * SECOND)
"""How long after a short outage a component may still back off."""
LONGEST_BACKOFF = int(2 * MAX_BACKOFF_SECONDS * SECOND)
"""With its jitter."""
SOON = 5 * SECOND
"""How long after a fault that its informers do not back off from a component may be out of date."""

Recovery: TypeAlias = Literal["long", "soon", "prompt"]
"""How long a fault delays what a component does.

After a `long` one it backs off, the longer the longer that lasted. After others it is up to date `SOON`; and even during a
`prompt` one it acts within seconds.
"""


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """How a fault affects its component."""

    slows: bool = True
    """Whether it slows down the component itself, not only its containers."""
    impairs_watches: bool = True
    """Whether it may leave a watch dead, which its reader notices only by its silence."""
    recovery: Recovery = "long"


UNKNOWN = Harm()
"""In any way."""


class Disturbances:
    """The effects of faults, for invariants that judge components.

    Args:
        by_uid: all objects in the store.
    """

    def __init__(self, by_uid: Mapping[str, TypedObject]) -> None:
        self._by_uid = by_uid
        self.calm = True
        """No node is without power, and nothing else keeps pods from being available."""
        self.powered_off: dict[str, int] = {}
        """Nodes without power, and since when (virtual nanoseconds)."""
        self.paused: dict[str, None] = {}
        """Paused processes: they do not notice that time passes."""
        self.affected: dict[str, int] = {}
        """Components, and until when (virtual nanoseconds) a fault last affected them."""
        self._outages: dict[str, tuple[int, int]] = {}
        """The same for faults with a `long` recovery: since when, without a pause in which they could recover, and until when."""
        self._delayed: dict[str, int] = {}
        """The same for those with a recovery that is not `prompt`."""
        self._slowed: dict[str, int] = {}
        """The same for faults that slow down the component itself, not only its containers."""
        self._watches_impaired: dict[str, int] = {}
        """The same for faults after which a watch may be dead without its reader having noticed."""
        self._skewed: dict[str, None] = {}
        """See `has_skewed`."""
        self._corrupted: dict[str, None] = {}
        """See `is_corrupted`."""

    def affect(
        self,
        component: str,
        until: int,
        *,
        since: int | None = None,
        harm: Harm = UNKNOWN,
    ) -> None:
        """A fault affects a component until then, `since` then if not just at that moment.

        `apiserver` and `store` affect all components.
        """
        since = until if since is None else since
        if harm.recovery == "long":
            begin, end = self._outages.get(component, (since, LONG_AGO))
            self._outages[component] = since if since > end + RETRIED else begin, max(until, end)
        concerned = (
            (self.affected, True),
            (self._slowed, harm.slows),
            (self._watches_impaired, harm.impairs_watches),
            (self._delayed, harm.recovery != "prompt"),
        )
        for found in (one for one, does in concerned if does):
            found[component] = max(until, found.get(component, 0))

    def affected_until(self, *components: str) -> int:
        """When the last fault ended that affected any of these components, or the servers that all depend on.

        `LONG_AGO` if there was none.
        """
        return _last(self.affected, components)

    def reconnected_by(self, *components: str) -> int:
        """When these components are up to date again after all faults, if none of their watches is dead."""
        return max(self._last_outage(components), _soon_after(_last(self.affected, components)))

    def prompt_from(self, *components: str) -> int:
        """When these components act within seconds again; unlike above, a fault may still slow down their writes a little."""
        return max(self._last_outage(components), _soon_after(_last(self._delayed, components)))

    def _last_outage(self, components: tuple[str, ...]) -> int:
        """When these components have reached the server again: the longer an outage, the longer they back off after it.

        Each wait of a reflector is up to twice as long as all before it together.
        """
        concerned = [one for one in (*components, "apiserver", "store") if one in self._outages]
        since = until = known = LONG_AGO
        for begin, end in sorted(self._outages[one] for one in concerned):
            since = begin if begin > known else since
            until = max(until, end)
            known = until + min(max(2 * (until - since), RETRIED), LONGEST_BACKOFF)
        return known

    def slow(self, component: str, until: int) -> None:
        """Users' rules, not a fault, reject or delay a component's writes: it is late, and otherwise unaffected."""
        self._slowed[component] = max(until, self._slowed.get(component, 0))

    def slowed_until(self, *components: str) -> int:
        """The same for faults that slow them down: until then they may be late."""
        return _last(self._slowed, components)

    def watches_impaired_until(self, *components: str) -> int:
        """The same for faults that may leave watches dead, which their readers notice only after a while."""
        return _last(self._watches_impaired, components)

    def skew(self, component: str) -> None:
        """The clock of a component is wrong for a while."""
        self._skewed[component] = None

    def has_skewed(self, component: str) -> bool:
        """Whether the clock of a component was ever wrong: times that it has written into objects may be wrong still."""
        return component in self._skewed

    def clocks_differ(self) -> bool:
        """Whether the clock of any component was ever wrong."""
        return bool(self._skewed)

    def corrupt(self, found: TypedObject | None) -> None:
        """A field of an object is corrupted: its owners cannot keep what they promise about it."""
        while found is not None and found.metadata.uid not in self._corrupted:
            self._corrupted[found.metadata.uid] = None
            owner = controller_of(found.metadata)
            found = self._by_uid.get(owner.uid) if owner is not None else None

    def is_corrupted(self, uid: str) -> bool:
        """Whether a field was corrupted in that object, or in one that it controls, directly or through others."""
        return uid in self._corrupted


def _last(ends: Mapping[str, int], components: tuple[str, ...]) -> int:
    return max(ends.get(one, LONG_AGO) for one in (*components, "apiserver", "store"))


def _soon_after(end: int) -> int:
    return end if end == LONG_AGO else end + SOON
