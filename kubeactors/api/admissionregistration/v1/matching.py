"""The requests that webhooks and policies match.

Source: api/admissionregistration/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import (
    LabelSelector,
    Object,
    always,
)


class RuleWithOperations(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Operations on resources; `*` stands for all. `scope` is Cluster, Namespaced or `*`."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope: str | None = None


class NamedRuleWithOperations(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Operations on resources, optionally restricted to objects by name."""

    atomic: ClassVar[bool] = True
    resource_names: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope: str | None = None


class MatchResources(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requests that a policy matches."""

    atomic: ClassVar[bool] = True
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    resource_rules: tuple[NamedRuleWithOperations, ...] = ()
    exclude_resource_rules: tuple[NamedRuleWithOperations, ...] = ()
    match_policy: str | None = None


class MatchCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A CEL condition that a request must satisfy."""

    name: str = always("")
    expression: str = always("")


class ServiceReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service, and a path and a port of it."""

    namespace: str = always("")
    name: str = always("")
    path: str | None = None
    port: int | None = None


class WebhookClientConfig(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How to reach a webhook: at a URL, or as a service of the cluster."""

    url: str | None = None
    service: ServiceReference | None = None
    ca_bundle: bytes = b""


class ParamKind(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The kind of a policy's parameter objects."""

    atomic: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""


class ParamRef(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The parameter objects of a binding, by name or by labels."""

    atomic: ClassVar[bool] = True
    name: str = ""
    namespace: str = ""
    selector: LabelSelector | None = None
    parameter_not_found_action: str | None = None


class Variable(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A named expression for use in other expressions."""

    atomic: ClassVar[bool] = True
    name: str = always("")
    expression: str = always("")
