"""What a row of a published file means, whether it is sound, and whether it counts: one Ibis expression a format.

The expressions name no engine; DuckDB and Spark give the same table.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import ibis
import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

BACI_COLUMNS = ["t", "i", "j", "k", "v", "q"]
COMTRADE_COLUMNS = [
    "refYear",
    "reporterCode",
    "flowCode",
    "partnerCode",
    "classificationCode",
    "cmdCode",
    "primaryValue",
]
# Where a Comtrade file breaks a flow down further, the value that means "all of it".
COMTRADE_TOTALS = {"partner2Code": "0", "customsCode": "C00", "motCode": "0", "mosCode": "0"}
COMTRADE_EDITIONS = {
    "H1": "HS1996",
    "H2": "HS2002",
    "H3": "HS2007",
    "H4": "HS2012",
    "H5": "HS2017",
    "H6": "HS2022",
}
STORED = ["year", "exporter", "importer", "product", "value", "quantity"]
KNOWN = ["known_exporter", "known_importer"]
# Amounts up to a trillion dollars: no flow of one product is anywhere near.
EXACT = "decimal(18, 6)"
EXACT_THOUSANDS = "decimal(15, 6)"
DOLLARS = "decimal(18, 3)"
MEANING = [
    "edition",
    "year",
    "exporter",
    "importer",
    "product",
    "value",
    "quantity",
    "input_value",
    "left_out",
    "reason",
]


def baci_rows(raw: "ir.Table", edition: str, economies: Iterable[int]) -> "ir.Table":
    """Read the text columns of BACI files of one edition.

    Parameters
    ----------
    raw : Table
        Columns t, i, j, k, v, q as text, and `file_year`, the year that the file's name says.
    edition : str
    economies : iterable of int
        Codes of the code file that comes with the release.

    Returns
    -------
    Table
        The columns of `raw` and `MEANING`: `value` in US dollars, `quantity` in metric tons, `input_value` the value
        as exactly as it was written (US dollars), `reason` why a row is not sound (null when it is).
    """
    exact = (raw.v.try_cast(EXACT_THOUSANDS) * 1000).cast(EXACT)
    rows = raw.mutate(
        edition=ibis.literal(edition),
        year=raw.t.try_cast("int16"),
        exporter=raw.i.try_cast("int32"),
        importer=raw.j.try_cast("int32"),
        product=_six_digits(raw.k),
        value=exact.cast(DOLLARS),
        input_value=exact,
        quantity=raw.q.try_cast("float64"),
        left_out=ibis.null("string"),
    )
    rows = _with_known_economies(rows, economies)
    return rows.mutate(reason=_baci_reason(rows)).drop(KNOWN)


def _six_digits(code: "ir.StringColumn") -> "ir.StringColumn":
    """Give back the leading zero to codes that a program read as numbers: chapters 01 to 09 have no other reading."""
    return ibis.cases((code.length() == 5, ibis.literal("0").concat(code)), else_=code)


def _baci_reason(rows: "ir.Table") -> "ir.StringValue":
    return ibis.cases(
        (rows.year.isnull(), "year is not a number"),
        (rows.year != rows.file_year, "year is not that of the file's name"),
        *_economy_cases(rows),
        *_product_and_value_cases(rows),
        (is_unreadable_quantity(rows.q), "quantity is not a number"),
        else_=ibis.null("string"),
    )


def is_six_digits(code: "ir.StringColumn") -> "ir.BooleanValue":
    """Tell whether a product code that is not null has six digits."""
    return (code.length() == 6) & code.try_cast("int32").notnull()


def is_unreadable_quantity(quantity: "ir.StringColumn") -> "ir.BooleanValue":
    """Tell whether a quantity is written, is not a number, and is not "NA", which BACI pads with blanks."""
    return quantity.notnull() & quantity.try_cast("float64").isnull() & ~quantity.contains("NA")


def _with_known_economies(rows: "ir.Table", economies: Iterable[int]) -> "ir.Table":
    """Look both economies up in the code list: a join is far quicker than a condition on two hundred codes."""
    listed = pd.DataFrame({"code": pd.Series(sorted(economies), dtype="int32")})
    for column, known in zip(["exporter", "importer"], KNOWN, strict=True):
        codes = ibis.memtable(listed.rename(columns={"code": known}))
        rows = rows.left_join(codes, rows[column] == codes[known])
    return rows


def _economy_cases(rows: "ir.Table") -> list[tuple["ir.BooleanValue", str]]:
    return [
        (rows.known_exporter.isnull(), "exporter is not in the list of economies"),
        (rows.known_importer.isnull(), "importer is not in the list of economies"),
        (rows.exporter == rows.importer, "exporter and importer are the same"),
    ]


def _product_and_value_cases(rows: "ir.Table") -> list[tuple["ir.BooleanValue", str]]:
    return [
        (rows.product.isnull() | ~is_six_digits(rows.product), "product code is not six digits"),
        (rows.input_value.isnull(), "value is not a number below a trillion US dollars"),
        (rows.input_value < 0, "value is negative"),
    ]


def comtrade_rows(raw: "ir.Table", economies: Iterable[int]) -> "ir.Table":
    """Read the text columns of a UN Comtrade file of final data; exports as reported by the exporter count.

    Parameters
    ----------
    raw : Table
        At least `COMTRADE_COLUMNS` as text.
    economies : iterable of int
        Codes of the reference files.

    Returns
    -------
    Table
        As `baci_rows`; `left_out` says why a sound row does not count (totals, breakdowns, other flows). `quantity` is
        the net weight in metric tons.
    """
    exact = raw.primaryValue.try_cast(EXACT)
    weight = raw.netWgt.try_cast("float64") / 1000 if "netWgt" in raw.columns else ibis.null("float64")
    rows = raw.mutate(
        edition=_edition(raw.classificationCode),
        year=raw.refYear.try_cast("int16"),
        exporter=raw.reporterCode.try_cast("int32"),
        importer=raw.partnerCode.try_cast("int32"),
        product=raw.cmdCode,
        value=exact.cast(DOLLARS),
        input_value=exact,
        quantity=weight,
        left_out=_left_out(raw),
    )
    rows = _with_known_economies(rows, economies)
    reason = ibis.cases(
        (rows.left_out.notnull(), ibis.null("string")),
        (rows.year.isnull(), "year is not a number"),
        (rows.edition.isnull(), "classification is not HS 1996 to HS 2022"),
        *_economy_cases(rows),
        *_product_and_value_cases(rows),
        else_=ibis.null("string"),
    )
    return rows.mutate(reason=reason).drop(KNOWN)


def _edition(code: "ir.StringColumn") -> "ir.StringValue":
    return ibis.cases(*((code == short, name) for short, name in COMTRADE_EDITIONS.items()), else_=ibis.null("string"))


def _left_out(raw: "ir.Table") -> "ir.StringValue":
    cases = [
        (raw.flowCode != "X", "another flow than exports"),
        (raw.partnerCode == "0", "total over all partners"),
        ((raw.cmdCode == "TOTAL") | raw.cmdCode.length().isin([1, 2, 3, 4, 5]), "aggregate of products"),
    ]
    if "typeCode" in raw.columns:
        cases.append((raw.typeCode != "C", "not trade in goods"))
    if "freqCode" in raw.columns:
        cases.append((raw.freqCode != "A", "not a yearly figure"))
    for column, total in COMTRADE_TOTALS.items():
        if column in raw.columns:
            cases.append((raw[column].notnull() & (raw[column] != total), f"part of a flow ({column})"))
    return ibis.cases(*cases, else_=ibis.null("string"))
