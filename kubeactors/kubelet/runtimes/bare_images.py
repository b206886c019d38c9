"""Images with one program and nothing else: no shell, no `cat`, no `tar`."""

import re

_bare = re.compile(r"(?:^|/)pause(?:[:@]|$)|(?:^|/)distroless/")


def is_bare(image: str) -> bool:
    """Whether an image is known to have no programs for `exec`: the pause container, and Google's distroless ones.

    >>> [is_bare(one) for one in ("registry.k8s.io/pause:3.10", "gcr.io/distroless/static", "nginx", "shop/pause-game")]
    [True, True, False, False]
    """
    return _bare.search(image) is not None
