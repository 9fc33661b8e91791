"""Rules about the shape of a file: its contract, its length, its functions, their worked examples.

Belongs here: what can be told from one file alone, whatever it calls.
Does not belong here: which calls are banned (`bans`), which words (`words`).
"""

import ast

from billing_assets_tests.house.tree import Fault, FunctionNode, Source

MAX_FUNCTION_LINES = 45
MAX_FILE_LINES = 400


def states_contract(source: Source) -> bool:
    """Whether the module's docstring says what belongs there and what does not."""
    text = (ast.get_docstring(source.tree) or "").lower()
    return "belongs here" in text and "not belong" in text


def without_contract(source: Source, *, is_wording_required: bool) -> list[Fault]:
    """A module begins with a docstring; in the package it also says what belongs there and what does not."""
    if not ast.get_docstring(source.tree):
        return [Fault(source.path, 1, "no module docstring; begin with what it is and what belongs here")]
    if is_wording_required and not states_contract(source):
        return [Fault(source.path, 1, "the docstring does not say 'Belongs here' and 'Does not belong here'")]
    return []


def long_functions(source: Source, limit: int = MAX_FUNCTION_LINES) -> list[Fault]:
    """A function has at most `limit` lines of code; its docstring, comments and blank lines are free."""
    return [
        Fault(source.path, node.lineno, f"{node.name} has {length} lines of code; {limit} is the most")
        for node in source.functions
        if (length := _code_length(source, node)) > limit
    ]


def _code_length(source: Source, node: FunctionNode) -> int:
    lines = {line for line in source.code_lines if node.lineno <= line <= (node.end_lineno or node.lineno)}
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        lines -= set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return len(lines)


def long_files(source: Source, limit: int = MAX_FILE_LINES) -> list[Fault]:
    """A file has at most `limit` lines, whatever stands on them."""
    length = len(source.text.splitlines())
    return [Fault(source.path, limit, f"{length} lines; {limit} is the most")] if length > limit else []


def without_example(source: Source) -> list[Fault]:
    """A public function shows one worked example that runs as a doctest."""
    return [
        Fault(source.path, node.lineno, f"{node.name} has no worked example (>>>) in its docstring")
        for node in source.tree.body
        if isinstance(node, FunctionNode)
        and not node.name.startswith("_")
        and ">>> " not in (ast.get_docstring(node) or "")
    ]
