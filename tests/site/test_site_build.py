"""Building: only when something changed, whole or not at all, and the same bytes each time."""

import errno
import hashlib
import json
import os
import shutil
import zipfile

import pytest
import site_example as example
import yaml

from helpers.errors import WorkError
from helpers.runner.notebooks import Scenario
from helpers.site import build, pages, render, stage
from helpers.site.contract import contract


def publish(root, pages):
    return build.publish(root, pages, "smalldocs")


def change(run, words):
    """Let a run have left more words, as another run of an edited notebook would."""
    notebook = json.loads(run.notebook.read_text())
    notebook["cells"].append(example.cell("markdown", "more", words))
    run.notebook.write_text(json.dumps(notebook))
    run.outputs = {"notebook.ipynb": "other"}


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_an_unchanged_site_is_left_alone(published):
    root, runs = published
    before = {path: path.stat().st_mtime_ns for path in (root / "_site").rglob("*")}
    assert publish(root, runs) is False
    assert before == {path: path.stat().st_mtime_ns for path in (root / "_site").rglob("*")}


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "references.bib").open("a").write("\n"),
        lambda root: (root / "assets" / "site.css").open("a").write("/* */"),
        lambda root: (root / "_site" / "methods.html").unlink(),
        lambda root: (root / "build" / "site.json").unlink(),
        lambda root: (root / "notebooks" / "heights.ipynb").open("a").write("\n"),
    ],
)
def test_any_change_is_noticed(published, change):
    root, runs = published
    change(root)
    assert not build.is_current(root, build.site_fingerprint(root, runs), "smalldocs")


def test_an_activated_environment_changes_nothing_and_another_quarto_is_noticed(monkeypatch, tmp_path):
    before = build.renderer_identity("smalldocs")
    for name in ("smalldocs", "quarto"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build.renderer_identity("smalldocs") == before
    before = build.renderer_identity("quarto")
    (tmp_path / "quarto").write_text("newer")
    assert build.renderer_identity("quarto") != before


QUARTO = """#!/bin/sh
cd "$2" && find . -name '*.ipynb' | sort >&2
printf 'WARN: Unable to resolve link target: a.ipynb\n' >&2
printf '\033[33mWARN: Unable to resolve link target: a.ipynb\033[39m\n[WARNING] Citeproc: citation x not found\n' >&2
echo 'no WARN: at the beginning of the line'
mkdir _site
exit {code}
"""


def quarto_that_ends(monkeypatch, folder, code):
    """Put a program on PATH that is called with Quarto's words, warns, and ends as told."""
    program = folder / "quarto"
    program.write_text(QUARTO.format(code=code))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_warnings_of_quarto_are_told_once_with_their_number(project, monkeypatch, tmp_path_factory, capfd):
    root, pages = project
    quarto_that_ends(monkeypatch, tmp_path_factory.mktemp("bin"), 0)
    render.render(root, pages, "quarto")
    assert capfd.readouterr().err.splitlines() == [
        "Quarto warned 3 times:",
        "  Unable to resolve link target: a.ipynb (2 times)",
        "  Citeproc: citation x not found",
    ]


def test_of_many_warnings_the_first_are_told():
    told = render.warnings_told("Quarto", "\n".join(f"WARN: {number}" for number in range(8)))
    assert told == ["Quarto warned 8 times:", *(f"  {number}" for number in range(5)), "  and 3 more"]
    assert render.warnings_told("Quarto", "WARN: 1")[0] == "Quarto warned once:"
    assert render.warnings_told("Quarto", "Output created: _site/index.html") == []


def test_quarto_finds_the_notebooks_that_pages_link_to(project, monkeypatch, tmp_path_factory):
    root, pages = project
    quarto_that_ends(monkeypatch, tmp_path_factory.mktemp("bin"), 1)
    with pytest.raises(WorkError, match="Quarto could not render the site") as refused:
        render.render(root, pages[3:4], "quarto")
    assert "./build/downloads/source/heights.ipynb" in str(refused.value)


def test_two_builds_give_the_same_bytes(published, project):
    publish(*project)
    assert content(published[0] / "_site") == content(project[0] / "_site")


def test_pages_that_break_the_contract_never_replace_a_good_site(published):
    root, runs = published
    before = content(root / "_site")
    change(runs[0], "\nsee [nothing](nowhere.html) and @fig-none\n")
    with pytest.raises(WorkError, match=r"index\.html: links: nowhere\.html: there is no such file"):
        publish(root, runs)
    assert content(root / "_site") == before


@pytest.mark.parametrize("renderer", ["smalldocs", "quarto"])
def test_a_page_that_breaks_the_contract_is_left_out_with_a_note_and_blocks_no_other(project, renderer):
    if renderer == "quarto" and not shutil.which("quarto"):
        pytest.skip("quarto is not on PATH")
    root, runs = project
    broken = runs[-1]
    assert pages.label(broken) == "latest/heights"
    notebook = json.loads(broken.notebook.read_text())
    bare = example.displayed("text/html", "<table><tr><td>1 &amp; more</td></tr></table>")
    notebook["cells"].append(example.cell("code", "bare", "frame", [bare]))
    notebook["cells"].append(example.cell("markdown", "lost", "see @fig-nowhere"))
    broken.notebook.write_text(json.dumps(notebook))
    assert build.publish(root, runs, renderer)
    site = root / "_site"
    assert contract(site) == []
    assert (site / "build/pages/kita-2021/heights.html").is_file()
    assert not (site / "build/pages/latest/heights.html").exists()
    ((place, told),) = build.left_out(root).items()
    assert place == "latest/heights"
    assert any(
        "has no numbered caption. Show it by report.table, in a cell that begins with `#| label" in x for x in told
    )
    front = (site / "index.html").read_text(encoding="utf-8")
    assert "Left out of this site" in front
    assert 'index.html#left-out"' in front  # where the link to the page led
    assert "1 &amp;amp; more" not in front
    assert build.publish(root, runs, renderer) is False


def test_a_renderer_that_fails_leaves_the_site_and_tells_its_words(published):
    root, runs = published
    before = content(root / "_site")
    configuration = root / "_quarto.yml"
    configuration.write_text(configuration.read_text().replace("type: website", "type: manuscript"))
    with pytest.raises(WorkError, match="manuscript"):
        publish(root, runs)
    assert content(root / "_site") == before


def test_an_interrupted_rendering_leaves_the_site(published, monkeypatch):
    root, runs = published
    before = content(root / "_site")
    change(runs[0], "\nmore\n")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(render, "_call", stop)
    with pytest.raises(KeyboardInterrupt):
        publish(root, runs)
    assert content(root / "_site") == before


def test_a_page_that_is_no_longer_made_goes(published):
    root, runs = published
    stage.stage(root, runs)
    (root / "scratch.ipynb").write_text("{}")
    stage.stage(root, [run for run in runs if run.section.slug != "methods"])
    assert sorted(path.name for path in root.glob("*.ipynb")) == ["data.ipynb", "index.ipynb", "scratch.ipynb"]
    runs[0].notebook.write_text(runs[0].notebook.read_text().replace("latest/heights", "kita-2021/heights"))
    publish(root, runs[:-1])
    stage.stage(root, runs[:-1])
    for site in (root, root / "_site"):
        assert (site / "build/pages/kita-2021").exists()
        assert not list((site / "build/pages").glob("latest/*"))
        assert not [path for path in (site / "build/downloads/latest/heights").rglob("*") if path.is_file()]


def test_the_archive_holds_notebook_record_and_results(project):
    root, pages = project
    stage.stage(root, pages)
    path = root / "build/downloads/kita-2021/heights/heights-results.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"0123456789ab" in archive.read("run.json")
        assert b"seconds" not in archive.read("run.json")
    assert names == sorted(names)
    assert not [name for name in names if name.endswith(".png")]
    assert {"notebook.ipynb", "run.json", "results/metrics.json", "results/tables/heights.csv"} <= set(names)


def test_staging_again_touches_nothing(project):
    root, pages = project
    stage.stage(root, pages)
    before = {path: path.stat().st_mtime_ns for path in (root / "build").rglob("*") if path.is_file()}
    stage.stage(root, pages)
    assert before == {path: path.stat().st_mtime_ns for path in (root / "build").rglob("*") if path.is_file()}


def test_a_module_becomes_a_script_that_names_what_it_gave():
    module = "var a = 1, $b = 2;\nexport { a as Other, $b as default, c as more };\n/* end */"
    script = stage.plain_script(module)
    assert "export" not in script
    assert "var a = 1, $b = 2;\nglobalThis.DataTable = $b;" in script
    assert script.startswith("(() => {")
    assert script.rstrip().endswith("})();")


@pytest.mark.parametrize(
    "module", ["var a = 1;", "export default a;", "export { a as default };\nexport { b as default };"]
)
def test_a_module_of_another_form_is_refused(module):
    with pytest.raises(WorkError, match=r"dt_bundle\.js of the installed itables has another form .* Use the lock"):
        stage.plain_script(module)


def test_the_staged_sidebar_leads_to_the_newest_view_of_each_page_there_is(project):
    root, runs = project
    configuration = yaml.safe_load((root / "_quarto.yml").read_text())
    adapted = render.staged_configuration(root, configuration, runs)
    contents = adapted["website"]["sidebar"]["contents"]
    assert [entry.get("text") or entry["section"] for entry in contents] == ["Overview", "Methods", "Data", "More"]
    assert contents[-1]["contents"] == ["build/pages/latest/heights.ipynb"]
    assert not [key for key in adapted["project"] if key.endswith("-render")]


def test_entries_without_a_page_go_and_what_is_below_them_stays():
    contents = [{"section": "A", "href": "/a.html", "contents": [{"text": "B", "href": "/b.html"}]}, {"text": "C"}]
    assert render.shown_entries(contents, {"/b.html"}) == (
        [{"section": "A", "contents": [{"text": "B", "href": "/b.html"}]}],
        {"/b.html"},
    )


def test_the_sidebar_names_every_section_there_is():
    configuration = yaml.safe_load((example.ROOT / "_quarto.yml").read_text())
    written = json.dumps(configuration["website"]["sidebar"])
    paths = (example.ROOT / "notebooks").glob("*.ipynb")
    notebooks = {path.stem for path in paths if "scenarios: []" not in path.read_text(encoding="utf-8")}
    assert {name for name in notebooks if f"/{name}.html" not in written} == set()


def test_what_two_scenarios_share_is_reached_under_both(project):
    root, runs = project
    shared = runs[-1]
    shared.scenarios.append(Scenario("kita-2021", "As seen in 2021", ""))
    site = render.render(root, [run for run in runs if run is shared or run.section.at_root], "smalldocs")
    moved = (site / "build/pages/kita-2021/heights.html").read_text()
    assert "../latest/heights.html" in moved
    assert contract(site) == []


@pytest.fixture
def two_sites(tmp_path):
    for place, words in (("build/.stage/_site", "new"), ("_site", "old")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "index.html").write_text(words)
    return tmp_path / "build/.stage/_site", tmp_path / "_site"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["one file system", "build on another"])
def test_a_site_is_replaced_in_one_exchange_and_there_at_every_moment(two_sites, monkeypatch, elsewhere):
    fresh, target = two_sites
    seen = []

    def watched(call):
        def act(first, *others, **named):
            seen.append((target / "index.html").read_text())
            if elsewhere and str(first) == str(fresh) and call is os_rename:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            done = call(first, *others, **named)
            seen.append((target / "index.html").read_text())
            return done

        return act

    os_rename = os.rename
    monkeypatch.setattr(os, "rename", watched(os.rename))
    monkeypatch.setattr(build, "exchange", watched(build.exchange))
    monkeypatch.setattr(build.shutil, "rmtree", watched(build.shutil.rmtree))
    build.swap(fresh, target)
    assert list(dict.fromkeys(seen)) == ["old", "new"]
    assert seen.count("new") >= 3  # what became of the old site was removed after it had left its place
    assert sorted(path.name for path in target.parent.iterdir()) == ["_site", "build"]


def test_without_an_exchange_the_old_site_moves_aside_and_goes(two_sites, monkeypatch):
    fresh, target = two_sites
    monkeypatch.setattr(build, "exchange", lambda *_: False)
    build.swap(fresh, target)
    assert (target / "index.html").read_text() == "new"
    assert sorted(path.name for path in target.parent.iterdir()) == ["_site", "build"]


def test_a_site_that_is_a_mount_point_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(build, "MOUNTS", mounts)
    build.check_place(tmp_path)
    mounts.write_text(f"36 35 8:1 /x {tmp_path / 'other'} rw - ext4 /dev/sda1 rw\n")
    build.check_place(tmp_path)
    mounts.write_text(mounts.read_text() + f"37 35 8:1 /y {tmp_path / '_site'} rw - ext4 /dev/sda1 rw\n")
    with pytest.raises(WorkError, match="_site/ is a mount point"):
        build.check_place(tmp_path)
