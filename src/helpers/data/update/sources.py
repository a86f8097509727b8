"""The sources that can be asked, what each of them refreshes, and where they are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from helpers.data.update import settings, wdi
from helpers.data.update.fetching import Fetcher
from helpers.data.update.series import Series
from helpers.errors import InputError, not_allowed


@dataclass(frozen=True)
class Source:
    """A producer whose series become vintages of tables.

    `tables` lists the tables it can refresh; `read` returns for each wanted table what fetches its series.
    """

    name: str
    title: str
    address: str
    tables: Callable[[], list[str]]
    read: Callable[[Fetcher, list[str]], Iterable[Callable[[], Series]]]
    interval: float = 0.5

    @property
    def refreshes(self) -> str:
        """What it refreshes, in words."""
        return ", ".join(self.tables())


SOURCES: dict[str, Source] = {
    source.name: source
    for source in [Source("wdi", "World Bank, World Development Indicators", wdi.ADDRESS, wdi.tables, wdi.read)]
}


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
    """Return one line a source: name, whose it is, what it refreshes, where its address is set."""
    for source in SOURCES.values():
        place = settings.variable(source.name, "URL")
        yield f"{source.name}: {source.title}. Refreshes {source.refreshes}. Address: {place}"
