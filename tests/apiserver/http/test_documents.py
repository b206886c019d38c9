import msgspec
import pytest

from .conftest import Edge, status_of

CORE = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {
            "name": "configmaps",
            "singularName": "configmap",
            "namespaced": True,
            "kind": "ConfigMap",
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "shortNames": ["cm"],
        },
        {
            "name": "pods",
            "singularName": "pod",
            "namespaced": True,
            "kind": "Pod",
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "shortNames": ["po"],
            "categories": ["all"],
        },
        {"name": "pods/binding", "singularName": "", "namespaced": True, "kind": "Binding", "verbs": ["create"]},
        {
            "name": "pods/eviction",
            "singularName": "",
            "namespaced": True,
            "group": "policy",
            "version": "v1",
            "kind": "Eviction",
            "verbs": ["create"],
        },
        {"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]},
        {
            "name": "pods/status",
            "singularName": "",
            "namespaced": True,
            "kind": "Pod",
            "verbs": ["get", "patch", "update"],
        },
    ],
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


async def read(edge: Edge, path: str, accept: str = "application/json") -> dict[str, object]:
    answer = await edge.get(path, accept)
    assert answer.status_code == 200
    return msgspec.json.decode(answer.content, type=dict[str, object])


async def test_the_resources_of_a_version_are_listed(edge: Edge) -> None:
    assert await read(edge, "/api/v1") == CORE


async def test_the_core_group_has_the_server_address(edge: Edge) -> None:
    assert await read(edge, "/api") == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "192.0.2.1:6443"}],
    }


async def test_groups_are_listed(edge: Edge) -> None:
    assert await read(edge, "/apis") == {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}


async def test_aggregated_discovery_with_a_current_etag_is_not_modified(edge: Edge) -> None:
    first = await edge.get("/api", f"{AGGREGATED},application/json")
    assert first.headers["content-type"] == AGGREGATED
    assert (first.headers["vary"], first.headers["cache-control"]) == ("Accept", "public")
    found = msgspec.json.decode(first.content)
    [core] = found["items"]
    assert core["metadata"] == {}
    [version] = core["versions"]
    assert [one["resource"] for one in version["resources"]] == ["configmaps", "pods"]
    assert version["resources"][1]["subresources"][1] == {
        "subresource": "eviction",
        "responseKind": {"group": "policy", "version": "v1", "kind": "Eviction"},
        "verbs": ["create"],
    }
    again = await edge.send("GET", "/api", headers={"accept": AGGREGATED, "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_an_unknown_version_of_aggregated_discovery_is_refused(edge: Edge) -> None:
    answer = await edge.get("/apis", AGGREGATED.replace("v=v2", "v=v9"))
    assert status_of(answer) == (
        406,
        "NotAcceptable",
        (
            "only the following media types are accepted: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        ),
    )


@pytest.mark.parametrize("path", ["/nosuch", "/apis/nosuch.example.com", "/livez/nosuch", "/openapi/v3/api/v9"])
async def test_an_unknown_path_is_a_page_not_found(edge: Edge, path: str) -> None:
    answer = await edge.get(path)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_an_unknown_version_of_a_group_is_not_found(edge: Edge) -> None:
    answer = await edge.get("/api/v9")
    assert status_of(answer) == (404, "NotFound", "the server could not find the requested resource")


async def test_discovery_is_read_only(edge: Edge) -> None:
    answer = await edge.send("POST", "/api/v1", "{}")
    assert status_of(answer) == (
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    )


async def test_the_version_is_that_of_the_behaviour(edge: Edge) -> None:
    found = await read(edge, "/version")
    assert (found["major"], found["minor"], found["gitVersion"]) == ("1", "36", "v1.36.2")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/healthz", "ok"),
        ("/livez/ping", "ok"),
        ("/readyz?exclude=ping", "ok"),
        ("/readyz?verbose", "[+]ping ok\nreadyz check passed\n"),
        ("/livez?verbose&exclude=ping", "[+]ping excluded: ok\nlivez check passed\n"),
        (
            "/livez?verbose&exclude=nosuch",
            '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for "nosuch"\nlivez check passed\n',
        ),
    ],
)
async def test_health_is_plain_text(edge: Edge, path: str, text: str) -> None:
    answer = await edge.get(path)
    assert (answer.status_code, answer.text) == (200, text)


async def test_the_root_lists_paths(edge: Edge) -> None:
    assert await read(edge, "/") == {
        "paths": [
            "/api",
            "/api/v1",
            "/apis",
            "/apis/",
            "/flagz",
            "/healthz",
            "/healthz/ping",
            "/livez",
            "/livez/ping",
            "/metrics",
            "/metrics/slis",
            "/openapi/v2",
            "/openapi/v3",
            "/openapi/v3/",
            "/readyz",
            "/readyz/ping",
            "/statusz",
            "/version",
        ]
    }


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [
        ("/healthz", "", 200),
        ("/readyz", "", 200),
        ("/readyz/ping", "", 403),
        ("/version", "", 200),
        ("/api", "", 403),
        ("/api", "jane", 200),
        ("/openapi/v2", "jane", 200),
        ("/metrics", "jane", 403),
        ("/logs/", "admin", 404),
    ],
)
async def test_documents_are_authorized(edge: Edge, path: str, token: str, code: int) -> None:
    answer = await edge.send("GET", path, headers={"authorization": f"Bearer {token}" if token else ""})
    assert answer.status_code == code


async def test_the_error_of_a_forbidden_path_names_it(edge: Edge) -> None:
    answer = await edge.send("GET", "/logs/", headers={"authorization": "Bearer jane"})
    assert status_of(answer) == (403, "Forbidden", 'forbidden: User "jane" cannot get path "/logs/"')


async def test_metrics_count_requests_by_verb_and_resource(edge: Edge) -> None:
    for _ in range(2):
        await edge.get("/api/v1/namespaces/ns/configmaps")
    await edge.get("/api/v1/namespaces/ns/configmaps/nosuch")
    answer = await edge.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    counted = [line for line in answer.text.splitlines() if line.startswith("apiserver_request_total")]
    about = 'group="",resource="configmaps",scope="namespace",subresource="",verb="LIST",version="v1"'
    assert f'apiserver_request_total{{code="200",{about}}} 2.0' in counted
    assert f"apiserver_request_duration_seconds_count{{{about}}} 2.0" in answer.text
    assert "apiserver_longrunning_requests 0.0" in answer.text


async def test_z_pages_describe_the_server(edge: Edge) -> None:
    status = (await edge.get("/statusz")).text
    assert status.startswith("\nkube-apiserver statusz\nWarning: ")
    assert "\nUp: 0 hr 00 min 00 sec\nBinary version: 1.36.2\nPaths: /api /apis /flagz " in status
    assert (await edge.get("/flagz")).text.startswith("\nkube-apiserver flags\nWarning: ")


async def test_health_checks_are_counted(edge: Edge) -> None:
    for path in ("/livez", "/livez", "/readyz?exclude=ping", "/livez/ping"):
        await edge.get(path)
    told = (await edge.get("/metrics/slis")).text.splitlines()
    assert 'kubernetes_healthcheck{name="ping",type="livez"} 1.0' in told
    assert 'kubernetes_healthchecks_total{name="ping",status="success",type="livez"} 2.0' in told
    assert not any('type="readyz"' in line for line in told)
