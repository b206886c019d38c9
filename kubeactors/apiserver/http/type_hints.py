"""The type hints of Struct fields, as OpenAPI and protobuf need them."""

import types
import typing
from typing import Annotated, Union, cast

import msgspec

from kubeactors.apimachinery.meta import Object


def unwrapped(hint: object) -> tuple[object, dict[str, object]]:
    """A type without `None` and annotations, and the extras of its annotations.

    >>> unwrapped(Annotated[str, msgspec.Meta(extra={"go": "v1.Time"})] | None)
    (<class 'str'>, {'go': 'v1.Time'})
    """
    extras: dict[str, object] = {}
    while True:
        if origin(hint) is Annotated:
            hint, *annotations = arguments(hint)
            for one in annotations:
                if isinstance(one, msgspec.Meta):
                    extras |= cast("dict[str, object]", one.extra or {})
        elif is_union(hint) and type(None) in arguments(hint):
            present = tuple(one for one in arguments(hint) if one is not type(None))
            hint = present[0] if len(present) == 1 else cast("object", Union[present])  # noqa: UP007 - known only now
        else:
            return hint, extras


def origin(hint: object) -> object:
    """`tuple` for `tuple[str, ...]`; None for a plain type."""
    return cast("object", typing.get_origin(hint))


def arguments(hint: object) -> tuple[object, ...]:
    """The arguments of a generic type."""
    return typing.get_args(hint)


def is_union(hint: object) -> bool:
    """Whether a value may have several types besides `None`: IntOrString."""
    return origin(hint) is Union or origin(hint) is types.UnionType


def struct_of(hint: object) -> type[Object] | None:
    """The Struct, if the type is one."""
    return hint if isinstance(hint, type) and issubclass(hint, Object) else None


def package_of(type_: type[Object]) -> str:
    """The group and version of the package that defines the Struct in Kubernetes.

    >>> from kubeactors.api.apps.v1 import Deployment
    >>> package_of(Deployment), package_of(Object)
    ('apps.v1', 'meta.v1')
    """
    _, room, *rest = type_.__module__.split(".")
    return f"{rest[0]}.{rest[1]}" if room == "api" else "meta.v1"
