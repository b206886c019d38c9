"""References to operators in replay files: `module:name`, or `file.py:name` if the module cannot be imported by name."""

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

MAIN = "__main__"


class NotFound(ValueError):
    """There is no operator at this place; the message says what to do."""


def place_in(module: str, found: Callable[[object], bool]) -> str:
    """The place of an object of a module; empty if it cannot be found again.

    >>> place_in(place_in.__module__, lambda one: one is place_in)
    'kubeactors.sim.operators.places:place_in'
    """
    loaded = sys.modules.get(module)
    name = next((name for name, one in vars(loaded).items() if found(one)), "") if loaded is not None else ""
    file = _file_of(loaded)
    if not name or file is None:
        return ""
    return f"{module if _is_importable(module, file) else _relative(file)}:{name}"


def found_at(place: str) -> object:
    """The object at a place.

    Raises:
        NotFound: there is none, or its module cannot be imported.
    """
    where, _, name = place.rpartition(":")
    try:
        module = _loaded(Path(where)) if where.endswith(".py") else import_module(where)
    except (ImportError, OSError) as error:
        hint = "run this where it can be imported, or add its directory to PYTHONPATH"
        raise NotFound(f"the operator {place} cannot be imported ({error}); {hint}") from error
    if not hasattr(module, name):
        raise NotFound(f"{where} has no {name}: there is no operator at {place}")
    return getattr(module, name)


def _loaded(file: Path) -> ModuleType:
    spec = spec_from_file_location(f"kubeactors_operator_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _file_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if isinstance(file, str) else None


def _is_importable(module: str, file: Path) -> bool:
    """Whether another process started here can import it by name: from this directory, or from a package."""
    if module == MAIN:
        return False
    here = Path.cwd().joinpath(*module.split("."))
    return file in (here.with_suffix(".py"), here / "__init__.py") or "." in module


def _relative(file: Path) -> Path:
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
