"""What two domains point to."""

from yanzhen.foundation.models.access import Account, Grant, Role, Token
from yanzhen.foundation.models.files import Attachment, Batch, BatchRow, Replay, Series, Tally
from yanzhen.foundation.models.people import DataKey, Employment, Person
from yanzhen.foundation.models.records import Checkpoint, Leaf, Record
from yanzhen.foundation.models.regions import Line, Organisation, Region
from yanzhen.foundation.models.rules import CalendarDay, CalendarYear, Parameter

__all__ = [
    "Account",
    "Attachment",
    "Batch",
    "BatchRow",
    "CalendarDay",
    "CalendarYear",
    "Checkpoint",
    "DataKey",
    "Employment",
    "Grant",
    "Leaf",
    "Line",
    "Organisation",
    "Parameter",
    "Person",
    "Record",
    "Region",
    "Replay",
    "Role",
    "Series",
    "Tally",
    "Token",
]
