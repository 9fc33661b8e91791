"""The tests mirror the package file for file."""

from billing_assets_tests.house import mirror
from billing_assets_tests.house.tree import PACKAGE, TESTS, Source, report, sources

FUNCTION = "def tax() -> int:\n    return 1\n"


def test_a_file_with_a_public_function_and_no_test_is_found() -> None:
    (fault,) = mirror.without_test(Source(f"{PACKAGE}/domain/rates.py", FUNCTION), set())
    assert fault.message.endswith("billing_assets_tests/domain/test_rates.py")


def test_the_mirrored_test_is_accepted() -> None:
    source = Source(f"{PACKAGE}/domain/rates.py", FUNCTION)
    assert not mirror.without_test(source, {f"{TESTS}/domain/test_rates.py"})
    assert mirror.without_test(source, {f"{TESTS}/frames/test_rates.py"})


def test_a_member_of_a_family_joins_the_familys_test() -> None:
    source = Source(f"{PACKAGE}/domain/taxes/spain.py", FUNCTION)
    assert not mirror.without_test(source, {f"{TESTS}/domain/test_taxes.py"})
    assert not mirror.without_test(source, {f"{TESTS}/contracts/test_taxes.py"})
    assert mirror.without_test(source, {f"{TESTS}/domain/test_rates.py"})


def test_plain_rows_protocols_and_private_functions_need_no_test_of_their_own() -> None:
    texts = (
        "RATE = 1\n",
        "class Row:\n    a: int\n",
        "class Clock(Protocol):\n    def now(self): ...\n",
        "def _a(): ...\n",
    )
    assert not any(mirror.has_public_behaviour(Source(f"{PACKAGE}/domain/rows.py", text)) for text in texts)
    assert mirror.has_public_behaviour(Source(f"{PACKAGE}/domain/a.py", "class A:\n    def f(self): ...\n"))


def test_a_folder_of_tests_without_init_is_found() -> None:
    (fault,) = mirror.folders_without_init({f"{TESTS}/__init__.py", f"{TESTS}/store/test_runs.py"})
    assert fault.path == f"{TESTS}/store"


def test_every_file_of_the_package_has_its_test() -> None:
    paths = {source.path for source in sources(TESTS)}
    faults = [fault for source in sources(PACKAGE) for fault in mirror.without_test(source, paths)]
    assert not faults, report(faults)


def test_every_folder_of_code_and_tests_is_a_package() -> None:
    faults = mirror.folders_without_init({source.path for source in sources(PACKAGE, TESTS)})
    assert not faults, report(faults)
