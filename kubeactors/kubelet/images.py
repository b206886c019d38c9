"""Images: the events of pulls, and why a container cannot be created from its image. Pure.

Source: pkg/kubelet/images/image_manager.go, pkg/util/parsers/parsers.go (v1.36).
"""

import hashlib
import re
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import Container
from kubeactors.api.core.v1.node import ContainerImage
from kubeactors.kubelet.lifecycle import ALWAYS, NEVER
from kubeactors.kubelet.runtimes.table import image_id

PYTHON = "python://"
MAX_IMAGES = 50
"""The most images in a node's status. Source: pkg/kubelet/apis/config/v1beta1/defaults.go, NodeStatusMaxImages."""
_BAD = "Warning"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?))*(?::[0-9]+)?"
_name = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::[\w][\w.-]{{0,127}})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{{32,}})?"
)


class Refusal(msgspec.Struct, frozen=True):
    """Why a container is not created: its waiting state, and events (type, reason, message)."""

    reason: str
    message: str
    events: tuple[tuple[str, str, str], ...]


def pulled(container: Container) -> tuple[tuple[str, str], ...]:
    """The reasons and messages of the image events that precede the creation of a container.

    >>> pulled(Container(image="nginx:1", image_pull_policy="IfNotPresent"))
    (('Pulled', 'Container image "nginx:1" already present on machine and can be accessed by the pod'),)
    """
    return _pulled(container.image, container.image_pull_policy)


@lru_cache(maxsize=1024)
def _pulled(image: str, policy: str) -> tuple[tuple[str, str], ...]:
    if policy == ALWAYS:
        took = f"0s (0s including waiting). Image size: {size_of(image)} bytes."
        return (("Pulling", f'Pulling image "{image}"'), ("Pulled", f'Successfully pulled image "{image}" in {took}'))
    return (("Pulled", f'Container image "{image}" already present on machine and can be accessed by the pod'),)


@lru_cache(maxsize=4096)
def size_of(image: str) -> int:
    """A made-up size of an image in bytes, from 2 to 200 MB, always the same for one image.

    >>> size_of("nginx:1") == size_of("nginx:1"), 2_000_000 <= size_of("nginx:2") < 200_000_000
    (True, True)
    """
    return 2_000_000 + int.from_bytes(hashlib.sha256(image.encode()).digest()[:8]) % 198_000_000


def images_on_node(images: tuple[str, ...]) -> tuple[ContainerImage, ...]:
    """The images for a node's status: the largest fifty."""
    largest = sorted(images, key=lambda one: (-size_of(one), one))[:MAX_IMAGES]
    return tuple(ContainerImage(names=_names(one), size_bytes=size_of(one)) for one in largest)


@lru_cache(maxsize=4096)
def _names(image: str) -> tuple[str, ...]:
    """The names by digest and by tag."""
    digest = image_id(image)
    named = image.partition("@")[0]
    return (digest, named if ":" in named.rpartition("/")[2] else f"{named}:latest")


@lru_cache(maxsize=1024)
def is_valid(image: str) -> bool:
    """Whether the text is a valid image reference.

    >>> is_valid("example.com:5000/shop/web:1"), is_valid("Shop/Web"), is_valid("python://shop.web:serve")
    (True, False, True)
    """
    return image.startswith(PYTHON) or _name.fullmatch(image) is not None


def invalid_name(image: str) -> Refusal:
    """The image reference is invalid."""
    message = (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": invalid reference format'
    )
    return Refusal(
        "InvalidImageName", message, ((_BAD, "InspectFailed", message), (_BAD, "Failed", "Error: InvalidImageName"))
    )


def never_pulled(image: str) -> Refusal:
    """The image is not present and must not be pulled."""
    message = f'Container image "{image}" is not present with pull policy of {NEVER}'
    return Refusal(
        "ErrImageNeverPull",
        message,
        ((_BAD, "ErrImageNeverPull", message), (_BAD, "Failed", "Error: ErrImageNeverPull")),
    )


def not_pulled(image: str, error: str) -> Refusal:
    """The pull has failed."""
    return Refusal(
        "ErrImagePull",
        error,
        (
            ("Normal", "Pulling", f'Pulling image "{image}"'),
            (_BAD, "Failed", f'Failed to pull image "{image}": {error}'),
            (_BAD, "Failed", "Error: ErrImagePull"),
        ),
    )


def backed_off(image: str, error: str) -> Refusal:
    """A pull has failed, and the next one backs off."""
    message = f'Back-off pulling image "{image}"'
    return Refusal(
        "ImagePullBackOff",
        f"{message}: ErrImagePull: {error}",
        (("Normal", "BackOff", message), (_BAD, "Failed", "Error: ImagePullBackOff")),
    )


def badly_configured(error: str) -> Refusal:
    """The environment refers to an object that does not exist."""
    return Refusal("CreateContainerConfigError", error, ((_BAD, "Failed", f"Error: {error}"),))
