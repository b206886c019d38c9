"""The admission chain: the plug-ins in order, and the ones that concern a kind of request.

Source: pkg/kubeapiserver/options/plugins.go (v1.36).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.admission.plugin import Attributes, Plugin


class _Picked(NamedTuple):
    """The methods of the plug-ins that concern a kind of request, in order."""

    admit: tuple[Callable[[TypedObject, Attributes], TypedObject], ...]
    validate: tuple[Callable[[TypedObject | None, Attributes], None], ...]


class Chain:
    """All plug-ins. Those that concern a kind of request are selected once, at the first such request."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self._picked: dict[tuple[str, str, str, str, str], _Picked] = {}

    def _concerned(self, attributes: Attributes) -> _Picked:
        """The methods to call for such requests; most plug-ins implement only one of the two."""
        kind, subresource, operation = attributes.kind, attributes.subresource, attributes.operation
        key = (kind.group, kind.version, kind.resource, subresource, operation)
        found = self._picked.get(key)
        if found is None:
            plugins = [one for one in self._plugins if one.concerns(kind, subresource, operation)]
            found = self._picked[key] = _Picked(
                tuple(one.admit for one in plugins if type(one).admit is not Plugin.admit),
                tuple(one.validate for one in plugins if type(one).validate is not Plugin.validate),
            )
        return found

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object after the mutating phase, which runs twice if a policy has changed it.

        Raises:
            StatusError: a plug-in rejects the request.
        """
        value = self.admit_once(value, attributes)
        return self.admit_once(value, attributes) if attributes.reinvocation.begins() else value

    def admit_once(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object after one round of the mutating phase.

        Raises:
            StatusError: a plug-in rejects the request.
        """
        for admit in self._concerned(attributes).admit:
            value = admit(value, attributes)
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Run the validating phase on the result; None for a deletion.

        Raises:
            StatusError: a plug-in rejects the request.
        """
        for validate in self._concerned(attributes).validate:
            validate(value, attributes)
