"""Sheets: tables that come in as files, checked as a whole, applied once, undone as a whole. docs/decisions/0006-sheets.md."""

from yanzhen.foundation.sheets.batches import (
    batches_of,
    confirm,
    discard,
    hand_out_failed,
    may_undo,
    problems_of,
    sheets_of,
    shows_rows,
    submit,
    undo,
)
from yanzhen.foundation.sheets.declare import SHEETS, Check, Column, Kind, Row, Sheet
from yanzhen.foundation.sheets.organisations import ORGANISATIONS
from yanzhen.foundation.sheets.refusals import SentAlready, UndoRefused, WrongState
from yanzhen.foundation.sheets.workbooks import failed_workbook, template, write_rows

__all__ = [
    "ORGANISATIONS",
    "SHEETS",
    "Check",
    "Column",
    "Kind",
    "Row",
    "SentAlready",
    "Sheet",
    "UndoRefused",
    "WrongState",
    "batches_of",
    "confirm",
    "discard",
    "failed_workbook",
    "hand_out_failed",
    "may_undo",
    "problems_of",
    "sheets_of",
    "shows_rows",
    "submit",
    "template",
    "undo",
    "write_rows",
]
