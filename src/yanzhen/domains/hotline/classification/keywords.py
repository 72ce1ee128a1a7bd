"""The start before any training: words that speak for a category of the shipped tree. Declared, so that staff can read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keywords:
    """A category of the third level with the words for it; `without` are words beside which it does not hold."""

    category: str
    words: tuple[str, ...]
    without: tuple[str, ...] = ()


KEYWORDS = (
    Keywords("010101", ("拖欠工资", "欠薪", "不发工资", "没发工资", "拖欠薪资", "工资未发", "欠工资", "发放工资"), ("农民工", "工地", "外卖", "骑手")),
    Keywords("010102", ("农民工", "工地", "包工头", "工程款", "施工", "民工工资", "项目部"), ("工伤", "工会")),
    Keywords("010103", ("劳务公司", "外包公司", "派遣工资", "外包工资")),
    Keywords("010104", ("骑手", "外卖", "网约车", "快递员", "跑单", "配送费", "平台扣款")),
    Keywords("010201", ("最低工资",)),
    Keywords("010202", ("加班费", "加班工资", "加班不给钱")),
    Keywords("010203", ("绩效", "奖金", "提成", "年终奖")),
    Keywords("010204", ("克扣", "罚款", "扣工资", "乱扣")),
    Keywords("010301", ("经济补偿", "补偿金", "n+1")),
    Keywords("010302", ("赔偿金", "违法解除赔偿", "2n")),
    Keywords("010303", ("竞业",)),
    Keywords("010304", ("二倍工资", "双倍工资")),
    Keywords("020101", ("未签合同", "没签合同", "不签合同", "未签劳动合同", "没有签劳动合同", "没签劳动合同", "不签劳动合同", "签订劳动合同")),
    Keywords("020102", ("押金", "扣押身份证", "扣押证件", "扣身份证")),
    Keywords("020103", ("试用期",)),
    Keywords("020201", ("调岗", "调薪", "降薪", "换岗")),
    Keywords("020202", ("规章制度", "员工手册", "厂规")),
    Keywords("020203", ("工作地点", "搬迁", "异地上班")),
    Keywords("020301", ("辞退", "开除", "解雇", "被辞", "违法解除")),
    Keywords("020302", ("协商解除", "劝退", "逼我辞职", "自愿离职")),
    Keywords("020303", ("裁员", "裁人")),
    Keywords("020304", ("离职证明", "档案", "解除证明")),
    Keywords("020401", ("劳务派遣", "派遣工", "同工不同酬")),
    Keywords("020402", ("非全日制", "小时工", "钟点工")),
    Keywords("020403", ("确认劳动关系", "用工关系", "平台用工")),
    Keywords("030101", ("超时加班", "加班太多", "996", "每天加班", "12小时", "十二小时")),
    Keywords("030102", ("强迫加班", "强制加班", "必须加班")),
    Keywords("030103", ("综合工时", "不定时工时", "综合计算工时")),
    Keywords("030201", ("年休假", "年假", "带薪休假")),
    Keywords("030202", ("法定节假日", "节假日", "周末不休", "公休", "单休")),
    Keywords("030203", ("婚假", "丧假", "探亲假", "陪产假", "护理假")),
    Keywords("030204", ("病假", "医疗期")),
    Keywords("040101", ("不交社保", "没交社保", "未缴社保", "不缴社保", "不给交社保", "未参加社保", "没有社保", "不上保险", "五险")),
    Keywords("040102", ("断缴", "少缴社保", "社保基数", "缴费基数", "停缴")),
    Keywords("040103", ("补缴", "社保转移")),
    Keywords("040104", ("失业金", "失业保险")),
    Keywords("040105", ("养老金", "养老保险", "退休金")),
    Keywords("040201", ("公积金",)),
    Keywords("040301", ("高温津贴", "高温补贴", "降温费")),
    Keywords("040302", ("福利费", "节日福利", "职工食堂")),
    Keywords("040303", ("医疗互助", "互助保障", "互助金")),
    Keywords("050101", ("工伤认定", "认定工伤", "上班路上", "工伤", "受伤"), ("鉴定", "待遇")),
    Keywords("050102", ("劳动能力鉴定", "伤残鉴定", "伤残等级")),
    Keywords("050103", ("工伤待遇", "工伤赔偿", "工伤保险", "医药费", "停工留薪")),
    Keywords("050201", ("职业病", "尘肺")),
    Keywords("050202", ("职业健康", "职业体检")),
    Keywords("050301", ("安全隐患", "安全生产", "消防")),
    Keywords("050302", ("劳保", "防护用品", "口罩", "安全帽")),
    Keywords("050303", ("高温作业", "有毒", "有害", "粉尘", "高温")),
    Keywords("060101", ("怀孕", "孕期", "哺乳期", "产期", "孕妇")),
    Keywords("060102", ("产假", "生育津贴", "生育保险", "生育待遇")),
    Keywords("060104", ("性骚扰",)),
    Keywords("060201", ("童工",)),
    Keywords("060202", ("未成年",)),
    Keywords("060203", ("实习", "顶岗")),
    Keywords("060301", ("残疾",)),
    Keywords("060302", ("困难职工", "困难帮扶", "送温暖", "低保")),
    Keywords("060303", ("金秋助学", "助学", "子女上学")),
    Keywords("070101", ("成立工会", "建立工会", "组建工会", "没有工会", "建会")),
    Keywords("070102", ("加入工会", "入会", "会员证")),
    Keywords("070201", ("职代会", "职工代表大会")),
    Keywords("070202", ("厂务公开",)),
    Keywords("070203", ("职工董事", "职工监事")),
    Keywords("070301", ("集体协商", "工资协商")),
    Keywords("070302", ("集体合同",)),
    Keywords("070401", ("工会经费", "会费")),
    Keywords("070402", ("法律援助", "法援", "请律师")),
    Keywords("070403", ("工会活动", "疗休养", "职工书屋", "户外劳动者", "驿站")),
    Keywords("080101", ("技能等级", "高级工", "技师")),
    Keywords("080102", ("职业资格", "资格证")),
    Keywords("080103", ("技能津贴", "技能补贴", "技能提升补贴")),
    Keywords("080201", ("职工教育经费", "教育经费")),
    Keywords("080202", ("服务期", "培训协议", "培训费")),
    Keywords("080301", ("技能竞赛", "劳动竞赛", "比武")),
    Keywords("080302", ("劳模", "工匠")),
    Keywords("080303", ("创新成果", "合理化建议", "专利")),
    Keywords("090101", ("申请调解", "调解")),
    Keywords("090102", ("仲裁",)),
    Keywords("090201", ("起诉", "打官司", "诉讼")),
    Keywords("090202", ("强制执行", "判决", "裁决书", "老赖"), ("起诉",)),
    Keywords("090301", ("劳动监察", "监察大队")),
    Keywords("090302", ("处理结果", "不服", "不满意答复")),
    Keywords("100301", ("表扬", "感谢", "锦旗")),
    Keywords("100302", ("接线员", "热线态度", "热线没人")),
)  # fmt: skip
"""Words are normal text (engines.classifier.grams.normal). Source: the names of the shipped tree and the terms of
the labour laws quoted in docs/rules/classification.md; product default, grade D."""


@dataclass(frozen=True, slots=True)
class Match:
    category: str
    words: tuple[str, ...]


def matches(text: str) -> list[Match]:
    """Return the categories that words of a normal text speak for: most characters matched first, then by code."""
    found = []
    for each in KEYWORDS:
        said = [word for word in each.words if word in text]
        words = tuple(word for word in said if not any(word != other and word in other for other in said))
        if words and not any(word in text for word in each.without):
            found.append(Match(each.category, words))
    return sorted(found, key=lambda match: (-sum(map(len, match.words)), match.category))
