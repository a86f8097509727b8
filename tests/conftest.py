"""Which tests are slow. They begin first, so that the cores finish together, and `make check` leaves them out."""

import csv
import functools
import shutil
import threading
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: They need a browser, a cluster, a server, a whole build or site, or a process for each test.
SLOW = (
    "data/test_data_package",
    "data/update/",
    "econometrics/test_econometrics_crosscheck",
    "econometrics/test_econometrics_permutation",
    "index/test_index_ask",
    "input_output/test_io_section",
    "products/",
    "runner/test_runner_as_of",
    "runner/test_runner_cluster",
    "runner/test_runner_commands",
    "runner/test_runner_compare",
    "runner/test_runner_determinism",
    "runner/test_runner_editors",
    "runner/test_runner_faults",
    "runner/test_runner_inline",
    "runner/test_runner_isolation",
    "runner/test_runner_needs",
    "runner/test_runner_package",
    "runner/test_runner_points",
    "runner/test_runner_preview",
    "runner/test_runner_same_numbers",
    "runner/test_runner_shared",
    "runner/test_runner_shipped_site",
    "runner/test_runner_staleness",
    "runner/test_runner_sweeps",
    "runner/test_runner_variants",
    "scaffold/",
    "site/test_site_browser",
    "site/test_site_build",
    "site/test_site_charts",
    "site/test_site_commands",
    "site/test_site_contract",
    "site/test_site_fresh_clone",
    "site/test_site_paper",
    "site/test_site_references",
    "site/test_site_search",
    "site/test_site_text",
    "test_by_hand",
    "test_recipes",
)


BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser():
    """The only browser of this process: Playwright allows no second one beside it."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no browser is installed (looked for {', '.join(BROWSERS)})")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


class Quiet(SimpleHTTPRequestHandler):
    """A handler that does not log."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def serve():
    """Return a function that serves a folder on the loopback interface and gives its address."""
    with ExitStack() as stack:

        def start(folder):
            handler = functools.partial(Quiet, directory=str(folder))
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}/"

        yield start


@pytest.fixture(autouse=True)
def _usual_limit_of_cells():
    """A library that a test imports raises this limit for the whole process."""
    csv.field_size_limit(131_072)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
