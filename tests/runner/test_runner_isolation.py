"""Forked kernels: as separate from each other, and as equal to ordinary ones, as new interpreters would be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from helpers.errors import WorkError
from helpers.runner import build, forkclient, forkserver

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
    monkeypatch.undo()
    monkeypatch.setenv("RESHORING_ROOT", str(quick.root))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
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


def start(server, code, folder):
    """Fork a worker process that runs a little code instead of a notebook."""
    read, write = os.pipe()
    environment = {"PATH": os.environ["PATH"]}
    handle = forkclient.fork(
        server.address, "worker", [code], files=(write, write), environment=environment, folder=str(folder)
    )
    os.close(write)
    return handle, read


def test_a_forked_process_leads_its_own_session_with_clean_files_and_signals(fork_server, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text("not json")
    handle, read = start(fork_server, str(spec), tmp_path)
    assert handle.wait(20) == 1
    assert b"JSONDecodeError" in os.read(read, 1 << 16)
    assert handle.poll() == 1


def test_the_server_has_one_thread(fork_server):
    assert psutil.Process(fork_server.process.pid).num_threads() == 1


def test_a_server_that_drew_already_refuses_to_fork(tmp_path):
    with pytest.raises(WorkError, match="backend_inline was imported too early"):
        forkclient.ForkServer(tmp_path, [forkserver.NEVER], tmp_path / "log")


def test_a_server_with_threads_refuses_to_fork(tmp_path, monkeypatch):
    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(WorkError, match="2 threads are running"):
        forkclient.ForkServer(tmp_path, ["threaded"], tmp_path / "log")


def test_a_build_falls_back_when_what_it_preloads_starts_threads(tmp_path, monkeypatch):
    from helpers.runner.workshop import choose_launcher

    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    launcher = choose_launcher(tmp_path, lambda: ["threaded"], tmp_path / "log")
    try:
        assert launcher.address
    finally:
        launcher.close()
    monkeypatch.setattr(forkclient, "available", lambda: False)
    assert choose_launcher(tmp_path, list, tmp_path / "log").address is None


def test_a_module_that_cannot_be_preloaded_does_no_harm(tmp_path):
    server = forkclient.ForkServer(tmp_path, ["no_such_module_at_all"], tmp_path / "log")
    try:
        assert server.missing == ["no_such_module_at_all"]
    finally:
        server.close()


def test_everything_ends_with_the_server(tmp_path):
    server = forkclient.ForkServer(tmp_path, [], tmp_path / "log")
    read, write = os.pipe()
    code = tmp_path / "connection.json"
    arguments = ["-f", str(code), "--transport=ipc", f"--ip={tmp_path}/k"]
    kernel = forkclient.fork(
        server.address, "kernel", arguments, files=(write, write), environment=dict(os.environ), folder=str(tmp_path)
    )
    assert psutil.pid_exists(kernel.pid)
    os.kill(server.process.pid, signal.SIGKILL)
    assert kernel.wait(10) == -signal.SIGKILL
    gone(kernel.pid)
    server.close()
    os.close(read)
    os.close(write)


def gone(pid, seconds=10):
    limit = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < limit, f"process {pid} is still there"
        time.sleep(0.02)


def test_a_process_dies_with_the_one_who_asked_for_it(fork_server, tmp_path):
    script = """
import json, os, sys, time
from helpers.runner import forkclient
server, folder = sys.argv[1:]
arguments = ["-f", folder + "/c.json", "--transport=ipc", "--ip=" + folder + "/k"]
environment = dict(os.environ)
handle = forkclient.fork(server, "kernel", arguments, files=(2, 2), environment=environment, folder=folder)
print(handle.pid, flush=True)
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", script, fork_server.address, str(tmp_path)], stdout=subprocess.PIPE)
    pid = int(owner.stdout.readline())
    assert psutil.pid_exists(pid)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    gone(pid)


def test_the_provisioner_is_found_by_jupyter_and_starts_ordinary_kernels_without_a_server():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="jupyter_client.kernel_provisioners", name="reshoring-fork")
    provisioner = entry.load()
    assert provisioner.__name__ == "ForkProvisioner"
    assert provisioner(kernel_id="x").server == ""


def test_a_runs_kernel_listens_on_files_not_on_the_network(quick):
    quick.add(
        "alpha",
        "import json\nfrom ipykernel.connect import get_connection_info\n"
        "report.metrics(transport=json.loads(get_connection_info())['transport'])",
    )
    assert build().lines() == []
    assert quick.metrics("alpha") == {"transport": "ipc"}
    assert json.loads((quick.root / "build/runs/base/alpha/manifest.json").read_text())["section"] == "alpha"
