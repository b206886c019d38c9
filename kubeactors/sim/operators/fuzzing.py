"""`fuzz`: searches for scenarios in which an operator fails."""

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast, overload

import msgspec

from kubeactors.cluster.manifest import Manifest
from kubeactors.sim.campaigns.campaign import (
    Runs,
    Tally,
    known_faults,
    known_invariants,
    order_of,
    shrunk_if_reproducible,
    story,
    write_replay,
)
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.garbage import collected_once
from kubeactors.sim.campaigns.reproduction import NotReproducible
from kubeactors.sim.explain import recorded
from kubeactors.sim.explain.page import page
from kubeactors.sim.explain.why import because
from kubeactors.sim.invariants import RAISES
from kubeactors.sim.operators.checks import Check
from kubeactors.sim.operators.declared import Drawing, OperatorError, declared
from kubeactors.sim.operators.drawing import generate
from kubeactors.sim.operators.operator import (
    Act,
    Break,
    Handlers,
    Keys,
    Kindly,
    Operator,
    Reconcile,
    definitions_of,
    scheme_with,
    watched_kinds,
)
from kubeactors.sim.operators.places import NotFound, found_at, place_in
from kubeactors.sim.operators.simulation import OperatorSimulation
from kubeactors.sim.plan import FAULT_KINDS, Plan
from kubeactors.sim.search import Deviation
from kubeactors.sim.simulation import Outcome

DIRECTORY = Path("kubeactors-fuzz")
SHRINK_SECONDS = 20.0
MOST_CAUSES = 24
"""The maximum number of lines of causes in a message; the page has them all."""

Test: TypeAlias = Callable[[], None]
Watches: TypeAlias = Kindly | Iterable[Kindly] | Mapping[Kindly, Keys]
Checks: TypeAlias = Check | Iterable[Check]


class FuzzFailed(AssertionError):
    """A failing scenario was found. The message has the plan and the causes."""

    def __init__(self, finding: Finding, why: Sequence[str], replay: Path, page: Path, *, again: bool) -> None:
        self.finding: Finding = finding
        self.replay: Path = replay
        """The replay file."""
        self.page: Path = page
        """The HTML page that explains the failure."""
        more = [f"    and {len(why) - MOST_CAUSES} more lines"] if len(why) > MOST_CAUSES else []
        causes = ["why:", *(f"    {line}" for line in why[:MOST_CAUSES]), *more] if why else []
        again_by = f"reproduce: kubeactors replay {replay}" if again else f"the plan is in {replay}"
        super().__init__("\n".join([*story(finding), *causes, f"explanation: {page}", again_by]))


class Fuzz(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign for one operator: what a function made by `fuzz` runs."""

    operator: Operator
    module: str
    """The module that made it."""
    scenarios: int
    seed: int
    report: Path
    also: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Its place for replay files, as `module:name` or `file.py:name`; empty if it cannot be found again."""
        return place_in(self.module, lambda one: _campaign_of(one) is self)

    def simulation(self, plan: Plan, *, record: bool = False) -> OperatorSimulation:
        """The simulation of a plan, ready to run."""
        return OperatorSimulation(plan, self.operator, self.also, record=record)

    def run_plan(self, plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        """Run a plan."""
        with collected_once():
            return self.simulation(plan).run(deadline=deadline)

    def recorded_order(self, plan: Plan) -> tuple[Deviation, ...]:
        """The order of deliveries of a plan, with the operator."""
        return order_of(self.simulation(plan, record=True))

    @property
    def runs(self) -> Runs:
        """How its plans are run."""
        return Runs(self.run_plan, self.recorded_order, self.simulation)

    def generate(self, seed: int) -> Plan:
        """The plan of a seed."""
        return generate(self.operator, seed)

    def look(self) -> Tally:
        """Run scenarios until one fails, or all have passed."""
        operator = self.operator
        tally = Tally(faults=dict.fromkeys(operator.fault_kinds, 0), actions=dict.fromkeys(operator.action_kinds, 0))
        for seed in range(self.seed, self.seed + self.scenarios):
            plan = self.generate(seed)
            tally.add(plan, self.run_plan(plan))
            if tally.findings:
                break
        return tally

    def run(self) -> Tally:
        """Run scenarios, and shrink the first failure.

        Raises:
            FuzzFailed: an invariant was violated.
            NotReproducible: an invariant was violated, but not each time.
            Mistake, ForeignError: a declaration, or the operator's code, is wrong.
        """
        __tracebackhide__ = True  # pytest shows the finding, not the search
        tally = self.look()
        if not tally.findings:
            return tally
        try:
            finding = shrunk_if_reproducible(tally.findings[0], self.runs, go_on=_clock(SHRINK_SECONDS))
        except NotReproducible as error:
            error.add_note(f"the plan is in {write_replay(error.finding, self.report, self.place, note=error.parting)}")
            raise
        shown = self.simulation(finding.plan)
        place, records = self.place, recorded(shown)
        replay = write_replay(finding, self.report, place)
        html = replay.with_suffix(".html")
        html.write_text(page(records, title=replay.name, replay=f"kubeactors replay {replay}"), encoding="utf-8")
        failed = FuzzFailed(finding, because(records), replay, html, again=bool(place))
        raise failed from (shown.raised if finding.violation.invariant == RAISES else None)


@overload
def fuzz(
    reconcile: Reconcile,
    /,
    *,
    watches: Watches,
    owns: Kindly | Iterable[Kindly] = (),
    actions: Mapping[Act, Drawing] | Sequence[Act] = (),
    faults: Mapping[Break, Drawing] | Sequence[Break] = (),
    always: Checks = (),
    quiet: Checks = (),
    crds: Manifest | Sequence[Manifest] = (),
    workload: bool | None = None,
    kinds: Iterable[str] = FAULT_KINDS,
    also: Iterable[str] = (),
    nodes: int = 3,
    workers: int | None = None,
    scenarios: int = 100,
    seed: int = 0,
    report: Path = DIRECTORY,
) -> Callable[[Check], Test]: ...


@overload
def fuzz(
    *,
    watches: Watches,
    owns: Kindly | Iterable[Kindly] = (),
    actions: Mapping[Act, Drawing] | Sequence[Act] = (),
    faults: Mapping[Break, Drawing] | Sequence[Break] = (),
    always: Checks = (),
    quiet: Checks = (),
    crds: Manifest | Sequence[Manifest] = (),
    workload: bool | None = None,
    kinds: Iterable[str] = FAULT_KINDS,
    also: Iterable[str] = (),
    nodes: int = 3,
    workers: int | None = None,
    scenarios: int = 100,
    seed: int = 0,
    report: Path = DIRECTORY,
) -> Callable[[Reconcile], Test]: ...


def fuzz(  # noqa: PLR0913 -- the same
    reconcile: Reconcile | None = None,
    /,
    *,
    watches: Watches,
    owns: Kindly | Iterable[Kindly] = (),
    actions: Mapping[Act, Drawing] | Sequence[Act] = (),
    faults: Mapping[Break, Drawing] | Sequence[Break] = (),
    always: Checks = (),
    quiet: Checks = (),
    crds: Manifest | Sequence[Manifest] = (),
    workload: bool | None = None,
    kinds: Iterable[str] = FAULT_KINDS,
    also: Iterable[str] = (),
    nodes: int = 3,
    workers: int | None = None,
    scenarios: int = 100,
    seed: int = 0,
    report: Path = DIRECTORY,
) -> Callable[[Check], Test] | Callable[[Reconcile], Test]:
    """Fuzz an operator: decorates an invariant of the quiet cluster, or the operator itself.

    With `reconcile` as an argument it decorates an invariant, and makes a test of it; without, it decorates `reconcile`. The
    result is a function without arguments that runs the campaign: pytest collects it as a test, a script calls it.

    The operator is a process of a simulated cluster: informers of watched and owned kinds enqueue keys, and each of its
    `workers` calls `reconcile(client, key)` for one key at a time. It may await only the client: its requests, and
    `client.sleep`. A `StatusError` is retried with back-off; any other exception violates `reconcile-does-not-raise`.

    Args:
        reconcile: the operator.
        watches: the kinds that it reconciles: Structs or names as for kubectl; or functions by kind that map a changed
            object to keys.
        owns: kinds of owned objects: a change enqueues the key of the controller.
        actions: user actions: `async def action(client, **arguments)`, with hypothesis strategies for the arguments, or a
            function that draws them from a `Source`.
        faults: additional faults: `def fault(cluster, **arguments)` yields faults of `kubeactors.sim.chaos.faults`; an
            argument `seconds` says when all of them are over (60).
        always: invariants that must hold after every write; functions of a `ClusterView`.
        quiet: invariants that must hold when faults are over and the cluster is quiet.
        crds: manifests of custom kinds.
        workload: whether users also perform the actions of `kubeactors fuzz`; by default if there are no `actions`.
        kinds: the kinds of built-in faults that may happen.
        also: names of the control plane's own invariants to check as well.
        nodes: the number of nodes.
        workers: how many keys the operator reconciles concurrently, never one key twice: by default 1, as in
            controller-runtime (`MaxConcurrentReconciles`), or kopf's default for kopf handlers.
        scenarios: how many to run.
        seed: of the first scenario; the others count up from it.
        report: the directory of the replay file.

    Raises:
        OperatorError: a kind is unknown, nothing is watched, an action or a fault does not take its arguments, or there are
            no scenarios or no workers.
        UnknownName: a fault or an invariant is unknown; the known ones are listed.
    """
    definitions = definitions_of(_manifests(crds))
    scheme = scheme_with(definitions)
    watched = watched_kinds(scheme, watches, owns)
    wanted = _known_invariants(also)
    if scenarios < 1:
        raise OperatorError(f"scenarios must be at least 1, not {scenarios}")
    if workers is not None and workers < 1:
        raise OperatorError(f"workers must be at least 1, not {workers}")
    kinds, module = tuple(kinds), str(sys._getframe(1).f_globals["__name__"])  # noqa: SLF001 -- who decorates

    def campaign(code: Reconcile, checks: dict[str, Check], decorated: Callable[..., object]) -> Test:
        handlers = code if isinstance(code, Handlers) else None
        operator = Operator(
            reconcile=code,
            watches=watched,
            scheme=scheme,
            definitions=definitions,
            actions=declared(actions, "action"),
            faults=declared(faults, "fault"),
            always=_by_name(always),
            quiet={**_by_name(quiet), **checks},
            workload=not actions if workload is None else workload,
            kinds=known_faults(kinds) if kinds else (),
            nodes=nodes,
            handlers=handlers,
            workers=(1 if handlers is None else handlers.workers) if workers is None else workers,
        )
        made = Fuzz(operator=operator, module=module, scenarios=scenarios, seed=seed, report=report, also=wanted)
        return _function(made, decorated)

    if reconcile is None:
        return lambda code: campaign(code, {}, code)

    def of_check(check: Check) -> Test:
        return campaign(reconcile, {check.__name__: check}, check)

    return of_check


def fuzz_at(place: str) -> Fuzz:
    """The campaign at a place that a replay file names.

    Raises:
        NotFound: it cannot be imported, or is not a campaign.
    """
    campaign = _campaign_of(found_at(place))
    if campaign is None:
        raise NotFound(f"{place} was not made by `fuzz`")
    return campaign


def _function(campaign: Fuzz, decorated: Callable[..., object]) -> Test:
    """A plain function, which pytest collects as a test."""

    def run() -> None:
        __tracebackhide__ = True
        campaign.run()

    run.__name__, run.__qualname__ = decorated.__name__, decorated.__qualname__
    run.__module__, run.__doc__ = decorated.__module__, decorated.__doc__
    run.__dict__["fuzz"] = campaign
    return run


def _campaign_of(found: object) -> Fuzz | None:
    campaign = found if isinstance(found, Fuzz) else getattr(found, "fuzz", None)
    return campaign if isinstance(campaign, Fuzz) else None


def _by_name(checks: Checks) -> dict[str, Check]:
    return {one.__name__: one for one in ((checks,) if callable(checks) else checks)}


def _manifests(crds: Manifest | Sequence[Manifest]) -> Sequence[Manifest]:
    several = isinstance(crds, Sequence) and not isinstance(crds, str)
    return cast("Sequence[Manifest]", crds) if several else (cast("Manifest", crds),)


def _known_invariants(names: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(names)
    return tuple(one.name for one in known_invariants(wanted)) if wanted else ()


def _clock(seconds: float) -> Callable[[], bool]:
    """A function that is true for so many seconds of CPU."""
    end = time.process_time() + seconds  # noqa: TID251 -- the time limit is in real time
    return lambda: time.process_time() < end  # noqa: TID251 -- the same
