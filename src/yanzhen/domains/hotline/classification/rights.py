"""What a grant may allow on the classifier of the hotline."""

from yanzhen.foundation.rights import declare

declare(("case.train", "训练与查看分类模型"))
