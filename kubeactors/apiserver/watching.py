"""The start of a watch: its revision and its initial events.

Source: apiserver/pkg/storage/cacher/cacher.go, watch_cache.go (v1.36).
"""

from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.requests import Watch, WatchEvent
from kubeactors.apimachinery.status import Expired, StatusError, invalid
from kubeactors.apiserver.cacher import INITIAL_EVENTS_END, Cacher
from kubeactors.apiserver.reading import Freshness, parse_version
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.selection import Selection
from kubeactors.apiserver.watchers import Watcher


def start_of(request: Watch, resource: Resource) -> int:
    """The revision that a watch starts from; 0 for none.

    Raises:
        Invalid: it is not a number.
    """
    text = request.options.resource_version
    try:
        return parse_version(text)
    except ValueError as error:
        wrong = invalid_field("resourceVersion", text, str(error))
        raise invalid(resource.kind.resource, resource.kind.group, "", (wrong,)) from error


def wants_initial_events(request: Watch, start: int) -> bool:
    """Whether the watch begins with the current objects: if it asks for that, or gives no revision."""
    wish = request.options.send_initial_events
    return start == 0 if wish is None else wish


async def await_start(request: Watch, start: int, freshness: Freshness) -> None:
    """Wait until the cache can begin the watch.

    Raises:
        Timeout: the revision of the initial events did not come in time.
    """
    if not request.options.resource_version:
        await freshness.catch_up()
    elif wants_initial_events(request, start):
        await freshness.reach(start)


def begin(request: Watch, selection: Selection, start: int, cacher: Cacher) -> tuple[Watcher, list[WatchEvent]]:
    """The watcher, and its initial events.

    Raises:
        Expired: changes after its revision are no longer known; list, and watch from there.
    """
    initial = wants_initial_events(request, start)
    since = cacher.revision if initial or not start else start
    watcher = Watcher(request.subscriber, request.watch, request.resource, selection, since)
    watcher.bookmarks = request.options.allow_watch_bookmarks
    cache = cacher.of(request.resource)
    if initial:
        events = cache.initial(selection)
        if watcher.bookmarks and request.options.send_initial_events:
            events.append(cache.bookmark(since, {INITIAL_EVENTS_END: "true"}))
        return watcher, events
    if since < cache.history.floor:
        raise _expired(since, cache.history.floor)
    return watcher, cacher.replay(watcher)


def _expired(wanted: int, floor: int) -> StatusError:
    return Expired.saying(f"too old resource version: {wanted} ({floor})")
