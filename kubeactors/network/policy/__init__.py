"""NetworkPolicies: which connections pods may make and accept.

    rules.py             whether policies allow a connection; pure
    network_policies.py  the actor that follows policies, pods and namespaces, and answers

Senders: the service proxy's sockets, and containers that are coroutines, before they connect (`cluster/policy_gate.py`).
It sends only replies.
Source: the NetworkPolicy API (api/networking/v1/types.go, v1.36), which network plugins implement.
"""

from kubeactors.network.policy.network_policies import IsAllowed, NetworkPolicies, PolicyMessage

__all__ = ["IsAllowed", "NetworkPolicies", "PolicyMessage"]
