"""Forked kernels: as separate from each other, and as equal to ordinary ones, as new interpreters would be."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
from small_project import SEARCHED, is_gone, wait_until

from helpers import imports
from helpers.runner import build, provisioner

LEAVE_TRACES = """
import builtins, os, random, sys, tempfile
import json as changed
import matplotlib.pyplot as plt, numpy as np, pandas as pd
trace = builtins.trace = changed.trace = "left behind"
sys.path.append("/left/behind"); sys.modules["left_behind"] = sys
os.environ["LEFT"] = "behind"; os.chdir("/")
plt.rcParams["font.size"] = 33; plt.figure(); pd.set_option("display.max_rows", 3)
random.seed(1); np.random.seed(1); random.random()
left = open(tempfile.mkstemp()[1], "w")
"""
FIND_TRACES = """
import builtins, os, random, sys
import json as changed
import matplotlib.pyplot as plt, numpy as np, pandas as pd
found = [name for name, there in {
    "variable": "trace" in globals() or hasattr(builtins, "trace"),
    "module": hasattr(changed, "trace") or "left_behind" in sys.modules or "/left/behind" in sys.path,
    "environment": "LEFT" in os.environ,
    "folder": os.getcwd() == "/",
    "style": plt.rcParams["font.size"] == 33 or bool(plt.get_fignums()),
    "option": pd.get_option("display.max_rows") == 3,
}.items() if there]
handles = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
found += [os.readlink(name) for name in handles if os.path.exists(name) and os.readlink(name).startswith("/tmp/tmp")]
draw = f"{random.random()} {np.random.rand()}"
report.metrics(found=", ".join(found), draw=draw, folder=os.getcwd(), pid=os.getpid())
"""
REPORT = """
import os, random, sys, matplotlib.pyplot as plt, numpy as np, pandas as pd
print("to the notebook"); print("to the errors", file=sys.stderr); os.write(1, b"to the log\\n")
fig, ax = plt.subplots(); ax.plot([1, 2], [3, 4]); plt.show()
display(pd.DataFrame({"a": [1.5, 2]})); object()
names = sorted(name for name in globals() if not name.startswith("_"))
report.metrics(hash=hash("text"), sum=float(np.random.default_rng(1).random(10_000).sum()), names=str(names))
report.metrics(threads=os.environ["OMP_NUM_THREADS"], zone=os.environ["TZ"], main=__name__, args=str(len(sys.argv)))
"""


def outputs(root, slug):
    folder = root / "build" / "runs" / "base" / slug
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name in ("notebook.ipynb", "metrics.json")
    }


def test_nothing_passes_from_one_run_to_the_next(quick):
    quick.add("first", LEAVE_TRACES, order=1)
    quick.add("second", FIND_TRACES, extra="needs: [first]\n", order=2)
    quick.add("third", FIND_TRACES, extra="needs: [first]\n", order=3)
    assert build().lines() == []
    second, third = quick.metrics("second"), quick.metrics("third")
    assert second["found"] == third["found"] == ""
    assert second["draw"] != third["draw"]
    assert second["pid"] != third["pid"]
    assert second["folder"] != third["folder"]


def test_forked_and_ordinary_kernels_give_the_same_bytes(quick, monkeypatch):
    quick.add("alpha", REPORT)
    assert build().lines() == []
    forked = outputs(quick.root, "alpha")
    monkeypatch.setenv("RESHORING_ORDINARY_KERNELS", "1")
    assert build(force=True).lines() == []
    assert outputs(quick.root, "alpha") == forked
    assert b"image/png" in forked["notebook.ipynb"]
    assert "to the log" in (quick.root / "build/runs/base/alpha/log.txt").read_text()


def test_the_source_notebook_is_never_written_to(quick):
    path = quick.add("alpha", "report.metrics(value=1)\nimport os; print(os.listdir('.'))")
    before = path.read_bytes(), path.stat().st_mtime_ns
    build()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [item.name for item in path.parent.iterdir()] == ["alpha.ipynb"]


@pytest.fixture
def other_server(preloaded, monkeypatch):
    """Let a test start fork servers of its own, which import little else."""
    monkeypatch.setattr(provisioner, "ALWAYS", (provisioner.__name__,))
    yield
    monkeypatch.undo()
    preloaded()


def test_what_may_not_be_forked_is_told_by_the_server_itself(other_server, monkeypatch, tmp_path):
    """What starts threads, breaks or binds itself to a kernel is done without; a server that has it is not forked."""
    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    (tmp_path / "broken.py").write_text("raise ValueError")
    monkeypatch.setenv("PYTHONPATH", f"{SEARCHED}{os.pathsep}{tmp_path}")
    for names in (["threaded"], [provisioner.NEVER], ["broken"]):
        monkeypatch.setattr(imports, "reached", lambda codes, names=names: ({}, names if list(codes) else []))
        provisioner._started.clear()
        provisioner.begin([SimpleNamespace(code=[{"source": "x"}])])
        assert not provisioner._may_fork()
        assert provisioner.ready()


def test_a_module_that_cannot_be_preloaded_does_no_harm(other_server, monkeypatch):
    monkeypatch.setattr(imports, "reached", lambda codes: ({}, ["no_such_module_at_all"]))
    provisioner._started.clear()
    provisioner.begin()
    assert provisioner._may_fork()


KERNEL = """
import os, sys
from helpers.runner import environment, provisioner
folder = sys.argv[1]
arguments = ["-f", folder + "/c.json", "--transport=ipc", "--ip=" + folder + "/k"]
provisioner.begin()
kernel = provisioner.Forked(provisioner.Kernel(arguments, environment.base(), folder, folder + "/log"))
print(kernel.pid, flush=True)
kernel.wait()
"""


def test_a_kernel_dies_with_the_process_that_asked_for_it_and_so_do_the_server_and_all_it_started(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", KERNEL, str(tmp_path)], stdout=subprocess.PIPE)
    kernel = psutil.Process(int(owner.stdout.readline()))
    server = kernel.parent()
    wait_until(lambda: (os.getpgid(kernel.pid), os.getsid(kernel.pid)) == (kernel.pid, kernel.pid))
    assert server.parent().pid == owner.pid
    assert server.num_threads() == 1
    owner.kill()
    owner.communicate()
    wait_until(lambda: is_gone(kernel.pid) and is_gone(server.pid))


def test_a_kernel_that_outlives_its_server_counts_as_dead(tmp_path):
    owner = subprocess.Popen([sys.executable, "-c", KERNEL, str(tmp_path)], stdout=subprocess.PIPE)
    kernel = psutil.Process(int(owner.stdout.readline()))
    kernel.parent().kill()
    assert owner.wait(20) == 0
    owner.communicate()
    wait_until(lambda: is_gone(kernel.pid))


def test_a_runs_kernel_listens_on_files_not_on_the_network(quick):
    quick.add(
        "alpha",
        "import json\nfrom ipykernel.connect import get_connection_info\n"
        "report.metrics(transport=json.loads(get_connection_info())['transport'])",
    )
    assert build().lines() == []
    assert quick.metrics("alpha") == {"transport": "ipc"}
    assert json.loads((quick.root / "build/runs/base/alpha/manifest.json").read_text())["section"] == "alpha"
