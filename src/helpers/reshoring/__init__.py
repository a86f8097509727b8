"""Reshoring: published counts and their units, input-output measures, structural breaks."""
