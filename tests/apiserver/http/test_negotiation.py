import pytest

from kubeactors.apimachinery.status import NotAcceptable, UnsupportedMediaType
from kubeactors.apiserver.http.negotiation import (
    Accepted,
    Target,
    as_aggregated_discovery,
    as_is,
    as_table_or_metadata,
    body_type,
    negotiate,
    negotiate_object,
)

TABLE = Target("Table", "meta.k8s.io", "v1")
AS_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
NAMED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Accepted()),
        ("*/*", Accepted()),
        ("application/*", Accepted()),
        ("application/yaml", Accepted("application/yaml")),
        ("application/yaml;q=0.5,application/json", Accepted("application/json")),
        ("application/vnd.kubernetes.protobuf,application/json", Accepted()),
        ("application/json;stream=watch", Accepted()),
        ("application/json;pretty=1", Accepted(pretty=True)),
        (AS_TABLE, Accepted(target=TABLE)),
        (f"{AS_TABLE},application/json", Accepted(target=TABLE)),
        ("application/json;as=Chair;g=meta.k8s.io;v=v1,application/json", Accepted()),
        ("application/yaml;as=Table;g=meta.k8s.io;v=v1", Accepted("application/yaml", TABLE)),
        ("text/html", None),
        ("application/vnd.kubernetes.protobuf", None),
        ("application/json;as=Table;g=meta.k8s.io;v=v7", None),
    ],
)
def test_the_preferred_acceptable_representation_is_chosen(accept: str, expected: Accepted | None) -> None:
    assert negotiate(accept, as_table_or_metadata) == expected


def test_only_roots_are_aggregated() -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert negotiate(accept, as_is) is None
    assert negotiate(accept, as_aggregated_discovery) == Accepted(
        target=Target("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2")
    )


def test_an_unknown_representation_of_a_known_type_is_not_acceptable() -> None:
    with pytest.raises(NotAcceptable) as refused:
        negotiate_object("application/json;as=Chair;g=meta.k8s.io;v=v1")
    assert refused.value.status.message == f"only the following media types are accepted: {NAMED}"
    assert refused.value.status.details is None


def test_an_unknown_media_type_is_rejected_by_the_router() -> None:
    with pytest.raises(NotAcceptable) as refused:
        negotiate_object("text/html")
    assert refused.value.status.message == f"406: Not Acceptable\n\nAvailable representations: {NAMED}"


@pytest.mark.parametrize("content_type", ["text/plain", "a/b/c", "application/x-www-form-urlencoded"])
def test_a_body_of_another_media_type_is_rejected(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refused:
        body_type(content_type)
    assert refused.value.status.message == (
        f"the body of the request was in an unknown format - accepted media types include: {NAMED}"
    )


def test_a_body_without_a_content_type_is_json() -> None:
    assert body_type("") == "application/json"
