"""Request options, from a query or a body, validated with the messages of Kubernetes.

Source: apimachinery/pkg/apis/meta/v1/validation/validation.go,
apimachinery/pkg/apis/meta/internalversion/validation/validation.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from kubeactors.apimachinery.field import FieldError, forbidden, not_supported, required, too_long
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.requests import ListOptions, WriteOptions
from kubeactors.apimachinery.status import invalid
from kubeactors.apiserver.http.query import Query

T = TypeVar("T")

FIELD_MANAGER_MAX_BYTES = 128
FIELD_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_EXACT, _NOT_OLDER_THAN = "Exact", "NotOlderThan"
_POLICIES = ("Foreground", "Background", "Orphan")


def list_options(query: Query, name: str = "") -> ListOptions:
    """The options of a list or a watch; with a name, of that object alone (`/watch/.../NAME`).

    Raises:
        BadRequest: a value cannot be parsed.
    """
    return ListOptions(
        label_selector=query.text("labelSelector"),
        field_selector=_of_one(query.text("fieldSelector"), name),
        resource_version=query.text("resourceVersion"),
        resource_version_match=query.text("resourceVersionMatch"),
        limit=max(query.number("limit") or 0, 0),
        continue_=query.text("continue"),
        timeout_seconds=query.number("timeoutSeconds"),
        allow_watch_bookmarks=query.flag("allowWatchBookmarks") or False,
        send_initial_events=query.flag("sendInitialEvents"),
    )


def check_list_options(options: ListOptions) -> ListOptions:
    """The options of a list, after validation.

    Raises:
        Invalid: they conflict.
    """
    return _checked(options, "ListOptions", _list_errors(options))


def check_watch_options(options: ListOptions) -> ListOptions:
    """The options of a watch, after validation; without a resource version it starts with initial events.

    Source: apimachinery/pkg/apis/meta/internalversion/defaults.go (v1.36).

    Raises:
        Invalid: they conflict.
    """
    unset = options.send_initial_events is None and not options.resource_version_match
    if unset and options.resource_version in {"", "0"}:
        options = msgspec.structs.replace(options, send_initial_events=True, resource_version_match=_NOT_OLDER_THAN)
    return _checked(options, "ListOptions", _watch_errors(options))


def create_options(query: Query, user_agent: str) -> WriteOptions:
    """The options of a create.

    Raises:
        Invalid: a value is not supported.
    """
    return _write_options(query, user_agent, "CreateOptions")


def update_options(query: Query, user_agent: str) -> WriteOptions:
    """The options of an update; raises as `create_options`."""
    return _write_options(query, user_agent, "UpdateOptions")


def patch_options(query: Query, user_agent: str, *, apply: bool) -> WriteOptions:
    """The options of a patch; `apply` for server-side apply, which requires a field manager.

    Raises:
        Invalid: a value is not supported, missing, or not allowed.
    """
    options = WriteOptions(
        dry_run=query.texts("dryRun"),
        field_manager=query.text("fieldManager"),
        field_validation=query.text("fieldValidation"),
        force=query.flag("force"),
    )
    _checked(options, "PatchOptions", _patch_errors(options, apply=apply))
    return _with_manager(options, user_agent)


def delete_options(query: Query) -> DeleteOptions:
    """The options of a deletion without a body.

    Raises:
        BadRequest: a value cannot be parsed.
    """
    return DeleteOptions(
        grace_period_seconds=query.number("gracePeriodSeconds"),
        preconditions=_preconditions(query.text("uid"), query.text("resourceVersion")),
        orphan_dependents=query.flag("orphanDependents"),
        propagation_policy=query.text("propagationPolicy") if "propagationPolicy" in query else None,
        dry_run=query.texts("dryRun"),
    )


def check_delete_options(options: DeleteOptions) -> DeleteOptions:
    """The same options, after validation.

    Raises:
        Invalid: a value is not supported, or two conflict.
    """
    return _checked(options, "DeleteOptions", _delete_errors(options))


def manager_of(user_agent: str) -> str:
    """The default field manager of a client: its user agent up to the first slash.

    >>> manager_of("kubectl/v1.33.0 (linux/amd64)")
    'kubectl'
    """
    printable = "".join(one for one in user_agent.split("/", 1)[0] if one.isprintable())
    return printable.encode()[:FIELD_MANAGER_MAX_BYTES].decode(errors="ignore")


def _preconditions(uid: str, resource_version: str) -> Preconditions | None:
    if not uid and not resource_version:
        return None
    return Preconditions(uid=uid or None, resource_version=resource_version or None)


def _of_one(field_selector: str, name: str) -> str:
    return f"metadata.name={name}" if name and not field_selector else field_selector


def _write_options(query: Query, user_agent: str, kind: str) -> WriteOptions:
    options = WriteOptions(
        dry_run=query.texts("dryRun"),
        field_manager=query.text("fieldManager"),
        field_validation=query.text("fieldValidation"),
    )
    _checked(options, kind, _write_errors(options))
    return _with_manager(options, user_agent)


def _with_manager(options: WriteOptions, user_agent: str) -> WriteOptions:
    if options.field_manager:
        return options
    return msgspec.structs.replace(options, field_manager=manager_of(user_agent))


def _checked(options: T, kind: str, errors: Iterable[FieldError]) -> T:
    if found := tuple(errors):
        raise invalid(kind, "meta.k8s.io", "", found)
    return options


def _write_errors(options: WriteOptions) -> Iterator[FieldError]:
    yield from _manager_errors(options.field_manager)
    yield from _dry_run_errors(options.dry_run)
    if options.field_validation not in FIELD_VALIDATIONS:
        yield not_supported("fieldValidation", options.field_validation, FIELD_VALIDATIONS)


def _patch_errors(options: WriteOptions, *, apply: bool) -> Iterator[FieldError]:
    if apply and not options.field_manager:
        yield required("fieldManager", "is required for apply patch")
    if not apply and options.force is not None:
        yield forbidden("force", "may not be specified for non-apply patch")
    yield from _write_errors(options)


def _manager_errors(manager: str) -> Iterator[FieldError]:
    if len(manager.encode()) > FIELD_MANAGER_MAX_BYTES:
        yield too_long("fieldManager", FIELD_MANAGER_MAX_BYTES)
    for position, one in enumerate(manager):
        if not one.isprintable():
            yield invalid_field("fieldManager", manager, f"invalid character U+{ord(one):04X} (at position {position})")


def _dry_run_errors(dry_run: tuple[str, ...]) -> Iterator[FieldError]:
    if any(one != "All" for one in dry_run):
        yield not_supported("dryRun", dry_run, ("All",))


def _delete_errors(options: DeleteOptions) -> Iterator[FieldError]:
    policy = options.propagation_policy
    if options.orphan_dependents is not None and policy is not None:
        yield invalid_field("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")
    if policy is not None and policy not in _POLICIES:
        yield not_supported("propagationPolicy", policy, (*_POLICIES, "nil"))
    yield from _dry_run_errors(options.dry_run)


def _list_errors(options: ListOptions) -> Iterator[FieldError]:
    if match := options.resource_version_match:
        at = "resourceVersionMatch"
        if not options.resource_version:
            yield forbidden(at, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        if options.continue_:
            yield forbidden(at, "resourceVersionMatch is forbidden when continue is provided")
        if match not in {_EXACT, _NOT_OLDER_THAN}:
            yield not_supported(at, match, (_EXACT, _NOT_OLDER_THAN, ""))
        if match == _EXACT and options.resource_version == "0":
            yield forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if options.send_initial_events is not None:
        yield forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")


def _watch_errors(options: ListOptions) -> Iterator[FieldError]:
    match, at = options.resource_version_match, "resourceVersionMatch"
    if options.send_initial_events is not None and match != _NOT_OLDER_THAN:
        yield forbidden(at, f"sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER_THAN}")
    if match and options.send_initial_events is None:
        yield forbidden(at, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    if match and match != _NOT_OLDER_THAN:
        yield not_supported(at, match, (_NOT_OLDER_THAN,))
    if match and options.continue_:
        yield forbidden(at, "resourceVersionMatch is forbidden when continue is provided")
