"""What the World Bank's Indicators API answers, in its documented form, from given figures."""

import json

import pandas as pd
from update_service import Answer, published

from helpers.data.catalogue import metadata

OLD = "wdi-2026-07-13"
DATE = "2026-10-08"
AGGREGATES = {"ARB": "Arab World", "WLD": "World"}


def revised(table):
    """Return the newest figures with one more year, Korea revised upwards, and Albania gone."""
    frame = published(table, OLD)
    frame.loc[(frame["iso3"] == "KOR") & (frame["year"] >= 2015), "value"] *= 1.1
    last = frame["year"].max()
    fresh = frame[frame["year"] == last].assign(year=last + 1)
    frame = pd.concat([frame, fresh])
    return frame[frame["iso3"] != "ALB"].reset_index(drop=True)


class WorldBank:
    """Answers /country/all/indicator/CODE page by page; `change` may spoil a page's head and rows."""

    def __init__(self, service, figures, size=1000):
        self.series = {
            metadata(table).series_code: rows(metadata(table).series_code, f) for table, f in figures.items()
        }
        self.size = size
        self.date = DATE
        self.change = lambda head, found: (head, found)
        service.routes["/v2/country"] = self.answer

    def answer(self, path, query):
        """Answer a request."""
        code = path.rsplit("/", 1)[1]
        if code not in self.series:
            told = {"id": "120", "key": "Invalid value", "value": "The provided parameter value is not valid"}
            return Answer(json.dumps([{"message": [told]}]).encode())
        return self.page(self.series[code], query)

    def page(self, found, query):
        """Cut out a page."""
        number = int(query.get("page", 1))
        pages = max(-(-len(found) // self.size), 1)
        head = {"page": number, "pages": pages, "per_page": self.size, "total": len(found), "sourceid": "2"}
        part = found[(number - 1) * self.size : number * self.size]
        head, part = self.change({**head, "sourcename": "World Development Indicators", "lastupdated": self.date}, part)
        return Answer(json.dumps([head, part]).encode())


def rows(code, figures):
    """Return figures as the API writes them, newest first, with groups and empty years among them."""
    given = [(row.iso3, row.iso3, str(row.year), row.value) for row in figures.itertuples()]
    given += [(iso3, name, "2020", 2.0) for iso3, name in AGGREGATES.items()]
    given += [("INX", "Not classified", "2020", 1.5), ("USA", "United States", "1960", None)]
    return [
        {
            "indicator": {"id": code, "value": "an indicator"},
            "country": {"id": iso3[:2], "value": name},
            "countryiso3code": iso3,
            "date": year,
            "value": value,
            "unit": "",
            "obs_status": "E" if iso3 == "KOR" and year == "2020" else "",
            "decimal": 1,
        }
        for iso3, name, year, value in sorted(given, key=lambda row: (row[0], -int(row[2])))
    ]
