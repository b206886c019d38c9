"""The rules of the built-in signers.

Source: pkg/apis/certificates/v1/helpers.go, pkg/controller/certificates/signer/signer.go (v1.36).
"""

import msgspec

CLIENT = "kubernetes.io/kube-apiserver-client"
KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet"
KUBELET_SERVING = "kubernetes.io/kubelet-serving"
SIGNERS = (CLIENT, KUBELET_CLIENT, KUBELET_SERVING)

_NODES, _NODE = "system:nodes", "system:node:"
_OF_CLIENTS = ("digital signature", "key encipherment", "client auth")
_REQUIRED = {
    KUBELET_CLIENT: ({"digital signature", "client auth"}, {"key encipherment"}),
    KUBELET_SERVING: ({"digital signature", "server auth"}, {"key encipherment"}),
}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The subject of a requested certificate."""

    common_name: str = ""
    organizations: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


def problem(signer: str, subject: Subject, usages: tuple[str, ...]) -> str:
    """Why the signer rejects this request; empty if it does not.

    >>> problem(CLIENT, Subject(common_name="jane"), ("server auth",))
    'invalid usage for client certificate: server auth'
    """
    return _problem_of_client(usages) if signer == CLIENT else problem_of_kubelet(signer, subject, usages)


def _problem_of_client(usages: tuple[str, ...]) -> str:
    wrong = next((one for one in usages if one not in _OF_CLIENTS), "")
    if wrong:
        return f"invalid usage for client certificate: {wrong}"
    return "" if "client auth" in usages else "missing required usage for client certificate: client auth"


def problem_of_kubelet(signer: str, subject: Subject, usages: tuple[str, ...]) -> str:
    """Why this is not a kubelet's client or serving certificate; empty if it is."""
    serves = signer == KUBELET_SERVING
    if subject.organizations != (_NODES,):
        return "organization in subject is not system:nodes" if serves else "subject organization is not system:nodes"
    if serves and not subject.dns and not subject.addresses:
        return "DNS or IP subjectAltName is required"
    refused = [("Email", subject.emails), ("URI", subject.uris)]
    if not serves:
        refused = [("DNS", subject.dns), ("Email", subject.emails), ("IP", subject.addresses), ("URI", subject.uris)]
    for name, found in refused:
        if found:
            return f"{name} subjectAltNames are not allowed"
    if not subject.common_name.startswith(_NODE):
        return "subject common name does not begin with system:node:"
    required, allowed = _REQUIRED[signer]
    given = set(usages)
    if not required <= given <= required | allowed:
        return f"usages did not match {sorted(required | allowed)}".replace("'", "").replace(",", "")
    return ""
