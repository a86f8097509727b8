"""A file is there whole or not at all; a lock belongs to one process and names it."""

import multiprocessing

import pytest

from helpers import files
from helpers.errors import WorkError


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "a" / "table.csv"
    files.write_text(path, "old\n")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as part:
        part.write_text("half")
        _ = 1 / 0
    assert path.read_text() == "old\n"
    assert list(path.parent.iterdir()) == [path]


def test_line_ends_and_letters_are_written_as_they_stand(tmp_path):
    files.write_text(tmp_path / "a.txt", "한국\r\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == "한국\r\nb\n".encode()
    assert files.sha256(tmp_path / "a.txt") == files.sha256(tmp_path / "a.txt")


def _hold(folder, ready, end):
    with files.lock(folder, "a long build"):
        ready.set()
        end.wait(30)


def test_a_lock_held_elsewhere_is_refused_with_its_holder_named(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, ready, end))
    other.start()
    try:
        assert ready.wait(30)
        assert not files.is_free(tmp_path)
        with (
            pytest.raises(WorkError, match=rf"a long build, process {other.pid}"),
            files.lock(tmp_path, "x", wait=False),
        ):
            pass
    finally:
        end.set()
        other.join()
    assert files.is_free(tmp_path)


def test_a_lock_ends_with_its_holder(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, ready, end))
    other.start()
    assert ready.wait(30)
    other.kill()
    other.join()
    with files.lock(tmp_path, "the next one", wait=False):
        assert "the next one" in files.holder(tmp_path)
