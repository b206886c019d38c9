"""What may be said of nodes."""

from kubeactors.api.core.v1.validation import validate_node, validate_node_update
from tests.api.core.builders import node, texts


def test_taints_differ_by_key_and_effect() -> None:
    taints = [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule"}, {"key": "b", "effect": ""}]
    assert texts(validate_node(node({"taints": taints}))) == [
        (
            'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: '
            "taints must be unique by key and effect pair"
        ),
        "metadata.taints[2].effect: Required value",
    ]


def test_amounts_are_not_negative_and_whole_where_there_are_no_fractions() -> None:
    capacity = {"cpu": "-1", "pods": "1500m"}
    found = texts(validate_node(node(status={"capacity": capacity, "allocatable": {"cpu": "1"}})))
    assert found == [
        'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
        'status.capacity.pods: Invalid value: "1500m": must be an integer',
    ]


def test_a_node_has_one_address_range_of_each_family() -> None:
    assert texts(validate_node(node({"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}))) == []
    assert texts(validate_node(node({"podCIDRs": ["10.0.0.0/24", "10.0.1.0/24"]}))) == [
        (
            'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: '
            "may specify no more than one CIDR for each IP family"
        )
    ]


def test_address_ranges_and_the_providers_id_are_set_once() -> None:
    bare, given = node(), node({"podCIDR": "10.0.0.0/24", "providerID": "a"})
    other = node({"podCIDR": "10.0.1.0/24", "providerID": "b"})
    assert texts(validate_node_update(given, bare)) == []
    assert texts(validate_node_update(other, given)) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
        'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ]


def test_a_node_reports_each_address_once() -> None:
    address = {"type": "InternalIP", "address": "10.0.0.1"}
    assert texts(validate_node_update(node(status={"addresses": [address, address]}), node())) == [
        'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}'
    ]


def test_the_kubelets_configuration_is_named_completely() -> None:
    spec = {"configSource": {"configMap": {"namespace": "A", "name": "n", "kubeletConfigKey": "k", "uid": "u"}}}
    status = {"config": {"active": {"configMap": {"namespace": "a"}}, "assigned": {}}}
    found = texts(validate_node_update(node(spec, status), node()))
    assert [text.partition(": ")[0] for text in found] == [
        "spec.configSource.configMap.uid",
        "spec.configSource.configMap.namespace",
        "status.config.assigned",
        "status.config.active.configMap.uid",
        "status.config.active.configMap.resourceVersion",
        "status.config.active.configMap.name",
        "status.config.active.configMap.kubeletConfigKey",
    ]
