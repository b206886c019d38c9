"""Pod Security: what pods may do to their nodes, by labels of their namespace.

    levels.py      what the labels say        checks.py      what all checks share
    baseline.py    known escalations          restricted.py  hardening
    evaluation.py  the checks of a level      plugin.py      pods, templates and namespaces at the door

Source: k8s.io/pod-security-admission (v1.36).
"""

from kubeactors.apiserver.admission.pod_security.plugin import PodSecurity

__all__ = ["PodSecurity"]
