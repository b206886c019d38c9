"""ComponentStatuses: all components run in this process, so all are healthy.

Source: pkg/registry/core/componentstatus/rest.go (v1.36).
"""

from kubeactors.api.core.v1.componentstatus import COMPONENTS, ComponentStatus, healthy
from kubeactors.apimachinery.meta import ListMeta
from kubeactors.apimachinery.requests import ListResult
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.selection import Selection


def are_served_by(resource: Resource) -> bool:
    """Whether a resource is componentstatuses."""
    return resource.kind.type is ComponentStatus


def component(resource: Resource, name: str) -> ComponentStatus:
    """The status of a component.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in COMPONENTS:
        raise resource.missing(name)
    return healthy(name)


def components(selection: Selection) -> ListResult:
    """The statuses of the components that a selection sees."""
    found = tuple(one for one in map(healthy, COMPONENTS) if selection.sees(one))
    return ListResult(metadata=ListMeta(), items=found)
