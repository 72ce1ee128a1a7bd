"""The sheet of titles from outside: what other bodies awarded is recorded with its document. Rules: docs/rules/craftsmen.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from yanzhen.domains.craftsmen.titles import BASIS, OUTSIDE
from yanzhen.engines.honours.actions import Award, award_many, refusals
from yanzhen.engines.honours.models import Honour
from yanzhen.foundation.models import Account, Batch, Organisation, Person
from yanzhen.foundation.people import find_by_id_numbers
from yanzhen.foundation.sheets import SHEETS, Check, Column, Kind, Row, Sheet, UndoRefused
from yanzhen.foundation.sheets.choices import regions

UNKNOWN = "没有登记这个人，请先在“人员”中登记"
WITHDRAWN = "此人的这一称号曾以同一文号登记，已经撤销；确需重新登记的，请在荣誉台账逐件登记"


def outside() -> Iterable[tuple[str, str]]:
    return [(title.code, title.label) for title in OUTSIDE]


def examine(rows: Sequence[Row]) -> Mapping[int, tuple[str, str]]:
    """Say which rows name nobody who is registered, or an honour that can not be recorded: seven statements, however many."""
    people = find_by_id_numbers({row.values["id_number"] for row in rows})
    found = {row.id: ("id_number", UNKNOWN) for row in rows if row.values["id_number"] not in people}
    known = [row for row in rows if row.id not in found]
    awards = _awards(known, people)
    withdrawn = _withdrawn(awards)
    for row, one, reason in zip(known, awards, refusals(awards), strict=True):
        if reason:
            found[row.id] = ("title", reason)
        elif (one.person.pk, one.title, one.document) in withdrawn:
            found[row.id] = ("document", WITHDRAWN)
    return found


def apply(rows: Sequence[Row], *, batch: Batch) -> None:
    """Record all of the rows' honours at once; raises Invalid with every reason, and nothing of them is kept then."""
    people = find_by_id_numbers({row.values["id_number"] for row in rows})
    honours = award_many(_awards(rows, people), actor=batch.sender, note=f"导入批次 {batch.pk}")
    for row, honour in zip(rows, honours, strict=True):
        row.target_id = honour.pk


def undo(batch: Batch, *, actor: Account, reason: str) -> None:
    """Numbers once given stay given, so nothing is deleted: a wrong row is withdrawn on the desk of honours, by two people."""
    raise UndoRefused(
        "荣誉登记不能整批删除：编号一经使用不得收回。登记有误的，请在荣誉台账逐件“提出撤销”，由他人审批"
    )


def _awards(rows: Sequence[Row], people: Mapping[str, Person]) -> list[Award]:
    """Return what the rows ask for; their people are known, their units were checked."""
    codes = {row.values["uscc"] for row in rows}
    bodies = {body.uscc: body for body in Organisation.objects.filter(uscc__in=codes)}
    return [
        Award(
            person=people[row.values["id_number"]], title=row.values["title"], organisation=bodies[row.values["uscc"]],
            awarded_on=row.values["awarded_on"], document=row.values["document"],
        )
        for row in rows
    ]  # fmt: skip


def _withdrawn(awards: Sequence[Award]) -> set[tuple[int, str, str]]:
    """Return (person, title, document) of what was withdrawn: a file sent in once more does not bring it back."""
    people = [one.person.pk for one in awards]
    rows = Honour.objects.filter(person__in=people, state__in=Honour.WITHDRAWN)
    return set(rows.values_list("person_id", "title", "document"))


HOLDERS = SHEETS.add(
    Sheet(
        code="craftsmen.outside",
        label="外授工匠称号导入",
        right="honour.award",
        basis=BASIS,
        help="每行一项由其他单位授予的称号（大国工匠、中国质量工匠）。人员和单位须已登记；只作登记，不签发证书。",
        apply=apply,
        undo=undo,
        examine=examine,
        line="union",
        columns=(
            Column("region", "行政区划", Kind.CHOICE, required=True, choices=regions, help="所在单位的区划", example="370102 历下区"),
            Column("title", "称号", Kind.CHOICE, required=True, choices=outside, example="nation_craftsman 大国工匠"),
            Column("id_number", "身份证号", Kind.ID_NUMBER, required=True, private=True, example="11010519491231002X"),
            Column("uscc", "统一社会信用代码", Kind.USCC, required=True, help="所在单位的", example="91110000600037341L"),
            Column("awarded_on", "授予日期", Kind.DATE, required=True, example="2022-03-02"),
            Column("document", "文号", Kind.TEXT, required=True, max_length=64, example="总工发2022年1号"),
        ),
        checks=(
            Check(
                "uscc",
                "exists (select from foundation_organisation o where o.uscc = cells.uscc and o.region_id = cells.region)",
                "没有登记这个单位，或单位不在所填的行政区划",
            ),
            Check(
                "id_number",
                "title is null or count(*) over (partition by id_number, title) = 1",
                "同一文件中此人的这一称号不止一行",
            ),
            Check("awarded_on", "awarded_on <= current_date", "在今天之后"),
        ),
    )
)  # fmt: skip
