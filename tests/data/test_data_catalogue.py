"""What the catalogue tells about the tables, and how it refuses."""

import hashlib
import subprocess
import sys

import pytest

from helpers import data
from helpers.data import catalogue
from helpers.data.records import span
from helpers.errors import InputError, WorkError


def test_every_csv_is_a_table_with_a_record(project):
    files = sorted(path.stem for path in (project / "data").glob("*/*.csv"))
    assert data.tables() == files
    assert len(files) >= 47
    for name in files:
        assert (
            data.metadata(name).path == next((project / "data").glob(f"*/{name}.csv")).relative_to(project).as_posix()
        )


def test_unknown_table_is_refused_with_the_closest_name():
    with pytest.raises(InputError, match=r"'rd_gpd' is not a known table\. Did you mean 'rd_gdp'\?"):
        data.metadata("rd_gpd")


def test_unknown_vintage_is_refused_with_all_that_is_allowed():
    with pytest.raises(InputError) as caught:
        data.years("rd_gdp", "wdi-2021-09-16")
    message = str(caught.value)
    assert "Did you mean 'wdi-2021-09-15'?" in message
    assert "unsdg-2020-10, wdi-2021-09-15, wdi-2026-07-13, all" in message


def test_vintages_run_from_oldest_to_newest_and_the_newest_is_the_default():
    assert data.vintages("rd_gdp") == ["unsdg-2020-10", "wdi-2021-09-15", "wdi-2026-07-13"]
    assert data.metadata("rd_gdp").default_vintage == "wdi-2026-07-13"
    assert data.years("rd_gdp") == list(range(1996, 2025))
    assert data.years("rd_gdp", "wdi-2021-09-15")[-1] == 2018
    assert data.years("telecom_infrastructure_index") == [2010, 2012, 2014, 2016, 2018]
    assert data.years("reshoring_sources") == []


def test_sha256_is_that_of_the_file_as_it_is_now(project):
    file = data.path("robot_density")
    before = data.sha256("robot_density")
    assert before == hashlib.sha256(file.read_bytes()).hexdigest() == data.metadata("robot_density").sha256
    file.write_bytes(file.read_bytes().replace(b"855.0", b"868.0"))
    assert data.sha256("robot_density") == hashlib.sha256(file.read_bytes()).hexdigest() != before


def test_missing_package_says_how_to_make_it(project):
    (project / catalogue.PACKAGE).unlink()
    with pytest.raises(WorkError, match=r"data/datapackage\.json is missing: run `reshoring data package`"):
        data.tables()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"resources": [{}]}', '{"resources": [], "corrections"'])
def test_damaged_package_says_how_to_make_it(project, content):
    (project / catalogue.PACKAGE).write_text(content, encoding="utf-8")
    with pytest.raises(WorkError, match=r"datapackage\.json cannot be read .*run `reshoring data package`"):
        data.tables()


@pytest.mark.parametrize("name", ["data/indicators/rd_gdp.yml", "data/corrections.yml"])
def test_edited_record_or_corrections_ask_for_a_new_package(project, name):
    with (project / name).open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    with pytest.raises(WorkError, match=f"{name} was edited since data/datapackage.json was made"):
        data.metadata("rd_gdp")
    (project / name).unlink()
    with pytest.raises(WorkError, match=f"{name} is missing"):
        data.load("rd_gdp")


def test_catalogue_needs_neither_pandas_nor_yaml():
    code = (
        "import sys; from helpers import data;"
        "data.metadata('rd_gdp'); data.sha256('rd_gdp'); data.economies.group('g20');"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'pandera', 'yaml', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_records_say_who_what_where_and_under_which_licence():
    for table in map(data.metadata, data.tables()):
        for text in (table.title, table.description, table.producer, table.unit, table.definition, table.licence):
            assert text.strip() == text != ""
        for address in (table.url, table.licence_url):
            assert address.startswith(("https://", "http://"))
        assert table.citation.fields["title"]
        assert table.citation.fields["title"] in table.citation.text
        assert all(column.description for column in table.columns)
        assert all(vintage.rows > 0 and vintage.published for vintage in table.vintages)


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ([], ""),
        ([2017], "2017"),
        ([2018, 2016, 2017], "2016-2018"),
        ([2002, 2005, 2006, 2014], "2002, 2005-2006, 2014"),
    ],
)
def test_years_are_told_as_people_write_them(years, told):
    assert span(years) == told
