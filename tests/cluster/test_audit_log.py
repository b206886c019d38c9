"""The file of the audit log."""

import sys
from pathlib import Path

import anyio
import pytest

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
    assert caplog.messages[:1] == ["audit.write_failed error=No space left on device lost_lines=2"]
