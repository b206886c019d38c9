"""Warnings about selectors of deprecated node labels.

Source: pkg/api/node/util.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.affinity import NodeSelectorTerm
from kubeactors.apimachinery.meta import LabelSelector

OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def warn_of_term(term: NodeSelectorTerm, path: str) -> Iterator[str]:
    """A term of a node selector."""
    for i, one in enumerate(term.match_expressions):
        if one.key in OLD_LABELS:
            yield f"{path}.matchExpressions[{i}].key: {one.key} is {OLD_LABELS[one.key]}"


def warn_of_node_selector(selector: LabelSelector, path: str) -> Iterator[str]:
    """A label selector that selects nodes.

    >>> list(warn_of_node_selector(LabelSelector(match_labels={"app.kubernetes.io/created-by": "me"}), "nodeTopology"))
    ['nodeTopology.matchLabels.app.kubernetes.io/created-by: deprecated since v1.9']
    """
    for i, one in enumerate(selector.match_expressions):
        if one.key in OLD_LABELS:
            yield f"{path}.matchExpressions[{i}].key: {one.key} is {OLD_LABELS[one.key]}"
    for key in selector.match_labels:
        if key in OLD_LABELS:
            yield f"{path}.matchLabels.{key}: {OLD_LABELS[key]}"
