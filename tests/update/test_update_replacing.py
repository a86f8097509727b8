"""Whatever moment an update is killed at: the old tables, the new ones, or an error that says how to finish."""

import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from update_service import Service, state
from wdi_service import DATE, OLD, WorldBank, revised

from helpers import data
from helpers.data.catalogue import CUT_SHORT
from helpers.data.package import build_package, previous_package
from helpers.data.update import replacing
from helpers.data.update.updating import Wish, update
from helpers.errors import WorkError
from helpers.paths import project_root

NEW = f"wdi-{DATE}"
TABLES = ("rd_gdp", "unemployment_rate")
UNTOUCHED = "labour_share"


@pytest.fixture(scope="module")
def prepared(few_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which an update of two tables is ready, and nothing is replaced yet."""
    root = tmp_path_factory.mktemp("ready") / "project"
    shutil.copytree(few_tables, root)
    service = Service()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        patch.setenv("RESHORING_WDI_URL", f"{service.url}/v2")
        patch.setattr(replacing, "discard", lambda: None)
        WorldBank(service, {table: revised(table) for table in TABLES})
        update(Wish("wdi", dry_run=True), lambda line: None)
    service.close()
    return root


@pytest.fixture
def ready(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], replacing.Copy]:
    """Give a fresh project, each under its own name, with an update ready to be put in place."""

    def fresh(name: str) -> replacing.Copy:
        root = tmp_path / name
        shutil.copytree(prepared, root)
        monkeypatch.setenv("RESHORING_ROOT", str(root))
        made_of = {name: replacing.sha256(root / name) for name in state(root)}
        return replacing.Copy(root / "build" / "updates" / ".rehearsal", made_of)

    monkeypatch.delenv("RESHORING_RUN", raising=False)
    return fresh


def killed(work: Callable[[], object], step: int) -> bool:
    """Do the work in a process that is killed at its n-th writing step; tell whether it came to that."""
    child = os.fork()
    if child == 0:
        _kill_at(step)
        work()
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL


def _kill_at(step: int) -> None:
    """Have this process end without warning before the n-th call that writes, renames or removes."""
    left = [step]

    def counted(function: Callable) -> Callable:
        def call(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for owner, name in ((os, "fsync"), (os, "replace"), (Path, "unlink"), (Path, "replace"), (shutil, "rmtree")):
        setattr(owner, name, counted(getattr(owner, name)))


def readable(table: str) -> list[str]:
    """Return the vintages a reader sees, each whole; an error must say how to finish."""
    if (project_root() / CUT_SHORT).is_file() and table != UNTOUCHED:
        with suppress(WorkError):
            return _whole(table)
        with pytest.raises(WorkError, match="reshoring data update --finish"):
            data.load(table, "all")
        return []
    return _whole(table)


def _whole(table: str) -> list[str]:
    frame = data.load(table, "all")
    for name in data.vintages(table):
        assert (frame["vintage"] == name).sum() == data.catalogue.vintage(table, name).rows
    return data.vintages(table)


Ready = Callable[[str], replacing.Copy]


def test_a_kill_at_any_step_leaves_old_new_or_an_error_that_says_how_to_finish(ready: Ready, prepared: Path) -> None:
    seen = set()
    for step in range(1, 40):
        copy = ready(f"step-{step}")
        if not killed(lambda copy=copy: replacing.replace(copy), step):
            break
        assert readable(UNTOUCHED)
        found = [readable(table) for table in TABLES]
        seen |= {names[-1] if names else "error" for names in found}
        if state(project_root()) != state(prepared):
            replacing.finish()
            assert [readable(table)[-1] for table in TABLES] == [NEW, NEW]
    assert step > 10
    assert seen == {OLD, NEW, "error"}
    assert [readable(table)[-1] for table in TABLES] == [NEW, NEW]


def test_what_was_cut_short_is_completed_by_the_next_update(ready: Ready) -> None:
    copy = ready("cut")
    assert killed(lambda: replacing.replace(copy), 6)
    ready_root = project_root()
    assert readable("rd_gdp") == []
    told: list[str] = []
    update(Wish(finish=True), told.append)
    assert told == ["An update that was cut short has been completed."]
    assert readable("rd_gdp")[-1] == NEW
    assert not (ready_root / "build" / "updates" / ".rehearsal").exists()
    update(Wish(finish=True), told.append)
    assert told[1:] == ["There is no update to complete."]


def test_the_verdict_on_the_whole_package_holds_after_completion(ready: Ready) -> None:
    copy = ready("whole")
    assert killed(lambda: replacing.replace(copy), 8)
    replacing.finish()
    assert build_package() == previous_package()


def test_a_file_edited_after_a_cut_is_not_overwritten(ready: Ready) -> None:
    copy = ready("edited")
    assert killed(lambda: replacing.replace(copy), 4)
    record = project_root() / "data" / "indicators" / "unemployment_rate.yml"
    record.write_text(record.read_text() + "# mine\n")
    with pytest.raises(
        WorkError, match=r"unemployment_rate.yml was edited after the update began. To give the update up"
    ):
        replacing.finish()
    assert record.read_text().endswith("# mine\n")


def test_a_file_edited_while_the_update_was_prepared_stops_it(ready: Ready) -> None:
    copy = ready("meanwhile")
    table = project_root() / "data" / "indicators" / "rd_gdp.csv"
    table.write_text(table.read_text().replace("AGO", "AFG"))
    before = state(project_root())
    with pytest.raises(WorkError, match=r"rd_gdp.csv was edited while the update was prepared. Nothing was changed"):
        replacing.replace(copy)
    assert state(project_root()) == before


def test_what_was_prepared_and_is_gone_is_told(ready: Ready) -> None:
    copy = ready("gone")
    assert killed(lambda: replacing.replace(copy), 5)
    shutil.rmtree(project_root() / "build" / "updates" / ".rehearsal")
    with pytest.raises(WorkError, match=r"had prepared for .* is gone. To give the update up: git checkout -- data"):
        replacing.finish()


@pytest.mark.parametrize("text", ["{", "[]", '{"files": [{"path": "data/datapackage.json"}]}'])
def test_a_damaged_journal_is_told_and_replaces_nothing(ready: Ready, text: str) -> None:
    ready("damaged")
    before = state(project_root())
    (project_root() / "build" / "updates" / "journal.json").write_text(text)
    with pytest.raises(WorkError, match=r"journal.json is damaged.*git checkout -- data, and remove"):
        update(Wish(finish=True), lambda line: None)
    assert state(project_root()) == before


def test_two_updates_do_not_run_at_once(ready: Ready) -> None:
    ready("locked")
    with replacing.only_one(), pytest.raises(WorkError, match="Another update is under way"):
        update(Wish(), lambda line: None)


def test_a_kill_while_pages_come_in_changes_no_table_and_wastes_no_page(
    project: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESHORING_WDI_URL", f"{service.url}/v2")
    WorldBank(service, {table: revised(table) for table in TABLES})
    old = state(project)
    wish = Wish("wdi", tables=("rd_gdp",))
    assert killed(lambda: update(wish, lambda line: None), 14)
    assert state(project) == old
    fetched = len(service.asked)
    assert fetched > 2
    update(wish, lambda line: None)
    assert data.vintages("rd_gdp")[-1] == NEW
    assert len(service.asked) <= 5, "only the page that was being written comes again"
