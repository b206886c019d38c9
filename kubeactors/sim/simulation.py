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
from kubeactors.sim.bounds.goals import is_healthy, unconverged, updated_and_ready
from kubeactors.sim.bounds.rollouts import round_trip_seconds
from kubeactors.sim.bounds.timers import is_due
from kubeactors.sim.chaos.chaos import Chaos
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.disk import Disk
from kubeactors.sim.invariants import (
    ALL,
    CONVERGES,
    NO_FAILURE,
    NO_LIVELOCK,
    QUIESCES,
    RESTARTS_CHANGE_NOTHING,
    Invariant,
)
from kubeactors.sim.judge import Judge, Violation
from kubeactors.sim.livelock import LivelockDetector
from kubeactors.sim.network import Network
from kubeactors.sim.plan import Plan
from kubeactors.sim.search import Deviation, Recorder, schedule_of
from kubeactors.sim.spec import spec_of
from kubeactors.sim.steps import Fault
from kubeactors.sim.time_limit import TimeLimit
from kubeactors.sim.tree import is_held_up
from kubeactors.sim.user import Connection, OwnActions, Perform, User, UserMessage, nothing_declared
from kubeactors.sim.webhooks import WebhookPrograms
from kubeactors.sim.workload import UserAction
from kubeactors.sim.world import World, described

PLANE = "cluster"
"""The control plane's name in the supervision tree."""
BOOT_SECONDS = 60.0
CONVERGE_SECONDS = 270.0
"""How long workloads may take to reach their desired state once all faults have healed; in a rollout, for each pod. Less
than the five minutes of Kubernetes' resyncs, which would hide a lost wake-up."""
LOOK_SECONDS = 5.0
"""How often that is checked, and components are inspected."""
JUST_SECONDS = 0.001
"""Components are inspected this long before a fault heals, too: its effects show best then."""
QUIET_SECONDS = 30.0
"""How long nothing may be written until the cluster counts as quiet, and then how long it must stay so."""
LOOKS_BACK_SECONDS = 150.0
"""The same if there is an autoscaler: its stabilization window and one sync period. It may scale in several steps."""
SETTLE_SECONDS = 180.0
"""How long caches and endpoints may take to catch up after that."""
RESTART_SECONDS = 20.0
"""How long restarted components are observed: longer than a leader election takes."""
PATIENCE = 50_000
"""More deliveries at the same virtual time than this are a livelock."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run."""

    violations: tuple[Violation, ...]
    virtual_seconds: float
    faults: dict[str, int]
    """How often each kind of fault took effect."""
    actions: dict[str, int] = {}
    """How often each kind of user action had an effect."""
    in_vain: dict[str, int] = {}
    """How often each kind of user action had none."""
    messages: int
    revision: int
    """Of the store at the end."""

    @property
    def happened(self) -> tuple[str, ...]:
        """The kinds of faults that took effect and of user actions that had one; each once, by name."""
        return tuple(sorted(kind for kind, count in {**self.faults, **self.actions}.items() if count))


class Simulation:
    """A cluster in virtual time, with a user and with faults.

    The plan decides everything that happens. Use `run` for a whole plan; or `boot`, and then `user` and `sim` to act,
    and `world` to inspect the store.

    Args:
        plan: the scenario.
        invariants: what must hold.
        leader_elect: whether a scheduler or controller manager without a rival takes part in leader election, too.
        record: whether to record the order of deliveries: `tape` is how it differs from first in, first out.
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
        self.livelock: LivelockDetector = LivelockDetector(self.sim.kernel, self.world, plan)
        self.network.on_request = self._is_asked
        self.network.on_interval = self._check_livelock
        self.actions: Counter[str] = Counter()
        """How often each kind of user action had an effect."""
        self.in_vain: Counter[str] = Counter()
        """How often each kind had none: it was rejected, or its object did not exist."""
        self._judged = 0
        self._deadline = math.inf
        self.began: int = 0
        """When the plan began, in virtual nanoseconds."""
        self.chaos: Chaos = Chaos(self.sim.kernel, self.network, self.world, PLANE, self.disk, self.act)
        self.guests: Mapping[str, Guest] = NO_GUESTS
        """Additional processes of the cluster, by name."""
        self.own_action: OwnActions = nothing_declared
        """Performs the user actions that the author of an operator has declared."""
        self._spec = spec_of(plan, leader_elect=leader_elect)

    @property
    def tape(self) -> tuple[Deviation, ...]:
        """The order of deliveries so far, if it is recorded."""
        return tuple(self._recorder.deviations) if self._recorder is not None else ()

    # The cluster.

    def boot(self) -> bool:
        """Start the cluster and wait until all nodes are ready; False if they do not become ready in time."""
        self._start()
        return self.sim.run_until(lambda: self._is_over or self.is_up(), BOOT_SECONDS)

    def replace_plane(self) -> None:
        """Stop the whole control plane, nodes included, and start another one on the same disk."""
        _ = self.sim.stop(self.user)
        _ = self.sim.stop(self.plane)
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
        return len(nodes) == self.plan.nodes and all(map(is_healthy, nodes.values()))

    # The run.

    def run(self, until: float | None = None, *, deadline: float = math.inf) -> Outcome:
        """Boot, execute the plan, wait until the cluster converges, and check that it stays converged.

        Ends early at the first violation, after `until` virtual seconds of the plan if given, and at the virtual second
        `deadline` of the run.

        Raises:
            Mistake, ForeignError: an invariant raised, or the operator under test or its declarations are wrong.
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
        """The result so far."""
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
            self.judge.object(CONVERGES, f"the nodes are not ready {BOOT_SECONDS:g} s after the start")
            return
        self.arm()
        if until is not None:
            self._passes(until)
        elif self._passes(self.plan.ends_at) and self._converges() and self._becomes_quiet() and self._settles():
            self._finds_nothing_to_do()

    def arm(self) -> None:
        """Schedule the steps of the plan at their times, counted from now."""
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

    def act(self, action: UserAction) -> None:
        """Let the user perform an action now."""
        self.user.tell(Perform(action))

    def _has_done(self, kind: str, has_effect: bool) -> None:  # noqa: FBT001 -- it is a callback
        (self.actions if has_effect else self.in_vain)[kind] += 1

    def _passes(self, seconds: float) -> bool:
        """Let virtual time pass; False as soon as an invariant is violated or the deadline has passed."""
        left = self._deadline - self.sim.now / SECOND
        if not self._is_over:
            self.sim.run(max(min(seconds, left), 0.0))
        self._judge_failures()
        return not self._is_over and left > seconds

    @property
    def _is_over(self) -> bool:
        return self.judge.is_over or self.livelock.is_inconclusive

    def _is_asked(self, component: str, sender: Cell, request: ApiRequest[object]) -> None:
        self.livelock.asked(component, sender, request)
        if isinstance(request, Get | List):
            self.judge.read(component, sender, request)

    def _check_livelock(self) -> None:
        problem = self.livelock.check()
        if problem:
            self.judge.object(NO_LIVELOCK, problem)
        elif self.livelock.is_inconclusive:
            self.sim.halt()

    def _converges(self) -> bool:
        """Wait until all workloads have reached their desired state."""
        limit, furthest = TimeLimit(self.sim.kernel, CONVERGE_SECONDS), updated_and_ready(self.world)
        while not limit.is_exceeded:
            if not self._passes(LOOK_SECONDS):
                return False
            if not next(unconverged(self.world), ""):
                return True
            limit.extend_if_held_up()
            if updated_and_ready(self.world) > furthest:
                furthest = updated_and_ready(self.world)
                limit.restart()
        self.judge.object(
            CONVERGES, f"{limit.elapsed_seconds} s after the last fault: {next(unconverged(self.world), '')}"
        )
        return False

    def _becomes_quiet(self) -> bool:
        """Wait until nothing but heartbeats is written for a while."""
        quiet, longest = QUIET_SECONDS, CONVERGE_SECONDS
        scalers = self.world.of(HorizontalPodAutoscaler).values()
        if scalers:
            quiet = LOOKS_BACK_SECONDS
            longest = CONVERGE_SECONDS + 3 * LOOKS_BACK_SECONDS + max(map(round_trip_seconds, scalers))
        limit = TimeLimit(self.sim.kernel, longest)
        while not limit.is_exceeded:
            count = self.judge.activity.count
            if not self._passes(quiet):
                return False
            if self.judge.activity.count == count:
                return True
            limit.extend_if_held_up()
        said = (
            f"{limit.elapsed_seconds} s after the cluster converged, components still write: {self.judge.activity.last}"
        )
        self.judge.object(QUIESCES, said)
        return False

    def _settles(self) -> bool:
        """Wait until every invariant of a quiet cluster holds: broken watches may still be backing off."""
        limit = TimeLimit(self.sim.kernel, SETTLE_SECONDS)
        while not self.judge.settled():
            if limit.is_exceeded and not limit.is_held_up:
                self.judge.note_settled()
                return False
            if not self._passes(QUIET_SECONDS):
                return False
        return True

    def _finds_nothing_to_do(self) -> None:
        """Restart the controllers: with fresh caches they must find nothing that was left undone.

        Skipped while a controller backs off, as it retries at once when it restarts, and if the passing of time alone
        brings work.
        """
        wall = self.sim.kernel.wall + self.sim.now
        if is_held_up(self.sim.kernel.root) or is_due(self.world, wall, RESTART_SECONDS):
            return
        revision = self.world.revision
        self.chaos.restart_controllers()
        if self._passes(RESTART_SECONDS):
            for one in self.world.changes_since(revision):
                self.judge.object(
                    RESTARTS_CHANGE_NOTHING, f"all was quiet, but after a restart of the controllers {described(one)}"
                )

    def _judge_failures(self) -> None:
        """A component must not fail, unless a simulated crash makes it."""
        logged = self.sim.logged
        for number in range(self._judged, len(logged)):
            _, _, event, path, fields = logged[number]
            if event == "actor.failed" and SimulatedCrash.__name__ not in str(fields.get("error")):
                self.judge.object(NO_FAILURE, f"{path} failed: {fields.get('error')}")
        self._judged = len(logged)
