"""What a selection stores."""

from yanzhen.engines.programmes.models.applications import Application, Finding, Opinion, Revision
from yanzhen.engines.programmes.models.fieldwork import Ballot, Inspection
from yanzhen.engines.programmes.models.programmes import Definition, Round, Window
from yanzhen.engines.programmes.models.quotas import QuotaCell, QuotaMove

__all__ = [
    "Application", "Ballot", "Definition", "Finding", "Inspection", "Opinion", "QuotaCell", "QuotaMove", "Revision", "Round", "Window",
]  # fmt: skip
