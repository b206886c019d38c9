"""Admission webhooks: programs that are called before a write, and may change or reject it.

    invocation.py  a call of a webhook about a request
    call.py        the message that carries a call, and its reply
    endpoint.py    the address of a webhook: a URL, or a pod behind a service
    review.py      AdmissionReview as JSON
    webhooks.py    which webhooks a write matches, and the effect of their responses

Nothing here opens a connection: an actor of the composition root (`cluster/webhooks.py`) does, which the server asks
like any other. A service whose pods are simulated has no program behind it; its webhooks allow everything.

Source: apiserver/pkg/admission/plugin/webhook/{generic,mutating,validating,request} (v1.36).
"""
