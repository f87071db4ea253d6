"""The page stands alone, says what it shows, and can be read by anybody."""

from __future__ import annotations

import re

import numpy as np

from training.report.page import Chart, Face, Faces, Missing, Section, Table, Tiles, render

CHART = Chart(
    "roc", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", "A 'curve' & more", "Rises."
)
FACES = Faces("Twelve of them", [Face(np.zeros((64, 64), dtype=np.uint8), "score 0.97; number 5")])
TABLE = Table("Counts", ("who", "how many"), [("smile", "3"), ("none", "9")], tint=(("+",), ("-",)))


def _page(*parts: object) -> str:
    return render("Title", "Lead", [Section("one", "Part one", parts)], "Foot")  # type: ignore[arg-type]


def test_page_needs_no_other_file_and_no_script() -> None:
    page = _page(CHART, FACES, TABLE, Tiles([("95%", "right")]), Missing("the data"), "words")
    assert "<script" not in page
    assert "<link" not in page
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', page))


def test_every_picture_has_words_for_those_who_cannot_see_it() -> None:
    page = _page(CHART, FACES)
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) == 2
    assert 'alt="A &#x27;curve&#x27; &amp; more"' in pictures[0]
    assert 'alt="Face, score 0.97; number 5"' in pictures[1]


def test_page_fits_a_phone_and_leads_to_each_part() -> None:
    page = _page("words")
    assert 'name="viewport" content="width=device-width' in page
    assert '<a href="#one">' in page
    assert '<h2 id="one">' in page


def test_text_cannot_become_markup() -> None:
    page = _page("a <b> & `make x <y>`", Table("<i>", ("<u>",), [("<s>",)]), Missing("<q>"))
    assert not re.search(r"<(b|i|u|s|q)>", page)
    assert "<code>make x &lt;y&gt;</code>" in page


def test_table_names_its_rows_and_columns() -> None:
    page = _page(TABLE)
    assert page.count('<th scope="col">') == 2
    assert page.count('<th scope="row">') == 2
    assert '<td class="right">3</td>' in page
    assert '<td class="wrong">9</td>' in page


def test_folded_table_shows_its_caption_and_opens_without_a_script() -> None:
    page = _page(Table("All of them", ("who",), [("one",)], folded=True))
    assert "<details><summary>All of them</summary>" in page


def test_what_is_missing_is_said() -> None:
    assert "Not available: the data set is not here." in _page(Missing("the data set is not here."))
