"""`metav1.Condition` lists: set by type, with the time of the last transition.

Source: apimachinery/pkg/api/meta/conditions.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.apimachinery.meta import Condition


def with_condition(conditions: tuple[Condition, ...], new: Condition) -> tuple[Condition, ...]:
    """The conditions with this one replacing that of its type; the transition time changes with the status only.

    >>> old = Condition(type="Ready", status="True", last_transition_time="2026-01-01T00:00:00Z")
    >>> new = Condition(type="Ready", status="True", last_transition_time="2026-02-02T00:00:00Z", reason="Still")
    >>> [(one.reason, one.last_transition_time) for one in with_condition((old,), new)]
    [('Still', '2026-01-01T00:00:00Z')]
    """
    for index, old in enumerate(conditions):
        if old.type == new.type:
            if old.status == new.status:
                new = replace(new, last_transition_time=old.last_transition_time)
            return (*conditions[:index], new, *conditions[index + 1 :])
    return (*conditions, new)
