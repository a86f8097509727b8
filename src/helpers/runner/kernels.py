"""Kernels of runs: the interpreter of this environment over ipc sockets, forked or started afresh."""

import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from helpers.runner.environment import of_run
from helpers.runner.worker import Execution, RunSpec, say, write_context

PROVISIONER = "reshoring-fork"
ARGUMENTS = ("-f", "{connection_file}", "--HistoryManager.enabled=False", "--IPKernelApp.trio_loop=False")


def kernel_spec(server: str | None) -> KernelSpec:
    """Return how the kernel is started; kernels that the user has installed under the same name play no part."""
    argv = [sys.executable, "-m", "ipykernel_launcher", *ARGUMENTS]
    metadata = {"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": {"server": server}}} if server else {}
    return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=metadata)


def kernel_manager(spec: RunSpec) -> AsyncKernelManager:
    """Return a manager whose kernel listens on sockets that only this user can reach."""
    manager = AsyncKernelManager(
        kernel_name="python3",
        transport="ipc",
        connection_file=str(Path(spec.sockets) / "kernel.json"),
        shutdown_wait_time=1.0,
    )
    manager._kernel_spec = kernel_spec(spec.server)
    return manager


class RunClient(PapermillNotebookClient):
    """papermill's client with the run's own kernel and environment."""

    run_spec: RunSpec

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return the manager of the run's kernel."""
        self.km = kernel_manager(self.run_spec)
        return self.km

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel in the run's environment and tell the build its process number."""
        folder, root = Path(self.run_spec.folder), Path(self.run_spec.root)
        environment = of_run(folder, write_context(self.run_spec), root)
        await super().async_start_new_kernel(env=environment, cwd=os.getcwd(), stdout=sys.stderr, stderr=sys.stderr)
        assert self.km is not None
        assert self.km.provisioner is not None
        say(event="kernel", pid=getattr(self.km.provisioner, "pid", None))

    start_new_kernel = run_sync(async_start_new_kernel)


def engine_for(execution: Execution) -> type[NBClientEngine]:
    """Return a papermill engine that runs notebooks with the kernel of one execution."""

    class RunEngine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            execution.notebook = nb_man.nb
            dropped = ("log_output", "stdout_file", "stderr_file", "input_path", "start_timeout")
            kept = {name: value for name, value in kwargs.items() if name not in dropped}
            client = RunClient(nb_man, kernel_name=kernel_name, startup_timeout=60, **kept)
            client.run_spec = execution.spec
            return client.execute()

    return RunEngine
