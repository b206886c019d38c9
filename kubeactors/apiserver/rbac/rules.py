"""Rules of roles: what they allow, and whether some rules cover others.

Source: pkg/apis/rbac/v1/evaluation_helpers.go, plugin/pkg/auth/authorizer/rbac/rbac.go,
component-helpers/auth/rbac/validation/policy_comparator.go, pkg/registry/rbac/validation/policy_compact.go (v1.36).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import PolicyRule
from kubeactors.apimachinery.field import quoted
from kubeactors.apiserver.authorization import Access

ALL = "*"

FULL_AUTHORITY = (
    PolicyRule(verbs=(ALL,), api_groups=(ALL,), resources=(ALL,)),
    PolicyRule(verbs=(ALL,), non_resource_urls=(ALL,)),
)
"""The rules that allow everything."""


def allows(rule: PolicyRule, access: Access) -> bool:
    """Whether a rule allows an access.

    >>> from kubeactors.apimachinery.requests import ANONYMOUS
    >>> rule = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",))
    >>> allows(rule, Access(user=ANONYMOUS, verb="get", resource="pods", name="a"))
    True
    """
    if access.path:
        return _has(rule.verbs or (), access.verb) and any(_url(one, access.path) for one in rule.non_resource_urls)
    names = names_allowed(rule, access.verb, access.group, access.resource, access.subresource)
    return names is not None and (not names or access.name in names)


def names_allowed(rule: PolicyRule, verb: str, group: str, resource: str, subresource: str) -> tuple[str, ...] | None:
    """The names of the objects on which a rule allows a verb; empty for all. None: it does not allow it."""
    if _has(rule.verbs or (), verb) and _has(rule.api_groups, group) and _resource(rule, resource, subresource):
        return rule.resource_names
    return None


def missing(owned: Sequence[PolicyRule], wanted: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """The parts of `wanted` that `owned` does not cover, each as small as a rule can be.

    >>> get = PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("pods",))
    >>> [one.verbs for one in missing([get], [replace(get, verbs=("get", "delete"))])]
    [('delete',)]
    """
    return tuple(part for rule in wanted for part in _parts(rule) if not any(_covers(one, part) for one in owned))


def compact(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """The same rules, with the verbs on one resource merged into one rule.

    >>> get = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",))
    >>> [one.verbs for one in compact([get, replace(get, verbs=("list",))])]
    [('get', 'list')]
    """
    simple: dict[tuple[str, str, tuple[str, ...]], PolicyRule] = {}
    others: list[PolicyRule] = []
    for rule in rules:
        if len(rule.api_groups) != 1 or len(rule.resources) != 1 or rule.non_resource_urls:
            others.append(rule)
            continue
        key = (rule.api_groups[0], rule.resources[0], rule.resource_names)
        known = simple.get(key)
        simple[key] = rule if known is None else replace(known, verbs=(*(known.verbs or ()), *(rule.verbs or ())))
    return (*others, *simple.values())


def described(rule: PolicyRule) -> str:
    """A rule in one line.

    >>> described(PolicyRule(verbs=("get",), api_groups=("",), resources=("pods", "nodes")))
    '{APIGroups:[""], Resources:["pods" "nodes"], Verbs:["get"]}'
    """
    parts = {
        "APIGroups": rule.api_groups,
        "Resources": rule.resources,
        "NonResourceURLs": rule.non_resource_urls,
        "ResourceNames": rule.resource_names,
        "Verbs": rule.verbs or (),
    }
    return f"{{{', '.join(f'{name}:{listed(values)}' for name, values in parts.items() if values)}}}"


def listed(values: Iterable[str]) -> str:
    """Strings as Go prints a slice of them.

    >>> listed(["a", "b"])
    '["a" "b"]'
    """
    return f"[{' '.join(map(quoted, values))}]"


def _has(values: Collection[str], value: str) -> bool:
    return value in values or ALL in values


def _resource(rule: PolicyRule, resource: str, subresource: str) -> bool:
    combined = f"{resource}/{subresource}" if subresource else resource
    return _has(rule.resources, combined) or (bool(subresource) and f"*/{subresource}" in rule.resources)


def _url(pattern: str, path: str) -> bool:
    return pattern in (ALL, path) or (pattern.endswith(ALL) and path.startswith(pattern.rstrip(ALL)))


def _parts(rule: PolicyRule) -> Iterator[PolicyRule]:
    """The same as rules of one verb, one group, one resource and one name each."""
    verbs = [(verb,) for verb in rule.verbs or ()]
    names: list[tuple[str, ...]] = [(name,) for name in rule.resource_names] or [()]
    for group in rule.api_groups:
        for resource in rule.resources:
            for verb in verbs:
                for name in names:
                    yield PolicyRule(verbs=verb, api_groups=(group,), resources=(resource,), resource_names=name)
    for url in rule.non_resource_urls:
        for verb in verbs:
            yield PolicyRule(verbs=verb, non_resource_urls=(url,))


def _covers(owned: PolicyRule, part: PolicyRule) -> bool:
    verbs, verb = owned.verbs or (), (part.verbs or ("",))[0]
    if not _has(verbs, verb):
        return False
    if part.non_resource_urls:
        return any(_url_covers(one, part.non_resource_urls[0]) for one in owned.non_resource_urls)
    names = owned.resource_names
    return (
        _has(owned.api_groups, part.api_groups[0])
        and _resource_covers(owned.resources, part.resources[0])
        and (not names or (bool(part.resource_names) and part.resource_names[0] in names))
    )


def _resource_covers(owned: Sequence[str], wanted: str) -> bool:
    _, slash, subresource = wanted.partition("/")
    return _has(owned, wanted) or (bool(slash) and f"*/{subresource}" in owned)


def _url_covers(owned: str, wanted: str) -> bool:
    return owned == wanted or (owned.endswith(ALL) and wanted.startswith(owned.rstrip(ALL)))
