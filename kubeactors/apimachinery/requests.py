"""The requests that the API server answers: one of the two protocols that cross rooms.

In one process they travel as they are; over HTTPS `apiserver/http` builds the very same Structs from bytes.
A refusal is a reply: a `Status` with a reason. `Client` turns it into a `StatusError`.
"""

from typing import Generic, TypeVar

import msgspec

from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, ListMeta
from kubeactors.apimachinery.status import Status
from kubeactors.message import Message, Recipient, Request

R_co = TypeVar("R_co", covariant=True)


class GroupVersionResource(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """Names a collection: group "" is the core group; `resource` is the plural ("pods")."""

    group: str
    version: str
    resource: str

    def __str__(self) -> str:
        return f"{self.group or 'core'}/{self.version}/{self.resource}"


class UserInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, after authentication."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
"""The key in `extra` of what tells one certificate, or one token, from the user's others."""

ANONYMOUS = UserInfo(name="system:anonymous", groups=("system:unauthenticated",))
ADMIN = UserInfo(name="kubernetes-admin", groups=("system:masters", "system:authenticated"))


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to list or watch, and from which revision. Strings are as the client sent them; the server parses."""

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    limit: int = 0
    continue_: str = ""
    timeout_seconds: int | None = None
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None


class WriteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of create, update and patch. `warnings` are what decoding already found (fieldValidation=Warn)."""

    dry_run: tuple[str, ...] = ()
    field_manager: str = ""
    field_validation: str = ""
    force: bool | None = None
    warnings: tuple[str, ...] = ()


NO_LIST_OPTIONS = ListOptions()
NO_WRITE_OPTIONS = WriteOptions()
NO_DELETE_OPTIONS = DeleteOptions()


class Result(Message, frozen=True, kw_only=True):
    """Success: the object, the HTTP status that says so, and warnings for the user."""

    object: HasMeta
    code: int = 200
    warnings: tuple[str, ...] = ()


class ListResult(Message, frozen=True, kw_only=True):
    """Objects of one resource at one revision, in key order."""

    metadata: ListMeta
    items: tuple[HasMeta, ...]
    warnings: tuple[str, ...] = ()


class ApiRequest(Request[R_co], Generic[R_co], frozen=True, kw_only=True):
    """What all requests have in common: on which collection or object, by whom."""

    resource: GroupVersionResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: UserInfo = ANONYMOUS


class Get(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Read one object. An empty `resource_version` reads the newest; "0" whatever the cache holds."""

    resource_version: str = ""


class List(ApiRequest[ListResult | Status], frozen=True, kw_only=True):
    """Read a collection, in one namespace or in all."""

    options: ListOptions = NO_LIST_OPTIONS


class Create(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Create an object, or act through a subresource (`binding`, `eviction`, `token`)."""

    object: HasMeta
    options: WriteOptions = NO_WRITE_OPTIONS


class Update(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Replace an object. With a resource version in it, only if it is still at that version."""

    object: HasMeta
    options: WriteOptions = NO_WRITE_OPTIONS


class Patch(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Change an object. `patch_type` is the media type of the patch; `patch` its JSON value's bytes."""

    patch_type: str
    patch: bytes
    options: WriteOptions = NO_WRITE_OPTIONS


class LeasesRenewed(Message, frozen=True, kw_only=True):
    """Leases were renewed, but for those that are named."""

    failed: tuple[str, ...] = ()


class RenewLeases(ApiRequest[LeasesRenewed | Status], frozen=True, kw_only=True):
    """Update the renew time of many leases, each held by who is called like it: the heartbeats of nodes.

    Only between components of one process; others update leases one by one.
    """

    names: tuple[str, ...]
    renew_time: str


class Delete(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Delete an object. The result is the object while it lingers (200), else a Status of success."""

    options: DeleteOptions = NO_DELETE_OPTIONS


class DeleteCollection(ApiRequest[ListResult | Status], frozen=True, kw_only=True):
    """Delete what a list with these options would show."""

    options: DeleteOptions = NO_DELETE_OPTIONS
    list_options: ListOptions = NO_LIST_OPTIONS


JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

ADDED, MODIFIED, DELETED, BOOKMARK = "ADDED", "MODIFIED", "DELETED", "BOOKMARK"


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """One change of one object. DELETED carries its last state, at the revision of the deletion."""

    type: str
    object: HasMeta


class WatchEvents(Message, frozen=True):
    """Changes in order of revision; a watcher that is behind gets many in one message.

    `sequence` counts the messages of one watch from 1, so that a lost or repeated one is noticed; 0: not counted.
    """

    watch: int
    events: tuple[WatchEvent, ...]
    sequence: int = 0


class WatchClosed(Message, frozen=True):
    """The stream has ended. Without a status: watch again from the last revision seen. With one (Expired): list again."""

    watch: int
    status: Status | None = None


class WatchStarted(Message, frozen=True):
    """The watch is registered; events follow."""

    initial: ListResult | None = None
    """What was there when it began, if it was to list first."""


class Watch(ApiRequest[WatchStarted | Status], frozen=True, kw_only=True):
    """Stream the changes of what a list with these options would show. `watch` is the subscriber's own number for it."""

    subscriber: Recipient[WatchEvents | WatchClosed]
    watch: int
    options: ListOptions = NO_LIST_OPTIONS
    lists: bool = False
    """Show the list as well, with the reply, and stream what changes after it: one request for both.

    Over HTTP `sendInitialEvents` stands for it, where what is there comes as events, too.
    Source: KEP 3157 (watch-list), which clients use by default since v1.35.
    """


class StopWatch(Message, frozen=True, kw_only=True):
    """The subscriber wants no more of its watch; a watch also ends with its subscriber's death."""

    subscriber: Recipient[WatchEvents | WatchClosed]
    watch: int
