"""The index pages of simulated web servers, which examples of Kubernetes' documentation write into volumes. Pure.

Source: the images nginx 1.29 and httpd 2.4; kubernetes.io/docs/tutorials/stateful-application/basic-stateful-set,
tasks/configure-pod-container/configure-persistent-volume-storage and
tasks/access-application-cluster/communicate-containers-same-pod-shared-volume.
"""

import re

from kubeactors.api.core.v1 import Container

_server = re.compile(r"(?:^|/)(nginx|httpd)(?:-[\w-]+)?(?:$|[:@])")
_DIRECTORIES = {"nginx": "/usr/share/nginx/html", "httpd": "/usr/local/apache2/htdocs"}


def index_of(image: str) -> str:
    """Where the server of an image has its index page; empty if that is unknown.

    >>> index_of("registry.k8s.io/nginx-slim:0.21"), index_of("example/web")
    ('/usr/share/nginx/html/index.html', '')
    """
    found = _server.search(image)
    return f"{_DIRECTORIES[found[1]]}/index.html" if found else ""


def has_pages_in_volume(container: Container) -> bool:
    """Whether a volume is mounted where the container's server has its index page, or above it.

    >>> from kubeactors.api.core.v1.container import VolumeMount
    >>> has_pages_in_volume(Container(image="nginx", volume_mounts=(VolumeMount(mount_path="/usr/share/nginx/html"),)))
    True
    """
    index = index_of(container.image)
    return any(index.startswith(one.mount_path.rstrip("/") + "/") for one in container.volume_mounts)
