"""NetworkPolicies: which pods may talk with which.

    rules.py             whether policies let a connection through; pure
    network_policies.py  the actor that follows policies, pods and namespaces, and answers

Who sends to it: the service proxy's sockets and containers that are coroutines, before they connect
(`cluster/policy_gate.py`). It sends nothing but answers.
Where its behaviour comes from: the NetworkPolicy API (api/networking/v1/types.go, v1.36), which network plugins implement.
"""

from kubeactors.network.policy.network_policies import IsAllowed, NetworkPolicies, PolicyMessage

__all__ = ["IsAllowed", "NetworkPolicies", "PolicyMessage"]
