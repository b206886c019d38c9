"""`fuzz`: looks for a scenario in which an operator does not do what it should."""

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
"""Of the causes so many lines are told; the page has them all."""

Test: TypeAlias = Callable[[], None]
Watches: TypeAlias = Kindly | Iterable[Kindly] | Mapping[Kindly, Keys]
Checks: TypeAlias = Check | Iterable[Check]


class FuzzFailed(AssertionError):
    """A scenario was found in which something does not hold. The message tells the story."""

    def __init__(self, finding: Finding, why: Sequence[str], replay: Path, page: Path, *, again: bool) -> None:
        self.finding: Finding = finding
        self.replay: Path = replay
        """The file by which it can be seen again."""
        self.page: Path = page
        """What shows everything in a browser."""
        more = [f"    and {len(why) - MOST_CAUSES} more lines"] if len(why) > MOST_CAUSES else []
        causes = ["why:", *(f"    {line}" for line in why[:MOST_CAUSES]), *more] if why else []
        again_by = f"again: kubeactors replay {replay}" if again else f"the plan is in {replay}"
        super().__init__("\n".join([*story(finding), *causes, f"explained: {page}", again_by]))


class Fuzz(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign for one operator: what a function made by `fuzz` does."""

    operator: Operator
    module: str
    """Where it was made."""
    scenarios: int
    seed: int
    report: Path
    also: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where a replay finds it, as `module:name` or `file.py:name`; empty if it cannot."""
        return place_in(self.module, lambda one: _campaign_of(one) is self)

    def simulation(self, plan: Plan, *, record: bool = False) -> OperatorSimulation:
        """A plan, ready to run; whether its order is to be recorded."""
        return OperatorSimulation(plan, self.operator, self.also, record=record)

    def run_plan(self, plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        """What becomes of a plan."""
        with collected_once():
            return self.simulation(plan).run(deadline=deadline)

    def recorded_order(self, plan: Plan) -> tuple[Deviation, ...]:
        """In which order things happen in a plan, the operator among them."""
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
        """Look, and make what is found small.

        Raises:
            FuzzFailed: something does not hold.
            NotReproducible: something does not hold, and not each time.
            Mistake, ForeignError: what was declared, or the operator, is mistaken.
        """
        __tracebackhide__ = True  # pytest shows what was found, and not how it was looked for
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
    """Fuzz an operator: a decorator of an invariant that must hold when all is quiet, or of the operator itself.

    With `reconcile` it decorates an invariant, and makes a test of it; without, it decorates `reconcile`. What it makes
    is a function without arguments that runs the campaign: pytest takes it as a test, a script calls it.

    The operator is a process of a simulated cluster: informers of what it watches and owns put keys into a work queue,
    and each of its `workers` calls `reconcile(client, key)` for one after the other. It may await only the client: its requests, and
    `client.sleep`. A `StatusError` that it raises is retried with back-off; anything else violates `reconcile-does-not-raise`.

    Args:
        reconcile: the operator.
        watches: the kinds it reconciles: Structs or names as kubectl knows them; or functions by kind that say which
            keys a change of an object is about.
        owns: kinds of objects that belong to watched ones: a change of one is about its controller.
        actions: what users do: `async def action(client, **arguments)`, with strategies of hypothesis for the
            arguments, or a function that draws them from a `Source`.
        faults: what else breaks: `def fault(cluster, **arguments)` yields typed faults of `kubeactors.sim.chaos.faults`;
            an argument `seconds` says after how long all is over (60).
        always: invariants that must hold after every write; functions of a `ClusterView`.
        quiet: invariants that must hold when faults are over and nobody writes any more.
        crds: manifests of custom kinds.
        workload: whether users also do what `kubeactors fuzz` lets them do; by default if there are no `actions`.
        kinds: which kinds of faults may happen.
        also: names of the control plane's own invariants that are judged as well.
        nodes: how many nodes the cluster has.
        workers: how many keys the operator looks at at the same time, never at one key twice: 1, as in
            controller-runtime (`MaxConcurrentReconciles`), or what kopf does if these are its handlers.
        scenarios: how many are run.
        seed: of the first; the others count up from it.
        report: the directory of the replay file.

    Raises:
        OperatorError: a kind is unknown, nothing is watched, an action or a fault does not take its arguments, or there is
            to be no scenario or no worker.
        UnknownName: a fault or an invariant is unknown; the known ones are listed.
    """
    definitions = definitions_of(_manifests(crds))
    scheme = scheme_with(definitions)
    watched = watched_kinds(scheme, watches, owns)
    wanted = _known_invariants(also)
    if scenarios < 1:
        raise OperatorError(f"{scenarios} scenarios test nothing; run one at least")
    if workers is not None and workers < 1:
        raise OperatorError(f"{workers} workers do nothing; an operator has one at least")
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
        NotFound: it cannot be imported, or is none.
    """
    campaign = _campaign_of(found_at(place))
    if campaign is None:
        raise NotFound(f"{place} is nothing that `fuzz` has made")
    return campaign


def _function(campaign: Fuzz, decorated: Callable[..., object]) -> Test:
    """What pytest takes as a test: a plain function."""

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
    """True for so many seconds of CPU."""
    end = time.process_time() + seconds  # noqa: TID251 -- who waits lives in real time
    return lambda: time.process_time() < end  # noqa: TID251 -- the same
