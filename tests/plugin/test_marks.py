"""The mark, the options and the ini keys: what they do, and what they refuse."""

import pytest

SHOW = """
import pytest
{marks}
def test_it(skyvern_fake):
    fake = skyvern_fake
    print("seed", fake.world.seed, "strict", fake.strict, type(fake.clock).__name__)
"""


@pytest.mark.parametrize(
    ("marks", "options", "ini", "seen"),
    [
        ("", [], "", "seed 0 strict False VirtualClock"),
        ("@pytest.mark.skyvern(seed=7)", [], "", "seed 7 strict False VirtualClock"),
        ("@pytest.mark.skyvern(clock='real')", [], "", "seed 0 strict False RealClock"),
        ("", ["--skyvern-seed=5"], "", "seed 5 strict False VirtualClock"),
        ("", ["--skyvern-clock=real"], "", "seed 0 strict False RealClock"),
        ("", ["--skyvern-strict"], "", "seed 0 strict True VirtualClock"),
        ("", [], "skyvern_seed = 4", "seed 4 strict False VirtualClock"),
        ("", [], "skyvern_strict = true", "seed 0 strict True VirtualClock"),
        ("", ["--skyvern-seed=5"], "skyvern_seed = 4", "seed 5 strict False VirtualClock"),
        (
            "@pytest.mark.skyvern(seed=7)",
            ["--skyvern-seed=5"],
            "skyvern_strict = yes",
            "seed 7 strict True VirtualClock",
        ),
        (
            "pytestmark = pytest.mark.skyvern(seed=1, strict=True)\n@pytest.mark.skyvern(seed=2)",
            [],
            "",
            "seed 2 strict True VirtualClock",
        ),
    ],
)
def test_settings_come_from_mark_option_and_ini_in_this_order(suite, marks, options, ini, seen):
    result = suite(SHOW.format(marks=marks), "-s", *options, ini=ini)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*{seen}*"])


@pytest.mark.parametrize(
    ("mark", "options", "ini", "spoken"),
    [
        ("", [], "", "1.0.56"),
        ("", [], "skyvern_dialect = 1.0.24", "1.0.24"),
        ("", ["--skyvern-dialect=1.0.30"], "skyvern_dialect = 1.0.24", "1.0.30"),
        ("@pytest.mark.skyvern(dialect='1.0.6')", ["--skyvern-dialect=1.0.30"], "", "1.0.6"),
    ],
)
def test_the_dialect_is_a_setting(suite, mark, options, ini, spoken):
    test = f"import pytest\n{mark}\ndef test_it(skyvern_fake):\n"
    test += f"    assert skyvern_fake.dialect.release == {spoken!r}\n"
    suite(test, *options, ini=ini).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marks", "complaint"),
    [
        ("@pytest.mark.skyvern(sede=7)", "knows no 'sede'. Did you mean 'seed'? It takes seed, *"),
        ("@pytest.mark.skyvern(colour=7)", "knows no 'colour'. It takes seed, clock, fake, *"),
        ("@pytest.mark.skyvern('invoice')", "takes arguments by name only, not 'invoice'"),
        ("@pytest.mark.skyvern(seed='7')", "seed must be a whole number, not '7'"),
        ("@pytest.mark.skyvern(seed=True)", "seed must be a whole number, not True"),
        ("@pytest.mark.skyvern(clock='fast')", "clock must be 'virtual', *, not 'fast'"),
        (
            "@pytest.mark.skyvern(dialect='1.0.38')",
            "dialect must be a release of *, not '1.0.38' (the nearest: 1.0.37 and 1.0.40)",
        ),
        ("@pytest.mark.skyvern(strict=1)", "strict must be true or false, not 1"),
        ("@pytest.mark.skyvern(fake='')", "fake must be the name or path of a fake, not ''"),
        ("@pytest.mark.skyvern(epoch=2026)", "epoch must be a datetime, not 2026"),
        ("@pytest.mark.skyvern(timing=5)", "timing must be a Timing, not 5"),
        (
            "@pytest.mark.skyvern(max_requests=0)",
            "max_requests must be a positive whole number, not 0",
        ),
        (
            "@pytest.mark.skyvern(seed=1)\n@pytest.mark.skyvern(seed=2)",
            "says seed=2 and seed=1 of the same test",
        ),
        (
            "@pytest.mark.skyvern(clock='real', max_virtual=5)",
            "says clock='real' and max_virtual=5, which is for virtual time",
        ),
    ],
)
def test_wrong_marks_are_errors_of_their_test(suite, marks, complaint):
    result = suite(SHOW.format(marks=marks))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_user.py::test_it: @pytest.mark.skyvern: {complaint}"])


def test_other_tests_run_and_all_that_is_wrong_with_one_is_named(suite):
    result = suite(
        """
        import pytest
        @pytest.mark.skyvern(a=1, b=2)
        def test_a(skyvern_fake): pass
        def test_b(skyvern_fake): pass
        """
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*::test_a: *knows no 'a'*", "*::test_a: *knows no 'b'*"])


@pytest.mark.parametrize(
    ("options", "ini", "complaint"),
    [
        (["--skyvern-seed=x"], "", "--skyvern-seed: seed must be a whole number, not 'x'"),
        (["--skyvern-clock=x"], "", "--skyvern-clock: clock must be 'virtual', *, not 'x'"),
        (
            [],
            "skyvern_strict = perhaps",
            "skyvern_strict in *tox.ini: strict must be true or false*",
        ),
    ],
)
def test_wrong_options_are_usage_errors(suite, options, ini, complaint):
    result = suite("def test_it(): pass", *options, ini=ini)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])


def test_the_mark_is_declared_and_described(suite):
    result = suite(SHOW.format(marks="@pytest.mark.skyvern(seed=7)"), "--strict-markers")
    result.assert_outcomes(passed=1)
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.skyvern(fake=, seed=, clock=, *"])
    result = suite("", "--help")
    result.stdout.fnmatch_lines(["*--skyvern-seed=N*", "*skyvern_intercept*"])


def test_intercept_by_ini(suite):
    result = suite(
        """
import asyncio
import skyvern

CLIENT = skyvern.Skyvern(api_key="x")

def test_it(skyvern_fake):
    asyncio.run(CLIENT.get_version())
    assert skyvern_fake.journal.total == 1
""",
        ini="skyvern_intercept = true",
    )
    result.assert_outcomes(passed=1)


FAKE = """
format: 1
runs:
  - on: {prompt: "*"}
    play: [{completed: {output: {from: the fake}}}]
"""


def test_a_fake_by_name_is_found_in_the_projects_own_folder(suite, pytester):
    (pytester.path / "fakes").mkdir()
    (pytester.path / "fakes" / "my_portal.yaml").write_text(FAKE)
    source = """
import asyncio
import pytest

@pytest.mark.skyvern(fake="my_portal")
def test_it(skyvern_client, monkeypatch):
    run = asyncio.run(skyvern_client.run_task("x", wait_for_completion=True))
    assert run.output == {"from": "the fake"}

@pytest.mark.skyvern(fake="my_potal")
def test_typo(skyvern_fake):
    pass
"""
    result = suite(source)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["test_user.py::test_typo: there is no fake `my_potal`. Did you mean `my_portal`*"]
    )
