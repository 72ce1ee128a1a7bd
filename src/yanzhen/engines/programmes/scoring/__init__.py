"""Scores: what a judge may give, how marks become places, and what to look at before a place is believed."""
