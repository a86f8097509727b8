"""Whatever goes wrong is told plainly, stops only its own run, and loses nothing."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest
from small_project import SEARCHED, SmallProject, is_gone, wait_until

from helpers import files
from helpers.errors import InputError, WorkError
from helpers.runner import build, completed
from helpers.runner.progress import Progress

KILLS = 4


PRELOADING = """
import time
from multiprocessing import forkserver
from helpers.runner import provisioner
provisioner.ALWAYS = ("slow_to_import",)
provisioner.begin()
print(forkserver._forkserver._forkserver_pid, flush=True)
time.sleep(100)
"""


def one_failure():
    (failure,) = build().failures
    return failure.error


def leftovers(root):
    """What a build must not leave behind: unfinished runs, and processes of runs."""
    area = root / "build" / ".tmp"
    kept = [path.name for path in area.iterdir() if path.is_dir()] if area.exists() else []
    return kept, [process.pid for process in processes_below(root)]


def processes_below(root):
    """Processes of builds in a folder, and kernels and what they started that belong to this process's fork server."""
    server, found = forkserver._forkserver._forkserver_pid, set()
    with suppress(psutil.Error):
        found = set(psutil.Process(server).children(recursive=True)) if server else set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("RESHORING_ROOT") == str(root) and process.pid != os.getpid():
                found.add(process)
    return list(found)


def test_a_failing_cell_stops_only_its_run_and_is_told_by_cell_and_line(quick):
    quick.add("alpha", "value = 1", "a = 2\nb = value / 0\nc = 3", "never = 1")
    quick.add("beta", order=20)
    recap = build()
    assert [(item.section, item.state) for item in recap.results] == [("alpha", "failed"), ("beta", "ran")]
    (line,) = recap.lines()
    told = "base/alpha: cell 5 (step-2), line 2: ZeroDivisionError: division by zero"
    assert line == f"{told} (notebook and log: build/failed/base/alpha)"
    kept = quick.root / "build" / "failed" / "base" / "alpha"
    assert json.loads((kept / "failure.json").read_text())["line"] == 2
    assert "ZeroDivisionError" in (kept / "notebook.ipynb").read_text()
    assert (kept / "log.txt").exists()
    assert completed("base", "alpha") is None
    assert leftovers(quick.root) == ([], [])


def test_a_failure_keeps_the_last_good_run_and_goes_away_with_the_next_good_one(quick):
    quick.add("alpha")
    build()
    quick.edit("alpha", "step-1", "1 / 0")
    assert not build().ok
    assert completed("base", "alpha").metrics["value"] == 42
    quick.edit("alpha", "step-1", "report.metrics(value=1)")
    assert build().ok
    assert not (quick.root / "build" / "failed" / "base" / "alpha").exists()


@pytest.mark.parametrize(
    ("code", "line", "name"),
    [
        ("import json\n\njson.loads('{')", 3, "JSONDecodeError"),
        ("x = (", None, "SyntaxError"),
        ("import os; os._exit(3)", None, "DeadKernelError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, "DeadKernelError"),
    ],
)
def test_an_error_or_a_dead_kernel_is_a_failure_of_its_cell(quick, code, line, name):
    quick.add("alpha", code)
    error = one_failure()
    assert (error.cell_id, error.name) == ("step-1", name)
    assert line is None or error.line == line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (None, "{", "alpha.ipynb is not a valid notebook"),
        (None, "[]", "alpha.ipynb is not a valid notebook"),
        (None, '{"nbformat": 3, "cells": []}', "not a notebook of format 4"),
        ('"raw"', '"markdown"', "no front matter"),
        ("section: alpha", "section: beta", "the file is named 'alpha'"),
        ("title: ", "titel: ", "front matter: title"),
        ("order: 10", "order: [", "not valid YAML"),
        ("order: 10", "needs: [beta]", "not a known section"),
        ("order: 10", "needs: [alpha]", "in a circle"),
        ("order: 10", "tables: [rd_gpd]", "not a known table"),
        ("small_parameters:", "no_such_module:", "no parameter model"),
        ('"parameters"\n', '"other"\n', "no cell tagged 'parameters'"),
    ],
)
def test_a_notebook_that_cannot_be_run_is_refused_before_anything_runs(quick, old, new, words):
    path = quick.add("alpha")
    path.write_text(path.read_text().replace(old, new) if old else new)
    with pytest.raises(InputError, match=words):
        build()
    assert not list(quick.root.glob("build/runs/*/*"))


def test_an_edited_default_that_runs_would_not_take_is_refused(quick):
    quick.add("alpha")
    quick.edit("alpha", "parameters", 'scale = 3\nword = "one"\nweights = {}\n')
    with pytest.raises(InputError, match=r"sets scale = 3, but the default .* is 2") as caught:
        build()
    assert "reshoring run alpha -p scale=3" in str(caught.value)


def test_a_cell_that_never_ends_is_ended_and_named(quick, late):
    quick.add(
        "alpha",
        "import subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\ntime.sleep(600)",
        extra="time_limit: 100\n",
    )
    quick.add("beta", order=20)
    recap = build()
    assert [item.state for item in recap.results] == ["failed", "ran"]
    assert "cell 4 (step-1)" in recap.lines()[0]
    assert "TimeLimit: ended after 2" in recap.lines()[0]
    assert "its limit is 100 s (time_limit in the front matter)" in recap.lines()[0]
    wait_until(lambda: leftovers(quick.root) == ([], []))
    assert "time.sleep" in (quick.root / "build/failed/base/alpha/notebook.ipynb").read_text()


def test_a_cell_that_takes_too_much_memory_is_ended_and_named(quick):
    quick.add("alpha", "import time\nblock = bytearray(700_000_000)\ntime.sleep(60)", extra="memory_limit: 800\n")
    error = one_failure()
    assert error.cell_id == "step-1"
    assert "its limit is 800 MB (memory_limit in the front matter)" in error.message
    assert leftovers(quick.root) == ([], [])


class Enough(Exception):
    """The build would wait now."""


HOLDER = """
import time
from helpers import files, paths
with files.lock(paths.build_folder() / "runs", "a build"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_of_two_builds_the_second_waits_or_says_who_holds_the_lock_which_ends_with_its_holder(quick):
    quick.add("alpha")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(WorkError, match=f"a build, process {holder.pid}, since"):
        build(wait=False)

    class Ear(Progress):
        def note(self, text):
            raise Enough(text)

    with pytest.raises(Enough, match="Waiting for it"):
        build(progress=Ear())
    holder.kill()
    holder.communicate()
    assert build(wait=False).ok


def small_disk(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def told_on_small_disk(process):
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "File too large" in errors
    assert "Traceback" not in errors
    return errors


BIG = "from pathlib import Path\nPath(report.results() / 'big.csv').write_text('x' * 1_000_000)"


@pytest.mark.parametrize("ordinary", [False, True])
def test_a_full_disk_fails_the_run_and_keeps_the_last_good_one(quick, command, ordinary):
    project = quick
    project.add("alpha")
    project.add("beta", extra="needs: [alpha]\n", order=20)  # a run alone has an ordinary kernel
    choice = {"RESHORING_ORDINARY_KERNELS": "1"} if ordinary else {}
    assert build().ok
    before = completed("base", "alpha").started
    project.edit("alpha", "step-1", BIG)
    errors = told_on_small_disk(command("build", environment=choice, preexec_fn=partial(small_disk, 200_000)))
    assert "base/alpha: cell 4 (step-1)" in errors
    assert completed("base", "alpha").started == before
    assert leftovers(project.root) == ([], [])


def test_a_disk_too_full_for_the_notebook_itself_is_told(project, command):
    project.add("alpha", "print('x' * 300_000)")
    told_on_small_disk(command("build", preexec_fn=partial(small_disk, 100_000)))
    assert completed("base", "alpha") is None


def test_a_disk_too_full_for_the_tables_of_a_sweep_is_told_and_goes_on_later(project, command):
    project.add("alpha")
    (project.root / "sweeps" / "try.yml").write_text('{"title": "T", "section": "alpha", "grid": {"scale": [1, 2]}}')
    errors = told_on_small_disk(command("sweep", "try", preexec_fn=partial(small_disk, 300)))
    assert errors.startswith("error: ")
    assert "File too large. Raise the limit on the size of files" in errors
    assert leftovers(project.root) == ([], [])
    assert command("sweep", "try").wait(120) == 0


def build_as_nobody(root, answers):
    os.environ["RESHORING_ROOT"] = str(root)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        build()
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")


def test_a_read_only_build_folder_is_told():
    root = Path(tempfile.mkdtemp())
    try:
        SmallProject(root).add("alpha")
        (root / "build").mkdir()
        (root / "build").chmod(0o555)
        root.chmod(0o755)
        fork = multiprocessing.get_context("fork")
        answers = fork.Queue()
        process = fork.Process(target=build_as_nobody, args=(root, answers))
        process.start()
        told = answers.get(timeout=60)
        process.join()
    finally:
        shutil.rmtree(root)
    assert told.startswith("WorkError: ")
    assert "cannot be written to (Permission denied). Nothing was run." in told


@pytest.mark.parametrize("ordinary", [False, True])
def test_ctrl_c_leaves_no_half_result_and_no_process(project, command, ordinary):
    project.add("alpha", "import time\ntime.sleep(60)")
    project.add("beta", extra="needs: [alpha]\n", order=20)  # a run alone has an ordinary kernel
    choice = {"RESHORING_ORDINARY_KERNELS": "1"} if ordinary else {}
    process = command("build", environment=choice)
    assert "run   base/alpha" in process.stdout.readline()
    # The build and its kernel; between them the fork server, which has a helper of its own.
    wait_until(lambda: len(processes_below(project.root)) == (2 if ordinary else 4))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.startswith("stopped")
    wait_until(lambda: leftovers(project.root) == ([], []))
    assert completed("base", "alpha") is None
    assert not (project.root / "build" / "failed" / "base" / "alpha").exists()


def everything(root):
    """All that a build is made for: runs and site, but for logs, times and book-keeping of times.

    Staged pages are left out: a render that was killed may have staged what another edit has undone since, and the
    next render stages anew.
    """
    own = (files.LOCK, files.HOLDER, ".stamp.json", "manifest.json", "log.txt")
    places = ("build/runs", "_site")
    kept = [path for place in places for path in sorted((root / place).rglob("*")) if path.name not in own]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept if path.is_file()}


def site_of(left):
    return {name: found for name, found in left.items() if name.startswith("_site/")}


BARE = """import json, os, time
from pathlib import Path
own = json.loads(Path(os.environ["RESHORING_RUN"]).read_text())
results = Path(own["results"])"""


def write_two_sections(project, number):
    """Sections of which the second needs the first; the number makes both, and the site, stale."""
    # Without the house style there is less to preload, so that more of the time goes into what is to be disturbed.
    write = f"(results / 'metrics.json').write_text(json.dumps({{'value': {number}, 'needs': len(own['needs'])}}))"
    for order, (slug, needs) in enumerate({"alpha": "", "beta": "needs: [alpha]\n"}.items()):
        project.add(slug, f"time.sleep(0.1)\n{write}", f"print('done', {number})", extra=needs, order=order)
        project.edit(slug, "imports", BARE)


KILLED = """
import json, os, signal, sys
from helpers.runner import execution
from helpers.site import build, commands, contract, pages, render, stage
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "shutil.copyfile", "ctypes.dlsym")
seen, last = 0, 0

def count(event, details):
    global seen
    if event in CHANGES or (event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR)):
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

# Each site is made in a fork of this process, which has imported everything.
for line in sys.stdin:
    last = int(line)
    child = os.fork()
    if not child:
        os.setsid()
        os.dup2(os.open(os.environ["TOLD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(1, 2)
        sys.addaudithook(count)
        commands.site(jobs=1, renderer="smalldocs")
        last = 0
        with open(os.environ["TOLD"] + ".count", "w") as file:
            file.write(str(seen))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_log_shows_what_a_notebook_printed_without_carrying_it_out(quick):
    quick.add("alpha", "import sys, os\nos.write(2, b'a\\x1b[2Jb\\x1b[31mc')\nreport.metrics(value=1)")
    assert build().ok
    log = (quick.root / "build/runs/base/alpha/log.txt").read_text()
    assert "a\\x1b[2Jbc" in log
    assert "\x1b" not in log


@pytest.mark.parametrize("arguments", [["build"], ["run", "alpha", "--numbers"]])
def test_too_few_open_files_are_told_before_anything_runs(project, command, arguments):
    project.add("alpha")
    few = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (64, 64))
    with command(*arguments, preexec_fn=few) as ended:
        _, told = ended.communicate()
    assert ended.returncode == 1
    assert "error: A process may open 64 files here (ulimit -n), but" in told
    assert not list(project.root.glob("build/*/base"))


def test_a_low_limit_of_open_files_is_raised_where_the_system_allows_it():
    code = "from resource import *; setrlimit(RLIMIT_NOFILE, (64, 1000)); from helpers.runner.environment import *; "
    line = [sys.executable, "-c", code + "require_files(2); print(*getrlimit(RLIMIT_NOFILE))"]
    done = subprocess.run(line, env=os.environ | {"PYTHONPATH": SEARCHED}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["128", "1000"]


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_a_server_that_is_still_importing_ends_with_the_process_that_started_it(tmp_path):
    (tmp_path / "slow_to_import.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(100)\n")
    own = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), SEARCHED])}
    own.pop("RESHORING_ORDINARY_KERNELS", None)
    line = [sys.executable, "-c", PRELOADING]
    with subprocess.Popen(line, env=own, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        server = int(parent.stdout.readline())
        wait_until((tmp_path / "begun").exists)
        parent.kill()
    wait_until(lambda: is_gone(server), seconds=5)


@pytest.mark.xdist_group("kills")
def test_killed_at_any_moment_a_site_can_be_built_again(project, tmp_path_factory):
    """A moment is one of the many hundred times that something on the disk is about to change."""
    project.site()
    told = tmp_path_factory.mktemp("told") / "log.txt"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": project.root}
    maker = subprocess.Popen([sys.executable, "-c", KILLED], env=os.environ | {"TOLD": str(told)}, **pipes)

    def site(number, last=0):
        """Make the site of a state of the project, killed before a change on the disk; return how it ended."""
        write_two_sections(project, number)
        print(last, file=maker.stdin, flush=True)
        return int(maker.stdout.readline())

    undisturbed, moments = [], []
    for number in (1, 2):
        assert site(number) == 0, told.read_text()
        moments.append(int(told.with_name("log.txt.count").read_text()))
        undisturbed.append(everything(project.root))
    sites = [site_of(one) for one in undisturbed]
    assert sites[0] != sites[1]
    chance, ended = random.Random(1), []
    for attempt in range(KILLS):
        # Every second one falls into the later part, in which pages are rendered and the site is swapped.
        last = chance.randrange(1 if attempt % 2 else min(moments) // 2, min(moments))
        ended.append(site(1 + attempt % 2, last))
        assert site_of(everything(project.root)) in sites, "a site that is neither the old one nor the new one"
    # What an earlier one has left is not made again: some end before their moment comes.
    assert ended.count(-signal.SIGKILL) >= KILLS - 2
    wait_until(lambda: [one for one in processes_below(project.root) if one.pid != maker.pid] == [])
    assert site(1) == 0
    maker.stdin.close()
    assert maker.wait(10) == 0
    maker.stdout.close()
    assert everything(project.root) == undisturbed[0]
    wait_until(lambda: leftovers(project.root) == ([], []))
    assert build(wait=False).changed == []


def test_a_second_site_waits_for_the_first(project, command):
    from helpers import files
    from helpers.site.pages import STAGE

    project.site()
    project.add("alpha")
    assert command("build").wait(120) == 0
    with files.lock(project.root / STAGE, "rendering the site"):
        process = command("site")
        said = []
        wait_until(lambda: said.append(process.stdout.readline()) or "Waiting for it" in said[-1])
        assert "rendering the site, process" in said[-1]
        assert process.poll() is None
    assert process.wait(60) == 0
    process.communicate()
    assert (project.root / "_site/index.html").exists()
