"""Files and functions stay short, say what they are for and show an example."""

from pathlib import PurePosixPath

from billing_assets_tests.house import shape
from billing_assets_tests.house.tree import PACKAGE, TESTS, Source, report, sources

BODY = "".join(f"    x = {number}\n" for number in range(46))


def planted(text: str) -> Source:
    return Source(f"{PACKAGE}/domain/planted.py", text)


def needs_wording(source: Source) -> bool:
    """Packages and entry points need a docstring only; a member of a family has its folder's contract."""
    path = PurePosixPath(source.path)
    if path.stem in {"__init__", "__main__"} or source.is_in(f"{PACKAGE}/store/migrations/versions"):
        return False
    is_family = len(path.parts) > 3
    return not is_family or not any(
        shape.states_contract(init) for init in sources(f"{path.parent}/__init__.py")
    )


def test_a_file_without_docstring_is_found() -> None:
    assert shape.without_contract(planted("X = 1\n"), is_wording_required=False)


def test_a_docstring_without_contract_is_found_where_the_contract_is_required() -> None:
    vague = planted('"""Things."""\n')
    assert shape.without_contract(vague, is_wording_required=True)
    assert not shape.without_contract(vague, is_wording_required=False)


def test_a_docstring_with_contract_passes() -> None:
    good = planted('"""Rates.\n\nBelongs here: rates.\nDoes not belong here: money.\n"""\n')
    assert not shape.without_contract(good, is_wording_required=True)


def test_a_function_of_47_lines_is_found() -> None:
    (fault,) = shape.long_functions(planted(f"def long():\n{BODY}"))
    assert "long has 47 lines" in fault.message


def test_docstring_comments_and_blank_lines_are_free() -> None:
    docstring = '    """First.\n' + "    More.\n" * 60 + '    """\n'
    text = f"def short():\n{docstring}" + "    # why\n\n" * 60 + "    return 1\n"
    assert not shape.long_functions(planted(text))


def test_a_long_method_of_a_nested_class_is_found() -> None:
    indented = BODY.replace("    x", "            x")
    assert shape.long_functions(planted(f"class A:\n    class B:\n        def long(self):\n{indented}"))


def test_a_file_of_401_lines_is_found_and_400_pass() -> None:
    assert shape.long_files(planted("\n" * 401))
    assert not shape.long_files(planted("\n" * 400))


def test_a_public_function_without_example_is_found() -> None:
    assert shape.without_example(planted('def tax():\n    """Tax of a line."""\n'))
    assert not shape.without_example(planted('def tax():\n    """Tax.\n\n    >>> tax()\n    1\n    """\n'))
    assert not shape.without_example(planted("def _tax():\n    return 1\n"))


def test_every_module_of_the_package_states_its_contract() -> None:
    faults = [
        fault
        for source in sources(PACKAGE)
        for fault in shape.without_contract(source, is_wording_required=needs_wording(source))
    ]
    assert not faults, report(faults)


def test_every_test_module_and_script_has_a_docstring() -> None:
    faults = [
        fault
        for source in sources(TESTS, "bench", "examples")
        for fault in shape.without_contract(source, is_wording_required=False)
    ]
    assert not faults, report(faults)


def test_no_function_is_too_long() -> None:
    faults = [fault for source in sources(PACKAGE, TESTS, "bench") for fault in shape.long_functions(source)]
    assert not faults, report(faults)


def test_no_file_is_too_long() -> None:
    faults = [fault for source in sources(PACKAGE, TESTS, "bench") for fault in shape.long_files(source)]
    assert not faults, report(faults)


def test_every_public_function_of_domain_and_frames_shows_an_example() -> None:
    places = sources(f"{PACKAGE}/domain", f"{PACKAGE}/frames")
    faults = [fault for source in places for fault in shape.without_example(source)]
    assert not faults, report(faults)
