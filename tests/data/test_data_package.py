"""data/datapackage.json: a standard descriptor, the same everywhere, never written over a broken table."""

import json
import re
from pathlib import Path

import pytest
import yaml
from frictionless import Package

from helpers import data
from helpers.data import package
from helpers.data.catalogue import PACKAGE
from helpers.data.package import build_package, changes, read_record, verify, write_package
from helpers.errors import InputError, WorkError

ROOT = Path(__file__).resolve().parents[2]
RECORD = "data/indicators/robot_density.yml"


def test_frictionless_finds_the_package_and_every_table_valid():
    # The project's own checks read every row; of long tables the first rows show whether both understand the same.
    report = Package(ROOT / PACKAGE).validate(limit_rows=200)
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:10]
    assert len(report.tasks) == len(data.tables())


def test_frictionless_notices_a_changed_table(small):
    package = json.loads((small / PACKAGE).read_text(encoding="utf-8"))
    package["resources"] = [item for item in package["resources"] if item["name"] == "robot_density"]
    (small / PACKAGE).write_text(json.dumps(package), encoding="utf-8")
    file = small / "data" / "indicators" / "robot_density.csv"
    file.write_bytes(file.read_bytes().replace(b"855.0", b"8555."))
    assert not Package(small / PACKAGE).validate().valid


def test_the_package_in_the_repository_is_what_the_tables_give():
    assert (ROOT / PACKAGE).read_text(encoding="utf-8") == json.dumps(
        build_package(), indent=1, ensure_ascii=False
    ) + "\n"


def test_writing_the_package_again_changes_no_byte(small):
    before = (small / PACKAGE).read_bytes()
    write_package()
    assert (small / PACKAGE).read_bytes() == before
    assert not list((small / "data").glob(".part-*"))


def test_the_package_says_what_it_changes(small):
    folder = small / "data" / "indicators"
    robots = folder / "robot_density.csv"
    kept = [row for row in robots.read_bytes().split(b"\n") if not row.startswith(b"USA,2016")]
    robots.write_bytes(b"\n".join(kept))
    for ending in ("csv", "yml"):
        (folder / f"labour_share.{ending}").unlink()
    edited(small, unit="robots")
    told = write_package()
    assert [line.partition(":")[0].rpartition(", ")[2].split()[0] for line in told] == 2 * [
        "figures",
        "record",
        "vintage",
    ]
    assert all(line.startswith("labour_share") and line.endswith("-> none") for line in told[:3])
    assert re.fullmatch(r"robot_density, vintage ifr-2025: 144 rows, (.*) -> 143 rows, \1", told[-1])
    assert write_package() == []


def test_corrections_and_lost_years_are_told():
    record = {"sha256": "x", "record_sha256": "", "rows": 9}
    old, new = (
        {"resources": [{"name": "t", "record": {**record, "vintages": [{"name": "a", "years": years}]}}]}
        for years in ([2000, 2001, 2003], [2001, 2002])
    )
    assert changes(old, {**new, "corrections": "x"}) == [
        "corrections: none -> x",
        "t, vintage a: 0 rows, 0 economies, 2000-2001, 2003 -> 0 rows, 0 economies, 2001-2002",
    ]


def test_the_package_knows_nothing_of_the_machine(small):
    content = (small / PACKAGE).read_text(encoding="utf-8")
    assert str(small) not in content
    assert str(ROOT) not in content
    for resource in json.loads(content)["resources"]:
        assert not Path(resource["path"]).is_absolute()
        assert (small / "data" / resource["path"]).stat().st_size == resource["bytes"]


def test_a_package_that_cannot_be_written_stays_as_it_was(small):
    before = (small / PACKAGE).read_bytes()
    (small / "data" / "indicators" / "robot_density.csv").unlink()
    (small / "data" / "indicators" / "rd_gdp.yml").unlink()
    with pytest.raises(WorkError) as caught:
        write_package()
    message = str(caught.value)
    assert f"data/indicators/robot_density.csv is missing, though {RECORD} describes it" in message
    assert "data/indicators/rd_gdp.csv has no record: describe it in data/indicators/rd_gdp.yml" in message
    assert (small / PACKAGE).read_bytes() == before


def edited(project, **changes):
    path = project / RECORD
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    record.update(changes)
    path.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"liscence": "CC BY 4.0"}, "liscence: Extra inputs are not permitted"),
        ({"unit": None}, "unit: Input should be a valid string"),
        ({"citations": []}, "citations: List should have at least 1 item"),
        ({"name": "robots"}, "the record calls the table 'robots'; file and table must have the same name"),
        ({"vintage_column": "edition"}, "vintage_column 'edition' is not among the columns"),
        (
            {"vintages": [{"name": "a"}, {"name": "b"}], "vintage_column": None},
            "several vintages need a vintage_column",
        ),
        (
            {
                "columns": [{"name": "a", "type": "number", "description": "x", "sum_of": [["a", "b"]]}],
                "vintage_column": None,
            },
            "a: 'b' is not among the columns",
        ),
        ({"vintages": [{"name": "ifr 2025"}]}, "vintages.0.name: String should match pattern"),
        ({"vintages": [{"name": "a", "published": "2025-13"}]}, "vintages.0.published: String should match pattern"),
    ],
)
def test_incomplete_records_are_refused_by_name(small, changes, told):
    path = edited(small, **changes)
    with pytest.raises(WorkError) as caught:
        read_record(path)
    assert str(caught.value).startswith(RECORD)
    assert told in str(caught.value)


def test_a_record_that_is_not_yaml_is_refused_by_name(small):
    (small / RECORD).write_text("name: [robot_density\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"{RECORD}, line 2: not valid YAML"):
        read_record(small / RECORD)


def test_adding_an_indicator_takes_a_file_a_record_and_the_package(small):
    folder = small / "data" / "indicators"
    (folder / "patents_per_head.csv").write_text("iso3,year,vintage,value\nKOR,2020,own-2026,3.5\n", encoding="utf-8")
    record = yaml.safe_load((folder / "robot_density.yml").read_text(encoding="utf-8"))
    record.update(name="patents_per_head", title="Patents per head", series_code="PPH")
    record.update(vintages=[{"name": "own-2026", "first": 2020, "last": 2020}])
    (folder / "patents_per_head.yml").write_text(yaml.safe_dump(record), encoding="utf-8")
    assert verify()[0] == [
        "data/datapackage.json does not list patents_per_head: run `reshoring data package` to check the tables and "
        "write it again"
    ]
    write_package()
    assert data.load("patents_per_head")[["iso3", "year", "value", "flag"]].to_numpy().tolist() == [
        ["KOR", 2020, 3.5, ""]
    ]
    assert verify()[0] == []


def test_checks_that_have_changed_since_are_made_again(small):
    """A stamp is believed only for the very file, record, corrections, codes and checks it was made for."""
    package = json.loads((small / PACKAGE).read_text(encoding="utf-8"))
    record = next(item for item in package["resources"] if item["name"] == "robot_density")
    file = small / "data" / "concordances" / "economies.csv"
    file.write_bytes(file.read_bytes().replace(b"SGP,SG,Singapore,economy", b"SGP,SG,Singapore,former"))
    with pytest.raises(WorkError, match="'SGP' is not an ISO 3166 alpha-3 code"):
        data.load("robot_density")
    assert data.metadata("robot_density").checked == record["record"]["checked"]


def test_verify_tells_all_failures_at_once(small):
    folder = small / "data" / "indicators"
    (folder / "rd_gdp.csv").unlink()
    robots = folder / "robot_density.csv"
    robots.write_bytes(robots.read_bytes().replace(b"AUT,2015,ifr-2025,128.0", b"AUT,2015,ifr-2025,-128.0"))
    failures, checked = verify()
    assert checked == len(data.tables())
    assert any("rd_gdp.csv is missing" in failure for failure in failures)
    assert any("robot_density.csv: changed since it was checked" in failure for failure in failures)
    assert any(
        "robot_density.csv, line 2, column value: -128 is below the minimum of 0" in failure for failure in failures
    )
    assert len(failures) == 3


def test_verify_notices_corrections_of_tables_that_do_not_exist(small):
    file = small / "data" / "corrections.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("table: robot_density", "table: robots_density"), encoding="utf-8"
    )
    failures, _ = verify()
    assert "data/corrections.yml: 'robots_density' is not a known table; the closest is 'robot_density'" in failures


def test_a_copied_record_that_still_describes_its_neighbour_is_refused(small):
    folder = small / "data" / "indicators"
    record = yaml.safe_load((folder / "labour_share.yml").read_text(encoding="utf-8"))
    copy = folder / "wages_share.csv"
    copy.write_bytes((folder / "labour_share.csv").read_bytes())
    before = (small / PACKAGE).read_bytes()

    def written(**changed):
        copy.with_suffix(".yml").write_text(yaml.safe_dump(record | {"name": "wages_share"} | changed))
        return write_package()

    with pytest.raises(WorkError, match=r"wages_share: its record has the title of labour_share, 'Share of labour"):
        written(series_code="OTHER")
    with pytest.raises(WorkError, match=r"wages_share: its record has the series_code of labour_share"):
        written(title="Share of wages")
    assert (small / PACKAGE).read_bytes() == before
    assert "wages_share" in "".join(written(title="Share of wages", series_code="OTHER"))


def test_a_table_that_has_passed_the_same_checks_is_taken_from_the_package_before(small, monkeypatch):
    before, checked = json.loads((small / PACKAGE).read_text(encoding="utf-8")), []
    examine = package.examine
    monkeypatch.setattr(package, "examine", lambda *given: checked.append(given[1].name) or examine(*given))
    assert build_package(before) == before
    assert checked == []
    file = small / "data" / "indicators" / "robot_density.csv"
    file.write_bytes(file.read_bytes().replace(b",855.0", b",many"))
    with pytest.raises(WorkError, match="'many' is not a number"):
        build_package(before)
    assert checked == ["robot_density"]
