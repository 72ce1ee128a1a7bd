"""Inspections on site: those who go with their errands, and the organiser over what is outstanding."""
