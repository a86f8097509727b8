"""Kernels of runs: the interpreter of this environment over ipc sockets, forked or started afresh."""

import os
import sys
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from helpers.runner import inline
from helpers.runner.environment import of_run
from helpers.runner.worker import Execution, RunSpec, say, write_context

PROVISIONER = "reshoring-fork"
ARGUMENTS = ("-f", "{connection_file}", "--HistoryManager.enabled=False", "--IPKernelApp.trio_loop=False")


def kernel_spec(server: str | None) -> KernelSpec:
    """Return how the kernel is started; kernels that the user has installed under the same name play no part."""
    argv = [sys.executable, "-m", "ipykernel_launcher", *ARGUMENTS]
    metadata = {"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": {"server": server}}} if server else {}
    return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=metadata)


class PromptClient(AsyncKernelClient):
    """A client that takes the kernel for ready as soon as it has said that it is idle.

    The usual one then listens for another fifth of a second, which is as long as a whole cell.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on both channels.

        Raises
        ------
        RuntimeError
            It dies before, or does not answer in time.
        """
        limit = time.monotonic() + (timeout or float("inf"))
        while not await self._answers(self.kernel_info()):
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > limit:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _answers(self, request: str) -> bool:
        """Tell whether the reply to a request comes, and the word that the kernel is idle again."""
        try:
            reply = await self.get_shell_msg(timeout=1)
            if reply["msg_type"] != "kernel_info_reply":
                return False
            self._handle_kernel_info_reply(reply)
            while not is_idle(await self.get_iopub_msg(timeout=0.2), request):
                pass
        except Empty:
            return False
        return True


def is_idle(message: dict[str, Any], request: str) -> bool:
    """Tell whether a message says that the kernel is done with a request."""
    return message["parent_header"].get("msg_id") == request and message["content"].get("execution_state") == "idle"


def kernel_manager(spec: RunSpec) -> AsyncKernelManager:
    """Return a manager whose kernel listens on sockets that only this user can reach."""
    manager = AsyncKernelManager(
        kernel_name="python3",
        transport="ipc",
        connection_file=str(Path(spec.sockets) / "kernel.json"),
        client_class=f"{__name__}.{PromptClient.__name__}",
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

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """Execute a code cell; in a markdown cell of a page, put values in the place of expressions."""
        if cell.cell_type == "markdown":
            await inline.evaluate(self, cell)
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)

    execute_cell = run_sync(async_execute_cell)


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
