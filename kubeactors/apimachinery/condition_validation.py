"""Validation of `metav1.Condition` lists.

Source: apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateConditions (v1.36).
"""

import re
from collections.abc import Iterator, Sequence

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, not_supported, required, too_long
from kubeactors.apimachinery.meta import Condition

_STATUSES = ("False", "True", "Unknown")
_MAX_REASON = 1024
_MAX_MESSAGE = 32 * 1024
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_is_reason = re.compile(_REASON).fullmatch
_WRONG_REASON = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or "
    f"'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '{_REASON}')"
)


def validate_conditions(conditions: Sequence[Condition], path: str) -> Iterator[FieldError]:
    """Types are unique; each condition has a status, a time and a reason."""
    for i, one in enumerate(conditions):
        at = f"{path}[{i}]"
        if any(one.type == other.type for other in conditions[:i]):
            yield duplicate(f"{at}.type", one.type)
        yield from _validate(one, at)


def _validate(one: Condition, path: str) -> Iterator[FieldError]:
    for message in names.qualified_name(one.type):
        yield invalid(f"{path}.type", one.type, message)
    if one.status not in _STATUSES:
        yield not_supported(f"{path}.status", one.status, _STATUSES)
    if one.observed_generation < 0:
        yield invalid(f"{path}.observedGeneration", one.observed_generation, "must be greater than or equal to zero")
    if one.last_transition_time is None:
        yield required(f"{path}.lastTransitionTime", "must be set")
    yield from _validate_reason(one.reason, f"{path}.reason")
    if names.byte_length(one.message) > _MAX_MESSAGE:
        yield too_long(f"{path}.message", _MAX_MESSAGE)


def _validate_reason(reason: str, path: str) -> Iterator[FieldError]:
    if not reason:
        yield required(path, "must be set")
        return
    if not _is_reason(reason):
        yield invalid(path, reason, _WRONG_REASON)
    if names.byte_length(reason) > _MAX_REASON:
        yield too_long(path, _MAX_REASON)
