"""The descriptions of kinds and fields that `kubectl explain` shows.

That of a type is its docstring, those of fields are in `descriptions.txt`. Both are our own words.
"""

import inspect
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kubeactors.apimachinery.meta import Object

ANY, ANY_STRUCT = "*", "**"
_snake = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")


def description_of_type(type_: type[Object]) -> str:
    """The description of a Struct, with the names of fields as in JSON.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> description_of_type(ObjectMeta)
    'Metadata of an object. `resourceVersion` is its revision in the store, as a decimal string.'
    """
    return _snake.sub(lambda found: f"`{_camel(found[1])}`", inspect.getdoc(type_) or "")


def description_of_field(type_: type[Object], name: str, struct: type[Object] | None) -> str:
    """The description of a field, by its JSON name: of this type, else of any type, else of the field's Struct.

    >>> from kubeactors.api.core.v1 import ConfigMap, Container
    >>> description_of_field(ConfigMap, "data", None)
    'Texts by key. Keys consist of letters, digits, - _ and dots.'
    >>> description_of_field(Container, "surprise", None)
    ''
    """
    known = described()
    if (own := known.get((type_.__name__, name))) is not None:
        return own
    if struct is not None:
        return known.get((ANY_STRUCT, name)) or description_of_type(struct).partition("\n")[0]
    return known.get((ANY, name), "")


@cache
def described() -> Mapping[tuple[str, str], str]:
    """The texts by type and field. `ANY` and `ANY_STRUCT` match types without a text of their own."""
    found: dict[tuple[str, str], str] = {}
    types: list[str] = []
    for line in files("kubeactors.apiserver.http.openapi").joinpath("descriptions.txt").read_text("utf-8").splitlines():
        if line.startswith(" "):
            name, text = line.split(maxsplit=1)
            found |= {(type_, name): text for type_ in types}
        elif line and not line.startswith("#"):
            types = line.split()
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
