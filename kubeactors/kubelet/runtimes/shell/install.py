"""The command `install`.

Source: busybox 1.37, coreutils/install.c.
"""

import posixpath

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.modes import changed
from kubeactors.kubelet.runtimes.shell.options import Options

_LONG = {"directory": "d", "group": "g", "mode": "m", "owner": "o", "preserve-timestamps": "p", "target-directory": "t"}
_MODE = "755"


def install(call: Call) -> int:
    """Copy files with a mode (0755), or create directories (`-d`). Owners are ignored."""
    options = Options(call.arguments, "cdDpsg:m:o:t:", _LONG)
    paths = options.operands
    if not paths:
        raise UsageError("missing operand")
    if "d" in options:
        for path in paths:
            call.files.make_directory(call.path(path), parents=True)
        return 0
    if "t" not in options and len(paths) < 2:
        raise UsageError("missing operand")
    target = call.path(options.value("t") or paths.pop())
    if "D" in options:
        call.files.make_directory(target if "t" in options else posixpath.dirname(target), parents=True)
    mode = changed(options.value("m", _MODE), 0)
    code = 0
    for path in paths:
        place = posixpath.join(target, posixpath.basename(path)) if call.files.is_directory(target) else target
        try:
            _, file = call.files.write(place, call.files.read(call.path(path)), call.now)
        except FileError as error:
            code = call.complain(f"can't stat '{path}': {error}")
        else:
            file.mode = mode
    return code
