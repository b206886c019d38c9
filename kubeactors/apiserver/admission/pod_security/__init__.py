"""Pod Security admission: enforces the Pod Security Standard that a namespace's labels select.

    levels.py      labels to levels           checks.py      helpers of the checks
    baseline.py    the baseline level         restricted.py  the restricted level
    evaluation.py  the checks of a level      plugin.py      the plug-in: pods, templates, namespaces

Source: k8s.io/pod-security-admission (v1.36).
"""

from kubeactors.apiserver.admission.pod_security.plugin import PodSecurity

__all__ = ["PodSecurity"]
