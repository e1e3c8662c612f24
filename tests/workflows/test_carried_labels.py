"""Labels that files carry: what each rule reads, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import SettingsError
from pipeline.workflows.carried_labels import FileLabel, LabelRules, label_reader


def test_folder_name_is_the_label() -> None:
    facts = label_reader(LabelRules(from_folder=True)).read("010 - Fire crackling/3-158476-A.ogg")
    assert facts.labels == (FileLabel(label="010 - Fire crackling", source="folder"),)


def test_file_in_the_source_folder_itself_has_no_folder_label() -> None:
    assert label_reader(LabelRules(from_folder=True)).read("a.wav").labels == ()


def test_pattern_reads_label_and_group() -> None:
    facts = label_reader(LabelRules(name_pattern="{label}_{group}_{take}.wav")).read("x/7_jackson_32.wav")
    assert facts.labels == (FileLabel(label="7", source="file_name"),)
    assert facts.source_group == "jackson"


def test_name_that_does_not_fit_the_pattern_has_no_label() -> None:
    facts = label_reader(LabelRules(name_pattern="{label}_{group}_{take}.wav")).read("readme.wav")
    assert (facts.labels, facts.source_group) == ((), None)


def test_pattern_is_no_regular_expression() -> None:
    facts = label_reader(LabelRules(name_pattern="{label}(1).wav")).read("dog(1).wav")
    assert facts.labels == (FileLabel(label="dog", source="file_name"),)


@pytest.mark.parametrize("pattern", ["", "plain.wav", "{take}.wav", "{label}_{label}.wav"])
def test_pattern_without_label_or_with_a_field_twice_is_refused(pattern: str) -> None:
    if pattern:
        with pytest.raises(SettingsError, match=r"\{label\}"):
            label_reader(LabelRules(name_pattern=pattern))
    else:
        assert label_reader(LabelRules(name_pattern=None)).pattern is None


def test_table_gives_labels_of_spans(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("File,Label,Group,start_s,stop_s\nlong.wav,dog,site1,1.5,2.5\nlong.wav,bird,site1,,\n")
    facts = label_reader(LabelRules(csv_path=str(table))).read("day1/long.wav")
    assert facts.source_group == "site1"
    assert facts.labels == (
        FileLabel(label="dog", source="csv", start_s=1.5, stop_s=2.5),
        FileLabel(label="bird", source="csv"),
    )


def test_table_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("name,label\na.wav,dog\n")
    with pytest.raises(SettingsError, match="the columns file and label"):
        label_reader(LabelRules(csv_path=str(table)))
    table.write_text("file,label,start_s\na.wav,dog,soon\n")
    with pytest.raises(SettingsError, match="line 2, column start_s"):
        label_reader(LabelRules(csv_path=str(table)))
    with pytest.raises(SettingsError, match="cannot read"):
        label_reader(LabelRules(csv_path=str(tmp_path / "absent.csv")))
