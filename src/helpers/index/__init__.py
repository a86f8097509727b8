"""Composite indicators: select, treat, impute, normalise, weigh, aggregate, rank; and how sure the ranks are.

Follows the Handbook on Constructing Composite Indicators (OECD/JRC, 2008). Every step is a pure function of arrays
or frames with economies in rows and indicators in columns.
"""
