"""Who sees whether everything that came in became a case."""

from yanzhen.foundation.rights import declare

declare(("reconciliation.view", "查看来件对账"))
