"""The sections about FER+, faces without a score and clear photos show the recorded metrics."""

from __future__ import annotations

from tests.helpers.report import chart_of, missing_in, rows_of
from training.report.inputs import PHOTOS, ReportInputs
from training.report.sections import refused, votes


def test_votes_show_expressions_and_groups(
    recorded: ReportInputs, charts_without_pictures: None
) -> None:
    ferplus = recorded.metrics["ferplus"]
    section = votes.section(recorded)
    fear = ferplus["called_smiling"]["fear"]
    assert f"fear: {fear['count']} of {fear['pictures']} (" in chart_of(section, "expressions").alt
    seen = ferplus["groups"]["baby"]["smiles_seen"]
    assert f"baby: {seen['count']} of {seen['pictures']} (" in chart_of(section, "groups-seen").alt
    assert rows_of(section, "Clear votes")["accuracy"][0].startswith(
        f"{ferplus['clear_votes']['accuracy']:.3f} ("
    )
    cells = rows_of(section, "groups, as an annotator")["glasses"]
    assert [cell.split(" of ")[1].split()[0] for cell in cells] == [
        str(ferplus["groups"]["glasses"][part]["pictures"])
        for part in ("smiles_seen", "called_smiling", "refused")
    ]
    del ferplus["groups"]["talking"]["smiles_seen"]
    assert rows_of(votes.section(recorded), "groups, as an annotator")["talking"][0] == "none"


def test_votes_name_the_cost_when_ferplus_was_skipped(recorded: ReportInputs) -> None:
    del recorded.metrics["ferplus"]
    section = votes.section(recorded)
    assert "make train FERPLUS=…" in missing_in(section)
    assert len(section.parts) == 1


def test_refused_faces_and_clear_photos_are_counted(recorded: ReportInputs) -> None:
    section = refused.section(recorded)
    covered = recorded.metrics["covered_mouths"]["covered_mouths"]
    rows = rows_of(section, "(recorded)")
    assert rows["something covers the mouth"][0].startswith(f"{covered['count']:,} of ")
    clear = recorded.metrics[PHOTOS]["clear"]
    rows = rows_of(section, f"Clear photos: {clear['photos']}")
    assert rows["accuracy"][0].startswith(f"{clear['accuracy_all_photos']:.4f} (")
    assert rows["without a face or a score"] == (f"{clear['no_face_found'] + clear['not_scored']}",)


def test_refused_faces_and_clear_photos_are_missing_when_they_were_not_measured(
    recorded: ReportInputs,
) -> None:
    del recorded.metrics["covered_mouths"], recorded.metrics[PHOTOS]["clear"]
    missing = missing_in(refused.section(recorded))
    assert "covered mouths. Run `python -m training.evaluate`" in missing
    assert "clear photos: these are not the photos" in missing
