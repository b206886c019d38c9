"""Images that are Python: an `async def`, and commands to run beside it.

    async def serve(container: ContainerContext) -> int | None: ...

    Cluster(images={"shop/web": serve})                                        # for every tag of shop/web
    Cluster(images={"shop/web": Program(serve, commands={"psql": psql}, health=is_well)})

An image `python://package.module:function` needs no registration: the module is imported when the image is pulled.
`serve` returns the exit code (None is 0); an exception is exit code 1, with the traceback in the log.
"""

import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec

from kubeactors.kubelet.runtimes.table import image_id

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.container_context import CommandContext, ContainerContext

SCHEME = "python://"
MAX_KNOWN = 4096

Main: TypeAlias = "Callable[[ContainerContext], Awaitable[int | None]]"
CommandMain: TypeAlias = "Callable[[CommandContext], Awaitable[int | None]]"


Health: TypeAlias = "Callable[[ContainerContext, str], Awaitable[bool]]"
"""Whether a container, or the service named by the probe, is healthy; an empty name means the whole container."""


class ProgramNotFound(LookupError):
    """The image does not name an `async def`; the message says why."""


class Program(msgspec.Struct, frozen=True):
    """An image: the main function of its containers, and the commands for `kubectl exec` and exec probes.

    `health` answers gRPC probes directly, without a network and a gRPC server. Without it they fail.
    """

    main: Main
    commands: Mapping[str, CommandMain] = {}
    health: "Health | None" = None


Image: TypeAlias = "Main | Program"


class Programs:
    """Registered images by name, and images named by their import path.

    Args:
        images: by name, with or without a tag.
    """

    def __init__(self, images: Mapping[str, Image]) -> None:
        self._images = {name: one if isinstance(one, Program) else Program(one) for name, one in images.items()}
        self._imported: dict[str, Program] = {}
        self._known: dict[str, bool] = {}
        """Cached lookups: every pod causes several."""

    def is_program(self, image: str) -> bool:
        """Whether the image is Python, even if it cannot be found."""
        known = self._known.get(image)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            known = self._known[image] = image.startswith(SCHEME) or self._registered(image) is not None
        return known

    def find(self, image: str) -> Program:
        """The program of an image; its module is imported on the first use.

        Raises:
            ProgramNotFound: it does not exist.
        """
        found = self._registered(image) or self._imported.get(image)
        if found is None:
            found = self._imported[image] = _load(image)
        return found

    def _registered(self, image: str) -> Program | None:
        return self._images.get(image) or self._images.get(image_id(image).partition("@")[0])


def _load(image: str) -> Program:
    module, colon, name = image.removeprefix(SCHEME).partition(":")
    if not image.startswith(SCHEME) or not colon or not module or not name:
        raise ProgramNotFound(f'"{image}" is not python://package.module:function')
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # an imported module may raise anything
        raise ProgramNotFound(f'"{image}": {type(error).__name__}: {error}') from error
    if isinstance(found, Program):
        return found
    if not inspect.iscoroutinefunction(found):
        raise ProgramNotFound(f'"{image}": {name} is neither an async def nor a Program')
    return Program(cast("Main", found))
