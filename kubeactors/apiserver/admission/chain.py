"""The plug-ins in their order, and which of them a kind of request has to pass.

Source: pkg/kubeapiserver/options/plugins.go (v1.36).
"""

from collections.abc import Sequence

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import Attributes, Plugin


class Chain:
    """All plug-ins. Those that concern a kind of request are picked once, with the first such request."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self._picked: dict[tuple[str, str, str, str, str], tuple[Plugin, ...]] = {}

    def concerned(self, kind: Kind[TypedObject], subresource: str, operation: str) -> tuple[Plugin, ...]:
        """The plug-ins that have to do with such requests, in order."""
        key = (kind.group, kind.version, kind.resource, subresource, operation)
        found = self._picked.get(key)
        if found is None:
            found = tuple(one for one in self._plugins if one.concerns(kind, subresource, operation))
            self._picked[key] = found
        return found

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object after all plug-ins have changed it.

        Raises:
            StatusError: one of them refuses the request.
        """
        for plugin in self.concerned(attributes.kind, attributes.subresource, attributes.operation):
            value = plugin.admit(value, attributes)
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Let all plug-ins look at the result; None for a deletion.

        Raises:
            StatusError: one of them refuses the request.
        """
        for plugin in self.concerned(attributes.kind, attributes.subresource, attributes.operation):
            plugin.validate(value, attributes)
