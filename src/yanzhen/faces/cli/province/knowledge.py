"""The shipped articles, put in force by the demo's editor and reviewer."""

from __future__ import annotations

from yanzhen.domains.hotline.knowledge import packs
from yanzhen.domains.hotline.knowledge.models import Article
from yanzhen.engines.procedures.engine import advance_many
from yanzhen.foundation.models import Account


def publish(staff: dict[str, Account]) -> None:
    """Have two people put them in force; one is left to write on and one to review."""
    packs.load()
    drafts = list(Article.objects.filter(state="draft").order_by("pk").values_list("pk", flat=True))
    advance_many(Article, drafts[:-1], "submit", actor=staff["editor"])
    advance_many(Article, drafts[:-2], "approve", actor=staff["reviewer"])
