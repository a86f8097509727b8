"""How soon readers see a page: largest contentful paint of `_site/` on a processor slowed four times.

    python -m benchmarks.paint

Needs a site (`make site`), and a browser as the tests do. It measures one machine and is no test: on a busy one it says
more about the other work.
"""

import functools
import shutil
import statistics
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SITE = Path(__file__).resolve().parents[1] / "_site"
SECTIONS = (
    "innovation-index",
    "reshoring",
    "drivers",
    "intermediate-trade",
    "policy",
    "claims",
    "economy",
    "economy/KOR",
)
PAGES = ("index.html", "methods.html", "data.html", *(f"build/pages/latest/{name}.html" for name in SECTIONS))
TIMES, SLOWER, LIMIT = 7, 4, 1.0
#: Milliseconds until the largest thing on the first screen was painted.
PAINTED = """() => new Promise(resolve => new PerformanceObserver(found => resolve(found.getEntries().at(-1).startTime))
    .observe({ type: 'largest-contentful-paint', buffered: true }))"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def run() -> dict[str, dict[str, Any]]:
    """Return the median time of each page in seconds, beside the second that it may take."""
    from playwright.sync_api import sync_playwright

    found = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in PAGES:
            times = [_painted(browser, f"http://127.0.0.1:{server.server_port}/{name}") for _ in range(TIMES)]
            took = statistics.median(times)
            found[f"paint: {name}"] = {"ours": took, "other": LIMIT, "ratio": took / LIMIT, "peak_memory": None}
        browser.close()
    server.shutdown()
    return found


def _painted(browser: Any, address: str) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    milliseconds = page.evaluate(PAINTED)
    context.close()
    return float(milliseconds) / 1000


if __name__ == "__main__":
    for label, measured in run().items():
        print(f"{label:<50} {measured['ours']:.2f} s")
