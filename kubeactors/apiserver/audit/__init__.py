"""The audit log: which requests are recorded, and what an event says about one.

    policy.py       the policy, and the recording of a request
    policy_file.py  its file: decoding and validation
    event.py        events, and what each step of a request adds to one
    trail.py        the events of one request, stage by stage

Who sends to it: the HTTPS edge, with what it knows about a request. What it sends: lines of JSON, to whoever writes them.
Requests of components in this process do not pass the edge, and are not recorded.
Where its behaviour comes from: apiserver/pkg/audit and apiserver/pkg/apis/audit of Kubernetes v1.36.
"""
