"""Whenever an update is ended: the old tables, the new ones, or an error that says what to do; git keeps the old."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from update_service import Service, commit, git, state
from wdi_service import DATE, OLD, WorldBank, revised

from helpers import data, files
from helpers.data.package import build_package, previous_package, write_package
from helpers.data.update import vintages
from helpers.data.update.updating import Options, update
from helpers.errors import WorkError
from helpers.paths import project_root

NEW = f"wdi-{DATE}"
TABLES = ("rd_gdp", "unemployment_rate")
UNTOUCHED = "labour_share"
NAMES = [
    "data/datapackage.json",
    *(f"data/indicators/{table}.{suffix}" for table in TABLES for suffix in ("csv", "yml")),
]


@pytest.fixture(scope="module")
def prepared(few_tables, tmp_path_factory):
    """Return the root of a copy of data/ in which two tables have a new vintage."""
    root, copy = (tmp_path_factory.mktemp("ready") / name for name in ("project", "copy"))
    shutil.copytree(few_tables, root)
    service = Service()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        patch.setenv("RESHORING_WDI_URL", f"{service.url}/v2")
        WorldBank(service, {table: revised(table) for table in TABLES})
        patch.setattr(vintages, "put_in_place", lambda made, names: shutil.copytree(made, copy))
        update(Options("wdi"), lambda line: None)
    service.close()
    return copy


@pytest.fixture
def fresh(few_tables, tmp_path, monkeypatch):
    """Return what makes another project, committed."""

    def make(name):
        shutil.copytree(few_tables, tmp_path / name)
        monkeypatch.setenv("RESHORING_ROOT", str(tmp_path / name))
        return tmp_path / name

    monkeypatch.delenv("RESHORING_RUN", raising=False)
    return make


def killed(work, step):
    """Do the work in a process that is killed at its n-th writing step; tell whether it came to that."""
    child = os.fork()
    if child == 0:
        _kill_at(step)
        work()
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL


def _kill_at(step):
    """Have this process end without warning before the n-th call that writes, renames or removes."""
    left = [step]

    def counted(function):
        def call(*arguments, **named):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for owner, name in ((os, "replace"), (Path, "unlink"), (shutil, "copyfile"), (shutil, "rmtree")):
        setattr(owner, name, counted(getattr(owner, name)))


def is_whole(table):
    """Tell whether a table and its record are those that the package lists."""
    package = json.loads((project_root() / "data" / "datapackage.json").read_text())
    record = next(each["record"] for each in package["resources"] if each["name"] == table)
    path = project_root() / record["path"]
    found = files.sha256(path), files.sha256(path.with_suffix(".yml"))
    return found == (record["sha256"], record["record_sha256"])


def vintages_read(table):
    """Return the vintages a reader sees, each whole; none where the table is refused with words on the way back."""
    if not is_whole(table):
        with pytest.raises(WorkError, match=r"git (restore|checkout --) data"):
            data.load(table, "all")
        return []
    frame = data.load(table, "all")
    for name in data.vintages(table):
        assert (frame["vintage"] == name).sum() == data.catalogue.vintage(table, name).rows
    return data.vintages(table)


def test_a_kill_at_any_step_leaves_old_new_or_an_error_that_names_the_way_back(fresh, prepared, few_tables):
    seen = set()
    for step in range(1, 40):
        root = fresh(f"step-{step}")
        if not killed(lambda: vintages.put_in_place(prepared, NAMES), step):
            break
        assert vintages_read(UNTOUCHED)
        found = {(vintages_read(table) or ["error"])[-1] for table in TABLES}
        seen |= found
        if "error" in found:
            with pytest.raises(WorkError, match=r"halfway.*git restore data"):
                update(Options("wdi"), lambda line: None)
        git(root, "restore", "data")
        assert {name: body for name, body in state(root).items() if ".part-" not in name} == state(few_tables)
    assert step > 12
    assert seen == {OLD, NEW, "error"}
    assert [vintages_read(table)[-1] for table in TABLES] == [NEW, NEW]
    assert build_package() == previous_package()


def test_what_was_cut_short_between_table_and_package_can_be_accepted(fresh, prepared):
    root = fresh("accepted")
    assert killed(lambda: vintages.put_in_place(prepared, NAMES), 14)
    assert git(root, "status", "--porcelain", "--untracked-files=no").count(" M data/indicators") == 4
    write_package()
    assert [vintages_read(table)[-1] for table in TABLES] == [NEW, NEW]


def test_a_replacement_that_fails_is_undone(fresh, prepared, monkeypatch):
    root = fresh("full")
    before, left = state(root), [3]
    rename = os.replace

    def failing(source, target):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device", str(target))
        rename(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="No space left"):
        vintages.put_in_place(prepared, NAMES)
    assert state(root) == before


def test_edits_that_the_package_accepts_must_be_committed_first(project, service, monkeypatch):
    monkeypatch.setenv("RESHORING_WDI_URL", f"{service.url}/v2")
    WorldBank(service, {table: revised(table) for table in TABLES})
    record = project / "data" / "indicators" / "rd_gdp.yml"
    record.write_text(record.read_text() + "# mine\n")
    write_package()
    before = state(project)
    with pytest.raises(WorkError, match=r"rd_gdp.yml would be replaced and have edits"):
        update(Options("wdi", tables=("rd_gdp",)), lambda line: None)
    assert state(project) == before
    commit(project)
    update(Options("wdi", tables=("rd_gdp",)), lambda line: None)
    assert data.vintages("rd_gdp")[-1] == NEW
    assert record.read_text().endswith("# mine\n")


def test_a_file_edited_while_the_update_was_prepared_stops_it(fresh, prepared):
    root = fresh("meanwhile")
    table = root / "data" / "indicators" / "rd_gdp.csv"
    table.write_text(table.read_text().replace("AGO", "AFG"))
    before = state(root)
    with pytest.raises(WorkError, match=r"rd_gdp.csv would be replaced and has edits.*Nothing was changed"):
        vintages.put_in_place(prepared, NAMES)
    assert state(root) == before


def test_without_git_nothing_is_replaced(fresh, prepared, monkeypatch):
    root = fresh("bare")
    shutil.rmtree(root / ".git")
    before = state(root)
    with pytest.raises(WorkError, match="keeps the old files in git, which does not answer: not a git repository"):
        vintages.put_in_place(prepared, NAMES)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WorkError, match="git is not installed"):
        vintages.put_in_place(prepared, NAMES)
    assert state(root) == before


def test_two_updates_do_not_run_at_once(project):
    with (
        files.lock(project / "build" / "updates", "an update from oecd"),
        pytest.raises(WorkError, match="an update from oecd, process"),
    ):
        update(Options("wdi"), lambda line: None)


def test_a_kill_while_pages_come_in_changes_no_table_and_wastes_no_page(project, service, monkeypatch):
    monkeypatch.setenv("RESHORING_WDI_URL", f"{service.url}/v2")
    WorldBank(service, {table: revised(table) for table in TABLES})
    old = state(project)
    options = Options("wdi", tables=("rd_gdp",))
    assert killed(lambda: update(options, lambda line: None), 14)
    assert state(project) == old
    fetched = len(service.asked)
    assert fetched > 2
    update(options, lambda line: None)
    assert data.vintages("rd_gdp")[-1] == NEW
    assert len(service.asked) <= 5, "only the page that was being written comes again"
