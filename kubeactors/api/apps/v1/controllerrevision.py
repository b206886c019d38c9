"""ControllerRevision: a snapshot of a StatefulSet's or DaemonSet's state.

Source: api/apps/v1/types.go, pkg/apis/apps/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery.field import FieldError, required
from kubeactors.apimachinery.meta import TypedObject, always
from kubeactors.apimachinery.objectmeta import validate_immutable


class ControllerRevision(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An immutable snapshot of its owner's state; the highest `revision` is the newest."""

    api_version: str = "apps/v1"
    kind: str = "ControllerRevision"
    data: dict[str, object] | None = None
    revision: int = always(0)


def validate_controller_revision(revision: ControllerRevision) -> Iterator[FieldError]:
    """Data is required, and the revision is not negative."""
    if revision.data is None:
        yield required("data", "data is mandatory")
    yield from validate_count(revision.revision, "revision")


def validate_controller_revision_update(new: ControllerRevision, old: ControllerRevision) -> Iterator[FieldError]:
    """The data is immutable."""
    yield from validate_controller_revision(new)
    yield from validate_immutable(new.data, old.data, "data")
