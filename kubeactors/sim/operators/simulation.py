"""The run of a plan with an operator in the cluster."""

from collections.abc import Mapping
from functools import partial
from traceback import walk_tb

from kubeactors.actor.foreign import package_of
from kubeactors.actor.guards import guarded
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.requests import ADMIN
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client
from kubeactors.cluster.plane import Guest
from kubeactors.sim.chaos.faults import AnyFault, OwnFault
from kubeactors.sim.invariants import ALL, CONVERGES, NO_FAILURE, NO_LIVELOCK, QUIESCES, RAISES, Invariant
from kubeactors.sim.invariants.client import InformerCachesEqualStore
from kubeactors.sim.operators.checks import Always, Quiet, invariants_of
from kubeactors.sim.operators.component import OperatorProcess, Report
from kubeactors.sim.operators.declared import Declared, F, OperatorError
from kubeactors.sim.operators.operator import Operator, begin, perform
from kubeactors.sim.operators.unchanged import UNCHANGED, unchanged_objects
from kubeactors.sim.operators.view import ClusterView
from kubeactors.sim.plan import Plan
from kubeactors.sim.processes import OPERATOR
from kubeactors.sim.simulation import BOOT_SECONDS, QUIET_SECONDS, Simulation
from kubeactors.sim.user import OwnActions
from kubeactors.sim.workload import OwnAction

OURS = "kubeactors"
"""Our own package, whose lines tell an operator's author nothing."""
RETURNS = "reconcile-returns"
"""The invariant that a call of the operator's code returns: keys wait for their turn."""
LONGEST_CALL_SECONDS = 600.0
"""How long a call may take in a quiet cluster."""


class OperatorSimulation(Simulation):
    """A cluster with an operator: checks its own invariants, that it raises nothing, and that it becomes quiet.

    Args:
        plan: the scenario.
        operator: under test.
        also: names of invariants of the control plane to check as well.
        record: whether to record the order, see `Simulation`.
    """

    def __init__(self, plan: Plan, operator: Operator, also: tuple[str, ...] = (), *, record: bool = False) -> None:
        others = tuple(one for one in ALL if one.name in also)
        unchanged = unchanged_objects(operator.watches)
        super().__init__(
            plan, (unchanged, *invariants_of_operator(operator), InformerCachesEqualStore, *others), record=record
        )
        self._operator = operator
        self._view = ClusterView(self.world, self.sim.kernel)
        self.guests: Mapping[str, Guest] = {
            OPERATOR: partial(
                OperatorProcess,
                operator,
                Report(raised=self._raised, began=self._began, ended=self._ended, mistaken=self._mistaken),
            )
        }
        self.raised: Exception | None = None
        """The first exception of the operator's code."""
        self._calls: dict[str, int] = {}
        """The keys that are being reconciled, and since when."""
        self.own_action: OwnActions = self._act
        self.chaos.own = self._break

    def boot(self) -> bool:
        """Start the cluster, and create the definitions of the operator's custom kinds."""
        if not super().boot():
            return False
        client = self._client()
        for one in self._operator.definitions:
            self.sim.play(client.create(one))
        return self.sim.run_until(self._established, BOOT_SECONDS)

    def _established(self) -> bool:
        found = self.world.of(CustomResourceDefinition).values()
        wanted = {one.metadata.name for one in self._operator.definitions}
        there = {
            one.metadata.name
            for one in found
            if any(it.type == "Established" and it.status == "True" for it in one.status.conditions or ())
        }
        return wanted <= there

    def _client(self) -> Client:
        return Client(self.transport, ADMIN, scheme=self._operator.scheme)

    def _converges(self) -> bool:
        """Do not wait for workloads: the operator may want something else."""
        return self._passes(0.0)

    # Declared actions and faults.

    async def _act(self, action: OwnAction) -> None:
        try:
            await guarded(f"the action {action.name}", partial(act, self._operator, action, self._client()))
        except StatusError:
            raise
        except Exception as error:  # noqa: BLE001 -- it is raised again when the run ends
            self._mistaken(OperatorError(f"the action {action.name} raised {error!r}"), error)

    def _break(self, fault: OwnFault) -> tuple[AnyFault, ...]:
        try:
            return begin(_found(self._operator.faults, fault.name, "fault"), self._view, fault.arguments)
        except Exception as error:  # noqa: BLE001 -- the same
            self._mistaken(OperatorError(f"the fault {fault.name} raised {error!r}"), error)
            return ()

    def _settles(self) -> bool:
        """Calls of the operator's code that are in progress must return as well; new calls are allowed."""
        quiet_since = self.sim.now
        end = quiet_since + int(LONGEST_CALL_SECONDS * SECOND)
        while (called := self._oldest_call()) and called[1] <= quiet_since:
            if self.sim.now >= end:
                seconds = (self.sim.now - called[1]) / SECOND
                self.judge.object(RETURNS, f"at {called[0]}: the call of {seconds:g} s ago has not returned")
                return False
            if not self._passes(QUIET_SECONDS):
                return False
        return super()._settles()

    def _oldest_call(self) -> tuple[str, int] | None:
        """The key and start of the oldest call in progress."""
        return min(self._calls.items(), key=lambda one: one[1], default=None)

    def _began(self, key: str) -> None:
        self._calls[key] = self.sim.now

    def _ended(self, key: str) -> None:
        self._calls.pop(key, None)

    def _raised(self, key: str, error: Exception) -> None:
        self.raised = self.raised or error
        self.judge.object(RAISES, f"at {key}: {error!r}{_where(error)}")

    def _mistaken(self, error: Exception, cause: Exception | None = None) -> None:
        if cause is not None:
            error.__cause__ = cause
        self.judge.give_up(error)


async def act(operator: Operator, action: OwnAction, client: Client) -> None:
    """Perform a declared action.

    Raises:
        OperatorError: it is no longer declared.
    """
    declared = _found(operator.actions, action.name, "action")
    await perform(declared, client, action.arguments)


def invariants_of_operator(operator: Operator) -> tuple[type[Invariant], ...]:
    """The invariants that were declared for it."""
    return (*invariants_of(operator.always, Always), *invariants_of(operator.quiet, Quiet))


def names_of(operator: Operator) -> tuple[str, ...]:
    """The names of all invariants that an operator must satisfy."""
    own = (one.name for one in invariants_of_operator(operator))
    return (
        *own,
        RAISES,
        RETURNS,
        UNCHANGED,
        InformerCachesEqualStore.name,
        QUIESCES,
        NO_LIVELOCK,
        NO_FAILURE,
        CONVERGES,
    )


def _found(declared: Mapping[str, Declared[F]], name: str, what: str) -> Declared[F]:
    if name not in declared:
        raise OperatorError(f"no {what} is named {name!r}; there are {', '.join(declared) or 'none'}")
    return declared[name]


def _where(error: Exception) -> str:
    """The last line of the operator's own code in the traceback, or else the last line."""
    lines = [(package_of(frame), frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [one for one in lines if one[0] != OURS]
    return "".join(f" ({file}:{line})" for _, file, line in (own or lines)[-1:])
