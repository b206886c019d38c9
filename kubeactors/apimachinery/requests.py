"""The requests to the API server: one of the two protocols that cross rooms.

Within a process they are sent as they are; over HTTPS `apiserver/http` builds the same Structs from bytes.
A rejection is a reply: a `Status` with a reason. `Client` raises it as a `StatusError`.
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
    """An authenticated user."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
"""The key in `extra` of the id of the certificate or token that the user has authenticated with."""

ANONYMOUS = UserInfo(name="system:anonymous", groups=("system:unauthenticated",))
ADMIN = UserInfo(name="kubernetes-admin", groups=("system:masters", "system:authenticated"))


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to list or watch, from which resource version. Strings are as the client sent them; the server parses."""

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
    """Options of create, update and patch. `warnings` were found by decoding (fieldValidation=Warn)."""

    dry_run: tuple[str, ...] = ()
    field_manager: str = ""
    field_validation: str = ""
    force: bool | None = None
    warnings: tuple[str, ...] = ()


NO_LIST_OPTIONS = ListOptions()
NO_WRITE_OPTIONS = WriteOptions()
NO_DELETE_OPTIONS = DeleteOptions()


class Result(Message, frozen=True, kw_only=True):
    """Success: the object, the HTTP status code, and warnings for the user."""

    object: HasMeta
    code: int = 200
    warnings: tuple[str, ...] = ()


class ListResult(Message, frozen=True, kw_only=True):
    """Objects of a resource at one revision, in key order."""

    metadata: ListMeta
    items: tuple[HasMeta, ...]
    warnings: tuple[str, ...] = ()


class ApiRequest(Request[R_co], Generic[R_co], frozen=True, kw_only=True):
    """The base of all requests: the collection or object, and the user."""

    resource: GroupVersionResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: UserInfo = ANONYMOUS


class Get(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Read an object. An empty `resource_version` reads the current one; "0" whatever the cache has."""

    resource_version: str = ""


class List(ApiRequest[ListResult | Status], frozen=True, kw_only=True):
    """Read a collection, in one namespace or in all."""

    options: ListOptions = NO_LIST_OPTIONS


class Create(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Create an object, or call a subresource (`binding`, `eviction`, `token`)."""

    object: HasMeta
    options: WriteOptions = NO_WRITE_OPTIONS


class Update(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Replace an object. A resource version in it is a precondition."""

    object: HasMeta
    options: WriteOptions = NO_WRITE_OPTIONS


class Patch(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Patch an object. `patch_type` is the media type of the patch, `patch` its JSON."""

    patch_type: str
    patch: bytes
    options: WriteOptions = NO_WRITE_OPTIONS


class LeasesRenewed(Message, frozen=True, kw_only=True):
    """Leases were renewed, except for those in `failed`."""

    failed: tuple[str, ...] = ()


class RenewLeases(ApiRequest[LeasesRenewed | Status], frozen=True, kw_only=True):
    """Renew many leases, each held by the holder of the same name: the heartbeats of nodes.

    Only between components of one process; others update leases one by one.
    """

    names: tuple[str, ...]
    renew_time: str


class Delete(ApiRequest[Result | Status], frozen=True, kw_only=True):
    """Delete an object. The result is the object if it is only marked for deletion (200), else a Status of success."""

    options: DeleteOptions = NO_DELETE_OPTIONS


class DeleteCollection(ApiRequest[ListResult | Status], frozen=True, kw_only=True):
    """Delete the objects that a list with these options returns."""

    options: DeleteOptions = NO_DELETE_OPTIONS
    list_options: ListOptions = NO_LIST_OPTIONS


JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

ADDED, MODIFIED, DELETED, BOOKMARK = "ADDED", "MODIFIED", "DELETED", "BOOKMARK"


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """A change of an object. DELETED has its last state, at the revision of the deletion."""

    type: str
    object: HasMeta


class WatchEvents(Message, frozen=True):
    """Changes in order of revision; a slow watcher gets many in one message.

    `sequence` counts the messages of a watch from 1, so that a lost or repeated one is noticed; 0: not counted.
    """

    watch: int
    events: tuple[WatchEvent, ...]
    sequence: int = 0


class WatchClosed(Message, frozen=True):
    """The watch has ended. Without a status: watch again from the last revision seen. With one (Expired): relist."""

    watch: int
    status: Status | None = None


class WatchStarted(Message, frozen=True):
    """The watch is registered; events follow."""

    initial: ListResult | None = None
    """The initial list, if it was requested."""


class Watch(ApiRequest[WatchStarted | Status], frozen=True, kw_only=True):
    """Stream changes of the objects that a list with these options returns. `watch` is a number of the subscriber's."""

    subscriber: Recipient[WatchEvents | WatchClosed]
    watch: int
    options: ListOptions = NO_LIST_OPTIONS
    lists: bool = False
    """Return the list in the reply, and stream the changes after it: one request for both.

    Over HTTP its counterpart is `sendInitialEvents`, where the list comes as events.
    Source: KEP 3157 (watch-list), which clients use by default since v1.35.
    """


class StopWatch(Message, frozen=True, kw_only=True):
    """Cancel a watch; a watch also ends when its subscriber stops."""

    subscriber: Recipient[WatchEvents | WatchClosed]
    watch: int
