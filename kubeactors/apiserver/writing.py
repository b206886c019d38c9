"""Writing: from a request to its reply. What is common to all kinds and subresources is here.

Source: apiserver/pkg/endpoints/handlers/create.go, update.go, patch.go, delete.go (v1.36).
"""

from collections.abc import Awaitable, Mapping
from typing import cast

from msgspec.structs import replace

from kubeactors.apimachinery import patches
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.requests import (
    APPLY_PATCH,
    STRATEGIC_MERGE_PATCH,
    Create,
    Delete,
    DeleteCollection,
    GroupVersionResource,
    ListResult,
    Patch,
    Result,
    Update,
)
from kubeactors.apimachinery.scheme import nothing
from kubeactors.apimachinery.status import (
    BadRequest,
    Forbidden,
    NotFound,
    Status,
    StatusDetails,
    UnsupportedMediaType,
    conflict,
)
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, UPDATE, Attributes
from kubeactors.apiserver.customresources.conversions import Conversions
from kubeactors.apiserver.field_manager import FieldManager
from kubeactors.apiserver.reading import Freshness, Reader
from kubeactors.apiserver.registry.metadata import check_name, in_namespace, without_repeated_owners
from kubeactors.apiserver.registry.registry import Registry, Written
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.reviews import Reviews
from kubeactors.apiserver.registry.scale import SCALE
from kubeactors.apiserver.registry.subresources import Subresource
from kubeactors.apiserver.selection import Selection

_CUSTOM_PATCHES = (
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
    "application/merge-patch+json, application/apply-patch+yaml"
)
_APPLICABLE = frozenset({"status", "ephemeralcontainers", "resize", "scale"})
"""The subresources that support server-side apply."""


class Writer:
    """Serves write requests. Errors are raised as StatusError."""

    def __init__(  # noqa: PLR0913 -- a write involves this many parts
        self,
        registry: Registry,
        reader: Reader,
        freshness: Freshness,
        subresources: Mapping[tuple[GroupVersionResource, str], Subresource],
        field_manager: FieldManager,
        *,
        reviews: Reviews,
        conversions: Conversions,
    ) -> None:
        self._conversions = conversions
        self._registry = registry
        self._reader = reader
        self._freshness = freshness
        self._subresources = subresources
        self._field_manager = field_manager
        self._reviews = reviews

    async def create(self, resource: Resource, request: Create) -> Result | Status:
        """Create an object, call a subresource, or answer a review."""
        given = in_namespace(cast("TypedObject", request.object), request.namespace)
        if self._reviews.answers(resource):
            return Result(object=self._reviews.answer(resource, given, request.user), code=201)
        attributes = _attributes(resource, request, CREATE, request.options.dry_run)
        if request.subresource:
            subresource = self._subresources[resource.kind.gvr, request.subresource]
            answer = await subresource.create(self._registry, resource, given, attributes)
            return answer if isinstance(answer, Status) else Result(object=answer, code=201)
        given, repeated = without_repeated_owners(given)
        value = resource.to_storage(given)
        try:
            created = await self._registry.create(resource, value, attributes)
        except (Forbidden, NotFound):
            # The namespace or the account may be too new for the cache.
            if not await self._caught_up():
                raise
            created = await self._registry.create(resource, value, attributes)
        warnings = _warnings(resource, (*request.options.warnings, *repeated), created, None)
        shown = await self._conversions.settle(lambda: resource.in_version(created))
        return Result(object=shown, code=201, warnings=(*warnings, *dict.fromkeys(attributes.warnings)))

    async def update(self, resource: Resource, request: Update) -> Result:
        """Replace an object, or a part of it."""
        value = in_namespace(cast("TypedObject", request.object), request.namespace)
        check_name(value, request.name)
        value, repeated = without_repeated_owners(value)
        result = await self._change(resource, request, lambda _: value, value.metadata.uid)
        return replace(result, warnings=(*repeated, *result.warnings)) if repeated else result

    async def patch(self, resource: Resource, request: Patch) -> Result:
        """Patch an object, or a part of it."""
        if request.patch_type == APPLY_PATCH:
            return await self._apply(resource, request)
        if resource.kind.custom and request.patch_type == STRATEGIC_MERGE_PATCH:
            raise UnsupportedMediaType.saying(_CUSTOM_PATCHES)
        warnings: list[str] = []

        def patched(current: TypedObject | None) -> TypedObject:
            if current is None:
                raise resource.missing(request.name)
            options = request.options
            current = resource.part_in_version(current)
            kind = resource.kind
            unknown_fields = kind.unknown_fields if isinstance(current, kind.type) and not kind.custom else nothing
            validation = options.field_validation or patches.WARN
            found = patches.apply(current, request.patch_type, request.patch, validation, unknown_fields)
            value = in_namespace(found.object, request.namespace)
            check_name(value, request.name)
            value, repeated = without_repeated_owners(value, " after mutating admission happens")
            unknown = _judged(resource, value, options.field_validation) if kind.custom else ()
            warnings[:] = (*found.warnings, *unknown, *repeated)
            return value

        result = await self._change(resource, request, patched, "")
        return replace(result, warnings=(*warnings, *result.warnings)) if warnings else result

    async def _apply(self, resource: Resource, request: Patch) -> Result:
        """Apply a configuration, or create the object that it describes."""
        kind = resource.kind
        if request.subresource and request.subresource not in _APPLICABLE:
            raise UnsupportedMediaType.saying("415: Unsupported Media Type", StatusDetails())
        options = request.options
        attributes = replace(_attributes(resource, request, UPDATE, options.dry_run), applies=True)
        described = replace(attributes, kind=SCALE) if request.subresource == "scale" else attributes

        def applied(current: TypedObject | None) -> TypedObject:
            value = self._field_manager.applied(current, request.patch, described, force=bool(options.force))
            uid = value.metadata.uid
            if current is None and uid:
                why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                raise conflict(kind.resource, kind.group, request.name, why)
            value = in_namespace(value, request.namespace)
            check_name(value, request.name)
            return value

        return await self._changed(resource, request, attributes, applied, "")

    async def delete(self, resource: Resource, request: Delete) -> Result | Status:
        """Delete an object, or mark it for deletion."""
        options = request.options
        attributes = _attributes(resource, request, DELETE, options.dry_run)
        value, gone = await self._registry.delete(resource, attributes, options)
        if gone and not resource.strategy.returns_deleted:
            return deleted_status(resource, value)
        deleted = value
        value = await self._conversions.settle(lambda: resource.in_version(deleted))
        code = 202 if not gone and options.orphan_dependents is False else 200
        return Result(object=value, code=code, warnings=resource.strategy.deletion_warnings(options))

    async def delete_collection(
        self, resource: Resource, request: DeleteCollection, selection: Selection
    ) -> ListResult:
        """Delete the objects of a list one by one; the reply is that list."""
        found = await self._reader.list(resource, request.namespace, request.list_options, selection)
        options, user = request.options, request.user
        for one in found.items:
            metadata = one.metadata
            attributes = Attributes(
                operation=DELETE,
                kind=resource.kind,
                namespace=metadata.namespace,
                name=metadata.name,
                user=user,
                dry_run=bool(options.dry_run),
            )
            await self._delete_if_there(resource, attributes, options)
        return found

    async def _delete_if_there(self, resource: Resource, attributes: Attributes, options: DeleteOptions) -> None:
        try:
            await self._registry.delete(resource, attributes, options)
        except NotFound:
            return  # another client was faster

    def _change(self, resource: Resource, request: Update | Patch, transform: Transform, uid: str) -> Awaitable[Result]:
        attributes = _attributes(resource, request, UPDATE, request.options.dry_run)
        return self._changed(resource, request, attributes, transform, uid)

    async def _changed(
        self, resource: Resource, request: Update | Patch, attributes: Attributes, transform: Transform, uid: str
    ) -> Result:
        written = await self._written(resource, request, attributes, transform, uid)
        warnings = _warnings(resource, request.options.warnings, written.value, written.value)
        warnings = (*warnings, *dict.fromkeys(attributes.warnings))
        shown = await self._conversions.settle(lambda: resource.part_in_version(written.value))
        return Result(object=shown, code=201 if written.created else 200, warnings=warnings)

    def _written(
        self, resource: Resource, request: Update | Patch, attributes: Attributes, transform: Transform, uid: str
    ) -> Awaitable[Written]:
        if request.subresource:
            subresource = self._subresources[resource.kind.gvr, request.subresource]
            return subresource.update(self._registry, resource, attributes, transform, uid)
        return self._registry.update(resource, attributes, resource.storing(transform), uid)

    async def _caught_up(self) -> bool:
        """Wait for the cache to catch up; whether it has advanced."""
        before = self._freshness.revision
        await self._freshness.catch_up()
        return self._freshness.revision > before


def deleted_status(resource: Resource, value: TypedObject) -> Status:
    """The reply to a deletion."""
    details = StatusDetails(
        name=value.metadata.name, group=resource.kind.group, kind=resource.kind.resource, uid=value.metadata.uid
    )
    return Status(status="Success", details=details)


def _attributes(
    resource: Resource, request: Create | Update | Patch | Delete, operation: str, dry_run: tuple[str, ...]
) -> Attributes:
    return Attributes(
        operation=operation,
        kind=resource.kind,
        namespace=request.namespace,
        name=request.name or _name_in(request),
        user=request.user,
        subresource=request.subresource,
        dry_run=bool(dry_run),
        manager="" if isinstance(request, Delete) else request.options.field_manager,
    )


def _judged(resource: Resource, value: TypedObject, field_validation: str) -> tuple[str, ...]:
    """Warnings about fields that the schema of a custom kind does not have.

    Raises:
        Invalid: there are such fields, and validation is strict.
    """
    kind = resource.kind
    looked_at = isinstance(value, kind.type) and field_validation != patches.IGNORE
    unknown = kind.unknown_fields(value) if looked_at else ()
    if unknown and field_validation == patches.STRICT:
        raise BadRequest.saying(f"strict decoding error: {', '.join(unknown)}")
    return unknown


def _name_in(request: Create | Update | Patch | Delete) -> str:
    return request.object.metadata.name if isinstance(request, Create) else ""


def _warnings(resource: Resource, given: tuple[str, ...], new: TypedObject, old: TypedObject | None) -> tuple[str, ...]:
    deprecation = resource.kind.deprecation
    advice = resource.strategy.warnings(new, old) if isinstance(new, resource.kind.type) else ()  # not of a scale
    return (*((deprecation,) if deprecation else ()), *given, *advice)
