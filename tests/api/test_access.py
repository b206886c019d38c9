"""Roles, bindings and reviews: defaults, validation, tables."""

import pytest
from msgspec.structs import replace

from kubeactors.api.authorization.v1 import (
    LocalSubjectAccessReview,
    NonResourceAttributes,
    ResourceAttributes,
    SubjectAccessReview,
    SubjectAccessReviewSpec,
)
from kubeactors.api.authorization.v1.accessreview import (
    validate_local_subject_access_review,
    validate_subject_access_review,
)
from kubeactors.api.printers import columns, row
from kubeactors.api.rbac.v1 import (
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.api.rbac.v1.defaults import default_binding, default_role
from kubeactors.api.rbac.v1.validation import (
    validate_cluster_role,
    validate_cluster_role_binding,
    validate_role,
    validate_role_binding,
    validate_role_binding_update,
)
from kubeactors.apimachinery.meta import ObjectMeta

VIEW = RoleRef(api_group=GROUP, kind="ClusterRole", name="view")
JANE = Subject(kind="User", api_group=GROUP, name="jane")


def test_users_and_groups_are_of_the_group_of_roles_accounts_of_the_core() -> None:
    subjects = (
        Subject(kind="User", name="u"),
        Subject(kind="Group", name="g"),
        Subject(kind="ServiceAccount", name="s"),
    )
    found = default_binding(RoleBinding(subjects=subjects, role_ref=RoleRef(kind="ClusterRole", name="view")))
    assert [one.api_group for one in found.subjects] == [GROUP, GROUP, ""]
    assert found.role_ref == VIEW
    assert default_binding(found) is found
    assert default_role(Role(rules=())).rules is None


@pytest.mark.parametrize(
    ("rule", "errors"),
    [
        (
            PolicyRule(),
            [
                "rules[0].verbs: Required value: verbs must contain at least one value",
                "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
                "rules[0].resources: Required value: resource rules must supply at least one resource",
            ],
        ),
        (
            PolicyRule(verbs=("get",), non_resource_urls=("/x",)),
            ['rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs'],
        ),
        (PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), resource_names=("a",)), []),
    ],
)
def test_a_rule_says_what_may_be_done_to_what(rule: PolicyRule, errors: list[str]) -> None:
    assert list(map(str, validate_role(Role(rules=(rule,))))) == errors


def test_a_rule_is_about_resources_or_paths() -> None:
    rule = PolicyRule(verbs=("get",), non_resource_urls=("/x",), resources=("pods",), api_groups=("",))
    role = ClusterRole(rules=(rule,), aggregation_rule=AggregationRule())
    assert list(map(str, validate_cluster_role(role))) == [
        (
            'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and '
            "non-resource URLs"
        ),
        (
            "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if "
            "aggregationRule is non-nil"
        ),
    ]


@pytest.mark.parametrize(
    ("subject", "errors"),
    [
        (JANE, []),
        (
            Subject(kind="User", api_group=GROUP),
            [
                "subjects[0].name: Required value",
                'subjects[0].name: Invalid value: "": user name cannot be empty',
            ],
        ),
        (
            Subject(kind="Robot", name="r"),
            ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"'],
        ),
        (
            Subject(kind="ServiceAccount", name="s", api_group="x"),
            ['subjects[0].apiGroup: Unsupported value: "x": supported values: ""'],
        ),
    ],
)
def test_a_subject_is_somebody(subject: Subject, errors: list[str]) -> None:
    assert list(map(str, validate_role_binding(RoleBinding(role_ref=VIEW, subjects=(subject,))))) == errors


def test_a_cluster_binding_names_cluster_roles_and_whole_accounts() -> None:
    binding = ClusterRoleBinding(
        role_ref=replace(VIEW, kind="Role", name="a/b"), subjects=(Subject(kind="ServiceAccount", name="s"),)
    )
    assert list(map(str, validate_cluster_role_binding(binding))) == [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
        "roleRef.name: Invalid value: \"a/b\": may not contain '/'",
        "subjects[0].namespace: Required value",
    ]


def test_the_role_of_a_binding_stays() -> None:
    binding = RoleBinding(role_ref=VIEW)
    changed = replace(binding, role_ref=replace(VIEW, name="edit"))
    (error,) = validate_role_binding_update(changed, binding)
    assert (error.field, error.message.rpartition(": ")[2]) == ("roleRef", "cannot change roleRef")


def test_a_review_asks_one_thing_about_somebody() -> None:
    pods = ResourceAttributes(verb="get", resource="pods", namespace="a")
    path = NonResourceAttributes(path="/x", verb="get")
    both = SubjectAccessReviewSpec(resource_attributes=pods, non_resource_attributes=path)
    assert [one.field for one in validate_subject_access_review(SubjectAccessReview(spec=both))] == [
        "spec.nonResourceAttributes",
        "spec.user",
    ]
    nothing = SubjectAccessReview(metadata=ObjectMeta(name="x"), spec=SubjectAccessReviewSpec(user="u"))
    assert [one.field for one in validate_subject_access_review(nothing)] == ["spec.resourceAttributes", "metadata"]
    local = LocalSubjectAccessReview(
        metadata=ObjectMeta(namespace="b"), spec=SubjectAccessReviewSpec(user="u", resource_attributes=pods)
    )
    assert list(map(str, validate_local_subject_access_review(local))) == [
        'spec.resourceAttributes.namespace: Invalid value: "a": must match metadata.namespace'
    ]


def test_the_table_of_bindings_tells_who_has_which_role() -> None:
    subjects = (JANE, replace(JANE, name="joe"), Subject(kind="ServiceAccount", name="s", namespace="n"))
    binding = RoleBinding(metadata=ObjectMeta(name="b"), role_ref=VIEW, subjects=subjects)
    assert [one.name for one in columns(RoleBinding)] == ["Name", "Role", "Age", "Users", "Groups", "ServiceAccounts"]
    assert row(binding, 0) == ("b", "ClusterRole/view", "<unknown>", "jane, joe", "", "n/s")
    assert [one.name for one in columns(Role)] == ["Name", "Created At"]
