"""What a grant may allow on craftsmen's mentorships, studios and sanctions. Honours have rights of their own."""

from yanzhen.foundation.rights import declare

declare(
    ("mentorship.view", "查看师徒结对与雁阵"),
    ("mentorship.edit", "登记师徒结对"),
    ("mentorship.confirm", "确认师徒结对与阶段成果"),
    ("studio.view", "查看工匠工作室与资助"),
    ("studio.edit", "登记工匠工作室与资助"),
    ("studio.review", "评审工作室资助"),
    ("studio.pay", "登记资助拨付"),
    ("sanction.view", "查看处分核查记录"),
    ("sanction.edit", "登记处分核查记录"),
)
