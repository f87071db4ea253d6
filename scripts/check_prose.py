"""Command ``python -m scripts.check_prose``: reject the words that the style guide bans."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "style" / "words.toml"
# The parts of a name are words: is_sent, RunLog.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A phrase may continue on the next line, after the sign of a comment or a list.
_SPACE = r"(?: |\s*\n[\s#*>/-]*)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One banned word or phrase.

    Attributes
    ----------
    line : int
        From 1; 0 for the name of the file.
    text : str
        As it is written.
    replacement : str
    """

    line: int
    text: str
    replacement: str


class ProseRules:
    """The rules of ``words.toml``.

    Parameters
    ----------
    content : Mapping
        ``words`` and ``phrases`` by replacement, ``allow``, ``exclude`` and ``exceptions``.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._words = {
            word: replacement
            for replacement, words in content.get("words", {}).items()
            for word in words
        }
        self._phrases = [
            (phrase, re.compile(phrase.replace(" ", _SPACE)), replacement)
            for replacement, phrases in content.get("phrases", {}).items()
            for phrase in phrases
        ]
        self._allow = [re.compile(pattern) for pattern in content.get("allow", ())]
        self._exclude: Sequence[str] = content.get("exclude", ())
        self._exceptions: Mapping[str, list[str]] = content.get("exceptions", {})

    def check(self, name: str, text: str) -> list[Finding]:
        """Return the findings in a file, in the order of its lines.

        Parameters
        ----------
        name : str
            Path of the file, relative to the root of the repository.
        text : str
            Content of the file.
        """
        if any(fnmatch(name, pattern) for pattern in self._exclude):
            return []
        excepted = {
            one for glob, some in self._exceptions.items() if fnmatch(name, glob) for one in some
        }
        in_name = [Finding(0, one, new) for _, one, new in self._find(name, excepted)]
        found = sorted(self._find(text, excepted))
        return in_name + [
            Finding(text.count("\n", 0, start) + 1, " ".join(one.split()), new)
            for start, one, new in found
        ]

    def _find(self, text: str, excepted: set[str]) -> Iterator[tuple[int, str, str]]:
        words = set(map(str.lower, _WORD.findall(text))) & self._words.keys() - excepted
        phrases = [(p, new) for one, p, new in self._phrases if one not in excepted]
        if not words and not any(pattern.search(text) for pattern, _ in phrases):
            return
        for pattern in self._allow:
            text = pattern.sub(lambda match: re.sub(r"\S", " ", match[0]), text)
        for match in _WORD.finditer(text):
            if match[0].lower() in words:
                yield match.start(), match[0], self._words[match[0].lower()]
        for pattern, new in phrases:
            for match in pattern.finditer(text):
                yield match.end() - len(match[0].lstrip()), match[0], new


def tracked_files(root: Path) -> list[str]:
    """Return the files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({name for name in listed.stdout.split("\0") if name})


def main() -> int:
    """Print the findings; return 1 if there are any."""
    rules = ProseRules(tomllib.loads(RULES.read_text("utf-8")))
    count = 0
    for name in tracked_files(ROOT):
        path = ROOT / name
        if not path.is_file():  # deleted but not yet committed
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # not text
            continue
        for finding in rules.check(name, text):
            count += 1
            place = f"{name}:{finding.line}" if finding.line else name
            print(f"{place}: {finding.text} -> {finding.replacement}")
    if count:
        print(f"{count} words or phrases against docs/style/README.md", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
