"""What was measured, as Structs: what `--output json` prints, and what reports are made of."""

import msgspec

from kubeactors.cluster.bench.latency import CallLatencies, Latencies


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of a scenario came to."""

    step: str
    """In words."""
    action: str
    """As the scenario calls it: `create`, `churn`, ..."""
    seconds: float
    pods: int
    """That came to run meanwhile."""
    pods_per_second: float
    startup_latency_seconds: Latencies
    """Of those pods: from creation to Running. Pods of controllers count from when they are first seen."""
    begun_at: float = 0.0
    """Seconds after the first step began."""
    complete: bool = True
    detail: str = ""
    """Why it is not complete; or what else there is to say."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the running cluster. Rates and shares are of the time since the last look."""

    at: float
    """Seconds after the first step began."""
    created: int
    """Pods that the scenario itself has created so far: not those of controllers."""
    running: int
    """Pods that have come to run so far."""
    pods_per_second: float
    startup_p50: float | None
    startup_p99: float | None
    """Of pods that came to run since the last look; None if there were none."""
    rss_bytes: int
    mailboxes: dict[str, int]
    """Messages that wait, by class of actor; those without any are left out."""
    busy: dict[str, float]
    """The share of time in handlers, by class of actor: an estimate; those that are idle are left out."""


class ActorUse(msgspec.Struct, frozen=True, kw_only=True):
    """All actors of one class together, over the whole run."""

    actor: str
    actors: int
    messages: int
    messages_per_pod: float
    busy_seconds: float
    """In handlers: an estimate."""
    deepest_mailbox: int
    """The most messages that were seen to wait for all of them together."""


class MessageCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often actors of a class handled a kind of message, for each pod that came to run."""

    actor: str
    message: str
    count: int
    per_pod: float


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. `pods` counts those that came to run, `seconds` is from the first step's begin to the last's end."""

    nodes: int
    pods: int
    seconds: float
    pods_per_second: float
    startup_latency_seconds: Latencies
    nodes_ready_seconds: float
    messages_per_pod: float
    peak_rss_bytes: int
    python: str
    complete: bool = True
    """Whether everything was done, and came to be as wanted."""
    interrupted: bool = False
    detail: str = ""
    """Why not a single step was begun, if that is so."""
    scenario: str = ""
    machine: str = ""
    steps: tuple[StepResult, ...] = ()
    api_latency_seconds: dict[str, CallLatencies] = {}
    """Of the scenario's own requests, and of a probe that reads, lists and patches a ConfigMap four times a second."""
    startup_percentiles: tuple[float, ...] = ()
    """The 0th to the 100th percentile of start-up latencies, in seconds."""
    actors: tuple[ActorUse, ...] = ()
    samples: tuple[Sample, ...] = ()
    messages: tuple[MessageCount, ...] = ()
    """Only with `--profile`; the most frequent first."""
    stacks: dict[str, int] = {}
    """Only with `--profile`: folded stacks, and how often each was seen."""
