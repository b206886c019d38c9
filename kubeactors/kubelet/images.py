"""Images: whether a container may be made from its image now, and what people are told meanwhile. Pure.

Source: pkg/kubelet/images/image_manager.go, pkg/util/parsers/parsers.go (v1.36).
"""

import re
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.lifecycle import ALWAYS, NEVER

PYTHON = "python://"
_BAD = "Warning"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?))*(?::[0-9]+)?"
_name = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::[\w][\w.-]{{0,127}})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{{32,}})?"
)


class Refusal(msgspec.Struct, frozen=True):
    """Why a container is not made: what it waits with, and the events (type, reason, message) of that."""

    reason: str
    message: str
    events: tuple[tuple[str, str, str], ...]


def pulled(container: Container) -> tuple[tuple[str, str], ...]:
    """Reason and message of what happens to the image before the container is created.

    >>> pulled(Container(image="nginx:1", image_pull_policy="IfNotPresent"))
    (('Pulled', 'Container image "nginx:1" already present on machine and can be accessed by the pod'),)
    """
    return _pulled(container.image, container.image_pull_policy)


@lru_cache(maxsize=1024)
def _pulled(image: str, policy: str) -> tuple[tuple[str, str], ...]:
    if policy == ALWAYS:
        took = "0s (0s including waiting). Image size: 0 bytes."
        return (("Pulling", f'Pulling image "{image}"'), ("Pulled", f'Successfully pulled image "{image}" in {took}'))
    return (("Pulled", f'Container image "{image}" already present on machine and can be accessed by the pod'),)


@lru_cache(maxsize=1024)
def is_valid(image: str) -> bool:
    """Whether the text names an image.

    >>> is_valid("example.com:5000/shop/web:1"), is_valid("Shop/Web"), is_valid("python://shop.web:serve")
    (True, False, True)
    """
    return image.startswith(PYTHON) or _name.fullmatch(image) is not None


def invalid_name(image: str) -> Refusal:
    """The text names no image."""
    message = (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": invalid reference format'
    )
    return Refusal(
        "InvalidImageName", message, ((_BAD, "InspectFailed", message), (_BAD, "Failed", "Error: InvalidImageName"))
    )


def never_pulled(image: str) -> Refusal:
    """The image is not here, and may not be pulled."""
    message = f'Container image "{image}" is not present with pull policy of {NEVER}'
    return Refusal(
        "ErrImageNeverPull",
        message,
        ((_BAD, "ErrImageNeverPull", message), (_BAD, "Failed", "Error: ErrImageNeverPull")),
    )


def not_pulled(image: str, error: str) -> Refusal:
    """A pull has failed."""
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
    """A pull has failed a while ago, and the next one has to wait."""
    message = f'Back-off pulling image "{image}"'
    return Refusal(
        "ImagePullBackOff",
        f"{message}: ErrImagePull: {error}",
        (("Normal", "BackOff", message), (_BAD, "Failed", "Error: ImagePullBackOff")),
    )


def badly_configured(error: str) -> Refusal:
    """What its environment refers to is not there."""
    return Refusal("CreateContainerConfigError", error, ((_BAD, "Failed", f"Error: {error}"),))
