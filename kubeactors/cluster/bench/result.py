"""The results as Structs: the output of `--output json`, and the input of reports."""

import msgspec

from kubeactors.cluster.bench.latency import CallLatencies, Latencies


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a step."""

    step: str
    """A description in words."""
    action: str
    """The action's name in a scenario: `create`, `churn`, ..."""
    seconds: float
    pods: int
    """The number of pods that reached Running during the step."""
    pods_per_second: float
    startup_latency_seconds: Latencies
    """Of those pods: from creation to Running. Pods of controllers count from when they are first seen."""
    begun_at: float = 0.0
    """Seconds since the first step began."""
    complete: bool = True
    detail: str = ""
    """Why it is not complete; or a remark."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of the running cluster. Rates and shares are of the time since the last sample."""

    at: float
    """Seconds since the first step began."""
    created: int
    """The number of pods that the scenario itself has created so far, without those of controllers."""
    running: int
    """The number of pods that have reached Running so far."""
    pods_per_second: float
    startup_p50: float | None
    startup_p99: float | None
    """Of pods that reached Running since the last sample; None if there were none."""
    rss_bytes: int
    mailboxes: dict[str, int]
    """Waiting messages by class of actor; empty mailboxes are left out."""
    busy: dict[str, float]
    """The share of time in handlers by class of actor, estimated; idle ones are left out."""


class ActorUse(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a class of actors over the whole run."""

    actor: str
    actors: int
    messages: int
    messages_per_pod: float
    busy_seconds: float
    """Time in handlers, estimated."""
    deepest_mailbox: int
    """The highest number of waiting messages seen, over all of them together."""


class MessageCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often actors of a class handled a kind of message, per pod that reached Running."""

    actor: str
    message: str
    count: int
    per_pod: float


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement. `pods` reached Running, `seconds` is from the first step's start to the last's end."""

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
    """Whether all steps were done, and all pods are as wanted."""
    interrupted: bool = False
    detail: str = ""
    """Why no step was begun, if so."""
    scenario: str = ""
    machine: str = ""
    steps: tuple[StepResult, ...] = ()
    api_latency_seconds: dict[str, CallLatencies] = {}
    """Of the scenario's own requests, and of a probe that gets, lists and patches a ConfigMap four times a second."""
    startup_percentiles: tuple[float, ...] = ()
    """The 0th to the 100th percentile of start-up latencies, in seconds."""
    actors: tuple[ActorUse, ...] = ()
    samples: tuple[Sample, ...] = ()
    messages: tuple[MessageCount, ...] = ()
    """With `--profile` only; the most frequent first."""
    stacks: dict[str, int] = {}
    """With `--profile` only: folded stacks, and how often each was sampled."""
