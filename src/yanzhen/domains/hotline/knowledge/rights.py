"""What a grant may allow on knowledge and wordings. One's own macros need none."""

from yanzhen.foundation.rights import declare

VIEW, EDIT, REVIEW = "knowledge.view", "knowledge.edit", "knowledge.review"

declare((VIEW, "查看知识与话术"), (EDIT, "编写知识与话术"), (REVIEW, "审核知识"))
