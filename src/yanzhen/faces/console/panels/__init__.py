"""Judges at their sheets, and the organiser over panels, sheets and scores."""
