"""The form that builds the queue: its fields, and what its values mean on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipeline.widgets.forms import Form, Values

ALL_CLIPS, DISPUTED = "all clips", "what people disagree about"
_MORE_OF = "more_like:label="
_WORDS = {
    "typicality_then_margin": "typical clips, then doubtful",
    "margin": "where the model wavers most",
    "entropy": "where the model knows least of all labels",
    "ensemble": "where models that learned the same disagree",
    "diversity": "what is unlike anything labelled",
    "more_like": "what sounds like the rarest label",
    "random": "in random order",
}


def queue_form(strategies: Sequence[str], selections: Sequence[str], labels: Sequence[str]) -> Form:
    """The form; the project's own strategy comes first."""
    options = [{"value": name, "label": _WORDS.get(name, name)} for name in strategies]
    # A comma would end the parameter on the command line.
    options += [
        {"value": _MORE_OF + json.dumps(name, ensure_ascii=False), "label": f"what sounds like {name}"}
        for name in labels
        if "," not in name
    ]
    strategy = {"key": "strategy", "label": "Ask first", "kind": "select", "options": options}
    n_clips = {"key": "n_clips", "label": "At most", "kind": "number", "min": 1, "step": 1, "unit": "clips"}
    places = {"key": "selection", "label": "Out of", "kind": "select", "options": [ALL_CLIPS, DISPUTED, *selections]}
    overlap = {"key": "overlap", "label": "Ask two people about", "kind": "number", "min": 0, "max": 100, "step": 1}
    return Form(
        [
            {**strategy, "value": strategies[0], "help": "A model needs two labels before it can waver."},
            {**n_clips, "value": None, "placeholder": "all that wait"},
            {**places, "value": ALL_CLIPS},
            {
                **overlap,
                "value": None,
                "unit": "% of clips",
                "placeholder": "as before",
                "help": "Tells how well people agree; the second one sees no proposal.",
            },
        ],
        submit_label="Build the queue",
        title="Build the queue",
        intro="Puts every clip that waits for a person's ear in order, and keeps it so while people answer. "
        "What people hold just now stays theirs.",
    )


def queue_words(values: Values, *, own_strategy: str) -> list[str]:
    """The words of ``earmark queue`` that these values mean; what is as the project has it is not said."""
    strategy, selection, overlap = values["strategy"], values["selection"], values["overlap"]
    words: list[str] = [] if strategy == own_strategy else [f"--strategy={strategy}"]
    words += [] if values["n_clips"] is None else [f"--n={int(values['n_clips'])}"]
    words += [] if overlap is None else [f"--overlap={float(overlap) / 100:g}", "--people=2"]
    if selection == DISPUTED:
        return [*words, "--only=disputed"]
    return words if selection == ALL_CLIPS else [*words, f"--selection={selection}"]


def built_words(detail: dict[str, Any]) -> str:
    """What came of it."""
    n_queued, strategy = detail["n_queued"], detail["strategy"]
    how = _WORDS.get(strategy, f"by {strategy}")
    clips = "1 clip" if n_queued == 1 else f"{n_queued:,} clips"
    return f"The queue is built: {clips}, {how if strategy == 'random' else f'first {how}'}."
