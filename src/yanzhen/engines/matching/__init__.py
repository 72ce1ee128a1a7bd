"""Who is matched with whom, and who is chosen: exact answers under capacity, conflict and quota, with their reasons.

Pure: arrays and values in, values out. What decides: docs/explanation/matching.md. Why so: docs/decisions/0021-matching.md.
"""
