"""Images: every image is on every node already.

Source: pkg/kubelet/images/image_manager.go (v1.36), for the words.
"""

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.lifecycle import ALWAYS


def pulled(container: Container) -> tuple[tuple[str, str], ...]:
    """Reason and message of what happens to the image before the container is created.

    >>> pulled(Container(image="nginx:1", image_pull_policy="IfNotPresent"))
    (('Pulled', 'Container image "nginx:1" already present on machine and can be accessed by the pod'),)
    """
    image = container.image
    if container.image_pull_policy == ALWAYS:
        took = "0s (0s including waiting). Image size: 0 bytes."
        return (("Pulling", f'Pulling image "{image}"'), ("Pulled", f'Successfully pulled image "{image}" in {took}'))
    return (("Pulled", f'Container image "{image}" already present on machine and can be accessed by the pod'),)
