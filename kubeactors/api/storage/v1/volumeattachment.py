"""VolumeAttachment: a request to attach a volume to a node.

Source: api/storage/v1/types.go, pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.persistentvolume import PersistentVolumeSpec
from kubeactors.api.core.v1.validation.persistent_volumes import validate_inline_volume
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required, too_long
from kubeactors.apimachinery.meta import (
    Object,
    Time,
    TypedObject,
    always,
)

_SOURCES = "must specify exactly one of inlineVolumeSpec"
_MAX_MESSAGE = 1024


class VolumeAttachmentSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The volume: a PersistentVolume by name, or an inline one."""

    persistent_volume_name: str | None = None
    inline_volume_spec: PersistentVolumeSpec | None = None


class VolumeAttachmentSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The attacher, the volume and the node."""

    attacher: str = always("")
    source: VolumeAttachmentSource = always(VolumeAttachmentSource())
    node_name: str = always("")


class VolumeError(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An error and its time."""

    time: Time | None = always(None)
    message: str = ""
    error_code: int | None = None


class VolumeAttachmentStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether the volume is attached, and the last errors."""

    attached: bool = always(False)
    attachment_metadata: dict[str, str] = {}
    attach_error: VolumeError | None = None
    detach_error: VolumeError | None = None


class VolumeAttachment(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request to attach a volume to a node."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "VolumeAttachment"
    spec: VolumeAttachmentSpec = always(VolumeAttachmentSpec())
    status: VolumeAttachmentStatus = always(VolumeAttachmentStatus())


def validate_volume_attachment(one: VolumeAttachment) -> Iterator[FieldError]:
    """The attacher, the volume and the node are valid."""
    spec, source = one.spec, one.spec.source
    yield from _validate_attacher(spec.attacher)
    both = source.inline_volume_spec is not None and source.persistent_volume_name is not None
    if both:
        yield forbidden("spec.source", f"{_SOURCES} and persistentVolumeName")
    elif source.inline_volume_spec is None and not source.persistent_volume_name:
        yield required("spec.source", f"{_SOURCES} and persistentVolumeName")
    elif source.inline_volume_spec is not None:
        yield from validate_inline_volume(source.inline_volume_spec, "spec.source.inlineVolumeSpec")
    elif source.persistent_volume_name:
        name = source.persistent_volume_name
        yield from validate_text(name, "spec.source.persistentVolumeName", names.dns1123_subdomain)
    yield from validate_text(spec.node_name, "spec.nodeName", names.dns1123_subdomain)
    yield from _validate_errors(one.status)


def validate_volume_attachment_update(new: VolumeAttachment, old: VolumeAttachment) -> Iterator[FieldError]:
    """The spec is immutable."""
    yield from validate_volume_attachment(new)
    if new.spec != old.spec:
        yield invalid("spec", new.spec, "field is immutable")


def _validate_attacher(attacher: str) -> Iterator[FieldError]:
    if attacher:
        for message in names.qualified_name(attacher.lower()):
            yield invalid("spec.attacher", attacher, message)
    else:
        yield required("spec.attacher")


def _validate_errors(status: VolumeAttachmentStatus) -> Iterator[FieldError]:
    for field, error in (("attachError", status.attach_error), ("detachError", status.detach_error)):
        if error is not None and len(error.message) > _MAX_MESSAGE:
            yield too_long(f"status.{field}.message", _MAX_MESSAGE)
