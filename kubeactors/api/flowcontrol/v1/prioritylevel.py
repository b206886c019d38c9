"""PriorityLevelConfiguration: the concurrency of a priority level.

Source: api/flowcontrol/v1/types.go, pkg/apis/flowcontrol/validation/validation.go, pkg/apis/flowcontrol/v1/defaults.go (v1.36).
"""

import math
from collections.abc import Iterator
from typing import Annotated

from msgspec.structs import replace

from kubeactors.api.flowcontrol.v1.flowschema import EXEMPT, validate_conditions
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.meta import (
    Object,
    Time,
    TypedObject,
    always,
    merge_by,
)

EXEMPT_TYPE, LIMITED_TYPE = "Exempt", "Limited"
QUEUE, REJECT = "Queue", "Reject"
"""The handling of requests beyond the limit."""

_SHARES = 30
_MAX_QUEUES = 10_000_000
_MAX_BITS = 60


class QueuingConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of queues, the number per flow (hand size), and the maximum queue length."""

    queues: int = always(0)
    hand_size: int = always(0)
    queue_length_limit: int = always(0)


class LimitResponse(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The handling of requests beyond the limit: Queue or Reject."""

    type: str = always("")
    queuing: QueuingConfiguration | None = None


class LimitedPriorityLevelConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A level's share of the server's concurrency, and how much it lends and borrows."""

    nominal_concurrency_shares: int | None = always(None)
    limit_response: LimitResponse = always(LimitResponse())
    lendable_percent: int | None = None
    borrowing_limit_percent: int | None = None


class ExemptPriorityLevelConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The share of an exempt level, and how much it lends."""

    nominal_concurrency_shares: int | None = None
    lendable_percent: int | None = None


class PriorityLevelConfigurationSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether requests of the level are limited (Limited) or not (Exempt), and how."""

    type: str = always("")
    limited: LimitedPriorityLevelConfiguration | None = None
    exempt: ExemptPriorityLevelConfiguration | None = None


class PriorityLevelConfigurationCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a priority level."""

    type: str = ""
    status: str = ""
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class PriorityLevelConfigurationStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The state of a priority level."""

    conditions: Annotated[tuple[PriorityLevelConfigurationCondition, ...], merge_by("type")] = ()


class PriorityLevelConfiguration(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The concurrency of a priority level."""

    api_version: str = "flowcontrol.apiserver.k8s.io/v1"
    kind: str = "PriorityLevelConfiguration"
    spec: PriorityLevelConfigurationSpec = always(PriorityLevelConfigurationSpec())
    status: PriorityLevelConfigurationStatus = always(PriorityLevelConfigurationStatus())


def default_priority_level(level: PriorityLevelConfiguration) -> PriorityLevelConfiguration:
    """Thirty shares, none of them lendable; 64 queues, if requests are queued."""
    spec = level.spec
    exempt, limited = spec.exempt, spec.limited
    if spec.type == EXEMPT_TYPE and exempt is None:
        exempt = ExemptPriorityLevelConfiguration()
    if exempt is not None:
        exempt = replace(
            exempt,
            nominal_concurrency_shares=exempt.nominal_concurrency_shares or 0,
            lendable_percent=exempt.lendable_percent or 0,
        )
    if limited is not None:
        limited = _default_limits(limited)
    return replace(level, spec=replace(spec, exempt=exempt, limited=limited))


def _default_limits(limited: LimitedPriorityLevelConfiguration) -> LimitedPriorityLevelConfiguration:
    shares, queuing = limited.nominal_concurrency_shares, limited.limit_response.queuing
    if queuing is not None:
        queuing = QueuingConfiguration(
            queues=queuing.queues or 64,
            hand_size=queuing.hand_size or 8,
            queue_length_limit=queuing.queue_length_limit or 50,
        )
    return replace(
        limited,
        nominal_concurrency_shares=_SHARES if shares is None else shares,
        lendable_percent=limited.lendable_percent or 0,
        limit_response=replace(limited.limit_response, queuing=queuing),
    )


def validate_priority_level(level: PriorityLevelConfiguration) -> Iterator[FieldError]:
    """The fields of the type are set, and valid."""
    spec = level.spec
    if (level.metadata.name == EXEMPT) != (spec.type == EXEMPT_TYPE):
        yield invalid("spec.type", spec.type, "type must be 'Exempt' if and only if name is 'exempt'")
    if spec.type == EXEMPT_TYPE:
        if spec.limited is not None:
            yield forbidden("spec.limited", "must be nil if the type is not Limited")
    elif spec.type == LIMITED_TYPE:
        if spec.limited is None:
            yield required("spec.limited", "must not be empty when type is Limited")
        else:
            yield from _validate_limits(spec.limited, "spec.limited")
    else:
        yield not_supported("spec.type", spec.type, (EXEMPT_TYPE, LIMITED_TYPE))


def validate_priority_level_update(
    new: PriorityLevelConfiguration, _old: PriorityLevelConfiguration
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_priority_level(new)


def validate_priority_level_status(
    new: PriorityLevelConfiguration, _old: PriorityLevelConfiguration
) -> Iterator[FieldError]:
    """Condition types are unique."""
    return validate_conditions(new.status.conditions)


def _validate_limits(limited: LimitedPriorityLevelConfiguration, path: str) -> Iterator[FieldError]:
    shares = limited.nominal_concurrency_shares
    if shares is not None and shares < 0:
        yield invalid(f"{path}.nominalConcurrencyShares", shares, "must be a non-negative integer")
    yield from _validate_response(limited.limit_response, f"{path}.limitResponse")
    lent, borrowed = limited.lendable_percent, limited.borrowing_limit_percent
    if lent is not None and not 0 <= lent <= 100:
        yield invalid(f"{path}.lendablePercent", lent, "must be between 0 and 100, inclusive")
    if borrowed is not None and borrowed < 0:
        yield invalid(f"{path}.borrowingLimitPercent", borrowed, "if specified, must be a non-negative integer")


def _validate_response(response: LimitResponse, path: str) -> Iterator[FieldError]:
    queuing = response.queuing
    if response.type == REJECT:
        if queuing is not None:
            yield forbidden(f"{path}.queuing", "must be nil if limited.limitResponse.type is not Limited")
    elif response.type == QUEUE:
        if queuing is None:
            yield required(f"{path}.queuing", "must not be empty if limited.limitResponse.type is Limited")
        else:
            yield from _validate_queues(queuing, f"{path}.queuing")
    else:
        yield not_supported(f"{path}.type", response.type, (QUEUE, REJECT))


def _validate_queues(queuing: QueuingConfiguration, path: str) -> Iterator[FieldError]:
    queues, hand = queuing.queues, queuing.hand_size
    if queuing.queue_length_limit <= 0:
        yield invalid(f"{path}.queueLengthLimit", queuing.queue_length_limit, "must be positive")
    if queues <= 0:
        yield invalid(f"{path}.queues", queues, "must be positive")
    elif queues > _MAX_QUEUES:
        yield invalid(f"{path}.queues", queues, f"must not be greater than {_MAX_QUEUES}")
    if hand <= 0:
        yield invalid(f"{path}.handSize", hand, "must be positive")
    elif hand > queues:
        yield invalid(f"{path}.handSize", hand, f"should not be greater than queues ({queues})")
    elif math.ceil(math.log2(math.perm(queues, hand))) > _MAX_BITS:
        why = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_MAX_BITS}"
        yield invalid(f"{path}.handSize", hand, why)
