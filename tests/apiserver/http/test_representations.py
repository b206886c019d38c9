import json

from kubeactors.api import SCHEME
from kubeactors.api.autoscaling.v1.scale import Scale, ScaleSpec, ScaleStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver.http.encodings import Encodings
from kubeactors.apiserver.http.negotiation import Target
from kubeactors.apiserver.http.query import Query
from kubeactors.apiserver.http.representations import representation


def test_a_table_of_a_subresource_has_the_columns_of_its_kind() -> None:
    [deployments] = [kind for kind in SCHEME if (kind.group, kind.resource) == ("apps", "deployments")]
    shown = representation(
        deployments, Target("Table", "meta.k8s.io", "v1"), Query(b"includeObject=None"), lambda: 0, Encodings()
    )
    scale = Scale(
        metadata=ObjectMeta(name="web", creation_timestamp="1970-01-01T00:00:00Z"),
        spec=ScaleSpec(replicas=3),
        status=ScaleStatus(replicas=2),
    )
    table = json.loads(shown.of_object(scale))
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"] == [{"cells": ["web", 3, 2, "0s"], "object": None}]
