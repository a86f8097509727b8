"""The Jupyter kernel provisioner that forks kernels from a preloaded process instead of starting interpreters."""

import asyncio
import os
import sys
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from helpers.runner import forkclient

LAUNCHER = "ipykernel_launcher"
POLL = 0.005


class ForkProvisioner(LocalProvisioner):
    """Forks kernels from the server at `server`; without one it starts them as usual."""

    server = Unicode("", config=True, help="number and socket of the fork server")

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel with the arguments, environment, folder and output files given."""
        if not self.server or LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = kwargs.get("cwd") or os.getcwd()
        outputs = [kwargs.get(name) or stream for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr))]
        child = forkclient.fork(
            self.server,
            "kernel",
            cmd[cmd.index(LAUNCHER) + 1 :],
            files=(outputs[0].fileno(), outputs[1].fileno()),
            environment=kwargs.get("env") or dict(os.environ),
            folder=str(self.cwd),
        )
        # Answers to all that the base class asks of a Popen.
        self.process = child  # type: ignore[assignment]
        self.pid = self.pgid = child.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and see it dead, so that nobody has to ask again later."""
        await super().kill(restart)
        await self._ended()

    async def wait(self) -> int | None:
        """Wait for the kernel's end, looking more often than the usual ten times a second."""
        await self._ended()
        return await super().wait()

    async def _ended(self) -> None:
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(POLL)
