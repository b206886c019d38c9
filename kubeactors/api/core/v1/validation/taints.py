"""Validation of taints and tolerations."""

from collections.abc import Iterator

import msgspec

from kubeactors.api.core.v1.affinity import Taint, Toleration
from kubeactors.api.core.v1.validation.common import internal, one_of, qualified_name
from kubeactors.api.validation import validate_one_of
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import DUPLICATE, FieldError, forbidden, invalid, not_supported, shown

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def validate_tolerations(tolerations: tuple[Toleration, ...], path: str) -> Iterator[FieldError]:
    """Tolerations are valid."""
    for i, toleration in enumerate(tolerations):
        yield from _toleration(toleration, f"{path}[{i}]")


def _toleration(toleration: Toleration, path: str) -> Iterator[FieldError]:
    if toleration.key:
        yield from qualified_name(f"{path}.key", toleration.key)
    elif toleration.operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{path}.operator", toleration.operator, why)
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(f"{path}.effect", toleration.effect, why)
    match toleration.operator:
        case "Equal" | "":
            if wrong := names.label_value(toleration.value):
                yield invalid(f"{path}.operator", toleration.value, ";".join(wrong))
        case "Exists":
            if toleration.value:
                why = "value must be empty when `operator` is 'Exists'"
                yield invalid(f"{path}.operator", toleration.value, why)
        case other:
            yield not_supported(f"{path}.operator", other, ("Equal", "Exists"))
    if toleration.effect:
        yield from one_of(f"{path}.effect", toleration.effect, _EFFECTS)


def validate_added_tolerations(
    new: tuple[Toleration, ...], old: tuple[Toleration, ...], path: str
) -> Iterator[FieldError]:
    """Existing tolerations are kept; only their seconds are mutable."""
    kept = [msgspec.structs.replace(one, toleration_seconds=None) for one in new]
    for one in old:
        if msgspec.structs.replace(one, toleration_seconds=None) not in kept:
            yield forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
            return
    yield from validate_tolerations(new, path)


def validate_taints(taints: tuple[Taint, ...], path: str) -> Iterator[FieldError]:
    """Pairs of key and effect are unique."""
    seen: dict[tuple[str, str], None] = {}
    for i, taint in enumerate(taints):
        at = f"{path}[{i}]"
        yield from qualified_name(f"{at}.key", taint.key)
        if wrong := names.label_value(taint.value):
            yield invalid(f"{at}.value", taint.value, ";".join(wrong))
        yield from validate_one_of(taint.effect, f"{at}.effect", _EFFECTS)
        if (taint.key, taint.effect) in seen:
            why = "taints must be unique by key and effect pair"
            yield FieldError(at, DUPLICATE, f"Duplicate value: {shown(internal(taint))}: {why}")
        seen[taint.key, taint.effect] = None
