"""The Jinja2 environment of a template: a sandbox over the files that were hashed.

Belongs here: how HTML and text templates are loaded and confined.
Does not belong here: what they are given (``view_model``), Typst.

A template may be edited by people who must not run code on the server: attributes that begin with
an underscore, calls with side effects and changes to the data are refused, an undefined name is an
error, and files ending in ``.html.j2`` or ``.svg`` escape all data.
"""

import traceback
from collections.abc import Callable

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from billing_assets.documents.templates import Template
from billing_assets.domain.errors import BillingError

# What the sandbox refuses, and what an expression of a template can do wrong.
_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def make_environment(template: Template) -> ImmutableSandboxedEnvironment:
    """Return the sandbox over the text files of ``template``, by names such as ``_shared/email.txt.j2``."""
    suffixes = (".j2", ".svg")
    sources = {name: content.decode() for name, content in template.files.items() if name.endswith(suffixes)}
    return ImmutableSandboxedEnvironment(
        # With its name as the name of a file, a template stands in the traceback of what it did wrong.
        loader=jinja2.FunctionLoader(_from(sources)),
        autoescape=lambda name: name is None or name.endswith((".html.j2", ".svg")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def render(environment: ImmutableSandboxedEnvironment, name: str, view: dict[str, object]) -> str:
    """Return the file ``name`` filled with ``view``; raises :class:`BillingError` where it cannot be.

    The message names the file, the line and the kind of error, and never the data.
    """
    try:
        return environment.get_template(name).render(view)
    except _FAULTS as error:
        raise BillingError(
            "template_does_not_render",
            f"the template '{name}' failed{_place(environment, error)}: {type(error).__name__}",
            "render the sample.json of its folder with it, and compare it with the template of the project",
        ) from None


def _from(sources: dict[str, str]) -> Callable[[str], tuple[str, str, Callable[[], bool]] | None]:
    return lambda name: (sources[name], name, lambda: True) if name in sources else None


def _place(environment: ImmutableSandboxedEnvironment, error: BaseException) -> str:
    """Return where a fault is, as `` at _shared/email.txt.j2:7``; empty where that is not known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f" at {error.name or error.filename}:{error.lineno}"
    loader = environment.loader
    names = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    known = [
        (name, line)
        for name, line in names
        if isinstance(loader, jinja2.FunctionLoader)
        and name.endswith((".j2", ".svg"))
        and loader.load_func(name)
    ]
    return f" at {known[-1][0]}:{known[-1][1]}" if known else ""
