"""Small tables for the tests, and writers in the published layouts."""

import csv
import struct
import zipfile

import numpy as np
import pandas as pd

from benchmarks.generate_icio import FINAL, balanced_table, write_table
from helpers.input_output.table import InterCountryTable

COUNTRIES = ["KOR", "CHN", "ROW"]
INDUSTRIES = ["A01_02", "C10T12", "C26", "D"]
WIOD_INDUSTRIES = ["A01", "C10-C12", "C26", "D35"]


def drawn(seed=7):
    return balanced_table(len(COUNTRIES), len(INDUSTRIES), seed)


def as_table(blocks, year=2014):
    pairs = [(iso3, sector) for iso3 in ["KOR", "CHN", "RoW"] for sector in INDUSTRIES]
    labels = pd.DataFrame(pairs, columns=["iso3", "sector"])
    labels["label"] = [f"{iso3.upper()}_{sector}" for iso3, sector in pairs]
    return InterCountryTable(
        year,
        "drawn",
        blocks["intermediate"],
        blocks["final"],
        blocks["output"],
        blocks["value_added"],
        blocks["value_added"] + blocks["taxes"],
        labels,
        np.repeat(["KOR", "CHN", "RoW"], len(FINAL)),
    )


def write_icio(folder, year=2014, seed=7):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{year}_SML.csv"
    write_table(path, COUNTRIES, INDUSTRIES, drawn(seed))
    return path


def edit(path, row, column, value):
    """Put `value` into one cell of a CSV table with one header line."""
    with path.open(newline="") as lines:
        rows = list(csv.reader(lines))
    at = rows[0].index(column)
    for cells in rows[1:]:
        if cells[0] == row:
            cells[at] = value
    save(path, rows)


def save(path, rows):
    with path.open("w", newline="") as lines:
        csv.writer(lines).writerows(rows)


def wiod_rows(blocks):
    """Return row labels (code, description, country, number) and numbers, final demand and total included."""
    n = len(blocks["output"])
    per = len(WIOD_INDUSTRIES)
    final = blocks["final"].reshape(n, len(COUNTRIES), len(FINAL))
    final = np.concatenate([final[:, :, :4], final[:, :, 4:].sum(axis=2, keepdims=True)], axis=2).reshape(n, -1)
    below = ["II_fob", "TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM", "GO"]
    numbers = np.zeros((n + len(below), n + final.shape[1] + 1))
    numbers[:n] = np.hstack([blocks["intermediate"], final, blocks["output"][:, None]])
    for name, values in {
        "II_fob": blocks["intermediate"].sum(axis=0),
        "TXSP": blocks["taxes"],
        "VA": blocks["value_added"],
        "GO": blocks["output"],
    }.items():
        numbers[n + below.index(name), :n] = values
    labels = [(WIOD_INDUSTRIES[i % per], "x", COUNTRIES[i // per], i % per + 1) for i in range(n)]
    labels += [(code, "x", "TOT", 65 + at) for at, code in enumerate(below)]
    return labels, numbers


def wiod_columns():
    users = [(iso3, number + 1) for iso3 in COUNTRIES for number in range(len(WIOD_INDUSTRIES))]
    return [*users, *((iso3, number) for iso3 in COUNTRIES for number in range(57, 62)), ("TOT", 62)]


def workbook_rows(blocks, unit="(millions of US$)"):
    """Return the cells of the published workbook: two title lines, four header lines, data."""
    labels, numbers = wiod_rows(blocks)
    columns = wiod_columns()
    code = {(row[2], row[3]): row[0] for row in labels}
    head = [["Intercountry Input-Output Table"], ["(industry-by-industry)"]]
    head.append(["(current prices)", "", "", "", *(code.get(column, "") for column in columns)])
    head.append([unit, "", "", "", *("x" for _ in columns)])
    head.append(["", "", "", "", *(iso3 for iso3, _ in columns)])
    head.append(["", "", "", "", *(f"c{number}" for _, number in columns)])
    width = len(head[-1])
    head = [row + [""] * (width - len(row)) for row in head]
    body = zip(labels, numbers, strict=True)
    return head + [[a, b, c, f"r{d}", *map(repr, map(float, row))] for (a, b, c, d), row in body]


def write_wiod_workbook_csv(folder, blocks, unit="(millions of US$)"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "WIOT2014_Nov16_ROW.csv"
    save(path, workbook_rows(blocks, unit))
    return path


def write_wiod_one_line_csv(folder, blocks):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "WIOT2014_October16_ROW.csv"
    labels, numbers = wiod_rows(blocks)
    names = [iso3 if iso3 == "TOT" else f"{iso3}{number}" for iso3, number in wiod_columns()]
    rows = [["IndustryCode", "IndustryDescription", "Country", "RNr", "Year", *names]]
    rows += [[*label, 2014, *map(repr, map(float, row))] for label, row in zip(labels, numbers, strict=True)]
    save(path, rows)
    return path


def write_wiod_workbook(folder, blocks):
    """Write the binary workbook: the few records of the format [MS-XLSB] that a reader needs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "WIOT2014_Nov16_ROW.xlsb"
    rows = workbook_rows(blocks)
    sheet = _record(0x94, 1, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[-1]) - 1)) + _record(0x91, 1, b"")
    for number, row in enumerate(rows):
        sheet += _record(0, None, struct.pack("<I", number) + bytes(13))
        sheet += b"".join(_cell(number, at, value) for at, value in enumerate(row) if value != "")
    sheets = _record(0x8F, 1, b"") + _record(0x9C, 1, struct.pack("<2I", 0, 1) + _text("rId1") + _text("2014"))
    relation = '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></Relationships>'
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.bin", sheets + _record(0x90, 1, b""))
        book.writestr("xl/_rels/workbook.bin.rels", relation)
        book.writestr("xl/worksheets/sheet1.bin", sheet + _record(0x92, 1, b""))
    return path


def _record(first, second, data):
    length = b"" if data else b"\0"
    rest = len(data)
    while rest:
        length += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
        rest >>= 7
    return bytes([first] if second is None else [first, second]) + length + data


def _text(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(row, column, value):
    place = struct.pack("<2I", column, 0)
    if row >= 6 and column >= 4:
        return _record(5, None, place + struct.pack("<d", float(value)))
    return _record(8, None, place + _text(value) + bytes(10))
