"""A file is there whole or not at all; a lock belongs to one process and names it."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from helpers import files
from helpers.errors import WorkError

HOLDING = """
import sys
from pathlib import Path
from helpers import files

with files.lock(Path(sys.argv[1]), "a long build"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder_of(folder):
    """Hold the lock of a folder in another process, which lets go when its standard input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        yield other


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "a" / "table.csv"
    files.write_text(path, "old\n")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as part:
        assert part.write_text("half") / 0
    assert path.read_text() == "old\n"
    assert list(path.parent.iterdir()) == [path]


def test_line_ends_and_letters_are_written_as_they_stand(tmp_path):
    files.write_text(tmp_path / "a.txt", "한국\r\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == "한국\r\nb\n".encode()
    assert files.sha256(tmp_path / "a.txt") == files.sha256(tmp_path / "a.txt")


def test_a_lock_held_elsewhere_is_refused_with_its_holder_named(tmp_path):
    with holder_of(tmp_path) as other:
        assert not files.is_free(tmp_path)
        with (
            pytest.raises(WorkError, match=rf"a long build, process {other.pid}"),
            files.lock(tmp_path, "x", wait=False),
        ):
            pass
    assert files.is_free(tmp_path)


def test_a_lock_ends_with_its_holder(tmp_path):
    with holder_of(tmp_path) as other:
        other.kill()
    with files.lock(tmp_path, "the next one", wait=False):
        assert "the next one" in files.holder(tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
from helpers import files

with files.private_folder(Path(sys.argv[1])) as folder:
    (folder / files.BESIDE).write_text(sys.argv[2])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def folders(area):
    return [path for path in area.iterdir() if path.is_dir()]


def test_a_private_folder_goes_with_its_block_and_that_of_a_killed_process_with_the_next(tmp_path):
    area, beside = tmp_path / "area", tmp_path / "beside"
    files.remove_abandoned(area)
    beside.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, str(area), str(beside)], check=False)
    (left,) = folders(area)
    with files.private_folder(area) as folder:
        assert folders(area) == [folder] != [left]
        assert not beside.exists()
        files.remove_abandoned(area)
        assert folder.is_dir()
    assert folders(area) == []
    subprocess.run([sys.executable, "-c", KILLED, str(area), str(beside)], check=False)
    files.remove_abandoned(area)
    assert folders(area) == []
