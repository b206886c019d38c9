"""RBAC: roles and bindings that change, and requests, mostly after authorizers have observed the change."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

VERBS: tuple[workload.Verb, ...] = ("get", "list", "create", "patch", "delete")
THINGS: tuple[workload.Thing, ...] = ("config-map", "secret", "service")
EXTENTS: tuple[workload.Extent, ...] = ("role", "cluster-role", "cluster")
PEOPLE: tuple[workload.Person, ...] = ("alice", "alice", "bob")
SETTLED = (12.0, 12.0, 0.0)
"""The delay of a request after another action, in seconds: mostly after authorizers have observed that."""


class Rbac:
    """Draws actions about them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._thing: workload.Thing = source.choice(THINGS)
        """The resource of most roles and requests."""
        self._verb: workload.Verb = source.choice(VERBS)
        self._extents = (source.choice(EXTENTS), source.choice(EXTENTS))
        """The extents of the two roles."""

    def first(self, at: float) -> list[AnyAction]:
        """A role, and a request that it allows; perhaps also rights that Alice passes on."""
        found = [self._grant(at), self._act_as(at + SETTLED[0], elsewhere=False)]
        return found if self._source.integer(0, 2) else [*found, *self._lending(at)]

    def another(self, at: float) -> AnyAction:
        """A change of a role or binding, or a request."""
        source = self._source
        match source.integer(0, 8):
            case 0 | 1:
                return self._grant(at)
            case 2 | 3:
                number = source.integer(1, 2)
                extent = self._extents[number - 1]
                return workload.RevokeTenantRole(at=at, number=number, extent=extent, role=not source.integer(0, 1))
            case 4:
                return self._delegate(at + source.choice(SETTLED))
            case _:
                return self._act_as(at + source.choice(SETTLED), elsewhere=not source.integer(0, 3))

    def _grant(self, at: float) -> AnyAction:
        source, number = self._source, self._source.integer(1, 2)
        lends = not source.integer(0, 4)
        verbs: tuple[workload.Verb, ...] = source.choice(((self._verb,), VERBS[:2], (self._verb, "get"), ("*",)))
        return workload.GrantTenantRole(
            at=at,
            number=number,
            verbs=("create",) if lends and source.integer(0, 3) else verbs,
            thing="role" if lends else self._thing,
            which=0 if lends else source.choice((0, 0, 1)),
            extent=self._extents[number - 1],
            to="alice" if source.integer(0, 2) else "team",
        )

    def _act_as(self, at: float, *, elsewhere: bool) -> AnyAction:
        source = self._source
        return workload.ActAs(
            at=round(at, 3),
            person=source.choice(PEOPLE),
            verb=source.choice((self._verb, self._verb, *VERBS)),
            thing=self._thing,
            number=source.integer(1, 2),
            asks=not source.integer(0, 3),
            elsewhere=elsewhere,
        )

    def _lending(self, at: float) -> list[AnyAction]:
        """Alice may create roles and bindings, and has a right herself; she passes that on, and Bob uses it."""
        verb, lends, used = self._verb, round(at + SETTLED[0], 3), round(at + 2 * SETTLED[0], 3)
        held, creates = self._extents
        return [
            workload.GrantTenantRole(at=at, number=1, verbs=(verb,), thing=self._thing, extent=held),
            workload.GrantTenantRole(at=at, number=2, verbs=("create",), thing="role", extent=creates),
            workload.DelegateRole(at=lends, person="alice", to="bob", number=1, verbs=(verb,), thing=self._thing),
            workload.ActAs(at=used, person="bob", verb=verb, thing=self._thing, number=self._source.integer(1, 2)),
        ]

    def _delegate(self, at: float) -> AnyAction:
        source = self._source
        verbs: tuple[workload.Verb, ...] = source.choice(((self._verb,), VERBS[:2]))
        number = source.integer(1, 3)
        return workload.DelegateRole(
            at=round(at, 3), person="alice", to="bob", number=number, verbs=verbs, thing=self._thing
        )
