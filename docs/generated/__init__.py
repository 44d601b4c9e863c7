"""What the pages say about magics, commands and options, made from what reads them; a comment in a page says where it goes.

<!-- generated: magics -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from docs.generated import answers, classes, commands, magics, notebook, options, original

SECTIONS: Mapping[str, Callable[[], str]] = {
    "absent names": original.absent_names,
    "absent options": original.absent_options,
    "answers": answers.answers,
    "classes": classes.classes,
    "commands": commands.commands,
    "common options": commands.common_options,
    "inference keys": options.inference_keys,
    "magics": magics.magics,
    "options": options.options,
    "tutorial": notebook.tutorial,
    "widgets": classes.widgets,
}
_MARK = re.compile(r"<!-- generated: ([a-z ]+) -->")


def fill(page: str) -> str:
    """Put the sections into a page.

    Raises
    ------
    KeyError : the page asks for a section that nobody makes.
    """
    return _MARK.sub(lambda mark: SECTIONS[mark[1]](), page)
