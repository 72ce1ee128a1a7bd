"""The demo's accounts: one for every post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PASSWORD = "yanzhen-demo"  # noqa: S105  # printed for everybody who starts the demo; the demo refuses to serve the world


@dataclass(frozen=True, slots=True)
class Post:
    """A demo account: what it does, at which level, on which line."""

    username: str
    label: str
    role: str
    region: str
    line: str | None = "union"
    also: str | None = None
    """Another role that it holds in the same place."""


POSTS = (
    Post("agent", "省热线接诉员", "agent", "370000"),
    Post("dispatcher", "济南市派单员", "dispatcher", "370100"),
    Post("province", "省热线派单员", "dispatcher", "370000"),
    Post("handler", "历下区总工会承办人", "handler", "370102"),
    Post("approver", "省热线审批人", "approver", "370000"),
    Post("caller", "省热线回访员", "follow_up", "370000"),
    Post("checker", "省热线质检员", "inspector", "370000"),
    Post("hrss", "历下区人社协办人", "respondent", "370102", "hrss"),
    Post("registrar", "历下区人员单位管理员", "registrar", "370102"),
    Post("editor", "省知识编辑", "editor", "370000"),
    Post("reviewer", "省知识审核员、质检复核员", "reviewer", "370000", also="inspector"),
    Post("coordinator", "济南市协调人", "coordinator", "370100"),
    Post("leader", "省总工会负责人", "leader", "370000"),
    Post("city", "济南市总工会负责人", "leader", "370100"),
    Post("county", "历下区总工会负责人", "leader", "370102"),
    Post("auditor", "审计员", "auditor", "370000", None),
    Post("admin", "系统管理员", "administrator", "370000", None),
    Post("qingdao", "青岛市派单员", "dispatcher", "370200"),
    Post("organiser", "省评选组织者", "organiser", "370000"),
    Post("recommender", "济南市推荐人", "recommender_city", "370100"),
    Post("department", "省人社部门意见联络人", "department", "370000", "hrss"),
    Post("jury", "认定决定人", "jury", "370000"),
    Post("judge", "评委", "judge", "370000"),
    Post("county_recommender", "历下区推荐人", "recommender_county", "370102"),
    Post("awarder", "省荣誉管理员", "awarder", "370000"),
    Post("reporter", "历下区荣誉填报人", "unit_reporter", "370102"),
    Post("craft_officer", "省工匠工作专员", "craft_officer", "370000"),
    Post("craft_approver", "省工匠工作审核员", "craft_approver", "370000"),
    Post("craft_payer", "省资助拨付员", "craft_payer", "370000"),
)

CITIES = ("370100", "370200", "370300", "370600", "371300", "371600")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
SINCE = date(2020, 1, 1)
"""Since when the demo's grants run: some of it was done years ago."""
