"""A county with an editor and a reviewer, for tests of knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.factories import AccountFactory, LineFactory
from tests.hotline import EVERY_RIGHT, County, county
from yanzhen.domains.hotline.knowledge.actions import draft_article
from yanzhen.domains.hotline.knowledge.models import Article
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account, Region

DAY = date(2024, 6, 1)
RIGHTS = "knowledge.view knowledge.edit knowledge.review"


@dataclass(slots=True)
class Library:
    place: County
    agent: Account
    """Of the county; reads and takes appeals in."""
    editor: Account
    reviewer: Account

    def draft(self, region: Region | None = None, **text: Any) -> Article:
        given = {
            "title": "仲裁时效为一年", "body": "劳动争议申请仲裁的时效为一年。", "source": "劳动争议调解仲裁法",
            "source_article": "第27条", "grade": "A", "valid_from": date(2008, 5, 1),
        } | text  # fmt: skip
        place = region or self.place.region
        return draft_article(Article(region=place, line=LineFactory(), **given), actor=self.editor)

    def published(self, region: Region | None = None, **text: Any) -> Article:
        return self.publish(self.draft(region, **text))

    def publish(self, draft: Article) -> Article:
        submitted = advance(draft, "submit", actor=self.editor)
        return advance(submitted, "approve", actor=self.reviewer)


def library() -> Library:
    place = county()
    province = place.region.parent.parent
    return Library(
        place=place,
        agent=AccountFactory(
            grants=[(place.region, None, f"{EVERY_RIGHT} knowledge.view")], organisation=place.union
        ),
        editor=AccountFactory(grants=[(province, None, RIGHTS)]),
        reviewer=AccountFactory(grants=[(province, None, RIGHTS)]),
    )
