"""Sections that a single module serves: its parameters, and the functions that its notebook calls."""
