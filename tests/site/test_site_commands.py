"""The commands site, pages and check, with runs that are there already."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import site_example as example
import typer
from typer.testing import CliRunner

from helpers import runner
from helpers.site import build, commands, hook, pages
from helpers.site.hook import interpreter

app = typer.Typer()
commands.add_to(app)


@pytest.fixture
def invoke(published, monkeypatch):
    """Call a command in the example project, whose runs end in the given states."""
    root, runs = published
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    monkeypatch.setattr(pages, "published_runs", lambda: runs)

    asked = []

    def call(*arguments, state="ran", lines=()):
        results = [
            SimpleNamespace(scenario=run.scenario.name, section=run.section.slug, state=state, seconds=1.25)
            for run in runs
        ]
        recap = SimpleNamespace(
            results=results, failures=results if lines else [], ok=not lines, lines=lambda: list(lines)
        )
        monkeypatch.setattr(runner, "build", lambda **how: asked.append(how) or recap)
        return CliRunner().invoke(app, list(arguments))

    call.asked = asked
    return call


def test_the_runs_of_a_site_can_be_carried_out_on_a_cluster(invoke):
    invoke("site", "--renderer", "smalldocs", "--jobs", "3", "--backend", "dask", "--address", "tcp://host:8786")
    how = {name: invoke.asked[0][name] for name in ("jobs", "backend", "address")}
    assert how == {"jobs": 3, "backend": "dask", "address": "tcp://host:8786"}


def test_the_recap_begins_with_what_is_left_out_and_how_to_mend_it(invoke, published):
    broken = published[1][-1]
    bare = example.displayed("text/html", "<table><tr><th scope='col'>1</th></tr></table>")
    notebook = json.loads(broken.notebook.read_text())
    notebook["cells"].append(example.cell("code", "bare", "frame", [bare]))
    broken.notebook.write_text(json.dumps(notebook))
    broken.outputs = {"notebook.ipynb": "other"}
    for state, last in (("ran", "rendered with smalldocs: _site/index.html"), ("fresh", "nothing to do: _site/")):
        done = invoke("site", "--renderer", "smalldocs", state=state)
        assert done.exit_code == 0, done.output
        lines = done.output.splitlines()
        assert lines[0] == "left out, since it breaks the site contract: latest/heights"
        assert lines[1].endswith("begins with `#| label: tbl-NAME` and `#| tbl-cap: ...`.")
        assert lines[-1].startswith(last)
        assert not any("latest/heights.html" in line for line in lines)


def test_site_ends_with_one_line_a_section_and_then_has_nothing_to_do(invoke, published):
    (published[0] / "build" / "site.json").unlink()
    first = invoke("site", "--renderer", "smalldocs")
    assert first.exit_code == 0, first.output
    lines = first.output.splitlines()
    assert lines[0].split() == ["latest", "index", "run", "1.2", "s", "_site/index.html"]
    assert lines[3].split() == ["kita-2021", "heights", "run", "1.2", "s", "_site/build/pages/kita-2021/heights.html"]
    assert lines[4].split()[:3] == ["latest", "heights", "run"]
    assert "rendered with smalldocs: _site/index.html" in lines[5]
    again = invoke("site", "--renderer", "smalldocs", state="fresh")
    assert again.output.startswith("nothing to do: _site/ is up to date")
    assert again.exit_code == 0


def test_failed_runs_are_told_and_the_site_stays(invoke, published):
    root, _ = published
    before = build.inventory(root / "_site")
    failed = invoke("site", lines=["kita-2021/heights: cell 3, line 2: ValueError: x"])
    assert failed.exit_code == 1
    assert "failed: kita-2021/heights: cell 3, line 2: ValueError: x" in failed.output
    assert "_site/ stays as it was" in failed.output
    assert build.inventory(root / "_site") == before


def test_pages_writes_what_quarto_renders(invoke, published):
    root, runs = published
    assert invoke("pages").exit_code == 0
    assert all((root / pages.page(run)).is_file() for run in runs)
    assert {path.name for path in root.glob("*.ipynb")} == {"index.ipynb", "methods.ipynb", "data.ipynb"}


def test_finish_adds_what_programs_read_and_fails_where_the_contract_is_broken(invoke, published):
    site = published[0] / "_site"
    (site / "feed.xml").unlink()
    done = invoke("finish")
    assert (done.exit_code, done.output) == (0, "the site keeps its contract\n")
    assert (site / "feed.xml").is_file()
    (site / "data.html").unlink()
    assert invoke("finish").exit_code == 1


@pytest.mark.parametrize(
    ("told", "called"),
    [
        ({}, False),  # `quarto render FILE`, a page of a preview
        ({"QUARTO_PROJECT_RENDER_ALL": "1", "QUARTO_PROJECT_OUTPUT_FILES": ""}, False),  # preview of a fresh clone
        ({"QUARTO_PROJECT_RENDER_ALL": "1", "QUARTO_PROJECT_OUTPUT_FILES": "_site/index.html"}, True),
    ],
)
def test_only_a_whole_site_is_finished(monkeypatch, told, called):
    seen = []
    monkeypatch.setattr(
        hook.subprocess, "run", lambda command, **_: seen.append(command) or SimpleNamespace(returncode=3)
    )
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert hook.main("finish") == (3 if called else 0)
    assert [command[-1] for command in seen] == (["finish"] if called else [])


def test_check_prints_every_breach(invoke, published):
    root, _ = published
    assert invoke("check").output == "the site keeps its contract\n"
    (root / "_site" / "methods.html").unlink()
    broken = invoke("check", str(root / "_site"))
    assert broken.exit_code == 1
    assert "methods.html: there is no such file" in broken.output
    assert "breaches of the site contract" in broken.output


def test_an_unknown_renderer_is_refused(invoke):
    result = invoke("site", "--renderer", "smaldocs")
    assert result.exit_code == 1
    assert "Did you mean 'smalldocs'" in str(result.exception)


def test_the_path_of_an_unchanged_site_imports_no_heavy_library():
    code = (
        "import sys, helpers.site.build, helpers.site.pages, helpers.site.commands, helpers.site.render;"
        "print(sorted({'pandas', 'lxml', 'matplotlib', 'pypandoc', 'nbformat'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_hook_takes_the_projects_own_python(tmp_path):
    assert interpreter(tmp_path) == sys.executable
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    assert interpreter(tmp_path) == str(tmp_path / ".venv" / "bin" / "python")
