"""ControllerRevision: what a StatefulSet or DaemonSet was like at some time.

Source: api/apps/v1/types.go, pkg/apis/apps/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery.field import FieldError, required
from kubeactors.apimachinery.meta import TypedObject, always
from kubeactors.apimachinery.objectmeta import validate_immutable


class ControllerRevision(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One state of its owner: `data` never changes, `revision` tells the newest."""

    api_version: str = "apps/v1"
    kind: str = "ControllerRevision"
    data: dict[str, object] | None = None
    revision: int = always(0)


def validate_controller_revision(revision: ControllerRevision) -> Iterator[FieldError]:
    """There is data, and a number."""
    if revision.data is None:
        yield required("data", "data is mandatory")
    yield from validate_count(revision.revision, "revision")


def validate_controller_revision_update(new: ControllerRevision, old: ControllerRevision) -> Iterator[FieldError]:
    """The data stays."""
    yield from validate_controller_revision(new)
    yield from validate_immutable(new.data, old.data, "data")
