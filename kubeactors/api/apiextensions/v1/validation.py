"""Validation of definitions.

What all versions have alike is named once in errors, for the whole definition: that is how the original keeps it.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36).
"""

import re
from collections.abc import Iterator, Sequence

from kubeactors.api.admissionregistration.v1.matching import ServiceReference as AnyService
from kubeactors.api.admissionregistration.v1.matching import WebhookClientConfig as AnyClient
from kubeactors.api.admissionregistration.v1.webhook_validation import validate_client_config
from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CLUSTER,
    ESTABLISHED,
    NAMESPACED,
    NONE,
    WEBHOOK,
    CustomResourceColumnDefinition,
    CustomResourceConversion,
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
    SelectableField,
    WebhookConversion,
    is_true,
    schema_of_version,
    share,
)
from kubeactors.api.apiextensions.v1.schema_validation import validate_schema
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_many,
)
from kubeactors.apimachinery.objectmeta import validate_immutable
from kubeactors.apimachinery.structural import Structural
from kubeactors.apimachinery.structural.node import Raw

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("binary", "byte", "date", "date-time", "double", "float", "int32", "int64", "password")

_PROTECTED = (".k8s.io", ".kubernetes.io")
_APPROVED = "api-approved.kubernetes.io"
_MAX_SELECTABLE = 8
_MAX_WARNING = 256
_SIMPLE = "must be a simple json path starting with ."
_REVIEWS = ("v1", "v1beta1")
"""The versions of ConversionReview."""
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]]+")
_KEEP = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"


def validate_definition(crd: CustomResourceDefinition) -> Iterator[FieldError]:
    """Names, versions, and a schema for each."""
    spec = crd.spec
    if crd.metadata.name != f"{spec.names.plural}.{spec.group}":
        yield invalid("metadata.name", crd.metadata.name, 'must be spec.names.plural+"."+spec.group')
    yield from _validate_spec(spec)
    yield from _validate_stored(crd)
    yield from _validate_approval(crd)
    if spec.preserve_unknown_fields:
        yield invalid("spec.preserveUnknownFields", True, _KEEP)


def validate_definition_update(new: CustomResourceDefinition, old: CustomResourceDefinition) -> Iterator[FieldError]:
    """Group and plural name are immutable; once established, scope and kind as well."""
    yield from _validate_spec(new.spec)
    if is_true(old, ESTABLISHED):
        yield from validate_immutable(new.spec.scope, old.spec.scope, "spec.scope")
        yield from validate_immutable(new.spec.names.kind, old.spec.names.kind, "spec.names.kind")
    yield from validate_immutable(new.spec.group, old.spec.group, "spec.group")
    yield from validate_immutable(new.spec.names.plural, old.spec.names.plural, "spec.names.plural")
    yield from _validate_stored(new)
    if new.spec.preserve_unknown_fields and not old.spec.preserve_unknown_fields:
        yield invalid("spec.preserveUnknownFields", True, _KEEP)


def validate_definition_status(new: CustomResourceDefinition, _old: CustomResourceDefinition) -> Iterator[FieldError]:
    """Names."""
    return _validate_names(new.status.accepted_names, "status.acceptedNames")


def _validate_spec(spec: CustomResourceDefinitionSpec) -> Iterator[FieldError]:
    versions = spec.versions or ()
    yield from _validate_group(spec.group)
    if not spec.scope:
        yield required("spec.scope")
    elif spec.scope not in (CLUSTER, NAMESPACED):
        yield not_supported("spec.scope", spec.scope, (CLUSTER, NAMESPACED))
    for i, one in enumerate(versions):
        if schema_of_version(one) is None:
            yield required(f"spec.versions[{i}].schema.openAPIV3Schema")
    yield from _validate_versions(versions)
    yield from _validate_required_names(spec.names)
    yield from _validate_names(spec.names, "spec.names")
    yield from _validate_shared(versions)
    if spec.conversion is not None:
        yield from _validate_conversion(spec.conversion)


def _validate_group(group: str) -> Iterator[FieldError]:
    if not group:
        yield required("spec.group")
    elif wrong := names.dns1123_subdomain(group):
        yield invalid("spec.group", group, ",".join(wrong))
    elif "." not in group:
        yield invalid("spec.group", group, "should be a domain with at least one dot")


def _validate_versions(versions: Sequence[CustomResourceDefinitionVersion]) -> Iterator[FieldError]:
    own_schema = not share([schema_of_version(one) for one in versions])
    own_parts = not share([one.subresources for one in versions])
    own_columns = not share([one.additional_printer_columns for one in versions])
    own_fields = not share([one.selectable_fields for one in versions])
    for i, one in enumerate(versions):
        path = f"spec.versions[{i}]"
        if wrong := names.dns1035_label(one.name):
            yield invalid(f"{path}.name", one.name, ",".join(wrong))
        yield from _validate_deprecation(one, path)
        schema = schema_of_version(one)
        if schema is not None and own_schema:
            yield from validate_schema(schema, f"{path}.schema.openAPIV3Schema", has_status=_has_status(one))
        if own_parts:
            yield from _validate_subresources(one.subresources, f"{path}.subresources")
        if own_columns:
            yield from _validate_columns(one.additional_printer_columns, f"{path}.additionalPrinterColumns")
        if own_fields:
            yield from _validate_fields(one.selectable_fields, schema, f"{path}.selectableFields")
    shown = [one.name for one in versions]
    if len(shown) != len(dict.fromkeys(shown)):
        yield invalid("spec.versions", versions, "must contain unique version names")
    if sum(one.storage for one in versions) != 1:
        yield invalid("spec.versions", versions, "must have exactly one version marked as storage version")


def _validate_shared(versions: Sequence[CustomResourceDefinitionVersion]) -> Iterator[FieldError]:
    """The parts that all versions share."""
    if not versions:
        return
    first = versions[0]
    schema = schema_of_version(first)
    if schema is not None and share([schema_of_version(one) for one in versions]):
        has_status = any(map(_has_status, versions))
        yield from validate_schema(schema, "spec.validation.openAPIV3Schema", has_status=has_status)
    if share([one.subresources for one in versions]):
        yield from _validate_subresources(first.subresources, "spec.subresources")
    if share([one.additional_printer_columns for one in versions]):
        yield from _validate_columns(first.additional_printer_columns, "spec.additionalPrinterColumns")
    if share([one.selectable_fields for one in versions]):
        yield from _validate_fields(first.selectable_fields, schema, "spec.selectableFields")


def _validate_deprecation(version: CustomResourceDefinitionVersion, path: str) -> Iterator[FieldError]:
    warning, path = version.deprecation_warning, f"{path}.deprecationWarning"
    if warning is None:
        return
    if not version.deprecated:
        yield invalid(path, warning, "can only be set for deprecated versions")
        return
    if len(warning.encode()) > _MAX_WARNING:
        yield invalid(path, warning, f"must be <= {_MAX_WARNING} characters long")
    if not warning:
        yield invalid(path, warning, "must not be an empty string")
    odd = next((i for i, one in enumerate(warning) if not one.isprintable()), None)
    if odd is not None:
        at = len(warning[:odd].encode())
        why = f"must only contain printable UTF-8 characters; non-printable character found at index {at}"
        yield invalid(path, warning, why)


def _has_status(version: CustomResourceDefinitionVersion) -> bool:
    return version.subresources is not None and version.subresources.status is not None


def _validate_required_names(found: CustomResourceDefinitionNames) -> Iterator[FieldError]:
    for field, value in (
        ("plural", found.plural),
        ("singular", found.singular),
        ("kind", found.kind),
        ("listKind", found.list_kind),
    ):
        if not value:
            yield required(f"spec.names.{field}")


def _validate_names(found: CustomResourceDefinitionNames, path: str) -> Iterator[FieldError]:
    for field, value in (("plural", found.plural), ("singular", found.singular)):
        if value and (wrong := names.dns1035_label(value)):
            yield invalid(f"{path}.{field}", value, ",".join(wrong))
    for field, value in (("kind", found.kind), ("listKind", found.list_kind)):
        if value and (wrong := names.dns1035_label(value.lower())):
            why = f"may have mixed case, but should otherwise match: {','.join(wrong)}"
            yield invalid(f"{path}.{field}", value, why)
    yield from _validate_labels(found.short_names, f"{path}.shortNames")
    if found.kind and found.kind == found.list_kind:
        yield invalid(f"{path}.listKind", found.list_kind, "kind and listKind may not be the same")
    yield from _validate_labels(found.categories, f"{path}.categories")


def _validate_labels(values: Sequence[str], path: str) -> Iterator[FieldError]:
    for i, value in enumerate(values):
        if wrong := names.dns1035_label(value):
            yield invalid(f"{path}[{i}]", value, ",".join(wrong))


def _validate_subresources(found: CustomResourceSubresources | None, path: str) -> Iterator[FieldError]:
    scale = None if found is None else found.scale
    if scale is None:
        return
    path = f"{path}.scale"
    for field, value, starts in (
        ("specReplicasPath", scale.spec_replicas_path, (".spec",)),
        ("statusReplicasPath", scale.status_replicas_path, (".status",)),
        ("labelSelectorPath", scale.label_selector_path or "", (".spec", ".status")),
    ):
        at = f"{path}.{field}"
        if not value:
            if len(starts) == 1:
                yield required(at)
        elif not value.startswith("."):
            yield invalid(at, value, _SIMPLE)
        elif not value.startswith(tuple(f"{one}." for one in starts)):
            yield invalid(
                at, value, f"should be a json path under {'either ' * (len(starts) - 1)}{' or '.join(starts)}"
            )


def _validate_columns(columns: Sequence[CustomResourceColumnDefinition], path: str) -> Iterator[FieldError]:
    for i, column in enumerate(columns):
        at = f"{path}[{i}]"
        known = f"must be one of {','.join(COLUMN_TYPES)}"
        if not column.name:
            yield required(f"{at}.name")
        if not column.type:
            yield required(f"{at}.type", known)
        elif column.type not in COLUMN_TYPES:
            yield invalid(f"{at}.type", column.type, known)
        if column.format and column.format not in COLUMN_FORMATS:
            yield invalid(f"{at}.format", column.format, f"must be one of {','.join(COLUMN_FORMATS)}")
        if not column.json_path:
            yield required(f"{at}.JSONPath")
        elif not column.json_path.startswith("."):
            yield invalid(f"{at}.JSONPath", column.json_path, _SIMPLE)


def _validate_fields(fields: Sequence[SelectableField], schema: Raw | None, path: str) -> Iterator[FieldError]:
    seen: list[str] = []
    for i, one in enumerate(fields):
        at = f"{path}[{i}].jsonPath"
        if not one.json_path:
            yield required(at)
            continue
        place = _place(one.json_path, schema or {})
        if isinstance(place, str):
            yield invalid(at, one.json_path, f"is an invalid path: {place}")
            continue
        if one.json_path.startswith(".metadata"):
            yield invalid(at, one.json_path, "must not point to fields in metadata")
        if place.type not in ("string", "boolean", "integer"):
            why = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings with formats "
                "are allowed."
            )
            yield invalid(at, one.json_path, why)
        if one.json_path in seen:
            yield duplicate(at, one.json_path)
        else:
            seen.append(one.json_path)
    if len(seen) > _MAX_SELECTABLE:
        yield too_many(path, len(seen), _MAX_SELECTABLE)


def _place(path: str, schema: Raw) -> Structural | str:
    """The schema at a path, or why there is none."""
    place, tokens = Structural(schema), iter(_TOKEN.findall(path))
    for token in tokens:
        if token == "[":  # noqa: S105
            return "array notation is not allowed"
        if token != ".":  # noqa: S105
            return f"expected [ or . but got: {token}"
        name = next(tokens, None)
        if name is None:
            return "unexpected end of JSON path"
        inner = place.child(name)
        if inner is None:
            return "does not refer to a valid field"
        place = inner
    return place


def _validate_conversion(conversion: CustomResourceConversion) -> Iterator[FieldError]:
    path, webhook = "spec.conversion", conversion.webhook
    if not conversion.strategy:
        yield required(f"{path}.strategy")
    elif conversion.strategy not in (NONE, WEBHOOK):
        yield not_supported(f"{path}.strategy", conversion.strategy, (NONE, WEBHOOK))
    if conversion.strategy == WEBHOOK:
        yield from _validate_webhook(webhook, path)
    elif webhook is not None:
        why = "should not be set when strategy is not set to Webhook"
        if webhook.client_config is not None:
            yield forbidden(f"{path}.webhookClientConfig", why)
        if webhook.conversion_review_versions:
            yield forbidden(f"{path}.conversionReviewVersions", why)


def _validate_webhook(webhook: WebhookConversion | None, path: str) -> Iterator[FieldError]:
    config = None if webhook is None else webhook.client_config
    if config is None:
        yield required(f"{path}.webhookClientConfig", "required when strategy is set to Webhook")
    else:
        service = config.service
        like = None
        if service is not None:
            like = AnyService(namespace=service.namespace, name=service.name, path=service.path, port=service.port)
        yield from validate_client_config(AnyClient(url=config.url, service=like), f"{path}.webhookClientConfig")
    versions = () if webhook is None else webhook.conversion_review_versions or ()
    yield from _validate_reviews(versions, f"{path}.conversionReviewVersions")


def _validate_reviews(versions: Sequence[str], path: str) -> Iterator[FieldError]:
    if not versions:
        yield required(path)
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(f"{path}[{i}]", version, "duplicate version")
            continue
        for wrong in names.dns1035_label(version):
            yield invalid(f"{path}[{i}]", version, wrong)
    if not set(versions) & set(_REVIEWS):
        yield invalid(path, list(versions), f"must include at least one of {', '.join(_REVIEWS)}")


def _validate_stored(crd: CustomResourceDefinition) -> Iterator[FieldError]:
    """Versions in which objects may be stored still exist."""
    path, stored = "status.storedVersions", crd.status.stored_versions or ()
    versions = crd.spec.versions or ()
    if not stored:
        yield invalid(path, None, "must have at least one stored version")
        return
    for version in versions:
        if version.storage and version.name not in stored:
            yield invalid(path, list(stored), f"must have the storage version {version.name}")
    for i, name in enumerate(stored):
        if name not in [one.name for one in versions]:
            why = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions"
            )
            yield invalid(f"{path}[{i}]", name, why)


def _validate_approval(crd: CustomResourceDefinition) -> Iterator[FieldError]:
    """Protected Kubernetes groups need an approval annotation."""
    if not f".{crd.spec.group}".endswith(_PROTECTED):
        return
    approved = crd.metadata.annotations.get(_APPROVED, "")
    if not approved:
        why = (
            'protected groups must have approval annotation "api-approved.kubernetes.io", see '
            "https://github.com/kubernetes/enhancements/pull/1111"
        )
        yield required(f"metadata.annotations[{_APPROVED}]", why)
