"""What happens to a click in the kernel: it ends on screen, as its success or as the sentence of its error."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import anywidget

from pipeline.core.errors import EarmarkError


@contextmanager
def replying(widget: anywidget.AnyWidget, **about: Any) -> Generator[None]:
    """Sends what goes wrong inside to the browser as ``{"type": "error", "message": ...}`` with ``about``.

    An EarmarkError is a sentence for the person and ends there; anything else is a fault of ours, so that the person
    reads its name and the log of the kernel gets the whole of it.
    """
    try:
        yield
    except EarmarkError as error:
        widget.send({"type": "error", "message": str(error), **about})
    # A message handler is the outermost edge: without this a click would end in silence.
    except Exception as error:
        widget.send({"type": "error", "message": f"This did not work: {type(error).__name__}: {error}", **about})
        raise
