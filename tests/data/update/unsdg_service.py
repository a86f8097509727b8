"""A service that answers like that of the United Nations."""

import json

from update_service import Answer

from helpers.data.economies import name as economy_name
from helpers.data.update.series import m49_codes


class UnitedNations:
    """Answers /Series/List and /Series/Data; `change` may spoil an answer."""

    def __init__(self, service, figures):
        numbers = {iso3: number for number, iso3 in m49_codes().items()}
        self.release = "2026.Q3.G.01"
        self.rows = [
            sdg(str(numbers[r.iso3]), economy_name(r.iso3), r.year, str(r.value)) for r in figures.itertuples()
        ]
        self.rows += [
            sdg("1", "World", 2020, "1.9"),
            sdg("410", "Republic of Korea", 2024, "NaN"),
            sdg("410", "Republic of Korea", 2023, "9.9", kind="N"),
        ]
        self.change = lambda answer: answer
        service.routes["/sdg/Series/List"] = self.list
        service.routes["/sdg/Series/Data"] = self.page

    def list(self, path, query):
        """Answer with the releases of all series."""
        series = [{"code": "GB_XPD_RSDV", "release": self.release, "description": "R&D", "goal": ["9"], "uri": "/x"}]
        return Answer(json.dumps(series).encode())

    def page(self, path, query):
        """Answer with a page."""
        size, number = int(query["pageSize"]), int(query["page"])
        answer = {
            "size": size,
            "totalElements": len(self.rows),
            "totalPages": -(-len(self.rows) // size),
            "pageNumber": number,
            "attributes": [],
            "dimensions": [],
            "data": self.rows[(number - 1) * size : number * size],
        }
        return Answer(json.dumps(self.change(answer)).encode())


def sdg(number, name, year, value, kind="G"):
    """Return a figure as the United Nations write it."""
    return {
        "goal": ["9"],
        "target": ["9.5"],
        "indicator": ["9.5.1"],
        "series": "GB_XPD_RSDV",
        "seriesDescription": "Research and development expenditure as a proportion of GDP (%)",
        "geoAreaCode": number,
        "geoAreaName": name,
        "timePeriodStart": float(year),
        "value": value,
        "valueType": "Float",
        "source": "UNESCO",
        "footnotes": [""],
        "attributes": {"Nature": "C", "Units": "PERCENT"},
        "dimensions": {"Reporting Type": kind},
    }
