"""The shape of a table's metadata: the record written by hand, and what the build adds to it."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ColumnType = Literal["string", "integer", "number", "boolean"]
#: A day, a month or a year, or nothing.
DATE = r"^(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?$"


def span(years: list[int]) -> str:
    """Return years as people write them: "1996-2018", "2002, 2005-2008"."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


#: What a page may link to; a browser would run `javascript:`.
ADDRESS = r"^https?://[^\s]+$"


class Strict(BaseModel):
    """A model that refuses keys it does not know, so that a misspelt key cannot be lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """One column of a table: meaning, unit and the values it may hold.

    `economy` columns hold codes of data/concordances/economies.csv; `exceptions` documents
    the codes among them that are not ISO 3166 economies. `refers_to` names the "table.column"
    every value of this column must occur in. In every row a column may have to be no more than another (`part_of`), to
    equal sums of others up to `rounding` (`sum_of`), to be one in percent of another (`percent_of`), or to differ from
    one (`differs_from`).
    """

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    key: bool = False
    missing: bool = False
    economy: bool = False
    exceptions: dict[str, str] = {}
    refers_to: str | None = Field(default=None, pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")
    allowed: list[str] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    part_of: str = ""
    sum_of: list[list[str]] = []
    rounding: float = 1e-5
    percent_of: tuple[str, str] | None = None
    differs_from: str = ""


class Citation(Strict):
    """A reference in BibTeX terms."""

    key: str = Field(pattern=r"^[A-Za-z0-9_:-]+$")
    type: Literal["misc", "article", "techreport", "book", "online"] = "misc"
    fields: dict[str, str]

    @property
    def text(self) -> str:
        """The reference as one sentence: author (year), title, where it appeared."""
        parts = [self.fields.get(name, "") for name in ("journal", "institution", "publisher", "howpublished")]
        where = ", ".join(part for part in parts if part)
        head = (
            f"{self.fields.get('author', '').strip('{}')} ({self.fields.get('year', 'n.d.')}). {self.fields['title']}"
        )
        return f"{head}. {where}." if where else f"{head}."

    @property
    def bibtex(self) -> str:
        """The reference as a BibTeX entry."""
        lines = [f"  {name} = {{{value}}}" for name, value in self.fields.items()]
        return f"@{self.type}{{{self.key},\n" + ",\n".join(lines) + "\n}"


class VintageRecord(Strict):
    """A publication of the series: its name, when it appeared, what to know about it, and what it must cover.

    `published` is the day, month or year of publication; where the producer gives none, of the reading, as `note` says.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    published: Annotated[str, BeforeValidator(str), Field(pattern=DATE)] = ""
    note: str = ""
    first: int | None = None
    last: int | None = None
    minimum_economies: int = 0


class Vintage(VintageRecord):
    """A publication of the series with the coverage found in the file."""

    years: list[int] = []
    economies: int = 0
    rows: int = 0


class IndexEntry(Strict):
    """How a composite index takes a table of one value an economy and year, when it is to be an indicator.

    Attributes
    ----------
    label, short : str
        What readers call the indicator, and the same for the head of a column; the table's title when empty.
    direction : int
        1 when more is better, -1 when less is.
    edition : bool
        Whether a vintage is an edition: its newest year is used as it is.
    over_time : str
        Table that takes its place where several years are compared.
    """

    label: str = ""
    short: str = ""
    direction: Literal[1, -1] = 1
    edition: bool = False
    over_time: str = ""


class TableRecord(Strict):
    """What is written by hand about a table: data/<folder>/<table>.yml."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str
    producer: str
    series_code: str = ""
    url: str = Field(pattern=ADDRESS)
    unit: str
    definition: str
    licence: str
    licence_url: str = Field(pattern=ADDRESS)
    redistribute: bool = True
    terms: str = ""
    citations: list[Citation] = Field(min_length=1)
    problems: list[str] = []
    index: IndexEntry = IndexEntry()
    vintage_column: str | None = None
    vintages: list[VintageRecord] = Field(min_length=1)
    columns: list[Column] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_columns_exist(self) -> "TableRecord":
        if self.vintage_column and self.vintage_column not in self.column_names:
            raise ValueError(f"vintage_column {self.vintage_column!r} is not among the columns")
        for column in self.columns:
            summed = [name for parts in column.sum_of for name in parts]
            others = filter(None, [column.part_of, column.differs_from, *(column.percent_of or ()), *summed])
            if unknown := sorted(set(others) - set(self.column_names)):
                raise ValueError(f"{column.name}: {unknown[0]!r} is not among the columns")
        if len(self.vintages) > 1 and not self.vintage_column:
            raise ValueError("several vintages need a vintage_column that tells their rows apart")
        return self

    @property
    def citation(self) -> Citation:
        """The reference to give when the table is used; further ones are in `citations`."""
        return self.citations[0]

    @property
    def column_names(self) -> list[str]:
        """Names of the columns in the order of the file."""
        return [column.name for column in self.columns]

    @property
    def key(self) -> list[str]:
        """Names of the columns that together identify a row."""
        return [column.name for column in self.columns if column.key]

    @property
    def is_indicator(self) -> bool:
        """Whether it is a series of one value an economy, year and vintage, which a composite index can take."""
        return set(self.key) == {"iso3", "year", "vintage"} and "value" in self.column_names

    @property
    def references(self) -> dict[str, tuple[str, str]]:
        """Columns that refer to another table: name -> (table, column)."""
        found = {column.name: column.refers_to.split(".") for column in self.columns if column.refers_to}
        return {name: (table, column) for name, (table, column) in found.items()}

    @property
    def year_column(self) -> str | None:
        """`year` where the table has a column of whole years, else None."""
        return "year" if any((column.name, column.type) == ("year", "integer") for column in self.columns) else None


class TableMetadata(TableRecord):
    """A table's record together with what `reshoring data package` measured on its file."""

    # Narrower than the list of the base class, which is sound as long as nobody adds to it: records are frozen.
    vintages: list[Vintage] = Field(min_length=1)  # type: ignore[assignment]
    path: str
    sha256: str
    record_sha256: str
    bytes: int
    rows: int
    checked: str

    @property
    def folder(self) -> str:
        """The folder of data/ the table lies in: indicators, trade, ..."""
        return self.path.split("/")[1]

    @property
    def record_path(self) -> str:
        """Path of the hand-written record, relative to the project's root."""
        return self.path.removesuffix(".csv") + ".yml"

    @property
    def default_vintage(self) -> str:
        """The vintage that is read unless another is asked for: the newest, which records list last."""
        return self.vintages[-1].name
