"""Groups failures by cause, approximately.

Failures of one cause violate the same invariant with the same wording; when they are shrunk, their plans also have the same
kinds of steps.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from kubeactors.sim.campaigns.batches import Found
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.steps import Fault, kind_of

Signature: TypeAlias = tuple[str, ...]

_NAMES = re.compile(r'"[^"]*"|\b[\w.-]*\d[\w.-]*\b')
"""Names in quotes, and words with digits."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Failures with the same wording: the first one, and the seeds of all."""

    found: Found
    seeds: tuple[int, ...]


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """A cause whose first failure was shrunk."""

    finding: Finding
    seeds: tuple[int, ...]


def wording(message: str) -> str:
    """A message with its names replaced.

    >>> wording('pod "default/web-5f7" is on node-1, and on node-2')
    'pod ? is on ?, and on ?'
    """
    return _NAMES.sub("?", message.split("\\n", maxsplit=1)[0])


def by_cause(found: Iterable[Found]) -> list[Cause]:
    """Failures grouped by wording, in the order of the first of each group."""
    groups: dict[Signature, list[Found]] = {}
    for one in found:
        groups.setdefault((one.violation.invariant, wording(one.violation.message)), []).append(one)
    return [Cause(found=group[0], seeds=tuple(one.seed for one in group)) for group in groups.values()]


def signature(finding: Finding) -> Signature:
    """The signature of a shrunk plan: the invariant and the kinds of faults, or of user actions if there is no fault."""
    steps = finding.plan.steps
    kinds = [kind_of(step) for step in steps if isinstance(step, Fault)] or [kind_of(step) for step in steps]
    return (finding.violation.invariant, *sorted(dict.fromkeys(kinds)))


def merged(shrunk: Sequence[Shrunk]) -> list[Shrunk]:
    """Merge causes with the same signature; the smallest plan represents them."""
    groups: dict[Signature, list[Shrunk]] = {}
    for one in shrunk:
        groups.setdefault(signature(one.finding), []).append(one)
    return [_one(group) for group in groups.values()]


def _one(group: Sequence[Shrunk]) -> Shrunk:
    best = min(group, key=lambda one: (len(one.finding.plan.steps), one.finding.plan.seed))
    return Shrunk(finding=best.finding, seeds=tuple(sorted(seed for one in group for seed in one.seeds)))
