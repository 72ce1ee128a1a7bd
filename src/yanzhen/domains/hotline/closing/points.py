"""What the second look at a closed case goes through, each point with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

FINDINGS = (("pass", "符合"), ("fail", "不符合"), ("na", "不适用"))


@dataclass(frozen=True, slots=True)
class Point:
    code: str
    label: str
    question: str
    source: str


POINTS = (
    Point("facts", "事实已查明", "答复写明了查明的时间、单位、经过，与诉求对得上", "产品默认（D）：办结须有证据"),
    Point("basis", "依据已写明", "处理结果有法规、政策或协议为据", "产品默认（D）：答复须写明依据"),
    Point(
        "reply", "答复已送达", "诉求人收到了答复：回访录音、尝试记录或网上评价可以证明",
        "济南市12345市民服务热线条例第23—29条：答复诉求人并逐件回访（A，地方性法规）",
    ),
    Point("own_words", "不是模板答复", "答复针对本件，不是套话，不是“已转有关部门”", "12345 热线常见投诉：虚假办结、模板答复（B）"),
    Point("category", "分类正确", "诉求类别与内容相符，选到第三级", "全国总工会12351热线：统一问题分类（B）"),
    Point("time", "时限遵守", "各环节未超期，暂停、延期有审批", "省级政务服务热线办法（2017）：15 个工作日（B）"),
)  # fmt: skip
