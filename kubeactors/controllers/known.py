"""The object that a controller is about, as it is known best."""

from typing import TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Client, Controller, Overlay

T = TypeVar("T", bound=TypedObject)


async def known(controller: Controller, client: Client, own: Overlay[T], key: str, cached: T | None) -> T | None:
    """By the cache, or by the controller's own last write; in doubt the server is asked, and believed from then on.

    Kubernetes trusts its cache here, and tries again until that has caught up.

    Returns:
        None if the object is gone, also if another one has its name by now.

    Raises:
        StatusError: the server did not say.
    """
    found = own.newest(key, cached)
    if found is None or not controller.in_doubt(key):
        return found
    live = await client.again(found)
    if live is None:
        own.deleted(found)
        return None
    return own.wrote(key, live)
