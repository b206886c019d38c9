"""The audit policy: which requests are recorded, at which stages, and how much of each.

Source: apiserver/pkg/apis/audit/v1/types.go, apiserver/pkg/audit/policy/checker.go (v1.36).
"""

from enum import StrEnum

import msgspec

from kubeactors.apimachinery.meta import Object, TypedObject
from kubeactors.apiserver.authorization import Access


class Level(StrEnum):
    """How much is recorded. Each level includes those before it."""

    NONE = "None"
    METADATA = "Metadata"
    REQUEST = "Request"
    """The request's object too."""
    REQUEST_RESPONSE = "RequestResponse"

    def includes(self, other: "Level") -> bool:
        """Whether this level records what the other one does.

        >>> Level.REQUEST.includes(Level.METADATA), Level.REQUEST.includes(Level.REQUEST_RESPONSE)
        (True, False)
        """
        return _LEVELS.index(self) >= _LEVELS.index(other)


_LEVELS = tuple(Level)


class Stage(StrEnum):
    """The point of a request at which an event is recorded."""

    REQUEST_RECEIVED = "RequestReceived"
    RESPONSE_STARTED = "ResponseStarted"
    """The headers of a long-running response are sent."""
    RESPONSE_COMPLETE = "ResponseComplete"
    PANIC = "Panic"


class GroupResources(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Resources of an API group; `*` is any group. No resources are all of them."""

    group: str = ""
    resources: tuple[str, ...] = ()
    """`pods`, `pods/log`, `pods/*`, `*/scale`, `*`."""
    resource_names: tuple[str, ...] = ()


class PolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A rule matches a request that matches all of its lists; an empty list matches everything."""

    level: str = ""
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    """The empty string is cluster-scoped resources."""
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")
    """Paths; a trailing `*` matches any rest."""
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool | None = None


class Policy(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules in order: the first that matches decides. A request that matches none is not recorded."""

    api_version: str = "audit.k8s.io/v1"
    kind: str = "Policy"
    rules: tuple[PolicyRule, ...] = ()
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool = False


class Recording(msgspec.Struct, frozen=True):
    """What is recorded of a request."""

    level: Level = Level.NONE
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool = False


WRITES = ("create", "update", "patch", "delete", "deletecollection")

DEFAULT_POLICY = Policy(
    rules=(PolicyRule(level=Level.REQUEST, verbs=WRITES, resources=(GroupResources(group="*"),)),),
    omit_stages=(Stage.REQUEST_RECEIVED, Stage.RESPONSE_STARTED),
)
"""What users change: each write once, with its object. Kubernetes has no default; without a policy it records nothing."""


def recording_of(policy: Policy, access: Access) -> Recording:
    """What the policy records of a request. The user of one that is not authenticated has no name and no groups.

    >>> from kubeactors.apimachinery.requests import ADMIN
    >>> recording_of(DEFAULT_POLICY, Access(user=ADMIN, verb="delete", group="apps", resource="deployments")).level
    <Level.REQUEST: 'Request'>
    >>> recording_of(DEFAULT_POLICY, Access(user=ADMIN, verb="list", resource="pods")).level
    <Level.NONE: 'None'>
    """
    for rule in policy.rules:
        if matches(rule, access):
            omits = policy.omit_managed_fields if rule.omit_managed_fields is None else rule.omit_managed_fields
            return Recording(Level(rule.level), (*policy.omit_stages, *rule.omit_stages), omits)
    return _NOTHING


_NOTHING = Recording()


def matches(rule: PolicyRule, access: Access) -> bool:
    """Whether a rule matches a request."""
    if rule.verbs and access.verb not in rule.verbs:
        return False
    if rule.users and access.user.name not in rule.users:
        return False
    if rule.user_groups and not any(group in rule.user_groups for group in access.user.groups):
        return False
    if rule.namespaces or rule.resources:
        return not access.path and _matches_resource(rule, access)
    if rule.non_resource_urls:
        return bool(access.path) and any(_matches_path(access.path, pattern) for pattern in rule.non_resource_urls)
    return True


def _matches_path(path: str, pattern: str) -> bool:
    """Whether a path matches a pattern of `non_resource_urls`.

    >>> _matches_path("/healthz/etcd", "/healthz*"), _matches_path("/metrics/slis", "/metrics")
    (True, False)
    """
    return path == pattern or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def _matches_resource(rule: PolicyRule, access: Access) -> bool:
    if rule.namespaces and access.namespace not in rule.namespaces:
        return False
    return not rule.resources or any(_matches_group(one, access) for one in rule.resources)


def _matches_group(wanted: GroupResources, access: Access) -> bool:
    if wanted.group not in {access.group, "*"}:
        return False
    if not wanted.resources:
        return True
    if wanted.resource_names and access.name not in wanted.resource_names:
        return False
    return any(_matches_name(pattern, access.resource, access.subresource) for pattern in wanted.resources)


def _matches_name(pattern: str, resource: str, subresource: str) -> bool:
    """Whether a resource and subresource match a pattern of `GroupResources.resources`.

    >>> [_matches_name(one, "pods", "log") for one in ("pods", "pods/log", "pods/*", "*/log", "*", "*/exec")]
    [False, True, True, True, True, False]
    """
    combined = f"{resource}/{subresource}" if subresource else resource
    return pattern in {combined, "*", f"{resource}/*"} or (bool(subresource) and pattern == f"*/{subresource}")
