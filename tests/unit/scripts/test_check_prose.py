"""The wording check finds banned words in text, names and comments."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts import check_prose
from scripts.check_prose import ProseRules

RULES = """
exclude = ["data/*"]
allow = ['(?i)dead[-_ ]letters?']

[words]
"run log" = ["ledger"]
"DeadLetter" = ["letter"]
"published" = ["told"]

[phrases]
"because" = [', for it\\b']
"cannot be" = ['(?<!here) is no (?!longer)']

[exceptions]
"docs/*.md" = ["ledger", ', for it\\b']
"""


def findings(text: str, name: str = "a.py") -> list[tuple[int, str, str]]:
    found = ProseRules(tomllib.loads(RULES)).check(name, text)
    return [(one.line, one.text, one.replacement) for one in found]


@pytest.mark.parametrize("text", ["told", "Told.", "TOLD = 1", "is_told", "wasTold", "_told_at"])
def test_word_is_found_in_prose_and_in_names(text: str) -> None:
    ((line, found, replacement),) = findings(f"fine\n{text}\n")
    assert (line, found.lower(), replacement) == (2, "told", "published")


@pytest.mark.parametrize("text", ["untold", "toldest", "Ledgers", "doted ledgering"])
def test_longer_words_are_not_found(text: str) -> None:
    assert findings(text) == []


def test_every_occurrence_is_found_in_order() -> None:
    assert [(line, text) for line, text, _ in findings("RunLedger\nok\na letter, told")] == [
        (1, "Ledger"),
        (3, "letter"),
        (3, "told"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a, for it b",
        "a, for\nit b",
        "    # a, for\n    # it b",
        "- a, for\n  it b",
        "> a, for\n> it",
    ],
)
def test_phrase_is_found_when_it_continues_on_the_next_line(text: str) -> None:
    ((_, found, replacement),) = findings(text)
    assert found.startswith(", for") and found.endswith("it")
    assert "\n" not in found
    assert replacement == "because"


@pytest.mark.parametrize(
    "text", ["there is no file", "it is no longer there", "a, forit", "for it"]
)
def test_similar_phrases_are_not_found(text: str) -> None:
    assert findings(text) == []
    assert len(findings(f"{text}; it is no file")) == 1


@pytest.mark.parametrize("text", ["dead letter", "DEAD_LETTERS", "a dead-letter queue"])
def test_word_is_allowed_in_another_meaning(text: str) -> None:
    assert findings(text) == []
    assert len(findings(f"{text}, a letter")) == 1


def test_only_the_listed_words_are_allowed_in_an_excepted_file() -> None:
    text = "a ledger, for it is told"
    assert [found for _, found, _ in findings(text, "docs/a.md")] == ["told"]
    assert len(findings(text, "README.md")) == 3


def test_excluded_files_are_not_checked() -> None:
    assert findings("told", "data/told.json") == []


def test_word_is_found_in_the_name_of_a_file() -> None:
    assert findings("", "tests/test_ledger.py") == [(0, "ledger", "run log")]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rules = tmp_path / "words.toml"
    rules.write_text(RULES)
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    (root / ".gitignore").write_text("ignored.md\n")
    (root / "ignored.md").write_text("told")
    (root / "picture.png").write_bytes(b"\x89told\xff")
    (root / "a.md").write_text("Fine.\n")
    monkeypatch.setattr(check_prose, "ROOT", root)
    monkeypatch.setattr(check_prose, "RULES", rules)
    return root


def test_exit_code_is_0_when_nothing_is_found(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_prose.main() == 0
    assert capsys.readouterr() == ("", "")


def test_file_line_and_replacement_are_printed_when_a_word_is_found(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "b.md").write_text("Fine.\nIt is told.\n")
    (repository / "letter.yml").touch()
    subprocess.run(["git", "add", "a.md"], cwd=repository, check=True)
    (repository / "a.md").unlink()
    assert check_prose.main() == 1
    assert capsys.readouterr() == (
        "b.md:2: told -> published\nletter.yml: letter -> DeadLetter\n",
        "2 words or phrases against docs/style/README.md\n",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Whoever prefers sam itself",
        "Tell whether it is so",
        "lest they last for ever",
        "it is no readable video",
        "Start over, for it has succeeded",
        "a program of one's own",
        "messages were set aside",
        "sets the message aside",
        "the quiet time",
        "handed over by the rule",
        "the measured figures",
        "on drawn faces",
        "AlertBudget",
        "the whole way",
        "every so many frames",
        "class Letter:",
        "Return the letter of a queue",
    ],
)
def test_rules_of_this_repository_find_what_the_style_guide_names(text: str) -> None:
    rules = ProseRules(tomllib.loads(check_prose.RULES.read_text("utf-8")))
    assert rules.check("a.md", text)


@pytest.mark.parametrize(
    "text",
    [
        "1 to 128 letters, digits, ':', '_' or '-'",
        "letters and digits",
        "the dead-letter queue",
        "class DeadLetter:",
        "math.floor(x)",
        "there is no camera; it is no longer used",
        "matplotlib draws a figure",
    ],
)
def test_rules_of_this_repository_accept_plain_text(text: str) -> None:
    rules = ProseRules(tomllib.loads(check_prose.RULES.read_text("utf-8")))
    assert rules.check("a.md", text) == []
