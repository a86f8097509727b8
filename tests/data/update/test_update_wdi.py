"""`reshoring data update wdi` against a service that answers, and misbehaves, like the World Bank's."""

import re

import pandas as pd
import pytest
from update_service import commit, published, state, status
from update_service import run as updated
from wdi_service import DATE, OLD, WorldBank, revised

from helpers import data
from helpers.data.package import write_package
from helpers.errors import InputError, WorkError

NEW = f"wdi-{DATE}"


@pytest.fixture
def bank(service, project, monkeypatch):
    monkeypatch.setenv("RESHORING_WDI_URL", f"{service.url}/v2/")
    return WorldBank(service, {table: revised(table) for table in ("rd_gdp", "unemployment_rate")})


def run(*tables, **options):
    return updated("wdi", tables=tables or ("rd_gdp",), **options)


def test_a_vintage_is_added_beside_the_others_and_no_other_file_changes(bank, project):
    old = state(project)
    told = run()
    new = state(project)
    assert data.vintages("rd_gdp") == ["unsdg-2020-10", "wdi-2021-09-15", OLD, NEW]
    assert data.metadata("rd_gdp").default_vintage == NEW
    now = data.load("rd_gdp", NEW)
    expected = revised("rd_gdp").sort_values(["iso3", "year"], ignore_index=True)
    pd.testing.assert_frame_equal(now[["iso3", "year", "value"]], expected, rtol=1e-5, check_dtype=False)
    assert set(now["iso3"]).isdisjoint({"ARB", "WLD", "INX"})
    assert f"Added: rd_gdp {NEW}" in told
    assert new["data/indicators/rd_gdp.csv"].startswith(old["data/indicators/rd_gdp.csv"])
    differ = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    assert differ == {"data/indicators/rd_gdp.csv", "data/indicators/rd_gdp.yml", "data/datapackage.json"}
    was, now = (s["data/indicators/rd_gdp.yml"].decode().splitlines() for s in (old, new))
    start = now.index(f"  - name: {NEW}")
    assert now[start + 1] == f"    published: '{DATE}'"
    assert now[:start] + now[start + 6 :] == was


def test_every_table_is_updated_at_once_and_the_second_update_has_nothing_to_add(bank, project):
    updated("wdi")
    assert data.vintages("rd_gdp")[-1] == data.vintages("unemployment_rate")[-1] == NEW
    old = state(project)
    assert f"{NEW} is there already" in run()
    assert state(project) == old


def test_a_newer_date_without_new_figures_adds_nothing(bank, service, project):
    WorldBank(service, {"rd_gdp": published("rd_gdp", OLD)})
    old = state(project)
    assert f"no figure differs from {OLD}" in run()
    assert state(project) == old


def test_a_dry_run_reports_and_changes_no_table(bank, project):
    old = state(project)
    told = run(dry_run=True, years=(1850,))
    assert state(project) == old
    assert "Revision report" in told
    assert "Ranks 1850: no economy has a figure of that year in both." in told
    assert "Nothing was changed (--dry-run)." in told
    assert (project / "build" / "updates" / NEW / "report.md").is_file()
    assert not any(path.is_dir() for path in (project / "build" / "updates" / ".rehearsal").iterdir())


def test_the_report_says_what_moved_and_is_also_written_as_tables(bank, project):
    told = run(years=(2022,))
    rank = data.load("rd_gdp", OLD).query("year == 2022").set_index("iso3")["value"]
    new = revised("rd_gdp").query("year == 2022").set_index("iso3")["value"]
    both = rank.index.intersection(new.index)
    was, now = (int((s[both] > s["KOR"]).sum()) + 1 for s in (rank, new))
    assert f"Ranks 2022, largest first, of {len(both)} economies in both:" in told
    assert re.search(rf"- KOR: {was} -> {now} \(", told)
    lost = len(published("rd_gdp", OLD).query("iso3 == 'ALB'"))
    assert f"Lost: {lost} figures (among them economies ALB)" in told
    assert "years 2025" in told
    assert "| KOR | 2015 |" in told
    assert "| +10.0 |" in told
    assert "INX Not classified" in told
    assert "WLD World" in told
    assert f"was declared for {OLD} only" in told
    assert "Marks of the producer: E (1)." in told
    folder = project / "build" / "updates" / NEW
    revisions = pd.read_csv(folder / "revisions.csv")
    assert set(revisions["iso3"]) == {"KOR"}
    assert revisions["percent"].round(3).eq(10).all()
    ranks = pd.read_csv(folder / "ranks.csv")
    assert ranks.loc[0, "iso3"] == "KOR"
    assert (ranks["rank_before"] - ranks["rank_now"] == ranks["moved"]).all()
    coverage = pd.read_csv(folder / "coverage.csv")
    assert set(coverage.loc[coverage["what"] == "lost", "iso3"]) == {"ALB"}


STAYS = {
    "long wait": (status(429, Retry_After="3600"), "asks to wait 3600 seconds"),
    "refused": (status(403), "access refused"),
    "gone": (status(404), "the server answered 404"),
}


@pytest.mark.parametrize(("trouble", "told"), STAYS.values(), ids=STAYS.keys())
def test_refusals_are_told_at_once_and_change_nothing(trouble, told, bank, service, project):
    old = state(project)
    service.troubles = [None, None, trouble]
    with pytest.raises(WorkError, match=told):
        run()
    assert len(service.asked) == 3
    assert state(project) == old


def test_a_download_that_broke_off_goes_on_where_it_stopped(bank, service, project):
    service.troubles = [None, None, *[status(500)] * 3]
    with pytest.raises(WorkError, match="pages that have come in are kept"):
        run()
    service.asked.clear()
    run()
    assert [query["page"] for _, query, _ in service.asked] == ["3"]
    assert data.vintages("rd_gdp")[-1] == NEW


def test_what_a_dry_run_fetched_is_not_fetched_again_unless_asked_to(bank, service, project):
    run(dry_run=True)
    for fresh, count in ((True, 3), (False, 0)):
        service.asked.clear()
        run(dry_run=True, fresh=fresh)
        assert len(service.asked) == count


def test_a_page_damaged_on_disk_is_fetched_again(bank, service, project):
    run(dry_run=True)
    page = max((project / "build" / "cache" / "wdi").glob("*.body"), key=lambda path: path.stat().st_size)
    page.write_bytes(page.read_bytes()[:-5])
    service.asked.clear()
    run()
    assert len(service.asked) == 1


def test_pages_of_two_dates_are_fetched_afresh(bank, service, project):
    service.troubles = [None, None, *[status(500)] * 3]
    with pytest.raises(WorkError):
        run()
    bank.date = "2026-11-05"
    run()
    assert data.vintages("rd_gdp")[-1] == "wdi-2026-11-05"


def figures(change):
    """Return what changes each figure, and leaves the list of countries as it is."""
    return lambda head, found: (head, [change(row) if "indicator" in row else row for row in found])


def france(value):
    """Return what gives France another figure for 2020."""
    return figures(
        lambda row: {**row, "value": value} if (row["countryiso3code"], row["date"]) == ("FRA", "2020") else row
    )


def repeated(head, found):
    """Give the first page again in place of every other."""
    if found and "indicator" in found[0] and head["page"] > 1:
        return head, repeated.first[: len(found)]
    repeated.first = found
    return head, found


def twice(head, found):
    """Give the same economy and year twice."""
    return head, [*found[:-1], found[0]] if "indicator" in found[0] and head["page"] == 3 else found


def empty(head, found):
    """Answer without rows."""
    return ({**head, "total": 0, "pages": 1}, []) if found and "indicator" in found[0] else (head, found)


SPOILT = {
    "a page repeated": (repeated, "page 2 repeats page 1"),
    "number of another page": (lambda head, found: ({**head, "page": 1}, found), "page 2 was asked for; page 1 came"),
    "one page announced": (
        lambda head, found: ({**head, "pages": 1}, found),
        r"1000 rows came in; the service announced \d+",
    ),
    "values renamed": (
        lambda head, found: (head, [{("x" if key == "value" else key): row[key] for key in row} for row in found]),
        "another form than documented: .*value: Field required",
    ),
    "values as words": (
        figures(lambda row: {**row, "value": "n/a"}),
        "another form than documented: .*value: Input should be a valid number",
    ),
    "count of rows missing": (
        lambda head, found: ({key: value for key, value in head.items() if key != "total"}, found),
        "another form than documented: total: Field required",
    ),
    "another unit": (
        figures(lambda row: {**row, "value": row["value"] and row["value"] / 2}),
        "typical figures are 0.5 times what they were",
    ),
    "negative": (france(-7.0), r"no table was changed.\n.*\n.*-7 is below the minimum of 0"),
    "not finite": (france(float("inf")), "FRA 2020 is inf, not a finite number"),
    "two letters": (figures(lambda row: {**row, "countryiso3code": row["countryiso3code"][:2]}), "no figure came in"),
    "half of the economies": (
        figures(lambda row: {**row, "value": None} if row["countryiso3code"] < "K" else row),
        r"economies are gone \(AGO",
    ),
    "a figure twice": (twice, "came in more than once"),
    "another series": (figures(lambda row: {**row, "indicator": {"id": "X", "value": "X"}}), "rows of X came in"),
    "undated": (
        lambda head, found: ({**head, "lastupdated": None}, found),
        "does not tell when the data were last updated",
    ),
    "empty": (empty, "no figure came in"),
}


@pytest.mark.parametrize(("spoil", "told"), SPOILT.values(), ids=SPOILT.keys())
def test_answers_that_cannot_be_right_are_refused(spoil, told, bank, project):
    old = state(project)
    bank.change = spoil
    with pytest.raises(WorkError, match=told):
        run()
    assert state(project) == old
    assert data.load("rd_gdp")["vintage"].unique().tolist() == [OLD]


def test_a_series_that_disappeared_stops_the_update_and_names_the_way_on(bank, project):
    bank.series.pop("SL.UEM.TOTL.ZS")
    old = state(project)
    with pytest.raises(WorkError) as error:
        updated("wdi")
    assert "1 of 2 tables cannot be updated; no table was changed:" in str(error.value)
    assert "The provided parameter value is not valid" in str(error.value)
    assert "--table TABLE" in str(error.value)
    assert state(project) == old
    run("rd_gdp")
    assert data.vintages("rd_gdp")[-1] == NEW


def test_economies_a_correction_leaves_out_are_not_expected(bank, project):
    entry = """- id: austria-left-out
  table: rd_gdp
  kind: exclude
  where: {iso3: AUT}
  expect:
    - {iso3: AUT, year: 2018, vintage: wdi-2021-09-15}
  reason: for a test
  reference: none
"""
    with (project / "data" / "corrections.yml").open("a") as file:
        file.write(entry)
    for path in (project / "data" / "indicators").glob("rd_gdp.yml"):
        path.write_text(path.read_text().replace("minimum_economies: 1", "minimum_economies: 0"))
    write_package()
    commit(project)
    run()
    newest = data.metadata("rd_gdp").vintages[-1]
    assert newest.minimum_economies == newest.economies == revised("rd_gdp")["iso3"].nunique() - 1


def test_unknown_sources_and_tables_are_named(project):
    with pytest.raises(InputError, match=r"'wdy' is not a known source of updates. Did you mean 'wdi'"):
        updated("wdy")
    with pytest.raises(InputError, match=r"table that wdi refreshes.*Allowed: rd_gdp, unemployment_rate"):
        run("human_capital_index")


def test_without_a_source_all_are_listed(project):
    assert "wdi: World Bank, World Development Indicators; refreshes rd_gdp, unemployment_rate." in updated("")
