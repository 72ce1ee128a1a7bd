"""What the parts and fields of a programme are called, for the editor and for differences in words."""

from __future__ import annotations

from yanzhen.engines.programmes.scoring.criteria import Kind

PARTS = {
    "stages": "环节", "questions": "填报项", "conditions": "资格条件", "aspects": "评分项", "scoring": "计分办法",
    "quota": "名额", "ratios": "比例规则",
}  # fmt: skip
FIELDS = {
    "code": "代码", "label": "名称", "basis": "依据页", "line": "条线", "title": "授予称号", "applicant": "申报主体",
    "per_employer": "同一单位至多入选（人）", "days": "计划天数", "shows": "经办人可见", "levels": "推荐层级", "lines": "征求意见的部门",
    "term": "期限参数", "valid": "有效期参数", "each": "每件评委数", "most": "最高", "least": "最低", "per_city": "评委同一市至多",
    "same_city": "可评本市申报", "weight": "权重（%）", "entries": "录入遍数", "calibrate": "校准样卷数", "checklist": "核查清单",
    "places": "名额数", "counts": "计入环节", "venues": "公示地点", "names": "公示姓名", "kind": "类型", "help": "填写说明",
    "required": "必填", "longest": "最长（字）", "choices": "选项", "trait": "计入比例", "personal": "盲评时隐去", "rule": "规则",
    "given": "参数", "method": "算法", "corrected": "按校正分排名", "decimals": "小数位", "ties": "同分处理", "by": "分配口径",
    "nominees": "每个名额可推荐数", "reserve": "省级预留", "low": "最低分", "high": "最高分", "step": "步长",
    "informational": "只作参考", "only_for": "只用于组别", "years": "年数", "question": "填报项",
}  # fmt: skip
WITHIN = {
    "stages": {
        "most": "每名评委至多（件）", "least": "每名评委至少（件）", "per_employer": "评委同一单位至多", "places": "入围数（0 为按名额）",
        "counts": "计入环节（写环节代码；不写为此前全部计分环节）",
    },
    "ratios": {"least": "不低于（%）", "most": "不高于（%）", "trait": "所数的填报项"},
    "aspects": {"kind": "打分方式", "required": "必须打分", "levels": "各级标准", "weight": "权重"},
    "questions": {"kind": "填写方式"},
    "quota": {"basis": "测算依据"},
    "given": {"title": "称号"},
}  # fmt: skip
"""Where a part calls a field otherwise than `FIELDS` does."""
VALUES: dict[str, dict[str, str]] = {
    "applicant": {"person": "职工本人", "unit": "单位"},
    "shows": {"names": "申报人与单位", "others": "他人的评分", "scores": "得分"},
    "levels": {"unit": "单位", "county": "县级", "city": "市级", "province": "省级"},
    "names": {"whole": "全名", "masked": "隐去部分"},
    "trait": {"woman": "女职工（取自人员记录）"},
    "venues": {"unit": "单位", "county": "县级", "city": "市级", "province": "省级"},
    "kind": {
        "line": "一行文字", "text": "一段文字", "number": "数字", "date": "日期", "yes_no": "是或否", "choice": "单选",
        Kind.MEASUREMENT.value: "测量项（按量程打分）", Kind.JUDGEMENT.value: "评判项（0 至 3 级）",
    },
    "method": {
        "mean": "平均分", "drop_extremes": "去掉最高最低分后平均", "median": "中位数",
        "two_way": "双向校正（评委宽严与尺度）", "median700": "中位数 700 分制",
    },
    "by": {"": "不分配", "city": "按市", "industry": "按行业"},
    "basis": {"even": "平均", "workers": "按职工数", "applications": "按申报数"},
    "ties": {"ex_aequo": "并列", "lot": "抽签（种子随轮次公布）", "dispersion": "评委分歧小的在前", "raw": "原始平均分", "earlier": "上一轮得分"},
}  # fmt: skip
"""Values of fields that are codes, by field."""


def field_label(part: str, name: str) -> str:
    """Return what the field `name` of a part ("" for the programme itself) is called."""
    return WITHIN.get(part, {}).get(name) or FIELDS.get(name, name)
