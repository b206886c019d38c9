"""Webhooks of admission: programs elsewhere that are asked before a write, and may change or refuse it.

    asking.py     one webhook is asked about one request
    call.py       the question that is carried to a program, and by whom
    endpoint.py   where a program is: a URL, or a pod behind a service
    review.py     AdmissionReview: the question and the answer as JSON
    webhooks.py   whom a write concerns, and what follows from the answers

Nothing here opens a connection: an actor of the composition root (`cluster/webhooks.py`) does, whom the server asks like
anybody else. A service whose pods are simulated has no program that could answer; it is taken to have nothing to say.

Source: apiserver/pkg/admission/plugin/webhook/{generic,mutating,validating,request} (v1.36).
"""
