"""The sandbox: a template can read the view and do nothing else."""

from dataclasses import replace

import pytest

from billing_assets.documents.environment import make_environment, render
from billing_assets.domain.errors import BillingError
from billing_assets_tests.documents.samples import template

ATTACKS = [
    "{{ name.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ rows.append(1) }}",
    "{{ row.update(a=1) }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ range(10**9) }}",
    "{{ unknown }}",
    "{% include '/etc/passwd' %}",
    "{% include '../templates/invoice/labels.en.toml' %}",
    "{% import os %}",
]


def rendered(source: str, name: str = "invoice/probe.html.j2", **view: object) -> str:
    changed = replace(template(), files={**template().files, name: source.encode()})
    return render(make_environment(changed), name, {"name": "Ana", "rows": [], "row": {}, **view})


@pytest.mark.parametrize("source", ATTACKS)
def test_an_attack_in_a_template_reaches_nothing(source: str) -> None:
    try:
        text = rendered(source)
    except BillingError:
        return
    assert not any(word in text for word in ("class", "root:", "uid=", "globals"))


@pytest.mark.parametrize(
    "source",
    ["{{ name.__class__.x }}", "{{ rows.append(1) }}", "{{ unknown }}", "{% include '/etc/passwd' %}"],
)
def test_what_is_not_allowed_is_an_error_and_not_an_empty_place(source: str) -> None:
    with pytest.raises(BillingError, match="template_does_not_render"):
        rendered(source)


def test_html_escapes_data_and_text_does_not() -> None:
    assert rendered("{{ name }}", name="invoice/probe.html.j2") == "Ana"
    assert rendered("{{ value }}", value="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"
    assert rendered("{{ value }}", "invoice/probe.txt.j2", value="<b>&") == "<b>&"


def test_data_is_never_a_template() -> None:
    assert rendered("{{ value }}", value="{{ 7*7 }}{% raw %}") == "{{ 7*7 }}{% raw %}"


def test_the_error_keeps_the_data_to_itself() -> None:
    with pytest.raises(BillingError) as caught:
        rendered("{{ value.secret.more }}", value="Ana García")
    assert "Ana" not in str(caught.value)
