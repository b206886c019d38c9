"""Decodes Kubernetes' protobuf, which typed clients of client-go 1.32 and later send exclusively.

    numbers.txt     the field numbers of each message
    messages.py     a message as dicts and lists, by the Struct to decode it into
    envelope.py     the envelope of an object

The wire format itself is in `apimachinery/wire.py`. Responses are never protobuf: such clients accept JSON as well.

Source: apimachinery/pkg/runtime/serializer/protobuf/protobuf.go (v1.36).
"""

from kubeactors.apimachinery.wire import ProtobufError
from kubeactors.apiserver.http.protobuf.envelope import Envelope, open_envelope
from kubeactors.apiserver.http.protobuf.messages import read_message

__all__ = ["Envelope", "ProtobufError", "open_envelope", "read_message"]
