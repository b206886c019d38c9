"""The maps with which rooms open are complete, and name nothing that is not there."""

import re
from pathlib import Path

import pytest

import kubeactors

ROOT = Path(kubeactors.__file__).parent
FILE = re.compile(r"(?<![\w/])\w+\.py\b")
FOLDER = re.compile(r"(?<![\w/])\w+/(?!\w)")


def opening(room: Path) -> str:
    """The docstring of a room."""
    found = re.match(r'\s*"""(.*?)"""', (room / "__init__.py").read_text(), re.DOTALL)
    return found[1] if found else ""


def contents(room: Path) -> list[str]:
    """The files and folders of a room, as a map names them."""
    files = [one.name for one in room.glob("*.py") if one.name != "__init__.py"]
    return sorted([*files, *(f"{one.parent.name}/" for one in room.glob("*/__init__.py"))])


def has_map(room: Path) -> bool:
    """Whether its opening names most of its files: otherwise it says in sentences what is worth to be said."""
    return 2 * len(set(FILE.findall(opening(room))) & set(contents(room))) > len(contents(room))


ALL_FILES = {one.name for one in ROOT.rglob("*.py")}
ROOMS = [room for room in sorted(one.parent for one in ROOT.rglob("__init__.py")) if has_map(room)]


def test_there_are_maps() -> None:
    assert {"actor", "apiserver", "kubelet", "scheduler", "sim"} <= {str(room.relative_to(ROOT)) for room in ROOMS}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_map_names_all_that_is_in_its_room(room: Path) -> None:
    named = {*FILE.findall(opening(room)), *FOLDER.findall(opening(room))}
    assert [one for one in contents(room) if one not in named] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_map_names_nothing_that_is_not_there(room: Path) -> None:
    assert [one for one in FILE.findall(opening(room)) if one not in ALL_FILES] == []
