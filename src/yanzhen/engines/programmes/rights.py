"""What a grant may allow in a selection."""

from yanzhen.foundation.rights import declare

declare(
    ("programme.view", "查看评选项目与轮次"),
    ("programme.edit", "设置评选项目"),
    ("round.run", "组织评选轮次"),
    ("application.view", "查看申报"),
    ("application.submit", "填报与提交申报"),
    ("application.apply_unit", "以本单位名义填报与提交申报"),
    ("application.recommend_unit", "单位推荐"),
    ("application.recommend_county", "县级推荐"),
    ("application.recommend_city", "市级推荐"),
    ("application.recommend_province", "省级推荐"),
    ("application.screen", "资格审查"),
    ("application.opinion", "出具部门意见"),
    ("application.mark", "评审打分"),
    ("application.decide", "决定认定"),
    ("objection.handle", "办理异议"),
)
