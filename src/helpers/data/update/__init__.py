"""New vintages of tables from official sources, added beside the old ones."""
