"""A whole control plane in virtual time, and the run of a plan in it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from kubeactors.actor import Ref, SimSystem, SystemFailed
from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND, Supervision
from kubeactors.api import SCHEME
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.requests import ApiRequest, Get, List
from kubeactors.client import InProcessTransport, Transport
from kubeactors.client.transport import ApiMessage
from kubeactors.cluster.plane import NO_GUESTS, ControlPlane, GetApiServer, Guest, PlaneMessage, Shared
from kubeactors.sim.allowance import Allowance
from kubeactors.sim.bounds.goals import is_well, missing, renewed
from kubeactors.sim.bounds.rollouts import there_and_back_seconds
from kubeactors.sim.bounds.timers import is_due
from kubeactors.sim.chaos.chaos import Chaos
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.disk import Disk
from kubeactors.sim.invariants import (
    ALL,
    CONVERGED,
    NO_CIRCLES,
    NO_FAILURE,
    NOTHING_LEFT_UNDONE,
    SILENT,
    Invariant,
)
from kubeactors.sim.judge import Judge, Violation
from kubeactors.sim.network import Network
from kubeactors.sim.pace import Pace
from kubeactors.sim.plan import Plan
from kubeactors.sim.search import Deviation, Recorder, schedule_of
from kubeactors.sim.spec import spec_of
from kubeactors.sim.steps import Fault
from kubeactors.sim.tree import is_backing_off
from kubeactors.sim.user import Connection, OwnActions, Perform, User, UserMessage, nothing_declared
from kubeactors.sim.webhooks import WebhookPrograms
from kubeactors.sim.workload import AnyAction, OwnAction
from kubeactors.sim.world import World, told

PLANE = "cluster"
"""The control plane's name in the supervision tree."""
BOOT_SECONDS = 60.0
CONVERGE_SECONDS = 270.0
"""How long deployments may take to get what they want once faults have stopped; of one that is rolled, each pod. Less than the five minutes after which
Kubernetes tries again what nothing has woken: that hides a lost wake-up."""
LOOK_SECONDS = 5.0
"""How often it is looked whether they have, and inside components."""
JUST_SECONDS = 0.001
"""So long before a fault heals it is looked, too: what it has led to shows best then."""
QUIET_SECONDS = 30.0
"""How long nothing may be written before all counts as quiet, and after that as silent."""
LOOKS_BACK_SECONDS = 150.0
"""The same if there is an autoscaler: its window, and until it looks again. It may take several steps."""
SETTLE_SECONDS = 180.0
"""How long caches and endpoints may take to follow after that."""
RESTART_SECONDS = 20.0
"""How long those who have started anew are watched: longer than it takes to be elected."""
PATIENCE = 50_000
"""So many deliveries at one moment of virtual time are a livelock."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has shown."""

    violations: tuple[Violation, ...]
    virtual_seconds: float
    faults: dict[str, int]
    """How often each kind of fault fired."""
    actions: dict[str, int] = {}
    """How often each kind of what users do had an effect."""
    in_vain: dict[str, int] = {}
    """How often it had none."""
    messages: int
    revision: int
    """Of the store in the end."""

    @property
    def happened(self) -> tuple[str, ...]:
        """The kinds of faults that fired, and of what users did with an effect; each once, by name."""
        return tuple(sorted(kind for kind, count in {**self.faults, **self.actions}.items() if count))


class Simulation:
    """A cluster that lives in virtual time, with a user and with faults.

    Everything that happens in it is decided by the plan. Use `run` for a whole plan; or `boot`, and then `user` and
    `sim` to act, and `world` to look.

    Args:
        plan: what happens.
        invariants: what must hold.
        leader_elect: whether the only one of a kind holds a Lease, too.
        record: whether the order is noted: `tape` is how it differs from first in, first out.
    """

    def __init__(
        self,
        plan: Plan,
        invariants: Iterable[type[Invariant]] = ALL,
        *,
        leader_elect: bool = False,
        record: bool = False,
    ) -> None:
        self.plan = plan
        schedule = schedule_of(plan.schedule, plan.seed, plan.tape)
        self._recorder = Recorder(schedule) if record else None
        self.sim: SimSystem = SimSystem(
            plan.seed, schedule=schedule, queue=self._recorder, supervision=Supervision(), patience=PATIENCE
        )
        self.world: World = World()
        self.judge: Judge = Judge(self.sim.kernel, self.world, invariants)
        self.judge.on_end = self.sim.halt
        self.disk: Disk = Disk(self.judge.committed)
        self.network: Network = Network(self.sim.kernel)
        self.network.on_watch = self.judge.watched
        self.network.on_write = self.judge.asked
        self.network.on_served = self.judge.served
        self.network.on_stored = self.judge.store_asked
        self.network.on_store_events = self.judge.store_told
        self.pace: Pace = Pace(self.sim.kernel, self.world, plan)
        self.network.on_request = self._is_asked
        self.network.on_stretch = self._look_at_the_pace
        self.actions: Counter[str] = Counter()
        """How often users have done something of a kind."""
        self.in_vain: Counter[str] = Counter()
        """How often that had no effect: it was refused, or what it was about was not there."""
        self._judged = 0
        self._deadline = math.inf
        self.began: int = 0
        """When the plan began, in virtual nanoseconds."""
        self.chaos: Chaos = Chaos(self.sim.kernel, self.network, self.world, PLANE, self.disk, self.act)
        self.guests: Mapping[str, Guest] = NO_GUESTS
        """What else runs as a process of the cluster, by name."""
        self.own_action: OwnActions = nothing_declared
        """What users do that the author of an operator has declared."""
        self._spec = spec_of(plan, leader_elect=leader_elect)

    @property
    def tape(self) -> tuple[Deviation, ...]:
        """The order up to now, if it is recorded."""
        return tuple(self._recorder.deviations) if self._recorder is not None else ()

    # The cluster.

    def boot(self) -> bool:
        """Start it, until all nodes are ready; False if they do not become so."""
        self._start()
        return self.sim.run_until(lambda: self._is_over or self.is_up(), BOOT_SECONDS)

    def replace_plane(self) -> None:
        """Stop the whole control plane, nodes included, and start another one on the same disk."""
        self.sim.stop(self.user)
        self.sim.stop(self.plane)
        self._start()

    def _start(self) -> None:
        shared = Shared(None, SCHEME.copy())
        plane = partial(ControlPlane, self._spec, self.disk, shared, guests=self.guests, webhooks=WebhookPrograms)
        self.plane: Ref[PlaneMessage] = self.sim.spawn(plane, name=PLANE)
        server: Ref[ApiMessage] = self.sim.ask(self.plane, GetApiServer())
        self.transport: Transport = InProcessTransport(server)
        connection = Connection(self.transport, shared.scheme)
        user = partial(User, connection, self.world, self.own_action, self._has_done)
        self.user: Ref[UserMessage] = self.sim.spawn(user, name="user")

    def is_up(self) -> bool:
        """Whether all nodes are ready."""
        nodes = self.world.of(Node)
        return len(nodes) == self.plan.nodes and all(map(is_well, nodes.values()))

    # The run.

    def run(self, until: float | None = None, *, deadline: float = math.inf) -> Outcome:
        """Boot, let the plan happen, let everything converge, and see that it stays.

        Ends early at the first violation, and after `until` virtual seconds of the plan if that is given. What has
        shown itself before need not be waited for longer: at the virtual second `deadline` all ends.

        Raises:
            Mistake, ForeignError: an invariant raised; or an operator that is tested, or what was declared, is mistaken.
        """
        self._deadline = deadline
        try:
            self._run(until)
        except SystemFailed as error:
            self.judge.object(NO_FAILURE, str(error))
        if self.judge.mistake is not None:
            raise self.judge.mistake
        return self.outcome()

    def outcome(self) -> Outcome:
        """What has come of it by now."""
        return Outcome(
            violations=tuple(self.judge.violations),
            virtual_seconds=self.sim.now / SECOND,
            faults=dict(self.chaos.fired),
            actions=dict(self.actions),
            in_vain=dict(self.in_vain),
            messages=self.sim.kernel.total_handled(),
            revision=self.world.revision,
        )

    def _run(self, until: float | None) -> None:
        if not self.boot():
            self.judge.object(CONVERGED, f"the nodes are not ready after {BOOT_SECONDS:g} s")
            return
        self.arm()
        if until is not None:
            self._passes(until)
        elif self._passes(self.plan.ends_at) and self._converges() and self._becomes_quiet() and self._settles():
            self._finds_nothing_to_do()

    def arm(self) -> None:
        """Let the steps of the plan happen at their times, counted from now."""
        start = self.began = self.sim.now
        self._look_again()
        for step in self.plan.steps:
            if isinstance(step, Fault):
                self.chaos.arm(step, start)
                self.sim.kernel.at(start + int(max(step.heals_at - JUST_SECONDS, 0.0) * SECOND), self.judge.look)
            else:
                self.sim.kernel.at(start + int(step.at * SECOND), partial(self.act, step))

    def _look_again(self) -> None:
        self.judge.look()
        self.sim.kernel.at(self.sim.now + int(LOOK_SECONDS * SECOND), self._look_again)

    def act(self, action: AnyAction | OwnAction) -> None:
        """Let the user do something now."""
        self.user.tell(Perform(action))

    def _has_done(self, kind: str, has_effect: bool) -> None:  # noqa: FBT001 -- it is a callback
        (self.actions if has_effect else self.in_vain)[kind] += 1

    def _passes(self, seconds: float) -> bool:
        """Let time pass; False as soon as something is violated, or the deadline has come."""
        left = self._deadline - self.sim.now / SECOND
        if not self._is_over:
            self.sim.run(max(min(seconds, left), 0.0))
        self._judge_failures()
        return not self._is_over and left > seconds

    @property
    def _is_over(self) -> bool:
        return self.judge.is_over or self.pace.is_wasted

    def _is_asked(self, component: str, sender: Cell, request: ApiRequest[object]) -> None:
        self.pace.asked(component, sender, request)
        if isinstance(request, Get | List):
            self.judge.read(component, sender, request)

    def _look_at_the_pace(self) -> None:
        problem = self.pace.stretch()
        if problem:
            self.judge.object(NO_CIRCLES, problem)
        elif self.pace.is_wasted:
            self.sim.halt()

    def _converges(self) -> bool:
        """Wait until all is as wanted."""
        allowance, furthest = Allowance(self.sim.kernel, CONVERGE_SECONDS), renewed(self.world)
        while not allowance.is_used_up:
            if not self._passes(LOOK_SECONDS):
                return False
            if not next(missing(self.world), ""):
                return True
            allowance.wait_for_retries()
            if renewed(self.world) > furthest:
                furthest = renewed(self.world)
                allowance.begin_anew()
        self.judge.object(CONVERGED, f"{allowance.used} s after the last fault: {next(missing(self.world), '')}")
        return False

    def _becomes_quiet(self) -> bool:
        """Wait until nothing but heartbeats is written; it must stay so."""
        quiet, longest = QUIET_SECONDS, CONVERGE_SECONDS
        scalers = self.world.of(HorizontalPodAutoscaler).values()
        if scalers:
            quiet = LOOKS_BACK_SECONDS
            longest = CONVERGE_SECONDS + 3 * LOOKS_BACK_SECONDS + max(map(there_and_back_seconds, scalers))
        allowance = Allowance(self.sim.kernel, longest)
        while not allowance.is_used_up:
            noise = self.judge.noise.count
            if not self._passes(quiet):
                return False
            if self.judge.noise.count == noise:
                return True
            allowance.wait_for_retries()
        said = f"{allowance.used} s after all was as wanted, something is still written: {self.judge.noise.last}"
        self.judge.object(SILENT, said)
        return False

    def _settles(self) -> bool:
        """Everything must come to be as it should, soon: connections that broke may still be waiting for another try."""
        allowance = Allowance(self.sim.kernel, SETTLE_SECONDS)
        while not self.judge.settled():
            if allowance.is_used_up and not allowance.may_be_retried:
                self.judge.note_settled()
                return False
            if not self._passes(QUIET_SECONDS):
                return False
        return True

    def _finds_nothing_to_do(self) -> None:
        """Who starts anew, with fresh eyes, sees all that is there: it must find nothing that was left undone.

        Unless a controller waits to try again what has failed often: that it does at once when it starts. And unless
        time brings something to do.
        """
        wall = self.sim.kernel.wall + self.sim.now
        if is_backing_off(self.sim.kernel.root) or is_due(self.world, wall, RESTART_SECONDS):
            return
        revision = self.world.revision
        self.chaos.restart_controllers()
        if self._passes(RESTART_SECONDS):
            for one in self.world.deeds_since(revision):
                self.judge.object(NOTHING_LEFT_UNDONE, f"all was quiet, and after a restart {told(one)}")

    def _judge_failures(self) -> None:
        """No component fails by itself."""
        logged = self.sim.logged
        for number in range(self._judged, len(logged)):
            _, _, event, path, fields = logged[number]
            if event == "actor.failed" and SimulatedCrash.__name__ not in str(fields.get("error")):
                self.judge.object(NO_FAILURE, f"{path} failed: {fields.get('error')}")
        self._judged = len(logged)
