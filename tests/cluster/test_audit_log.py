"""The file of the audit log."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import anyio
import pytest

from kubeactors.cluster.audit_file import MEGABYTE, AuditFile
from kubeactors.cluster.audit_log import opened
from kubeactors.cluster.spec import AuditLog


async def test_lines_are_appended_in_order_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "audit.jsonl"
    for lines in ((b"1\n", b"2\n"), (b"3\n",)):
        async with opened(AuditLog(path=str(path))) as write:
            assert write is not None
            for line in lines:
                write(line)
    assert path.read_bytes() == b"1\n2\n3\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_all_lines_are_written_even_if_the_block_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = [b"%d\n" % number for number in range(10_000)]
    with anyio.CancelScope() as scope:
        async with opened(AuditLog(path=str(path))) as write:
            assert write is not None
            for line in lines[:5000]:
                write(line)
            await anyio.lowlevel.checkpoint()
            scope.cancel()
            for line in lines[5000:]:
                write(line)
            await anyio.sleep_forever()
    assert path.read_bytes() == b"".join(lines)


async def test_an_error_of_the_block_is_raised_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"^mine$"):
        async with opened(AuditLog(path=str(tmp_path / "audit.jsonl"))):
            raise LookupError("mine")


async def test_a_file_that_cannot_be_opened_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        async with opened(AuditLog(path=str(tmp_path))):
            pytest.fail("it is a directory")


async def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sys.stdout.flush()
    async with opened(AuditLog(path="-")) as write:
        assert write is not None
        write(b"1\n")
    assert capfdbinary.readouterr().out == b"1\n"


async def test_without_a_log_there_is_nothing_to_write_to() -> None:
    async with opened(None) as write:
        assert write is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
async def test_a_full_disk_is_logged_with_the_number_of_lost_lines(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(AuditLog(path="/dev/full")) as write:
        assert write is not None
        write(b"1\n")
        write(b"2\n")
    assert caplog.messages[:1] == ["audit.write_failed error=No space left on device lines=2"]


def lengths(directory: Path) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in sorted(directory.iterdir())}


HALF = b"x" * (MEGABYTE // 2 - 1) + b"\n"
DAYS = tuple(datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 6))


def test_a_full_file_is_renamed_with_the_time_and_a_new_one_begun(tmp_path: Path) -> None:
    days = iter(DAYS)
    file = AuditFile(AuditLog(path=str(tmp_path / "a.log"), max_size_megabytes=1), lambda: next(days))
    file.write([HALF])
    file.write([HALF, HALF, HALF, HALF, b"last\n"])
    file.close()
    assert lengths(tmp_path) == {
        "a-2026-01-01T00-00-00.000.log": MEGABYTE,
        "a-2026-01-02T00-00-00.000.log": MEGABYTE,
        "a.log": len(HALF) + 5,
    }


def test_a_file_that_is_full_already_is_renamed_at_the_first_line(tmp_path: Path) -> None:
    log = AuditLog(path=str(tmp_path / "a"), max_size_megabytes=1)
    for lines in ((HALF, HALF), (b"1\n",)):
        file = AuditFile(log, lambda: DAYS[0])
        file.write(lines)
        file.close()
    assert lengths(tmp_path) == {"a": 2, "a-2026-01-01T00-00-00.000": MEGABYTE}


def test_files_that_are_renamed_at_the_same_time_have_different_names(tmp_path: Path) -> None:
    file = AuditFile(AuditLog(path=str(tmp_path / "a.log"), max_size_megabytes=1), lambda: DAYS[0])
    file.write([HALF] * 6)
    file.close()
    assert [*lengths(tmp_path)] == ["a-2026-01-01T00-00-00.000.log", "a-2026-01-01T00-00-00.001.log", "a.log"]


@pytest.mark.parametrize(
    ("max_backups", "max_age_days", "kept"),
    [(0, 0, ["01", "02", "03", "04"]), (2, 0, ["03", "04"]), (0, 1, ["03", "04"]), (1, 5, ["04"])],
)
def test_files_that_are_too_many_or_too_old_are_deleted(
    tmp_path: Path, max_backups: int, max_age_days: int, kept: list[str]
) -> None:
    (tmp_path / "a-other.log").touch()
    days = iter(DAYS)
    log = AuditLog(
        path=str(tmp_path / "a.log"), max_size_megabytes=1, max_backups=max_backups, max_age_days=max_age_days
    )
    file = AuditFile(log, lambda: next(days))
    file.write([HALF] * 9)
    file.close()
    backups = [f"a-2026-01-{day}T00-00-00.000.log" for day in kept]
    assert [*lengths(tmp_path)] == [*backups, "a-other.log", "a.log"]


def test_a_file_without_a_limit_is_never_renamed(tmp_path: Path) -> None:
    moments = (DAYS[0] + timedelta(days=day) for day in count())
    file = AuditFile(AuditLog(path=str(tmp_path / "a.log"), max_size_megabytes=0), lambda: next(moments))
    file.write([HALF] * 4)
    file.close()
    assert lengths(tmp_path) == {"a.log": 2 * MEGABYTE}


def test_a_negative_limit_is_rejected() -> None:
    with pytest.raises(ValueError, match="max_backups of an audit log is -1; it must not be negative"):
        AuditLog(path="-", max_backups=-1)
