"""Objects in Kubernetes' protobuf, as clients send them: typed clients of client-go 1.32 and later send nothing else.

    numbers.txt     which number each field of each message has
    messages.py     a message as dicts and lists, by the Struct that it is to become
    envelope.py     what stands around an object

The wire format itself is in `apimachinery/wire.py`. Answers are never in protobuf: such clients accept JSON as well.

Source: apimachinery/pkg/runtime/serializer/protobuf/protobuf.go (v1.36).
"""

from kubeactors.apimachinery.wire import ProtobufError
from kubeactors.apiserver.http.protobuf.envelope import Envelope, open_envelope
from kubeactors.apiserver.http.protobuf.messages import read_message

__all__ = ["Envelope", "ProtobufError", "open_envelope", "read_message"]
