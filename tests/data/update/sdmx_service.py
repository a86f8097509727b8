"""What SDMX services answer, in the documented forms: structures of dataflows (SDMX-ML 2.1), figures (SDMX-CSV 1.0)."""

from collections.abc import Mapping, Sequence

import pandas as pd
from update_service import Answer, published

from helpers.data.update.series import alpha2_codes

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<mes:Structure xmlns:mes="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
  xmlns:str="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"
  xmlns:com="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common">
<mes:Header><mes:ID>IREF1</mes:ID><mes:Test>false</mes:Test><mes:Prepared>2026-09-15T09:00:00Z</mes:Prepared>
<mes:Sender id="X"/></mes:Header><mes:Structures>"""
OLD = "wdi-2026-07-13"
TAIWAN = [("TWN", 2021, 3.78), ("TWN", 2022, 3.97)]
KIND = "application/vnd.sdmx.structure+xml; version=2.1"
Dimensions = Mapping[str, Sequence[str]]
MSTI = {
    "REF_AREA": ["KOR", "DEU", "OECD"],
    "FREQ": ["A"],
    "MEASURE": ["B", "G"],
    "UNIT_MEASURE": ["PT_B1GQ", "USD_PPP"],
    "PRICE_BASE": ["V", "_Z"],
    "TRANSFORMATION": ["G1", "_Z"],
}
GERD = {"freq": ["A"], "sectperf": ["BES", "TOTAL"], "unit": ["MIO_EUR", "PC_GDP"], "geo": ["KR", "EL"]}
TIVA = {
    "MEASURE": ["EXGR_DVA", "EXGR_FVA", "FFD_DVA"],
    "REF_AREA": ["KOR", "CHN", "OECD"],
    "ACTIVITY": ["_T", "C", "C26"],
    "COUNTERPART_AREA": ["W", "CHN"],
    "UNIT_MEASURE": ["PT_EXGR"],
    "FREQ": ["A"],
}


def _named(name):
    return f'<com:Name xml:lang="en">{name}</com:Name>'


def _reference(name, agency, version, package, kind):
    return f'<Ref id="{name}" agencyID="{agency}" version="{version}" package="{package}" class="{kind}"/>'


def _identity(name, agency):
    return (
        f'<str:ConceptIdentity><Ref id="{name}" maintainableParentID="CS" maintainableParentVersion="1.0" '
        f'agencyID="{agency}" package="conceptscheme" class="Concept"/></str:ConceptIdentity>'
    )


def _dimension(name, position, agency):
    codes = _reference(f"CL_{name}", agency, "1.0", "codelist", "Codelist")
    listed = f"<str:LocalRepresentation><str:Enumeration>{codes}</str:Enumeration></str:LocalRepresentation>"
    return f'<str:Dimension id="{name}" position="{position}">{_identity(name, agency)}{listed}</str:Dimension>'


def _codelist(name, codes, agency):
    listed = "".join(f'<str:Code id="{code}">{_named(code)}</str:Code>' for code in codes)
    return f'<str:Codelist id="CL_{name}" agencyID="{agency}" version="1.0">{_named(name)}{listed}</str:Codelist>'


def structure(agency, flow, version, title, dimensions):
    """Return the answer to a request for a dataflow and all it refers to."""
    data = flow.partition("@")[0]
    refers = f"<str:Structure>{_reference(data, agency, version, 'datastructure', 'DataStructure')}</str:Structure>"
    concepts = "".join(
        f'<str:Concept id="{name}">{_named(name)}</str:Concept>' for name in (*dimensions, "TIME_PERIOD", "OBS_VALUE")
    )
    listed = "".join(_dimension(name, at, agency) for at, name in enumerate(dimensions, start=1))
    time = (
        f'<str:TimeDimension id="TIME_PERIOD" position="{len(dimensions) + 1}">{_identity("TIME_PERIOD", agency)}'
        '<str:LocalRepresentation><str:TextFormat textType="ObservationalTimePeriod"/></str:LocalRepresentation>'
        "</str:TimeDimension>"
    )
    measure = f'<str:PrimaryMeasure id="OBS_VALUE">{_identity("OBS_VALUE", agency)}</str:PrimaryMeasure>'
    identity = f'agencyID="{agency}" version="{version}"'
    flows = f'<str:Dataflow id="{flow}" {identity}>{_named(title)}{refers}</str:Dataflow>'
    lists = "".join(_codelist(name, codes, agency) for name, codes in dimensions.items())
    scheme = f'<str:ConceptScheme id="CS" agencyID="{agency}" version="1.0">{_named("c")}{concepts}</str:ConceptScheme>'
    parts = [
        f'<str:DataStructure id="{data}" {identity}>{_named(title)}<str:DataStructureComponents>',
        f'<str:DimensionList id="DimensionDescriptor">{listed}{time}</str:DimensionList>',
        f'<str:MeasureList id="MeasureDescriptor">{measure}</str:MeasureList>',
        "</str:DataStructureComponents></str:DataStructure>",
    ]
    whole = {"Dataflows": flows, "Codelists": lists, "Concepts": scheme, "DataStructures": "".join(parts)}
    body = "\n".join(f"<str:{name}>{text}</str:{name}>" for name, text in whole.items())
    return f"{HEAD}\n{body}\n</mes:Structures></mes:Structure>".encode()


FLOWS = {
    "oecd": ("OECD.STI.STP", "DSD_MSTI@DF_MSTI", "1.3", "Main Science and Technology Indicators", MSTI),
    "eurostat": ("ESTAT", "RD_E_GERDTOT", "1.0", "GERD by sector of performance", GERD),
    "tiva": ("OECD.STI.PIE", "DSD_TIVA_MAINSH@DF_MAINSH", "1.1", "Trade in value added, edition 2025", TIVA),
}


def offer_structure(service, name, dimensions=None):
    """Answer requests for the structure of a source's dataflow, with other dimensions where they are given."""
    agency, flow, version, title, usual = FLOWS[name]
    body = structure(agency, flow, version, title, dimensions or usual)
    service.routes[f"/{name}/dataflow/{agency}/{flow}/"] = lambda path, query: Answer(body, KIND)


def some(count=60):
    """Return recent figures of the economies with most of them, Taiwan added."""
    frame = published("rd_gdp", OLD)
    best = frame["iso3"].value_counts().index[:count]
    frame = frame[frame["iso3"].isin([*best, "KOR"])]
    return pd.concat([frame, pd.DataFrame(TAIWAN, columns=frame.columns)], ignore_index=True)


OECD_HEAD = (
    "DATAFLOW,REF_AREA,FREQ,MEASURE,UNIT_MEASURE,PRICE_BASE,TRANSFORMATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT"
)
EUROSTAT_HEAD = "DATAFLOW,LAST UPDATE,freq,sectperf,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"


def oecd_csv(figures):
    """Return figures as the OECD writes them, with what must be left out among them."""
    flow = "OECD.STI.STP:DSD_MSTI@DF_MSTI(1.3)"
    lines = [
        f"{flow},{r.iso3},A,G,PT_B1GQ,_Z,_Z,{r.year},{r.value},{'B' if r.iso3 == 'KOR' else 'A'},0"
        for r in figures.itertuples()
    ]
    lines += [
        f"{flow},OECD,A,G,PT_B1GQ,_Z,_Z,2022,2.7,A,0",
        f"{flow},KOR,A,G,PT_B1GQ,_Z,_Z,2025,,M,0",
        f"{flow},KOR,A,B,PT_B1GQ,_Z,_Z,2022,3.9,A,0",
        f"{flow},KOR,A,G,PT_B1GQ,_Z,G1,2022,7.0,A,0",
    ]
    return "\r\n".join([OECD_HEAD, *lines]) + "\r\n"


def eurostat_csv(figures, date="03/09/26 23:00:00"):
    """Return figures as Eurostat writes them, with what must be left out among them."""
    codes = {iso3: code for code, iso3 in alpha2_codes().items()}
    flow = f"ESTAT:RD_E_GERDTOT(1.0),{date},A"
    lines = [
        f"{flow},TOTAL,PC_GDP,{codes[r.iso3]},{r.year},{r.value},{'p' if r.iso3 == 'GRC' else ''},"
        for r in figures.itertuples()
    ]
    lines += [
        f"{flow},TOTAL,PC_GDP,EU27_2020,2022,2.2,,",
        f"{flow},BES,PC_GDP,KR,2022,3.9,,",
        f"{flow},TOTAL,MIO_EUR,KR,2022,80000,,",
        f"{flow},TOTAL,PC_GDP,KR,2025,,,",
    ]
    return "\n".join([EUROSTAT_HEAD, *lines]) + "\n"
