"""The actor framework: mailboxes, refs, supervision, timers, and two drivers that run the same actors.

Senders: all rooms above. It sends nothing of its own; it delivers.

What users write and call:

    actor.py            the base class and its dispatch table       ref.py              tell, send, ask
    context.py          what an actor can do                        later.py            promises to reply
    system.py           the driver for asyncio and trio             sim_system.py       the deterministic driver
    mailbox.py          capacity, overflow policy, priorities       supervision.py      strategies, as in OTP
    router.py           one ref for many actors                     topic.py            publish and subscribe
    stream.py           messages for ordinary code                  batch.py            request batching
    circuit_breaker.py  calls that fail fast                        threads.py          pools for blocking work
    caller.py           whether a reply is still awaited
    waits.py            what a handler can wait for                 errors.py           errors, by condition

What runs an actor:

    kernel.py           run queue, the tree                         cell.py             an actor's place in it
    crank.py            the one hot loop                            activation.py       `async def` handlers
    asks.py             requests, queued or inline                  deadlines.py        timeouts of asks
    envelope.py         what is in a mailbox                        overflow.py         full mailboxes, back-pressure
    starting.py         how an instance starts                      stopping.py         how an actor terminates
    graceful_stop.py    stops that take time                        supervisor.py       what a parent does on failure
    behaviour.py        `become`                                    stash.py            messages put aside
    death_watch.py      watch and links                             pipe.py             background work
    timers.py           due times                                   keyed_timers.py     an actor's timers
    callbacks.py        calls on behalf of an actor                 cold_state.py       what most actors never have
    dead_letters.py     messages nobody handles                     registry.py         actors by name
    states.py           the states of an actor                      labels.py           names of run-queue entries
    random_streams.py   seeded randomness                           identifiers.py      UUIDs as text
    logs.py             the actors' log                             walltime.py         wall time as text

The drivers' parts:

    driver.py           what the kernel needs of a driver           pump.py             tasks that turn the crank
    parking.py          how tasks wait in an event loop             continuation.py     handlers in tasks of their own
    slow_handlers.py    warnings about them                         schedules.py        the simulator's next choice
    foreign.py          awaits that cannot be simulated             guards.py           calls that cannot

What observes a system:

    statistics.py       actors, from outside                        census.py           messages by class
    top.py              who is busy, from two snapshots             terminal.py         a live view of that
    metrics.py          for Prometheus                              tracing.py          for OpenTelemetry
    trace_hooks.py      where tracing joins in

It knows no Kubernetes. Its behaviour follows Erlang/OTP (supervision, monitors and links, ordered shutdown) and Akka
(typed refs, ask, stash, become, mailboxes with an overflow policy).
"""

from kubeactors.actor.actor import Actor, handle
from kubeactors.actor.batch import Batch
from kubeactors.actor.caller import Caller
from kubeactors.actor.census import Census, Count, counted
from kubeactors.actor.circuit_breaker import CircuitBreaker, CircuitOpen
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
from kubeactors.actor.later import Later
from kubeactors.actor.logs import Logger
from kubeactors.actor.mailbox import Mailbox, Overflow
from kubeactors.actor.ref import Ref
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
    "Caller",
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
