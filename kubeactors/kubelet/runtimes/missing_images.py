"""Images that do not exist, recognized by their names, so that an update to a bad image fails here, too.

Source: containerd 2.1, core/remotes/docker/resolver.go and client/pull.go, for the messages; distribution/reference,
normalize.go, for names without a registry.
"""

import re
from functools import lru_cache

_said = re.compile(
    r"(?<![a-z])(?:does-?not-?exist|doesn-?t-?exist|non-?existent|non-?existing|no-?such|not-?there|invalid)(?![a-z])"
    # misspelled on purpose in the documentation of Kubernetes
    r"|(?:^|/)nginx:1\.161$|(?:^|/)nginx:sometag$|/kubernetes-bootcamp:v10$"
)


@lru_cache(maxsize=1024)
def missing(image: str) -> str:
    """The pull error of an image whose name says that it does not exist; empty for all others.

    >>> missing("nginx:1.161").partition(" desc = ")[2]  # doctest: +ELLIPSIS
    'failed to pull and unpack image "docker.io/library/nginx:1.161": failed to resolve reference ...: not found'
    >>> missing("nginx:1.16.1"), bool(missing("example.com/no-such-image")), bool(missing("web:doesnotexist"))
    ('', True, True)
    >>> missing("cache-invalidator"), missing("example/page-not-found:2"), bool(missing("nginx:sometag"))
    ('', '', True)
    """
    if _said.search(image.lower()) is None:
        return ""
    name = _full_name(image)
    resolving = f'failed to resolve reference "{name}": {name}: not found'
    return f'rpc error: code = NotFound desc = failed to pull and unpack image "{name}": {resolving}'


def _full_name(image: str) -> str:
    """The image name with registry and tag.

    >>> _full_name("web"), _full_name("shop/web:1"), _full_name("localhost/web@sha256:0")
    ('docker.io/library/web:latest', 'docker.io/shop/web:1', 'localhost/web@sha256:0')
    """
    registry, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif registry != "localhost" and not {".", ":"} & set(registry):
        image = f"docker.io/{image}"
    return image if {"@", ":"} & set(image.rpartition("/")[2]) else f"{image}:latest"
