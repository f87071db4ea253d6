"""The page is one file, describes its pictures, and escapes text."""

from __future__ import annotations

import re

import numpy as np
import pytest

from training.report.page import (
    Chart,
    Face,
    Faces,
    Missing,
    Part,
    Section,
    Table,
    Tiles,
    render,
)

CHART = Chart("roc", b"<svg/>", b"png", "A 'curve' & more", "Rises.")
FACES = Faces("Twelve of them", [Face(np.zeros((64, 64), dtype=np.uint8), "score 0.97, number 5")])
TABLE = Table("Counts", ("set", "pictures"), [("smile", "3"), ("none", "9")])


def _page(*parts: Part) -> str:
    return render("Title", "Lead", [Section("one", "Part one", parts)], "Foot")


def test_page_needs_no_other_file_and_no_script() -> None:
    page = _page(CHART, FACES, TABLE, Tiles([("95%", "accuracy")]), Missing("the data"), "words")
    assert "<script" not in page
    assert "<link" not in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == 2
    assert all(source.startswith("data:image/") for source in sources)


def test_page_shows_every_kind_of_part() -> None:
    page = _page(CHART, FACES, TABLE, Tiles([("95%", "accuracy")]), Missing("the data"), "words")
    for text in ("Rises.", "Twelve of them", "Counts", "<dd>95%</dd>", "<p>words</p>"):
        assert text in page
    assert "Not available: the data" in page


def test_every_picture_has_an_alternative_text() -> None:
    pictures = re.findall(r"<img [^>]*>", _page(CHART, FACES))
    assert len(pictures) == 2
    assert 'alt="A &#39;curve&#39; &amp; more"' in pictures[0]
    assert 'alt="Face, score 0.97, number 5"' in pictures[1]


def test_page_fits_a_phone_and_links_to_each_section() -> None:
    page = _page("words")
    assert 'name="viewport" content="width=device-width' in page
    assert '<a href="#one">' in page
    assert '<h2 id="one">' in page


def test_charts_are_inverted_and_faces_are_not_when_the_reader_prefers_dark() -> None:
    style = _page().partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    assert ".chart img { filter: invert" in style
    assert "faces" not in style
    assert "color-scheme: light dark" in _page()


@pytest.mark.parametrize(
    "part", ["<b>", Missing("<b>"), Table("<b>", ("<b>",), [("<b>", "<b>")]), Tiles([("<b>", "")])]
)
def test_text_cannot_become_markup(part: Part) -> None:
    page = _page(part)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_text_between_backticks_is_code() -> None:
    assert "Run <code>make x &lt;y&gt;</code>." in _page("Run `make x <y>`.")


def test_table_marks_the_headers_of_rows_and_columns() -> None:
    page = _page(TABLE)
    assert page.count('<th scope="col">') == 2
    assert page.count('<th scope="row">') == 2
    assert "<td>3</td>" in page


def test_folded_table_shows_only_its_caption_until_it_is_opened() -> None:
    page = _page(Table("All of them", ("set",), [("one",)], folded=True))
    assert "<details><summary>All of them</summary>" in page


def test_notebook_shows_the_table_without_the_page() -> None:
    html = TABLE._repr_html_()
    assert html.count("<tr>") == 3
    assert "<html" not in html
    assert CHART._repr_png_() == b"png"
