"""Templates that attack: what somebody could write into a page or an e-mail, and how each is refused."""

from dataclasses import dataclass

# A page that begins with it would be printed: what is refused is refused for what it does.
_SOUND = (
    '#set document(title: "t", date: datetime(year: 2027, month: 1, day: 1)); '
    '#set text(lang: "en", font: "Inter")'
)
SLOW, LARGE = "template_too_slow", "template_too_large"
PAGE, WORDS = "template_does_not_compile", "template_does_not_render"


@dataclass(frozen=True, slots=True)
class Attack:
    """What is written, the codes that refuse it, and the place that the refusal names, if one is known."""

    name: str
    source: str
    codes: tuple[str, ...]
    place: str = ""


def _page(name: str, source: str, *codes: str, place: str = "invoice/invoice.typ:2") -> Attack:
    """An attack on the second line of a page."""
    return Attack(name, f"{_SOUND}\n{source}", codes or (PAGE,), "" if codes else place)


def _words(name: str, source: str, *codes: str) -> Attack:
    """An attack on the second line of an e-mail."""
    return Attack(
        name, f"{{{{ mail.greeting }}}}\n{source}", codes or (WORDS,), "" if codes else "email.txt.j2:2"
    )


PAGES = (
    _page("a file of the machine", '#read("/etc/passwd")'),
    _page("a file outside", '#read("../../../etc/passwd")'),
    _page("a file outside, worked out", '#read("..".replace(".", ".") + "/" + "secret.txt")'),
    _page("a page outside", '#include "/etc/hostname"'),
    _page("a picture outside", '#image("/etc/passwd")'),
    _page("data outside", '#json("/proc/self/environ")'),
    _page("an archive of another template", '#read("../plain.archive")'),
    _page("a package of the network", '#import "@preview/cetz:0.3.0"'),
    _page("a package, worked out", '#import ("@prev" + "iew/cetz:0.3.0")'),
    _page("a local package", '#import "@local/mine:0.1.0"'),
    _page("a program", '#plugin("evil.wasm")'),
    _page("a program in bytes", "#plugin(bytes((0, 97, 115, 109, 1, 0, 0, 0)) + bytes(range(200)))"),
    _page("code in a text", '#eval("read(\\"/etc/passwd\\")")', place="invoice/invoice.typ"),
    _page("what the program was given", "#sys.inputs.password"),
    _page("a loop without end", "#while true {}"),
    _page("a loop that counts", "#let n = 0\n#while n >= 0 { n += 1 }", PAGE, SLOW),
    _page("a loop in a loop", "#for a in range(100000) { for b in range(100000) { let c = a * b } }", SLOW),
    _page("a call without end", "#let f(x) = f(x + 1)\n#f(0)", PAGE, SLOW),
    _page(
        "calls that grow",
        "#let f(n, k) = if n == 0 { 1 } else { f(n - 1, 2 * k) + f(n - 1, 2 * k + 1) }\n#f(40, 1)",
        SLOW,
        LARGE,
    ),
    _page(
        "a text that doubles", '#let s = "aaaaaaaa"\n#for i in range(64) { s = s + s }\n#s', PAGE, SLOW, LARGE
    ),
    _page("a list that doubles", "#let s = (1,)\n#for i in range(64) { s = s + s }", PAGE, SLOW, LARGE),
    _page("pages without end", "#for i in range(10000000) { pagebreak() }", SLOW, LARGE),
    _page(
        "states that never settle",
        "#for i in range(200000) [#context counter(page).final()]",
        SLOW,
        LARGE,
        PAGE,
    ),
    _page(
        "a pattern that never ends",
        '#("a" * 1000000).match(regex("(a*)*(a*)*(a*)*b"))\n#range(100000000)',
        PAGE,
        SLOW,
        LARGE,
    ),
)

MAILS = (
    _words("attributes of a class", "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    _words("globals of cycler", "{{ cycler.__init__.__globals__.os.popen('id').read() }}"),
    _words("globals of joiner", "{{ joiner.__init__.__globals__ }}"),
    _words("globals of namespace", "{{ namespace.__init__.__globals__ }}"),
    _words("globals of lipsum", "{{ lipsum.__globals__['os'] }}"),
    _words("a filter that walks", "{{ mail | attr('__class__') | attr('__mro__') }}"),
    _words("a filter that maps", "{{ [mail] | map(attribute='__class__.__mro__') | list }}"),
    _words("an item that walks", "{{ mail['__class__']['__mro__'] }}"),
    _words("letters of a name, worked out", "{{ mail['_' ~ '_class_' ~ '_'].mro() }}"),
    _words("a format that walks", "{{ '{0.__class__.__mro__}'.format(mail) }}"),
    _words("a format_map that walks", "{{ '{m.__class__}'.format_map({'m': mail}) }}"),
    _words("a format with a width", "{{ '%1000000000d' % 1 }}", SLOW, WORDS, LARGE),
    _words("the template itself", "{{ self.__init__.__globals__ }}"),
    _words("the environment", "{{ self._TemplateReference__context.environment }}"),
    _words("data that is changed", "{% set x = mail.update({'greeting': ''}) %}"),
    _words("a list that is changed", "{{ facts.append(1) }}"),
    _words("a file of the machine", "{% include '/etc/passwd' %}"),
    _words("a file outside", "{% include '../../etc/passwd' %}"),
    _words("a page to inherit from outside", "{% import '/etc/passwd' as p %}"),
    _words("a name that is not there", "{{ password }}"),
    _words("words that are no template", "{% for %}"),
    _words("a range that is too long", "{% for i in range(1000000000) %}{{ i }}{% endfor %}"),
    _words(
        "a loop in a loop",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        SLOW,
    ),
    _words(
        "a loop that writes", "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}", WORDS, SLOW, LARGE
    ),
    _words("a text times a number", "{{ 'a' * 10 ** 12 }}"),
    _words("a list times a number", "{{ [0] * 10 ** 11 }}"),
    _words("a number as long as a book", "{{ (9 ** 9) ** (9 ** 6) % 7 }}", SLOW, WORDS, LARGE),
    _words("a macro without end", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
    _words("a template that includes itself", "{% include 'invoice/email.txt.j2' %}"),
    _words("words of a million paragraphs", "{{ lipsum(n=1000000) }}", SLOW, LARGE, WORDS),
    _words("a text that is filled up", "{{ 'a'.center(10 ** 11) }}"),
    _words("brackets in brackets", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", WORDS),
)
