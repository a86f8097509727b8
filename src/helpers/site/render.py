"""Two renderers over the same staged pages: Quarto where it is installed, smalldocs elsewhere."""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from helpers.errors import WorkError
from helpers.site import layout
from helpers.site.plain_page import PlainPage, plain_document, plain_notebook
from helpers.site.publication import Publication, by_scenario
from helpers.site.stage import copy_tree

QUARTO_ONLY = ("html-math-method", "respect-user-color-scheme")
DIE_WITH_PARENT = 1
QUARTO = "quarto"
SMALLDOCS = "smalldocs"
#: How a renderer, or the pandoc within it, begins a warning; before it there may be a colour of the terminal.
WARNING = re.compile(r"^(?:\x1b\[[\d;]*m)*\[?WARN(?:ING)?\b[\]:]*\s*(.*)", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[\d;]*m")
SHOWN_WARNINGS = 5


def renderer() -> str:
    """Return the renderer at hand: Quarto when it is on PATH."""
    return QUARTO if shutil.which(QUARTO) else SMALLDOCS


def render(root: Path, pages: Sequence[Publication], name: str) -> Path:
    """Render the staged pages into a fresh folder and return it.

    The work is done on a copy of the project that holds pages and configuration only: no hook runs twice, and nothing
    that is published changes before the result has been checked.

    Parameters
    ----------
    root : Path
        The project's root, staged.
    pages : sequence of Publication
        The staged pages.
    name : str
        "quarto" or "smalldocs".

    Raises
    ------
    WorkError
        The renderer failed; its own words are in the message.
    """
    project = root / layout.STAGE / name
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    configuration = yaml.safe_load((root / layout.CONFIGURATION).read_text(encoding="utf-8"))
    adapted = staged_configuration(configuration, pages)
    {QUARTO: _render_quarto, SMALLDOCS: _render_smalldocs}[name](root, project, pages, adapted)
    site = project / layout.SITE
    for folder in (layout.DOWNLOADS, layout.ASSETS):
        copy_tree(root / folder, site / folder)
    _copy_files(root, site, f"{layout.OWN_ASSETS}/*.js")
    _copy_files(root, site, "data/**/*.csv")
    return site


def staged_configuration(configuration: dict[str, Any], pages: Sequence[Publication]) -> dict[str, Any]:
    """Return the configuration for a staged copy: no hook, one sidebar group for each scenario there is."""
    project = {key: value for key, value in configuration["project"].items() if key not in ("pre-render", "resources")}
    website = dict(configuration["website"])
    sidebar = dict(website["sidebar"])
    sidebar["contents"] = _sidebar(sidebar["contents"], pages)
    return configuration | {"project": project | {"output-dir": layout.SITE}, "website": website | {"sidebar": sidebar}}


def _sidebar(contents: list[Any], pages: Sequence[Publication]) -> list[Any]:
    groups = [
        {"section": group[0].scenario_title, "contents": list(dict.fromkeys(page.listed for page in group))}
        for group in by_scenario(pages).values()
    ]
    kept = [entry for entry in contents if not _is_scenario_group(entry)]
    place = next((n for n, entry in enumerate(contents) if _is_scenario_group(entry)), len(contents))
    return kept[:place] + groups + kept[place:]


def _is_scenario_group(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("contents", "")).startswith(layout.PAGES)


def _copy_files(root: Path, site: Path, pattern: str) -> None:
    for path in sorted(root.glob(pattern)):
        target = site / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _write_configuration(project: Path, configuration: dict[str, Any]) -> None:
    text = yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True)
    (project / layout.CONFIGURATION).write_text(text, encoding="utf-8")


def _render_quarto(root: Path, project: Path, pages: Sequence[Publication], configuration: dict[str, Any]) -> None:
    for name in (*layout.HAND_WRITTEN, layout.BIBLIOGRAPHY):
        shutil.copyfile(root / name, project / name)
    for folder in (layout.PAGES, layout.OWN_ASSETS):
        copy_tree(root / folder, project / folder)
    # Quarto warns of a link to a notebook that it does not find; those that are no pages it leaves as they are.
    _copy_files(root, project, f"{layout.DOWNLOADS}/**/*.ipynb")
    _write_configuration(project, configuration)
    _call("Quarto", [QUARTO, "render", str(project), "--no-execute"], project)


def _render_smalldocs(root: Path, project: Path, pages: Sequence[Publication], configuration: dict[str, Any]) -> None:
    bibliography = root / layout.BIBLIOGRAPHY
    for name in layout.HAND_WRITTEN:
        _write_page(project / name, plain_document((root / name).read_text(encoding="utf-8"), root, bibliography))
    for name in dict.fromkeys(name for page in pages for name in (page.listed, page.page)):
        target = (project / name).with_suffix(".qmd")
        notebook = json.loads((root / name).read_text(encoding="utf-8"))
        _write_page(target, plain_notebook(notebook, target.stem, bibliography))
    copy_tree(root / layout.OWN_ASSETS, project / layout.OWN_ASSETS)
    _write_themes(project)
    _write_configuration(project, smalldocs_configuration(configuration))
    _call(SMALLDOCS, [sys.executable, "-m", "smalldocs.cli", "render", "--quiet", str(project)], project)


def smalldocs_configuration(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration in the words smalldocs knows: Markdown pages, plain stylesheets as themes."""
    text = yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True).replace(".ipynb", ".qmd")
    adapted = yaml.safe_load(text)
    html = {key: value for key, value in adapted["format"]["html"].items() if key not in QUARTO_ONLY}
    html["theme"] = {"light": "default", "dark": "assets/bootstrap-dark.css"}
    project = adapted["project"] | {"resources": ["build/pages/**/*.svg", "build/pages/**/*.png"]}
    kept = {key: value for key, value in adapted.items() if key not in ("bibliography", "execute")}
    return kept | {"project": project, "format": {"html": html}}


def _write_themes(project: Path) -> None:
    from importlib.resources import files

    # Bootstrap keeps its dark colours under an attribute that smalldocs does not set: the second sheet has no other.
    light = (files("smalldocs") / "assets/vendor/bootstrap/bootstrap.min.css").read_text(encoding="utf-8")
    target = project / layout.OWN_ASSETS / "bootstrap-dark.css"
    target.parent.mkdir(exist_ok=True)
    target.write_text(light.replace("[data-bs-theme=dark]", ":root"), encoding="utf-8")


def _write_page(target: Path, page: PlainPage) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page.markdown, encoding="utf-8")
    for name, content in page.files.items():
        path = target.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def die_with_parent() -> Callable[[], object] | None:
    """Return what makes a started process end with this one, so that none goes on writing when a build is killed.

    There is nothing of the kind outside Linux.
    """
    if sys.platform != "linux":
        return None
    control = ctypes.CDLL(None).prctl
    return lambda: control(DIE_WITH_PARENT, signal.SIGKILL)


def _call(name: str, command: list[str], folder: Path) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, preexec_fn=die_with_parent()
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise WorkError(f"{name} could not render the site:\n" + "\n".join(said))
    for line in warnings_told(name, done.stdout + "\n" + done.stderr):
        print(line, file=sys.stderr)


def warnings_told(name: str, said: str) -> list[str]:
    """Return what a renderer warned of as lines for the person: how often, then the first of them, each once.

    Parameters
    ----------
    name : str
        What the renderer is called.
    said : str
        All that it wrote.
    """
    counted = Counter(COLOUR.sub("", text).strip() for text in WARNING.findall(said))
    if not counted:
        return []
    lines = [f"  {text}" + (f" ({count} times)" if count > 1 else "") for text, count in counted.items()]
    rest = [f"  and {len(lines) - SHOWN_WARNINGS} more"] if len(lines) > SHOWN_WARNINGS else []
    times = "once" if counted.total() == 1 else f"{counted.total()} times"
    return [f"{name} warned {times}:", *lines[:SHOWN_WARNINGS], *rest]
