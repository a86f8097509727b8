"""A table that is broken, changed or missing: a plain error that names file, line and rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.data.corrections import corrections
from helpers.data.loading import examine
from helpers.data.package import describe as describe_table
from helpers.data.package import write_package
from helpers.data.parsing import Problem, describe, listed
from helpers.errors import WorkError

ROBOTS = "data/indicators/robot_density.csv"
INPUTS = "data/input_output/wiod2016_manufacturing_inputs.csv"


def replaced(old, new):
    def change(content):
        assert content.count(old) >= 1
        return content.replace(old, new, 1)

    return change


def line(number, new):
    def change(content):
        lines = content.split(b"\n")
        lines[number - 1] = new
        return b"\n".join(lines)

    return change


BROKEN = {
    "not a number": (line(5, b"AUT,2018,ifr-2025,many"), ", line 5, column value: 'many' is not a number"),
    "not a whole number": (
        line(5, b"AUT,2018.5,ifr-2025,189.0"),
        ", line 5, column year: '2018.5' is not a whole number",
    ),
    "value missing": (line(5, b"AUT,2018,ifr-2025,"), ", line 5, column value: a value is missing"),
    "cell too few": (line(5, b"AUT,2018,ifr-2025"), ", line 5: the line has 3 cells; 4 are needed"),
    "cell too many": (line(5, b"AUT,2018,ifr-2025,189.0,x"), ", line 5: the line has 5 cells; 4 are needed"),
    "same key twice": (
        line(5, b"AUT,2017,ifr-2025,189.0"),
        ", line 5: iso3 AUT, year 2017, vintage ifr-2025 occurs more than once; a key must be unique",
    ),
    "unknown economy": (line(5, b"XYZ,2018,ifr-2025,189.0"), ", line 5, column iso3: 'XYZ' is not an ISO 3166 alpha-3"),
    "below the range": (line(5, b"AUT,2018,ifr-2025,-1"), ", line 5, column value: -1 is below the minimum of 0"),
    "above the range": (
        line(5, b"AUT,2018,ifr-2025,9e9"),
        ", line 5, column value: 9e+09 is above the maximum of 2000",
    ),
    "infinite": (line(5, b"AUT,2018,ifr-2025,-inf"), ", line 5, column value: '-inf' is not a number"),
    "beyond all numbers": (line(5, b"AUT,2018,ifr-2025,1e999"), ", line 5, column value: '1e999' is not a number"),
    "not a number at all": (line(5, b"AUT,2018,ifr-2025,NaN"), ", line 5, column value: 'NaN' is not a number"),
    "hexadecimal": (line(5, b"AUT,2018,ifr-2025,0x10"), ", line 5, column value: '0x10' is not a number"),
    "hexadecimal year": (line(5, b"AUT,0x7E2,ifr-2025,1"), ", line 5, column year: '0x7E2' is not a whole number"),
    "empty lines": (line(5, b"\n\nAUT,2018,ifr-2025,-1"), ", line 5: the line is empty; take it away"),
    "empty cells": (line(5, b",,,"), ", line 5, column year: a value is missing"),
    "line break in a cell": (line(5, b'"AU\nT",2018,ifr-2025,1'), "a cell in quotes holds a line break"),
    "unknown vintage": (
        line(5, b"AUT,2018,ifr-2026,189.0"),
        ", line 5, column vintage: 'ifr-2026' is not a vintage of the record, which has ifr-2025",
    ),
    "renamed column": (line(1, b"iso3,year,vintage,robots"), ", line 1: the header must be 'iso3,year,vintage,value'"),
    "byte order mark": (lambda content: b"\xef\xbb\xbf" + content, ", line 1: the file starts with a byte order mark"),
    "carriage returns": (
        lambda content: content.replace(b"\n", b"\r\n"),
        ", line 1: the line ends with a carriage return",
    ),
    "one carriage return": (replaced(b"128.0\n", b"128.0\r\n"), ", line 2: the line ends with a carriage return"),
    "not UTF-8": (line(5, b"AUT,2018,ifr-2025,\xff"), ", line 5: the line is not valid UTF-8"),
    "truncated in a line": (
        lambda content: content[:-4],
        ", line 145: the last line is not ended: the file is truncated",
    ),
    "truncated after a line": (
        lambda content: b"\n".join(content.split(b"\n")[:100]) + b"\n",
        "vintage ifr-2025 covers 11 economies; its record expects at least 16",
    ),
    "empty": (lambda content: b"", "the file is empty"),
    "header only": (lambda content: content.split(b"\n")[0] + b"\n", "vintage ifr-2025 has no rows"),
    "last year lost": (
        lambda content: b"\n".join(row for row in content.split(b"\n") if b",2023," not in row),
        "vintage ifr-2025 ends in 2022; its record expects 2023",
    ),
    "page in its place": (lambda content: b"<!doctype html>\n<title>503</title>\n", ", line 1: the header must be"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_table_is_refused_by_load_and_by_package(small, case):
    change, expected = BROKEN[case]
    file = small / ROBOTS
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(WorkError) as loading:
        data.load("robot_density")
    message = str(loading.value)
    assert f"{ROBOTS} is not the file that was checked" in message
    assert f"{ROBOTS}, {expected.lstrip(', ')}" in message or f"{ROBOTS}: {expected.lstrip(', ')}" in message, message
    assert f"git checkout -- {ROBOTS}" in message
    with pytest.raises(WorkError, match="Table 'robot_density' is not sound"):
        describe_table(file.with_suffix(".yml"))


def test_a_cell_that_cannot_be_read_does_not_hide_other_faults(small):
    file = small / ROBOTS
    content = line(9, b"AUT,2022,ifr-2025,9e9")(line(7, b"AUT")(line(5, b"AUT,2018,ifr-2025,many")(file.read_bytes())))
    file.write_bytes(content)
    with pytest.raises(WorkError) as caught:
        data.load("robot_density")
    told = [text.strip() for text in str(caught.value).splitlines()[1:-1]]
    assert told == [
        f"{ROBOTS}, line 5, column value: 'many' is not a number",
        f"{ROBOTS}, line 7: the line has 1 cells; 4 are needed (iso3, year, vintage, value)",
        f"{ROBOTS}, line 9, column value: 9e+09 is above the maximum of 2000",
    ]


def test_other_tables_still_load_when_one_is_broken(small):
    (small / ROBOTS).write_bytes(b"")
    assert len(data.load("rd_gdp")) > 0


def test_a_missing_file_is_named(small):
    (small / ROBOTS).unlink()
    for read in (data.load, data.sha256):
        with pytest.raises(WorkError, match=f"{ROBOTS} is missing: table 'robot_density' cannot be read"):
            read("robot_density")


def test_a_sound_change_is_refused_until_the_package_accepts_it(small):
    file = small / ROBOTS
    file.write_bytes(file.read_bytes().replace(b"AUT,2015,ifr-2025,128.0", b"AUT,2015,ifr-2025,129.0"))
    with pytest.raises(WorkError) as caught:
        data.load("robot_density")
    assert "It keeps to its schema. If the change is meant, `reshoring data package` accepts it" in str(caught.value)
    write_package()
    assert data.load("robot_density")["value"].iloc[0] == 129.0


@pytest.mark.parametrize(
    ("path", "old", "new", "rule"),
    [
        (INPUTS, b"AUS,2000,C10-C12,23240.7,1459.41,6822.97", b"AUS,2000,C10-C12,23240.7,1459.41,26822.97",
         "line 2: domestic_manufactured must not exceed domestic_all"),
        (INPUTS, b"AUS,2000,C10-C12,23240.7", b"AUS,2000,C10-C12,99240.7",
         "line 2: domestic_all must not exceed gross_output"),
        ("data/trade/adb_value_added_exports.csv", b"21285.5,18802.4", b"18802.4,21285.5",
         "line 2: value_added_exports must not exceed gross_exports"),
        ("data/trade/wiod2016_bilateral_gross_exports.csv", b"AUS,AUT,2002", b"AUS,AUS,2002",
         "line 2: exporter and importer must differ"),
        ("data/input_output/oecd_icio2025_korea_manufacturing.csv", b",10737.3697,", b",20737.3697,",
         "line 2: imported_intermediate_inputs + domestic_intermediate_inputs must equal intermediate_inputs"),
        ("data/trade/wits_imports_from_korea.csv", b"ARE,1991,2.9354", b"ARE,1991,29.354",
         "line 2: share_pct must be imports_from_korea_usd_mn in percent of imports_total_usd_mn"),
        ("data/patents/uspto_grants_by_wipo_field.csv", b"ARG,1998,analysis of biological materials,1",
         b"ARG,1998,analysis of biological materials,100",
         "line 2: the fields of an economy and year must sum to their total"),
        ("data/trade/wits_gvc_output_selected_sectors.csv", b",21401.6,978.24", b",978.24,21401.6",
         "line 2: gvc_output must not exceed output, unless flagged"),
        ("data/trade/wits_trade_by_stage_of_processing.csv", b"AGO,Export,All Products,2009,40639.41",
         b"AGO,Export,All Products,2009,4063.941", "line 265: the stages of a reporter must not exceed all products"),
        ("data/reshoring/reshoring_counts.csv", b",dachs_2019,", b",dachs_1919,",
         "line 2, column source_id: 'dachs_1919' does not occur in column source_id of table reshoring_sources"),
        ("data/reshoring/reshoring_counts.csv", b",percent,4.0,dachs_2019", b",firms per year,4.0,dachs_2019",
         "line 2, column unit: 'firms per year' is not allowed; allowed: "),
        ("data/concordances/hs6_bec4.csv", b"HS1996,010111,41", b"HS1996,10111,41",
         "line 2, column hs6: '10111' does not have the form [0-9]{6}"),
        ("data/trade/wits_trade_by_stage_of_processing.csv", b"ABW,Export", b"ABW,Exports",
         "line 2, column flow: 'Exports' is not allowed; allowed: Export, Import"),
    ],
)  # fmt: skip
def test_rules_of_single_tables_name_line_and_rule(project, path, old, new, rule):
    file = project / path
    file.write_bytes(replaced(old, new)(file.read_bytes()))
    with pytest.raises(WorkError) as caught:
        data.load(file.stem)
    assert f"{path}, {rule}" in str(caught.value)


ROBOT_CELLS = data.path("robot_density").read_text(encoding="utf-8").splitlines()


@settings(deadline=None, max_examples=25, derandomize=True)
@given(
    row=st.integers(2, len(ROBOT_CELLS)),
    column=st.sampled_from(["iso3", "year", "vintage", "value"]),
    garbage=st.text(
        st.characters(codec="utf-8", exclude_characters='\r\n",', exclude_categories=["Cs", "Cc"]), max_size=8
    ).filter(lambda text: not text.strip().lstrip("+-").replace(".", "").replace("e", "").isalnum()),
)
def test_garbage_in_any_cell_is_found_on_its_line(row, column, garbage):
    lines = list(ROBOT_CELLS)
    cells = lines[row - 1].split(",")
    cells[["iso3", "year", "vintage", "value"].index(column)] = garbage
    lines[row - 1] = ",".join(cells)
    content = ("\n".join(lines) + "\n").encode()
    _, problems = examine(content, data.metadata("robot_density"), ROBOTS, corrections("robot_density"))
    assert any(problem.line == row and problem.column == column for problem in problems)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.integers(0, 3479))
def test_a_file_cut_anywhere_is_never_taken_for_the_table(size):
    content = data.path("robot_density").read_bytes()[:size]
    assert examine(content, data.metadata("robot_density"), ROBOTS, corrections("robot_density"))[1]


def test_many_lines_alike_are_counted_not_listed():
    problems = [Problem("data/x.csv", "is not a number", line, "value", "'?'") for line in range(2, 502)]
    lines = listed(problems)
    assert lines[:3] == [f"data/x.csv, line {line}, column value: '?' is not a number" for line in (2, 3, 4)]
    assert lines[3].strip() == "and 497 more lines like these, to line 501"
    assert len(describe("x", [Problem("data/x.csv", f"rule {number}") for number in range(50)]).splitlines()) == 14
