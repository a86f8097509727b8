"""The sources that can be asked, what each of them refreshes, and where they are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from helpers.data.update import comtrade, eurostat, oecd, pwt, settings, tiva, unsdg, wdi
from helpers.data.update.fetching import Fetcher
from helpers.data.update.files import checked
from helpers.data.update.landing import Landed, land
from helpers.data.update.series import Series
from helpers.errors import InputError, not_allowed


@dataclass(frozen=True)
class TableSource:
    """A producer whose series become vintages of tables.

    `tables` lists the tables it can refresh; `read` returns for each wanted table what fetches its series;
    `interval` is the least number of seconds between two requests; `is_file` tells that the address is that of a file.
    """

    name: str
    title: str
    address: str
    tables: Callable[[], list[str]]
    read: Callable[[Fetcher, list[str]], Iterable[Callable[[], Series]]]
    interval: float = 0.5
    is_file: bool = False

    @property
    def does(self) -> str:
        """What an update does, in words."""
        return f"refreshes {', '.join(self.tables())}"


@dataclass(frozen=True)
class FileSource:
    """A producer whose files are fetched but not embedded.

    `fetch` takes economies and years, and returns the files that have come into build/fetched/<name>/;
    `header` names the header a key is sent in, where one is needed; `is_file` as above.
    """

    name: str
    title: str
    address: str
    terms: str
    fetch: Callable[[Fetcher, Sequence[str], Sequence[int]], list[Landed]]
    then: str
    header: str = ""
    interval: float = 1.0
    is_file: bool = False

    @property
    def does(self) -> str:
        """What an update does, in words."""
        return f"fetches files into build/fetched/{self.name}/ ({self.then})"


Source = TableSource | FileSource


def _one_file(what: str) -> Callable[[Fetcher, Sequence[str], Sequence[int]], list[Landed]]:
    """Return what fetches a single file, told by its address and SHA-256."""

    def fetch(fetcher: Fetcher, economies: Sequence[str], years: Sequence[int]) -> list[Landed]:
        if economies or years:
            raise InputError(f"{fetcher.source} is one file: leave --economy and --year out.")
        path, url = checked(fetcher, what)
        return [land(fetcher.source, path, path.name, url)]

    return fetch


ITU = "ITU, ICT Development Index: CC BY-NC-SA 3.0 IGO, not for commercial use. https://www.itu.int"
ICIO = "OECD, Inter-Country Input-Output tables: CC BY 4.0, cite. https://www.oecd.org"
ALL: list[Source] = [
    TableSource("wdi", "World Bank, World Development Indicators", wdi.ADDRESS, wdi.tables, wdi.read),
    TableSource("oecd", "OECD, Main Science and Technology Indicators", oecd.ADDRESS, oecd.tables, oecd.read, 3.0),
    TableSource("eurostat", "Eurostat, expenditure on R&D", eurostat.ADDRESS, eurostat.tables, eurostat.read, 1.0),
    TableSource("unsdg", "United Nations, SDG indicators", unsdg.ADDRESS, unsdg.tables, unsdg.read),
    TableSource("pwt", "Penn World Table", pwt.ADDRESS, pwt.tables, pwt.read, is_file=True),
    FileSource(
        "comtrade",
        "UN Comtrade, yearly trade by product",
        comtrade.ADDRESS,
        comtrade.TERMS,
        comtrade.fetch,
        "then: reshoring trade ingest build/fetched/comtrade --format comtrade",
        comtrade.HEADER,
    ),
    FileSource(
        "itu",
        "ITU, ICT Development Index",
        "https://www.itu.int",
        ITU,
        _one_file("ITU's index"),
        "one workbook",
        is_file=True,
    ),
    FileSource(
        "icio",
        "OECD, Inter-Country Input-Output tables",
        "https://www.oecd.org",
        ICIO,
        _one_file("the OECD's tables"),
        "unpack it, then: reshoring io ingest FOLDER --format icio",
        is_file=True,
    ),
    FileSource(
        "tiva",
        "OECD, Trade in Value Added",
        tiva.ADDRESS,
        tiva.TERMS,
        tiva.fetch,
        "then: reshoring io compare",
        interval=3.0,
    ),
]
SOURCES = {source.name: source for source in ALL}


def find(name: str) -> Source:
    """Return a source.

    Raises
    ------
    InputError
        Unknown name.
    """
    if name not in SOURCES:
        raise InputError(not_allowed("source of updates", name, SOURCES))
    return SOURCES[name]


def listing() -> Iterable[str]:
    """Return one line a source: name, whose it is, what an update does, where its address is set."""
    for source in SOURCES.values():
        place = settings.variable(source.name, "URL")
        yield f"{source.name}: {source.title}; {source.does}. Address: {place}"
