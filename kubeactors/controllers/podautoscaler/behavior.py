"""Limits and stabilizes the scaling of an autoscaler, by the recent past.

Source: pkg/controller/podautoscaler/horizontal.go, normalizeDesiredReplicas and stabilizeRecommendation (v1.36).
"""

from collections.abc import Iterable

import msgspec

from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscalerSpec, HPAScalingRules
from kubeactors.api.autoscaling.v2.autoscaler import BY_PODS, DISABLED, MIN
from kubeactors.apimachinery.time import SECOND

WINDOW_SECONDS = 300
"""The default stabilization window for scaling down, in seconds."""

_WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
_TOO_FAST_UP = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_TOO_FAST_DOWN = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
_READY = ("ReadyForNewScale", "recommended size matches current size")
_HIGHEST = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
_LOWEST = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)


class Memory:
    """Recent recommendations and scale events: (nanoseconds of the monotonic clock, number of pods)."""

    def __init__(self) -> None:
        self.recommended: list[tuple[int, int]] = []
        self.added: list[tuple[int, int]] = []
        self.removed: list[tuple[int, int]] = []

    def scaled(self, before: int, after: int, now: int) -> None:
        """Note a change of the scale."""
        if after > before:
            self.added.append((now, after - before))
        elif after < before:
            self.removed.append((now, before - after))

    def forget(self, seconds: int, now: int) -> None:
        """Drop what is older than this."""
        since = now - seconds * SECOND
        for kept in (self.recommended, self.added, self.removed):
            kept[:] = [one for one in kept if one[0] >= since]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The number of pods, and reasons and messages of the conditions AbleToScale and ScalingLimited."""

    replicas: int
    able: tuple[str, str] = _READY
    limited: tuple[str, str] = _WITHIN

    @property
    def is_limited(self) -> bool:
        """Whether a limit, and not the metrics, determined the number."""
        return self.limited is not _WITHIN


def decide(spec: HorizontalPodAutoscalerSpec, current: int, wanted: int, memory: Memory, now: int) -> Decision:
    """The number of pods, given the recommendation `wanted`, which is remembered."""
    behavior = spec.behavior
    up = behavior.scale_up if behavior is not None else None
    down = behavior.scale_down if behavior is not None else None
    stable, able = _stabilized(current, wanted, memory, now, _window(up, 0), _window(down, WINDOW_SECONDS))
    if behavior is None:
        stable, able = _highest(wanted, memory, now)
    memory.recommended.append((now, wanted))
    memory.forget(max(_longest(up), _longest(down), WINDOW_SECONDS), now)
    least, most = 1 if spec.min_replicas is None else spec.min_replicas, spec.max_replicas
    if up is None or down is None:
        replicas, limited = _bounded(current, stable, least, most)
    else:
        replicas, limited = _rate_limited(current, stable, (least, most), (up, down), memory, now)
    return Decision(replicas=replicas, able=able, limited=limited)


def _highest(wanted: int, memory: Memory, now: int) -> tuple[int, tuple[str, str]]:
    """The highest recommendation of the last minutes."""
    highest = max([wanted, *_since(memory.recommended, WINDOW_SECONDS, now)])
    return highest, _READY if highest == wanted else _HIGHEST


def _stabilized(  # noqa: PLR0913, PLR0917 -- the inputs of the decision
    current: int, wanted: int, memory: Memory, now: int, up_seconds: int, down_seconds: int
) -> tuple[int, tuple[str, str]]:
    """The current number, moved only as far as all recommendations of the window agree."""
    lowest = min([wanted, *_since(memory.recommended, up_seconds, now)])
    highest = max([wanted, *_since(memory.recommended, down_seconds, now)])
    stable = min(max(current, lowest), highest)
    if stable == wanted:
        return stable, _READY
    return stable, _LOWEST if wanted > stable else _HIGHEST


def _bounded(current: int, wanted: int, least: int, most: int) -> tuple[int, tuple[str, str]]:
    """The number within the bounds, and at most twice the current one, or four."""
    fastest = max(2 * current, 4)
    if wanted < least:
        return least, _TOO_FEW
    if wanted > min(most, fastest):
        return (fastest, _TOO_FAST_UP) if most > fastest else (most, _TOO_MANY)
    return wanted, _WITHIN


def _rate_limited(  # noqa: PLR0913, PLR0917 -- the inputs of the decision
    current: int,
    wanted: int,
    bounds: tuple[int, int],
    rules: tuple[HPAScalingRules, HPAScalingRules],
    memory: Memory,
    now: int,
) -> tuple[int, tuple[str, str]]:
    """The number within the bounds, moved no faster than the policies allow."""
    least, most = bounds
    if wanted > current:
        limit = max(up_limit(current, rules[0], memory, now), current)
        if wanted > min(limit, most):
            return (limit, _TOO_FAST_UP) if most > limit else (most, _TOO_MANY)
    elif wanted < current:
        limit = min(down_limit(current, rules[1], memory, now), current)
        if wanted < max(limit, least):
            return (limit, _TOO_FAST_DOWN) if least < limit else (least, _TOO_FEW)
    return wanted, _WITHIN


def up_limit(current: int, rules: HPAScalingRules, memory: Memory, now: int) -> int:
    """The upper limit for now; without policies the current number.

    >>> from kubeactors.api.autoscaling.v2.defaults import SCALE_UP
    >>> up_limit(3, SCALE_UP, Memory(), 0), up_limit(10, SCALE_UP, Memory(), 0)
    (7, 20)
    """
    if rules.select_policy == DISABLED:
        return current
    limits: list[int] = []
    for policy in rules.policies or ():
        start = _start(current, memory, policy.period_seconds, now)
        limits.append(start + policy.value if policy.type == BY_PODS else -(-start * (100 + policy.value) // 100))
    return min(limits, default=current) if rules.select_policy == MIN else max(limits, default=current)


def down_limit(current: int, rules: HPAScalingRules, memory: Memory, now: int) -> int:
    """The lower limit for now; without policies the current number."""
    if rules.select_policy == DISABLED:
        return current
    limits: list[int] = []
    for policy in rules.policies or ():
        start = _start(current, memory, policy.period_seconds, now)
        limits.append(start - policy.value if policy.type == BY_PODS else -(-start * (100 - policy.value) // 100))
    return max(limits, default=current) if rules.select_policy == MIN else min(limits, default=current)


def _start(current: int, memory: Memory, seconds: int, now: int) -> int:
    """The number of pods at the start of the period."""
    return current - sum(_since(memory.added, seconds, now)) + sum(_since(memory.removed, seconds, now))


def _since(events: Iterable[tuple[int, int]], seconds: int, now: int) -> list[int]:
    return [count for time, count in events if time > now - seconds * SECOND]


def _window(rules: HPAScalingRules | None, default: int) -> int:
    if rules is None or rules.stabilization_window_seconds is None:
        return default
    return rules.stabilization_window_seconds


def _longest(rules: HPAScalingRules | None) -> int:
    if rules is None:
        return 0
    return max([_window(rules, WINDOW_SECONDS), *(policy.period_seconds for policy in rules.policies or ())])
