"""ImageLocality: prefers nodes that already have the pod's images.

Source: pkg/scheduler/framework/plugins/imagelocality/image_locality.go (v1.36).
"""

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.framework import MAX_NODE_SCORE, View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Mask, Scores, Status
from kubeactors.scheduler.views import Views

NAME = "ImageLocality"

_MEBIBYTE = 1024 * 1024
_LEAST = 23 * _MEBIBYTE
"""The minimum size of an image to count, in bytes."""
_MOST_PER_CONTAINER = 1000 * _MEBIBYTE


class ImageLocality:
    """Scores by the sizes of present images, each weighted by the share of nodes that have it."""

    name = NAME
    weight = 1

    def __init__(self, handle: Handle) -> None:
        self._images = Images(handle.cache)
        self._views: Views[tuple[str, ...], _ImageView] = Views()

    def view(self, pod: PodInfo) -> View | None:
        """None if no node has any of the images."""
        self._images.refresh()
        if not self._images.sizes:
            return None
        spec = pod.pod.spec
        names = tuple(normalized(one.image) for one in (*spec.init_containers, *spec.containers))
        if not any(one in self._images.sizes for one in names):
            return None
        return self._views.get(names, lambda: _ImageView(names, self._images))


class Images:
    """The images of the nodes, by row."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.sizes: dict[str, dict[int, int]] = {}
        """Bytes by row, by normalized name."""
        self.version: int = 0
        self._position = 0
        self._names: dict[int, tuple[str, ...]] = {}

    def refresh(self) -> None:
        """Catch up with changes of nodes."""
        log = self.cache.node_changes
        if self._position == log.position:
            return
        rows = log.since(self._position)
        for row in range(len(self.cache.rows)) if rows is None else rows:
            self._read(row, self.cache.rows[row])
        self._position = log.position
        self.version += 1

    def _read(self, row: int, info: NodeInfo | None) -> None:
        for name in self._names.pop(row, ()):
            sizes = self.sizes[name]
            sizes.pop(row, None)
            if not sizes:
                del self.sizes[name]
        node = info.node if info is not None else None
        if node is None or not node.status.images:
            return
        found = {normalized(name): one.size_bytes for one in node.status.images for name in one.names}
        for name, size in found.items():
            self.sizes.setdefault(name, {})[row] = size
        self._names[row] = tuple(found)


class _ImageView:
    """The scores for pods of the same images."""

    def __init__(self, names: tuple[str, ...], images: Images) -> None:
        self._names = names
        self._images = images
        self._version = -1
        self._scores: Scores = np.zeros(0, np.int64)

    def close(self) -> None:
        """Nothing to release."""

    def refresh(self) -> None:
        """Recompute the sums if any node has changed."""
        if self._version != self._images.version:
            self._version = self._images.version
            self._scores = self._sum()

    def refusals(self) -> tuple[tuple[Status, Mask], ...]:
        """None."""
        return ()

    def scores(self, feasible: Mask) -> Scores | None:
        """The sums, regardless of `feasible`."""
        del feasible
        return self._scores

    def _sum(self) -> Scores:
        cache = self._images.cache
        total = np.zeros(cache.table.capacity, np.int64)
        for name in self._names:
            sizes = self._images.sizes.get(name, {})
            spread = len(sizes) / cache.node_count if cache.node_count else 0.0
            for row, size in sizes.items():
                total[row] += int(size * spread)
        most = _MOST_PER_CONTAINER * len(self._names)
        scores: Scores = MAX_NODE_SCORE * (np.clip(total, _LEAST, most) - _LEAST) // (most - _LEAST)
        return scores


def normalized(name: str) -> str:
    """An image name with its tag.

    >>> normalized("example/app"), normalized("registry:5000/app"), normalized("app:1")
    ('example/app:latest', 'registry:5000/app:latest', 'app:1')
    """
    return name if name.rfind(":") > name.rfind("/") else f"{name}:latest"
