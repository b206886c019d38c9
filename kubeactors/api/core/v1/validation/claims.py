"""Validation of claim specs, ephemeral volumes and resource claims."""

from collections.abc import Iterator

import msgspec

from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.core.v1.references import TypedLocalObjectReference, TypedObjectReference
from kubeactors.api.core.v1.validation.common import label, messages, needed, one_of, subdomain
from kubeactors.api.core.v1.volume import (
    EphemeralVolumeSource,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimTemplate,
)
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_labels, validate_selector
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.objectmeta import validate_annotations

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_NO_META = ObjectMeta()


def ephemeral(source: EphemeralVolumeSource, path: str) -> Iterator[FieldError]:
    """The template is valid."""
    if source.volume_claim_template is None:
        yield required(f"{path}.volumeClaimTemplate")
    else:
        yield from _template(source.volume_claim_template, f"{path}.volumeClaimTemplate")


def _template(template: PersistentVolumeClaimTemplate, path: str) -> Iterator[FieldError]:
    yield from validate_template_meta(template.metadata, f"{path}.metadata")
    yield from validate_claim_spec(template.spec, f"{path}.spec")


def validate_template_meta(meta: ObjectMeta, path: str) -> Iterator[FieldError]:
    """Metadata of a template has labels and annotations only.

    Source: ValidateTemplateObjectMeta in pkg/apis/core/validation/validation.go (v1.36).
    """
    yield from validate_annotations(meta.annotations, f"{path}.annotations")
    yield from validate_labels(meta.labels, f"{path}.labels")
    for field in msgspec.structs.fields(ObjectMeta):
        allowed = field.name in {"labels", "annotations"}
        if not allowed and getattr(meta, field.name) != getattr(_NO_META, field.name):
            yield forbidden(f"{path}.{field.encode_name}", "cannot be set")


def validate_claim_spec(spec: PersistentVolumeClaimSpec, path: str, *, any_group: bool = False) -> Iterator[FieldError]:
    """Access modes, resources and data sources are valid.

    With `any_group` the API group of a data source is not looked at: the claim had one before that was not checked then.
    """
    if not spec.access_modes:
        yield required(f"{path}.accessModes", "at least 1 access mode is required")
    yield from validate_selector(spec.selector, f"{path}.selector")
    for mode in spec.access_modes:
        yield from one_of(f"{path}.accessModes", mode, _ACCESS_MODES)
    known = [mode for mode in spec.access_modes if mode in _ACCESS_MODES]
    if "ReadWriteOncePod" in known and any(mode != "ReadWriteOncePod" for mode in known):
        yield forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")
    storage = spec.resources.requests.get("storage")
    if storage is None:
        yield required(f"{path}.resources[storage]")
    elif quantity.sign(storage) <= 0:
        yield invalid(f"{path}.resources[storage]", storage, "must be greater than zero")
    if spec.storage_class_name:
        found = names.name_is_dns_subdomain(spec.storage_class_name)
        yield from messages(f"{path}.storageClassName", spec.storage_class_name, found)
    if spec.volume_mode is not None and spec.volume_mode not in {"Block", "Filesystem"}:
        yield not_supported(f"{path}.volumeMode", spec.volume_mode, ("Block", "Filesystem"))
    yield from _data_sources(spec, path, any_group=any_group)
    if spec.volume_attributes_class_name:
        found = names.name_is_dns_subdomain(spec.volume_attributes_class_name)
        yield from messages(f"{path}.volumeAttributesClassName", spec.volume_attributes_class_name, found)


def _data_sources(spec: PersistentVolumeClaimSpec, path: str, *, any_group: bool) -> Iterator[FieldError]:
    """`dataSource` and `dataSourceRef` are valid, and agree.

    The value of the last error is a path, which the original prints as an object without fields.
    """
    old, new = spec.data_source, spec.data_source_ref
    if old is not None:
        yield from _data_source(old, f"{path}.dataSource", any_group=any_group)
    if new is None:
        return
    yield from _data_source(new, f"{path}.dataSourceRef", any_group=any_group)
    if new.namespace:
        yield from label(f"{path}.dataSourceRef.namespace", new.namespace)
        if old is not None:
            yield invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif old is not None and (old.api_group, old.kind, old.name) != (new.api_group, new.kind, new.name):
        yield invalid(path, {}, "must match dataSourceRef")


def _data_source(
    source: TypedLocalObjectReference | TypedObjectReference, path: str, *, any_group: bool
) -> Iterator[FieldError]:
    yield from needed(f"{path}.name", source.name)
    yield from needed(f"{path}.kind", source.kind)
    if not source.api_group and source.kind != "PersistentVolumeClaim":
        yield invalid(path, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    if source.api_group and not any_group:
        yield from subdomain(f"{path}.apiGroup", source.api_group)


def validate_resource_claims(claims: tuple[PodResourceClaim, ...], path: str) -> Iterator[FieldError]:
    """Names are unique, and each claim has a name or a template."""
    seen: dict[str, None] = {}
    for i, claim in enumerate(claims):
        at = f"{path}[{i}]"
        if not claim.name:
            yield required(f"{at}.name")
        elif claim.name in seen:
            yield duplicate(f"{at}.name", claim.name)
        else:
            yield from label(f"{at}.name", claim.name)
            seen[claim.name] = None
        yield from _one_claim(claim, at)


def _one_claim(claim: PodResourceClaim, path: str) -> Iterator[FieldError]:
    name, template = claim.resource_claim_name, claim.resource_claim_template_name
    if name is not None and template is not None:
        why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        yield invalid(path, claim, why)
    if name is None and template is None:
        yield invalid(path, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
    if name is not None:
        yield from messages(f"{path}.resourceClaimName", name, names.name_is_dns_subdomain(name))
    if template is not None:
        found = names.name_is_dns_subdomain(template)
        yield from messages(f"{path}.resourceClaimTemplateName", template, found)
