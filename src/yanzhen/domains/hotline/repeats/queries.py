"""What is asked of groups, as an account may see them."""

from __future__ import annotations

from dataclasses import dataclass

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.repeats.models import Member
from yanzhen.domains.hotline.repeats.standing import membership
from yanzhen.domains.hotline.secrecy import CALLER, STORY, hidden_from
from yanzhen.engines.similarity.fingerprint import Likeness, compare
from yanzhen.foundation.models import Account


@dataclass(frozen=True, slots=True)
class Gathered:
    """A group around a case: the members that the account may see, the lead first, and how many it may not."""

    mine: Member
    members: list[tuple[Member, Case]]
    unseen: int

    @property
    def lead(self) -> Case | None:
        return next((case for member, case in self.members if member.leads), None)

    @property
    def waiting(self) -> list[Case]:
        return [case for member, case in self.members if not member.leads and member.answered_at is None]

    @property
    def answered(self) -> list[Case]:
        return [case for member, case in self.members if not member.leads and member.answered_at is not None]


def gathered(case: Case, account: Account) -> Gathered | None:
    """Return the group of the case; None where it is in none. Three statements."""
    mine = membership(case)
    if mine is None:
        return None
    rows = Member.objects.filter(group=mine.group_id, left_at=None).select_related("joined_by")
    members = list(rows.order_by("-leads", "joined_at", "pk"))
    cases = worklist(account).in_bulk([member.case_id for member in members])
    seen = [(member, cases[member.case_id]) for member in members if member.case_id in cases]
    return Gathered(mine, seen, len(members) - len(seen))


def story(case: Case, account: Account) -> str | None:
    """Return what the case tells; None where that is kept secret from the account."""
    return None if hidden_from(account, case) & STORY else case.body


def same_caller(left: Case, right: Case, account: Account) -> bool:
    """Tell whether two cases came from one number; never of one whose caller is kept from the account."""
    hidden = hidden_from(account, left) | hidden_from(account, right)
    phones = [bytes(case.phone_hash or b"") for case in (left, right)]
    return not hidden & CALLER and phones[0] == phones[1] != b""


def likeness(left: Case, right: Case, account: Account) -> Likeness | None:
    """Compare what two cases tell; None where they are not alike, or one is kept secret from the account."""
    one, other = story(left, account), story(right, account)
    return compare(one, other) if one and other else None
