"""Embed: the old serves until the new is whole; new clips join the map and nobody moves; weights of files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import soundfile
import torch

from pipeline.catalog import embeddings, integrity, operations
from pipeline.catalog.projects import Project
from pipeline.core.errors import Cancelled, NotPermitted, PluginError, SettingsError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.placing import JITTER
from pipeline.plugins.encoders.lightly_ssl_network import untrained
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.encoder_weights import kept_encoder
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.search import search
from tests.contracts.networks import N_DIMS, N_WINDOW, exported, key_of, of_waveform
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
INSTANT, STATS = PluginSpec(name="instant"), PluginSpec(name="log_mel_stats")


class OverPeak(torch.nn.Module):
    """The means of 10 stretches over the window's peak: no number for silence."""

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return samples.reshape(1, 10, -1).mean(dim=-1) / samples.abs().amax()


@pytest.fixture
def cut_digits(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits with labels and speakers, cut whole."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return project


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network that somebody trained, as a file."""
    path = tmp_path / "network.pt2"
    path.write_bytes(of_waveform())
    return path


def places_of(conn: Conn, project: Project) -> dict[str, tuple[float, float]]:
    """The map that is shown: places by the recording's name."""
    points = embeddings.read_map(conn, project.project_id)
    return dict(zip(points.names, map(tuple, points.places.tolist()), strict=True))


def add_copies(conn: Conn, project: Project, store: Store, digits: Path, n: int) -> list[tuple[str, str]]:
    """Bring in copies of so many digits; original and copy by name."""
    names = sorted(path.name for path in digits.glob("[0-4]_*.wav"))[:n]
    for name in names:
        (digits / f"9_copy-of-{name[:-4].replace('_', '-')}_0.wav").write_bytes((digits / name).read_bytes())
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return [(name, f"9_copy-of-{name[:-4].replace('_', '-')}_0.wav") for name in names]


def serving(conn: Conn) -> str:
    """The name of the encoder whose embeddings serve."""
    (row,) = conn.execute("SELECT spec ->> 'name' FROM encoder WHERE is_current").fetchall()
    return row[0]


# ------------------------------------------------------------------------------------------------ the map


def test_new_clips_join_the_map_and_no_old_point_moves_by_a_bit(
    conn: Conn, cut_digits: Project, store: Store, digits: Path
) -> None:
    embed(conn, cut_digits, store)
    before = places_of(conn, cut_digits)
    pairs = add_copies(conn, cut_digits, store, digits, 20)
    assert embed(conn, cut_digits, store).detail["map"] == "joined by 20"
    after = places_of(conn, cut_digits)
    assert {name: after[name] for name in before} == before
    assert len(after) == 80 and len(set(after.values())) == 80
    for original, copy in pairs:
        assert np.linalg.norm(np.subtract(after[original], after[copy])) < 2 * JITTER


def test_map_of_which_less_than_half_is_placed_is_drawn_anew(
    conn: Conn, cut_digits: Project, store: Store, digits: Path
) -> None:
    embed(conn, cut_digits, store)
    before = places_of(conn, cut_digits)
    add_copies(conn, cut_digits, store, digits, 60)
    encoder_id = embeddings.current_encoder(conn, cut_digits.project_id)
    conn.execute("DELETE FROM map_point WHERE ctid IN (SELECT ctid FROM map_point LIMIT 10)")
    embed(conn, cut_digits, store)
    after = places_of(conn, cut_digits)
    assert embeddings.current_encoder(conn, cut_digits.project_id) == encoder_id
    assert len(after) == 120
    assert sum(after[name] != before[name] for name in before) > 30


def test_new_map_is_drawn_when_asked_for(conn: Conn, cut_digits: Project, store: Store, digits: Path) -> None:
    embed(conn, cut_digits, store)
    before = places_of(conn, cut_digits)
    add_copies(conn, cut_digits, store, digits, 10)
    embed(conn, cut_digits, store, draws_anew=True)
    after = places_of(conn, cut_digits)
    assert len(after) == 70
    assert sum(after[name] != before[name] for name in before) > 30


# ------------------------------------------------------------------------------ what serves until the new is whole


def test_encoding_anew_that_is_stopped_midway_leaves_the_old_serving(
    conn: Conn, cut_digits: Project, store: Store
) -> None:
    embed(conn, cut_digits, store, encoder=INSTANT)
    before = places_of(conn, cut_digits)

    def stop(report: ProgressReport) -> None:
        if report.n_done > 0:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        embed(conn, cut_digits, store, encoder=STATS, on_progress=stop)
    assert _n_new(conn) > 0
    assert serving(conn) == "instant"
    assert places_of(conn, cut_digits) == before
    assert len(search(conn, cut_digits, store, embeddings.read_map(conn, cut_digits.project_id).clip_ids[0], n=5)) == 5
    again = embed(conn, cut_digits, store, encoder=STATS)
    assert again.n_unchanged > 0 and serving(conn) == "log_mel_stats"


def test_encoding_anew_that_is_killed_midway_leaves_the_old_serving_and_goes_on_from_there(
    conn: Conn, cut_digits: Project, store: Store, empty_database: str, open_folder: Path
) -> None:
    embed(conn, cut_digits, store, encoder=INSTANT)
    before = places_of(conn, cut_digits)
    # Batches end after half a second: the second one comes late enough to be killed.
    program = (
        "import sys, time\n"
        "from pipeline.workflows import embed\n"
        "encode = embed.encode_clips\n"
        "embed.encode_clips = lambda *a, **k: (time.sleep(0.6), encode(*a, **k))[1]\n"
        "from pipeline.cli import main\n"
        "sys.argv = ['earmark', 'embed', '--encoder', 'log_mel_stats']\n"
        "main()\n"
    )
    environ = {**os.environ, "EARMARK_DATABASE_URL": empty_database, "EARMARK_STORE": store.uri,
               "EARMARK_WORKSPACE": str(open_folder), "EARMARK_PROJECT": "test", "EARMARK_WORKERS": "1"}  # fmt: skip
    running = subprocess.Popen([sys.executable, "-c", program], env=environ)
    try:
        end = time.monotonic() + 120
        while not _n_new(conn) and running.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    n_new = _n_new(conn)
    assert 0 < n_new < 60
    assert serving(conn) == "instant"
    assert places_of(conn, cut_digits) == before
    again = embed(conn, cut_digits, store, encoder=STATS)
    assert (again.n_done, again.n_unchanged) == (60, n_new)
    assert serving(conn) == "log_mel_stats"
    assert len(places_of(conn, cut_digits)) == 60


def _n_new(conn: Conn) -> int:
    row = conn.execute(
        "SELECT count(*) FROM embedding JOIN encoder USING (encoder_id) WHERE spec ->> 'name' = 'log_mel_stats'"
    ).fetchone()
    assert row is not None
    return row[0]


# --------------------------------------------------------------------------------------------- weights of a file


def test_network_of_a_file_lies_in_the_store_and_every_worker_finds_it(
    conn: Conn, cut_digits: Project, store: Store, network: Path
) -> None:
    asked = PluginSpec(name="pretrained", params={"weights": str(network), "window_s": 0.1})
    assert embed(conn, cut_digits, store, encoder=asked, workers=2).n_done == 60
    key = key_of(of_waveform())
    network.unlink()
    kept = PluginSpec(
        name="pretrained", params={"weights": key, "input": "waveform", "rate_hz": 16_000, "window_s": 0.1}
    )
    assert conn.execute("SELECT spec, n_dims FROM encoder").fetchall() == [(kept.to_json(), N_DIMS)]
    assert integrity.still_named(conn, [key])
    clip_id = embeddings.read_map(conn, cut_digits.project_id).clip_ids[0]
    assert len(search(conn, cut_digits, store, clip_id, n=3)) == 3
    assert embed(conn, cut_digits, store, encoder=kept).n_unchanged == 60


def test_weights_of_our_own_are_taken_from_a_file_too(store: Store, tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(untrained().to_bytes())
    kept = kept_encoder(PluginSpec(name="fused", params={"weights": str(tmp_path / "w.npz")}), store)
    assert store.exists(kept.params["weights"]) and kept.params["learned_share"] == 0.5


@pytest.mark.parametrize("content", [b"", b"no network at all"])
def test_file_that_is_no_network_is_refused_and_not_kept(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.pt2").write_bytes(content)
    before = set(store.keys())
    with pytest.raises(PluginError, match="cannot read a pretrained network"):
        embed(conn, cut_digits, store, encoder=_named(tmp_path / "bad.pt2"))
    assert set(store.keys()) == before
    assert embeddings.current_encoder(conn, cut_digits.project_id) is None
    assert operations.list_operations(conn, cut_digits.project_id)[0].status == "failed"


def test_file_that_is_not_there_is_said_by_name(conn: Conn, cut_digits: Project, store: Store, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read weights: .*nowhere\.pt2; got No such file"):
        embed(conn, cut_digits, store, encoder=_named(tmp_path / "nowhere.pt2"))


def test_file_of_another_kind_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(PluginError, match=r"weights is like ab/cd/abcd….pt2"):
        kept_encoder(_named(tmp_path / "model.bin"), store)


def test_clip_of_which_the_network_makes_no_number_fails_alone(
    conn: Conn, project: Project, store: Store, digits: Path, tmp_path: Path
) -> None:
    soundfile.write(digits / "5_silent_0.wav", np.zeros(4_000), 8_000)
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    (tmp_path / "odd.pt2").write_bytes(exported(OverPeak(), 1, N_WINDOW))
    outcome = embed(conn, project, store, encoder=_named(tmp_path / "odd.pt2"))
    assert outcome.n_done == 60
    assert [failure.error for failure in outcome.failed] == ["PluginError"]
    assert "numbers that are none" in outcome.failed[0].message


def test_altered_network_in_the_store_is_refused(conn: Conn, cut_digits: Project, store: Store, network: Path) -> None:
    kept = kept_encoder(_named(network), store)
    path = store.local_path(kept.params["weights"])
    assert path is not None
    Path(path).write_bytes(of_waveform(1))
    with pytest.raises(PluginError, match="not the weights of this encoder"):
        embed(conn, cut_digits, store, encoder=kept)


def test_who_may_not_embed_puts_nothing_into_the_store(
    conn: Conn, cut_digits: Project, store: Store, network: Path, empty_database: str
) -> None:
    before = set(store.keys())
    with logged_in(conn, empty_database, cut_digits.project_id, "reviewer") as theirs, pytest.raises(NotPermitted):
        embed(theirs, cut_digits, store, encoder=_named(network))
    assert set(store.keys()) == before


def test_hub_without_its_package_is_one_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SettingsError, match="pip install huggingface_hub"):
        kept_encoder(PluginSpec(name="pretrained", params={"weights": "hf:lab/birds/model.pt2"}), store)


@pytest.mark.parametrize("place", ["hf:", "hf:lab", "hf:lab/birds", "hf:lab/birds/"])
def test_name_that_is_no_file_of_a_hub_is_refused(store: Store, place: str) -> None:
    with pytest.raises(SettingsError, match="hf:owner/repository/file"):
        kept_encoder(PluginSpec(name="pretrained", params={"weights": place}), store)


def _named(path: Path) -> PluginSpec:
    return PluginSpec(name="pretrained", params={"weights": str(path), "window_s": 0.1})
