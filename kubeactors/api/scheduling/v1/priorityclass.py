"""PriorityClass: a named priority of pods.

Source: api/scheduling/v1/types.go, pkg/apis/scheduling/validation/validation.go, pkg/apis/scheduling/v1/helpers.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.validation import validate_one_of
from kubeactors.apimachinery.field import FieldError, forbidden, invalid
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject, always
from kubeactors.apimachinery.scheme import Kind

PREEMPT_LOWER_PRIORITY, NEVER = "PreemptLowerPriority", "Never"

SYSTEM_PREFIX = "system-"
HIGHEST_USER_DEFINABLE = 1_000_000_000


class PriorityClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A named priority: pods with a higher `value` are scheduled first, and may preempt others."""

    api_version: str = "scheduling.k8s.io/v1"
    kind: str = "PriorityClass"
    value: int = always(0)
    global_default: bool = False
    description: str = ""
    preemption_policy: str | None = None


SYSTEM_PRIORITY_CLASSES = (
    PriorityClass(
        metadata=ObjectMeta(name="system-node-critical"),
        value=2_000_001_000,
        description=("Used for system critical pods that must not be moved from their current node."),
        preemption_policy=PREEMPT_LOWER_PRIORITY,
    ),
    PriorityClass(
        metadata=ObjectMeta(name="system-cluster-critical"),
        value=2_000_000_000,
        description=(
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
        ),
        preemption_policy=PREEMPT_LOWER_PRIORITY,
    ),
)
"""The system classes."""


def default_priority_class(one: PriorityClass) -> PriorityClass:
    """The default preemption policy is PreemptLowerPriority."""
    return one if one.preemption_policy is not None else replace(one, preemption_policy=PREEMPT_LOWER_PRIORITY)


def validate_priority_class(one: PriorityClass) -> Iterator[FieldError]:
    """Names with the system's prefix and the highest values are reserved.

    >>> [str(error) for error in validate_priority_class(PriorityClass(value=2_000_000_000))]
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']
    """
    if one.metadata.name.startswith(SYSTEM_PREFIX):
        why = _unlike_the_systems(one)
        if why:
            text = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {why}"
            yield forbidden("metadata.name", text)
    elif one.value > HIGHEST_USER_DEFINABLE:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE}")
    if one.preemption_policy is not None:
        yield from validate_one_of(one.preemption_policy, "preemptionPolicy", (NEVER, PREEMPT_LOWER_PRIORITY))


def validate_priority_class_update(new: PriorityClass, old: PriorityClass) -> Iterator[FieldError]:
    """The value and the preemption policy are immutable."""
    if new.value != old.value:
        yield forbidden("value", "may not be changed in an update.")
    if new.preemption_policy != old.preemption_policy:
        yield invalid("preemptionPolicy", new.preemption_policy, "field is immutable")


def _unlike_the_systems(one: PriorityClass) -> str:
    known = next((each for each in SYSTEM_PRIORITY_CLASSES if each.metadata.name == one.metadata.name), None)
    if known is None:
        return f"{one.metadata.name} is not a known system priority class"
    if known.value != one.value:
        return f"value of {one.metadata.name} PriorityClass must be {known.value}"
    if known.global_default != one.global_default:
        return f"globalDefault of {one.metadata.name} PriorityClass must be {str(known.global_default).lower()}"
    return ""


KINDS = (
    Kind(
        type=PriorityClass,
        group="scheduling.k8s.io",
        kind="PriorityClass",
        resource="priorityclasses",
        singular="priorityclass",
        short_names=("pc",),
        namespaced=False,
        default=default_priority_class,
        validate=validate_priority_class,
        validate_update=validate_priority_class_update,
    ),
)
"""The kind of priority classes."""
