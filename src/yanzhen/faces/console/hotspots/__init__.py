"""Hotspots: alerts with what they were compared to, what is decided about them, and what callers speak of most."""
