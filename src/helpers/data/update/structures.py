"""The structure of an SDMX dataflow, and the addresses that follow from it: read and written by sdmx1.

sdmx1 never fetches here. Its own client reads while it fetches, so that an answer could neither be checked nor kept;
what it is given are complete answers that came through `Fetcher`.
"""

import io
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from helpers.data.update.fetching import Fetcher, Unreadable, is_page
from helpers.data.update.pages import Request
from helpers.errors import InputError, WorkError, closest

ACCEPT = "application/vnd.sdmx.structure+xml; version=2.1"
LATEST = "latest"


@dataclass(frozen=True)
class Flow:
    """A dataflow: who keeps it, its name, its version; `short` where the service takes the bare name for data."""

    agency: str
    name: str
    version: str = LATEST
    short: bool = False

    @property
    def reference(self) -> str:
        """The dataflow as it stands in the address of data."""
        version = "" if self.version == LATEST else self.version
        return self.name if self.short else f"{self.agency},{self.name},{version}"


def parsed(text: str, setting: str) -> Flow:
    """Return a dataflow written as AGENCY,NAME,VERSION; without a version, the latest.

    Raises
    ------
    InputError
        It is written in another way.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise InputError(f"{setting} is {text!r}. Write the dataflow as AGENCY,NAME,VERSION.")
    return Flow(parts[0], parts[1], parts[2] if len(parts) == 3 and parts[2] else LATEST)


@dataclass(frozen=True)
class Structure:
    """What a dataflow is called, its version, and the dimensions and code lists of its data."""

    title: str
    version: str
    definition: Any = field(repr=False)

    def key(self, wanted: Mapping[str, Iterable[str]], what: str) -> str:
        """Return the part of an address that chooses series, by the names of dimensions and their codes.

        Parameters
        ----------
        wanted : mapping of str to iterable of str
            Dimension -> codes; a dimension that is not named is left open.
        what : str
            What is asked for, for messages.

        Raises
        ------
        WorkError
            There is no such dimension or code any more.
        """
        known = {dimension.id: dimension for dimension in self.definition.dimensions}
        for name, codes in wanted.items():
            _require(what, "dimension", [name], known)
            _require(what, f"code of {name}", codes, _codes(known[name]) or codes)
        chosen = {name: list(codes) for name, codes in wanted.items()}
        return self.definition.make_constraint(chosen).to_query_string(self.definition)


def _require(what: str, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that the structure does not hold."""
    for name in sorted(set(names) - set(known)):
        guess = closest(name, sorted(set(known) - set(names)))
        hint = f" Is it {guess!r} now?" if guess else ""
        raise WorkError(
            f"{what}: the service knows no {kind} {name!r}.{hint} It was withdrawn or renamed; nothing was changed."
        )


def _codes(dimension: Any) -> set[str]:
    """Return the codes of a dimension; none where it has no code list."""
    representation = dimension.local_representation
    listed = representation.enumerated if representation is not None else None
    return {code.id for code in listed} if listed is not None else set()


def structure(fetcher: Fetcher, flow: Flow) -> Structure:
    """Return the structure of a dataflow, from disk when it was fetched lately.

    Raises
    ------
    WorkError
        No usable answer.
    """
    asked = {"agency_id": flow.agency, "version": flow.version, "references": "descendants"}
    request = _request(fetcher, "dataflow", flow.name, ACCEPT, asked)
    found, _ = fetcher.get(request, lambda body: _structure(body, flow))
    return found


def data_request(
    fetcher: Fetcher, flow: Flow, key: str, accept: str, asked: Mapping[str, str], own: tuple[tuple[str, str], ...] = ()
) -> Request:
    """Return the request for observations.

    Parameters
    ----------
    fetcher : Fetcher
        Of the service; its home is the part of the address before ``/data``.
    flow : Flow
    key : str
        Which series, as `Structure.key` writes it.
    accept : str
        Form of the answer.
    asked : mapping
        Parameters of the SDMX standard: `start_period`, `dimension_at_observation` and others.
    own : tuple of pairs
        Parameters that only this service knows.
    """
    request = _request(fetcher, "data", flow.reference, accept, {"key": key, **asked})
    return Request(request.url, (*request.parameters, *own), accept)


def _request(fetcher: Fetcher, kind: str, name: str, accept: str, asked: dict[str, str]) -> Request:
    from sdmx import Resource
    from sdmx.rest.v21 import URL
    from sdmx.source import Source

    source = Source(id=fetcher.source, url=fetcher.home, name=fetcher.source)
    address = URL(source, Resource[kind], resource_id=name, **asked)
    return Request(address.join(with_query=False), tuple(address.query.items()), accept)


def _structure(body: bytes, flow: Flow) -> Structure:
    message = _message(body)
    found = getattr(message, "dataflow", {}).get(flow.name)
    definition = found.structure if found is not None else None
    if found is None or definition is None or not len(definition.dimensions.components):
        raise Unreadable(f"the answer has another form than documented: the structure of {flow.name} is not in it")
    return Structure(str(found.name), str(found.version or flow.version), definition)


def _message(body: bytes) -> Any:
    import sdmx

    if is_page(body):
        raise Unreadable("the server answered with a web page (HTML) instead of the structure of the data")
    try:
        # where it fails, it prints what it was at
        with redirect_stdout(io.StringIO()):
            return sdmx.read_sdmx(io.BytesIO(body))
    except Exception as error:  # it raises whatever went wrong inside, down to AssertionError
        kind = type(error).__name__
        raise Unreadable(f"the structure of the data cannot be read: it is cut off or no SDMX-ML ({kind})") from None
