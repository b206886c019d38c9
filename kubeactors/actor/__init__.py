"""The actor framework: mailboxes, refs, supervision, timers, and two drivers that run the same actors.

Who sends to it: everybody above. What it sends: nothing of its own; it delivers.

    actor.py        the base class and its dispatch table       ref.py          tell, send, ask
    cell.py         an actor's place: mailbox, state, family    waits.py        what a handler can wait for
    kernel.py       run queue, deadlines, supervision           context.py      what an actor can do
    system.py       the driver for asyncio and trio             sim_system.py   the deterministic driver
    schedules.py    the simulator's choice of the next          supervision.py  strategies, as in OTP

It knows no Kubernetes. Its behaviour follows Erlang/OTP (supervision, links between parent and children, ordered
stop) and Akka (typed refs, ask, mailboxes with a policy).
"""

from kubeactors.actor.actor import Actor, handle
from kubeactors.actor.context import Context
from kubeactors.actor.errors import (
    ActorError,
    ActorFailed,
    ActorStopped,
    AskCycle,
    AskError,
    AskTimedOut,
    DeadLetter,
    ForeignAwait,
    LinkedActorFailed,
    MailboxFull,
    RestartIntensityExceeded,
    SystemFailed,
    Terminated,
)
from kubeactors.actor.logs import Logger
from kubeactors.actor.mailbox import Mailbox, Overflow
from kubeactors.actor.ref import Later, Ref
from kubeactors.actor.schedules import Fifo, RandomDelays, Schedule
from kubeactors.actor.sim_system import SimSystem
from kubeactors.actor.statistics import ActorStatistics
from kubeactors.actor.supervision import Restart, Strategy, Supervision
from kubeactors.actor.system import ActorSystem
from kubeactors.actor.timers import Timer
from kubeactors.actor.waits import Gate, Wait

__all__ = [
    "Actor",
    "ActorError",
    "ActorFailed",
    "ActorStatistics",
    "ActorStopped",
    "ActorSystem",
    "AskCycle",
    "AskError",
    "AskTimedOut",
    "Context",
    "DeadLetter",
    "Fifo",
    "ForeignAwait",
    "Gate",
    "Later",
    "LinkedActorFailed",
    "Logger",
    "Mailbox",
    "MailboxFull",
    "Overflow",
    "RandomDelays",
    "Ref",
    "Restart",
    "RestartIntensityExceeded",
    "Schedule",
    "SimSystem",
    "Strategy",
    "Supervision",
    "SystemFailed",
    "Terminated",
    "Timer",
    "Wait",
    "handle",
]
