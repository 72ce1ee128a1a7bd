"""Sections of GB/T 4754-2017 (国民经济行业分类), by letter: an industry code begins with its section's."""

from __future__ import annotations

SECTIONS = {
    "A": "农林牧渔业", "B": "采矿业", "C": "制造业", "D": "电力热力燃气及水", "E": "建筑业", "F": "批发和零售业", "G": "交通运输仓储邮政",
    "H": "住宿和餐饮业", "I": "信息传输软件", "J": "金融业", "K": "房地产业", "L": "租赁和商务服务", "M": "科学研究技术服务",
    "N": "水利环境公共设施", "O": "居民服务修理", "P": "教育", "Q": "卫生和社会工作", "R": "文化体育娱乐", "S": "公共管理社会保障", "T": "国际组织",
}  # fmt: skip
"""Short forms of the names."""


def section_of(industry: str) -> str:
    """Return the letter of the section; "" where the code has none."""
    return industry[:1] if industry[:1] in SECTIONS else ""
