from collections.abc import Callable

import pytest

from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.requests import ListOptions, WriteOptions
from kubeactors.apimachinery.status import StatusError
from kubeactors.apiserver.http.options import (
    check_delete_options,
    check_list_options,
    check_watch_options,
    create_options,
    delete_options,
    list_options,
    patch_options,
)
from kubeactors.apiserver.http.query import Query


def refusal(action: Callable[[], object]) -> str:
    """The message of the error that an action raises."""
    with pytest.raises(StatusError) as refused:
        action()
    return refused.value.status.message


def test_list_options_come_from_the_query() -> None:
    query = Query(
        b"labelSelector=a%3Db&fieldSelector=metadata.name%3Dx&resourceVersion=5&resourceVersionMatch=Exact"
        b"&limit=3&continue=abc&timeoutSeconds=7&allowWatchBookmarks=true&sendInitialEvents=0"
    )
    assert list_options(query) == ListOptions(
        label_selector="a=b",
        field_selector="metadata.name=x",
        resource_version="5",
        resource_version_match="Exact",
        limit=3,
        continue_="abc",
        timeout_seconds=7,
        allow_watch_bookmarks=True,
        send_initial_events=False,
    )


def test_a_watch_of_a_named_path_selects_that_object() -> None:
    assert list_options(Query(b""), "web-0").field_selector == "metadata.name=web-0"


def test_a_negative_limit_is_ignored() -> None:
    assert list_options(Query(b"limit=-1")).limit == 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"timeoutSeconds=soon", 'strconv.ParseInt: parsing "soon": invalid syntax'),
        (b"limit=", 'strconv.ParseInt: parsing "": invalid syntax'),
        (b"limit=9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
    ],
)
def test_a_malformed_number_is_rejected_with_the_message_of_go(query: bytes, message: str) -> None:
    assert refusal(lambda: list_options(Query(query))) == message


def test_a_watch_without_a_resource_version_sends_initial_events() -> None:
    assert check_watch_options(ListOptions(resource_version="0")) == ListOptions(
        resource_version="0", send_initial_events=True, resource_version_match="NotOlderThan"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ListOptions(continue_="abc"),
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
        ),
        (
            ListOptions(send_initial_events=True, resource_version="5", resource_version_match="Exact"),
            (
                "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, "
                'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]'
            ),
        ),
    ],
)
def test_conflicting_watch_options_are_rejected(options: ListOptions, message: str) -> None:
    assert refusal(lambda: check_watch_options(options)) == f'ListOptions.meta.k8s.io "" is invalid: {message}'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ListOptions(resource_version="5", resource_version_match="About"),
            'resourceVersionMatch: Unsupported value: "About": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            ListOptions(resource_version="0", resource_version_match="Exact"),
            'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            ListOptions(send_initial_events=True),
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
    ],
)
def test_conflicting_list_options_are_rejected(options: ListOptions, message: str) -> None:
    assert refusal(lambda: check_list_options(options)) == f'ListOptions.meta.k8s.io "" is invalid: {message}'


def test_the_default_field_manager_is_the_user_agent() -> None:
    found = create_options(Query(b"dryRun=All&fieldValidation=Strict"), "kubectl/v1.33 (linux)")
    assert found == WriteOptions(dry_run=("All",), field_manager="kubectl", field_validation="Strict")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"fieldManager=" + b"a" * 129, "fieldManager: Too long: may not be more than 128 bytes"),
        (b"dryRun=Maybe", 'dryRun: Unsupported value: ["Maybe"]: supported values: "All"'),
        (
            b"fieldValidation=Some",
            'fieldValidation: Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
        ),
    ],
)
def test_an_unsupported_write_option_is_rejected(query: bytes, message: str) -> None:
    assert refusal(lambda: create_options(Query(query), "")) == f'CreateOptions.meta.k8s.io "" is invalid: {message}'


def test_an_apply_requires_a_field_manager() -> None:
    assert refusal(lambda: patch_options(Query(b""), "kubectl", apply=True)) == (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    )


def test_force_is_for_apply_only() -> None:
    assert refusal(lambda: patch_options(Query(b"force=true"), "kubectl", apply=False)) == (
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'
    )


def test_delete_options_come_from_the_query() -> None:
    query = Query(b"gracePeriodSeconds=0&propagationPolicy=Orphan&dryRun=All&uid=u&resourceVersion=4")
    assert delete_options(query) == DeleteOptions(
        grace_period_seconds=0,
        propagation_policy="Orphan",
        dry_run=("All",),
        preconditions=Preconditions(uid="u", resource_version="4"),
    )


def test_orphan_dependents_and_propagation_policy_exclude_each_other() -> None:
    options = DeleteOptions(propagation_policy="Foreground", orphan_dependents=True)
    assert refusal(lambda: check_delete_options(options)) == (
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Foreground": '
        "orphanDependents and deletionPropagation cannot be both set"
    )
