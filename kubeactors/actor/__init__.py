"""The actor framework: mailboxes, refs, supervision, timers, and two drivers that run the same actors.

Who sends to it: everybody above. What it sends: nothing of its own; it delivers.

    actor.py        the base class and its dispatch table       ref.py          tell, send, ask
    cell.py         an actor's place: mailbox, state, family    waits.py        what a handler can wait for
    extras.py       what most actors never have                 beginnings.py   how an actor begins
    stash.py        messages put aside                          endings.py      how an actor ends
    ties.py         death watch and links                       context.py      what an actor can do
    kernel.py       run queue, asks, the tree                   driver.py       what the kernel needs of others
    system.py       the driver for asyncio and trio             pump.py         its tasks, which turn the crank
    sim_system.py   the deterministic driver                    deadlines.py    when asks are given up
    rest.py         handlers that await the event loop          schedules.py    the simulator's choice of the next
    activation.py   handlers that have begun                    supervision.py  strategies, as in OTP
    crank.py        the one hot loop                            parking.py      how tasks wait in an event loop
    envelope.py     what stands in a mailbox                    timers.py       due times
    mailbox.py      bounds, policies, keys, urgency             farewell.py     ordered stop with time for handlers
    statistics.py   what is seen from outside                   registry.py     actors by name
    census.py       messages by actor and class                 identifiers.py  UUIDs as text
    router.py       one ref for many actors                     topic.py        publish and subscribe
    stream.py       actors' messages for ordinary code          helpers.py      batches, circuit breaker
    overdue.py      handlers that take too long                 metrics.py      for Prometheus
    threads.py      pools for blocking work                     tracing.py      for OpenTelemetry
    top.py          who is busy, from two snapshots             terminal.py     a live view of that
    foreign.py      awaits that cannot be simulated             fences.py       calls that cannot
    errors.py       what goes wrong, by condition           states.py       the states of an actor
    logs.py         the log that actors write               walltime.py     wall time as text
    supervisor.py   what becomes of who has failed          pipe.py         work whose result an actor tells itself

It knows no Kubernetes. Its behaviour follows Erlang/OTP (supervision, links between parent and children, ordered
stop) and Akka (typed refs, ask, mailboxes with a policy).
"""

from kubeactors.actor.actor import Actor, handle
from kubeactors.actor.census import Census, Count, counted
from kubeactors.actor.context import Context
from kubeactors.actor.errors import (
    ActorError,
    ActorFailed,
    ActorStopped,
    AskCycle,
    AskError,
    AskTimedOut,
    DeadLetter,
    Exit,
    ForeignAwait,
    ForeignCall,
    ForeignError,
    LinkedActorFailed,
    MailboxFull,
    RestartIntensityExceeded,
    SystemFailed,
    SystemNotRunning,
    Terminated,
    WrongThread,
)
from kubeactors.actor.helpers import Batch, CircuitBreaker, CircuitOpen
from kubeactors.actor.logs import Logger
from kubeactors.actor.mailbox import Mailbox, Overflow
from kubeactors.actor.ref import Later, Ref
from kubeactors.actor.registry import Name
from kubeactors.actor.router import Broadcast, ConsistentHash, LeastLoaded, RoundRobin, Router
from kubeactors.actor.schedules import Fifo, RandomDelays, Schedule
from kubeactors.actor.sim_system import SimSystem
from kubeactors.actor.statistics import ActorStatistics, ClassTotals, Snapshot
from kubeactors.actor.stream import MessageStream, StreamInUse, StreamOverflowed
from kubeactors.actor.supervision import INDEPENDENT, Restart, Strategy, Supervision
from kubeactors.actor.system import ActorSystem
from kubeactors.actor.threads import ThreadPool, ThreadPoolFull
from kubeactors.actor.timers import Timer
from kubeactors.actor.topic import Missed, Publish, Published, Subscribe, Topic, Unsubscribe
from kubeactors.actor.waits import Gate, Wait

__all__ = [
    "INDEPENDENT",
    "Actor",
    "ActorError",
    "ActorFailed",
    "ActorStatistics",
    "ActorStopped",
    "ActorSystem",
    "AskCycle",
    "AskError",
    "AskTimedOut",
    "Batch",
    "Broadcast",
    "Census",
    "CircuitBreaker",
    "CircuitOpen",
    "ClassTotals",
    "ConsistentHash",
    "Context",
    "Count",
    "DeadLetter",
    "Exit",
    "Fifo",
    "ForeignAwait",
    "ForeignCall",
    "ForeignError",
    "Gate",
    "Later",
    "LeastLoaded",
    "LinkedActorFailed",
    "Logger",
    "Mailbox",
    "MailboxFull",
    "MessageStream",
    "Missed",
    "Name",
    "Overflow",
    "Publish",
    "Published",
    "RandomDelays",
    "Ref",
    "Restart",
    "RestartIntensityExceeded",
    "RoundRobin",
    "Router",
    "Schedule",
    "SimSystem",
    "Snapshot",
    "Strategy",
    "StreamInUse",
    "StreamOverflowed",
    "Subscribe",
    "Supervision",
    "SystemFailed",
    "SystemNotRunning",
    "Terminated",
    "ThreadPool",
    "ThreadPoolFull",
    "Timer",
    "Topic",
    "Unsubscribe",
    "Wait",
    "WrongThread",
    "counted",
    "handle",
]
