import pytest

from kubeactors.apimachinery.jsonpath import JsonPathError, find

OBJECT = {
    "metadata": {"name": "a", "labels": {"example.com/x": "y"}},
    "spec": {"size": 3, "on": True, "off": None, "parts": [{"n": "x", "w": 1}, {"n": "y", "w": 2.5}, {"n": "z"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [3]),
        (".spec.off", []),
        (".spec.size.more", []),
        ("['metadata']['labels']['example.com/x']", ["y"]),
        (r".metadata.labels.example\.com/x", ["y"]),
        (".spec['size', \"on\"]", [3, True]),
        (".spec.parts[0].n", ["x"]),
        (".spec.parts[-1].n", ["z"]),
        (".spec.parts[9].n", []),
        (".spec.parts[0,2].n", ["x", "z"]),
        (".spec.parts[1:].n", ["y", "z"]),
        (".spec.parts[::2].n", ["x", "z"]),
        (".spec.parts[::02].n", ["x", "z"]),
        (".spec.parts[*].w", [1, 2.5]),
        (".metadata.labels.*", ["y"]),
        ("..n", ["x", "y", "z"]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        ('.status.conditions[?(@.type == "Synced")].status', []),
        (".nothing.conditions[?(@.type=='Ready')].status", []),
        (".spec.parts[?(@.w)].n", ["x", "y"]),
        (".spec.parts[?(@.w>1)].n", ["y"]),
        (".spec.parts[?(@.w<=1)].n", ["x"]),
        (".spec.parts[?(@.n!='x')].n", ["y", "z"]),
        (".spec.parts[?(@.w=='1')].n", []),
        (".spec[?(@.n=='x')]", []),
    ],
)
def test_paths_find_values(path: str, found: list[object]) -> None:
    assert find(OBJECT, path) == found


@pytest.mark.parametrize("path", [".a[", ".a[x]", ".a[::0]", ".a[1:2:00 ]", ".a[?(x==1)]", ".a[?(@.b==c)]", ".a b"])
def test_a_malformed_path_is_rejected(path: str) -> None:
    with pytest.raises(JsonPathError):
        find(OBJECT, path)
