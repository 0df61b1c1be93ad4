import os
import threading
from pathlib import Path

import pytest

from bienc_cli.errors import StorageError
from bienc_cli.models.cache import publish, remembered_sha256, sha256_file


def valid(directory: Path) -> bool:
    return (directory / "whole").is_file()


def make(directory: Path) -> None:
    (directory / "whole").write_text("all of it")


def test_made_once_and_then_found(tmp_path: Path) -> None:
    calls: list[Path] = []

    def counted(directory: Path) -> None:
        calls.append(directory)
        make(directory)

    for _ in range(3):
        target = publish(tmp_path / "deep" / "m", valid=valid, make=counted)
        assert (target / "whole").read_text() == "all of it"
    assert len(calls) == 1


def test_what_was_interrupted_leaves_nothing_and_is_made_anew(tmp_path: Path) -> None:
    def interrupted(directory: Path) -> None:
        (directory / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / "m", valid=valid, make=interrupted)
    assert [path.name for path in tmp_path.iterdir()] == [".m.lock"]
    target = publish(tmp_path / "m", valid=valid, make=make)
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_what_a_killed_process_left_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / ".m.partial").mkdir()
    (tmp_path / ".m.partial" / "whole").write_text("not really")
    target = publish(tmp_path / "m", valid=valid, make=make)
    assert (target / "whole").read_text() == "all of it"


def test_an_invalid_directory_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "rubbish").write_text("x")
    target = publish(tmp_path / "m", valid=valid, make=make)
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    began, calls = threading.Barrier(4), []

    def counted(directory: Path) -> None:
        calls.append(directory)
        make(directory)

    def work() -> None:
        began.wait()
        publish(tmp_path / "m", valid=valid, make=counted)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert valid(tmp_path / "m")


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written") as raised:
        publish(tmp_path / "file" / "m", valid=valid, make=make)
    assert raised.value.hint is not None
    assert "BIENC_CACHE" in raised.value.hint


def test_a_digest_is_read_again_only_when_the_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return sha256_file(path)

    monkeypatch.setattr("bienc_cli.models.cache.sha256_file", counted)
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = remembered_sha256(file, tmp_path / "cache")
    assert remembered_sha256(file, tmp_path / "cache") == first
    assert len(read) == 1

    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_bytes(b"two")
    os.utime(file, ns=times)
    assert remembered_sha256(file, tmp_path / "cache") == sha256_file(file) != first


def test_a_digest_is_right_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    (tmp_path / "cache").write_text("in the way")
    assert remembered_sha256(file, tmp_path / "cache") == sha256_file(file)
