"""The sheet of titles from outside: what other bodies awarded is recorded with its document. Rules: docs/rules/craftsmen.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yanzhen.domains.craftsmen.titles import BASIS, OUTSIDE
from yanzhen.engines.honours.actions import Award, award_many
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Batch, Organisation, Person
from yanzhen.foundation.people import with_number
from yanzhen.foundation.sheets import SHEETS, Check, Column, Kind, Row, Sheet, UndoRefused
from yanzhen.foundation.sheets.choices import regions


def outside() -> Iterable[tuple[str, str]]:
    return [(title.code, title.label) for title in OUTSIDE]


def apply(rows: Sequence[Row], *, batch: Batch) -> None:
    """Record all of the rows' honours at once; raises Invalid with every reason, and nothing of them is kept then."""
    bodies = {
        body.uscc: body for body in Organisation.objects.filter(uscc__in={r.values["uscc"] for r in rows})
    }
    awards = [
        Award(
            person=_person(row), title=row.values["title"], organisation=_body(bodies, row),
            awarded_on=row.values["awarded_on"], document=row.values["document"],
        )
        for row in rows
    ]  # fmt: skip
    for row, honour in zip(
        rows, award_many(awards, actor=batch.sender, note=f"导入批次 {batch.pk}"), strict=True
    ):
        row.target_id = honour.pk


def undo(batch: Batch, *, actor: Account, reason: str) -> None:
    """Numbers once given stay given, so nothing is deleted: a wrong row is withdrawn on the desk of honours, by two people."""
    raise UndoRefused(
        "荣誉登记不能整批删除：编号一经使用不得收回。登记有误的，请在荣誉台账逐件“提出撤销”，由他人审批"
    )


def _person(row: Row) -> Person:
    found: Person | None = Person.objects.filter(with_number(row.values["id_number"])).first()
    if found is None:
        raise Invalid(f"第 {row.number} 行：没有找到此人，请先登记人员")
    return found


def _body(bodies: dict[str, Organisation], row: Row) -> Organisation:
    if row.values["uscc"] not in bodies:
        raise Invalid(f"第 {row.number} 行：没有这个统一社会信用代码的单位，请先登记单位")
    return bodies[row.values["uscc"]]


HOLDERS = SHEETS.add(
    Sheet(
        code="craftsmen.outside",
        label="外授工匠称号导入",
        right="honour.award",
        basis=BASIS,
        help="每行一项由其他单位授予的称号（大国工匠、中国质量工匠）。人员和单位须已登记；只作登记，不签发证书。",
        apply=apply,
        undo=undo,
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
            Check("awarded_on", "awarded_on <= current_date", "在今天之后"),
        ),
    )
)  # fmt: skip
