"""The pods of an owner, read live because the cache cannot be trusted."""

from collections.abc import Iterator, Sequence

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Client, Expectations, Lister, is_controlled_by, key_of, revision_of


class LivePods:
    """Reads an owner's pods live, and resolves the controller's expectations accordingly.

    Args:
        client: reads the pods.
        expectations: the controller's, keyed by the UID of the owner.
        pods: the cache.
        index: an index of the cache by the UID of the owner, with the pods that the controller considers.
    """

    def __init__(self, client: Client, expectations: Expectations, pods: Lister[Pod], index: str) -> None:
        self._client = client
        self._expectations = expectations
        self._pods = pods
        self._index = index

    async def of(self, owner: TypedObject, selector: Selector, now: int) -> tuple[Pod, ...]:
        """The pods that match. Expectations stay in doubt until the cache has caught up with them.

        They are followed by the owner's pods in the cache that no longer match: these are to be released, and no other
        event would trigger that.
        """
        uid = owner.metadata.uid
        live = (await self._client.list(Pod, owner.metadata.namespace, label_selector=str(selector))).items
        owned = [one for one in live if is_controlled_by(one.metadata, uid)]
        alive = [one.metadata.uid for one in owned if one.metadata.deletion_timestamp is None]
        is_behind = self._is_cache_behind(uid, selector, owned)
        self._expectations.confirm(uid, map(key_of, owned), alive, now, is_behind=is_behind)
        there = {one.metadata.uid for one in live}
        return (*live, *(one for one in self._strays(uid, selector) if one.metadata.uid not in there))

    def _strays(self, uid: str, selector: Selector) -> Iterator[Pod]:
        """The owner's pods in the cache whose labels do not match."""
        shown = self._pods.by_index(self._index, uid).values()
        return (one for one in shown if not selector.matches(one.metadata.labels))

    def _is_cache_behind(self, uid: str, selector: Selector, owned: Sequence[Pod]) -> bool:
        """Whether the cache shows the owner's matching pods in an older state than the live read."""
        there = {key_of(one): revision_of(one.metadata) for one in owned}
        shown = self._pods.by_index(self._index, uid).items()
        if any(key not in there and selector.matches(one.metadata.labels) for key, one in shown):
            return True
        return any(self._shown(key) < revision for key, revision in there.items())

    def _shown(self, key: str) -> int:
        """The revision of a pod in the cache; 0 if it is not there."""
        cached = self._pods.by_key(key)
        return revision_of(cached.metadata) if cached is not None else 0
