"""Ask: words in, a narrowed queryset out, or the sentence that says what to type instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet
from rapidfuzz import fuzz

from yanzhen.engines.search.declare import Searchable
from yanzhen.engines.search.install import NEAR
from yanzhen.engines.search.normal import normal
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import ScopedQuerySet

MOST = 5000
"""Rows that are gathered at once. Of words that more have, rows are read newest first and looked at one by one."""
LONGEST = 80
"""Characters that may be asked for: a sentence."""
MANY = 500
"""Ids from which on it costs less to look up the newest rows of a place than to fetch all that were found."""
WIDE = "{} = any(%s)"
FETCHED = "{} = any(array(select unnest(%s::bigint[])))"
LOOKED_UP = "{} + 0 = any(%s::bigint[])"
LEAST_NEAR = 5
"""Characters of the shortest word that is also looked for with one of them wrong. Of four a wrong one in the middle leaves a
single pair, which a frequent one makes dear: over a million texts the worst of 100 took 230 ms of the database."""


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a text. `near`: nothing has the very words; these differ in a character.

    `ids` is None where more than MOST have the words.
    """

    searchable: Searchable
    words: tuple[str, ...]
    ids: tuple[int, ...] | None = ()
    also: Q | None = None
    near: bool = False
    wide: bool = True
    """Whether the reach in which it was looked for is about all there is."""

    @property
    def common(self) -> bool:
        return self.ids is None

    @property
    def literal(self) -> bool:
        """Whether the words are too short to be looked for with one of their characters wrong."""
        return bool(self.words) and not may_be_near(max(self.words, key=len))

    def among(self, rows: QuerySet[Any], account: Account) -> Found:
        """Return what fits among `rows`, all that `account` may read: what others have does not count as found.

        One statement more, two where the very words are in others' rows alone.
        """
        if self.also is not None:
            return replace(self, also=self.also & self.searchable.openly(account)) if self.words else self
        if not self.ids or self.near or self.narrow(rows).exists():
            return self
        near = _near(self.searchable, self.words)
        return replace(self, ids=near, near=bool(near))

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep those of `rows` that fit. The caller's rows are what the account may see; this adds nothing to them."""
        fitting = Q(Holds(self) if self.ids is None else Among(self.ids, wide=self.wide))
        if self.also is None:
            return rows.filter(fitting)
        found = rows.filter(fitting | self.also)
        return found.fetched() if isinstance(found, ScopedQuerySet) else found


class Among(Func):
    """Whether the row is one of `ids`, given as one array: thousands of placeholders cost 20 ms and more to write.

    Under a wide reach the planner may walk the rows by date and look each up among the ids. Under a narrow one it takes
    the rows in reach for a handful, whatever they are, so the way is chosen here: few ids are fetched (the array is
    hidden from the planner), among many the rows of the place are looked up as they come (the index of ids is).
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, ids: tuple[int, ...], *, wide: bool) -> None:
        super().__init__(F("pk"))
        self.ids = ids
        self.form = WIDE if wide else FETCHED if len(ids) < MANY else LOOKED_UP

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        return self.form.format(column), [*params, list(self.ids)]


class Holds(Func):
    """Whether the row's entry has all words: a sub-select of its own for each row that is read, and no join.

    A planner that may turn it into a join reads all entries first; walked newest first, a page of common words ends
    after a few hundred rows.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, found: Found) -> None:
        super().__init__(F("pk"))
        self.words = found.words
        self.kind = found.searchable.code

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        words = " and ".join(["strpos(searched.text, search_normal(%s)) > 0"] * len(self.words))
        sql = f"(select {words} from search_entry searched where searched.kind = %s and searched.subject_id = {column})"  # noqa: S608  # program text and placeholders
        return sql, [*self.words, self.kind, *params]


def find(searchable: Searchable, text: str) -> Found:
    """Return what fits `text`, in the reach of the connection; one statement, two where nothing has the very words.

    Words are parted by blanks, and all of them have to be there. Raises Invalid for what can not be looked for.
    """
    text = text.replace("\0", " ").strip()
    if instead := searchable.instead(text):
        return Found(searchable, (), also=instead)
    words = words_of(text)
    also = searchable.elsewhere(text)
    ids, wide = _find(searchable, words)
    if ids == () and also is None:
        near = _near(searchable, words)
        return Found(searchable, words, near, near=bool(near), wide=wide)
    return Found(searchable, words, ids, also, wide=wide)


def words_of(text: str) -> tuple[str, ...]:
    """Return the different words of `text`; raises Invalid where there is none of two characters, or too much."""
    if len(text) > LONGEST:
        raise Invalid(f"检索词最长 {LONGEST} 个字，现为 {len(text)} 个字：请只留下要找的词句")
    words = tuple(dict.fromkeys(text.split()))
    if not any(len(normal(word)) > 1 for word in words):
        raise Invalid("请输入两个或两个以上相连的字来检索（一个字几乎每件都有）")
    return words


def may_be_near(word: str) -> bool:
    return len(normal(word)) >= LEAST_NEAR


def _find(searchable: Searchable, words: tuple[str, ...]) -> tuple[tuple[int, ...] | None, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select search_find(%s, %s, %s), coalesce(search_wide(yanzhen_reach()), false)",
            [searchable.code, list(words), MOST],
        )
        ids, wide = cursor.fetchone()
    return None if ids is None else tuple(ids), wide


def _near(searchable: Searchable, words: tuple[str, ...]) -> tuple[int, ...]:
    """Return those that have the longest word but for one character, and all the other words, the nearest first."""
    word = max(words, key=len)
    if not may_be_near(word):
        return ()
    others = [other for other in words if other != word]
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_id, text from search_near(%s, %s, %s, %s)", [searchable.code, word, others, NEAR]
        )
        texts = cursor.fetchall()
    given = normal(word)
    least = 100 * (len(given) - 1) / len(given) - 1
    scored = ((fuzz.partial_ratio(given, text, score_cutoff=least), pk) for pk, text in texts)
    return tuple(pk for score, pk in sorted(scored, reverse=True) if score)
