"""Input-output tables at full size: ingested year by year, kept as panels of measures (`panels.panel`)."""
