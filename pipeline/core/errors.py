"""The errors that Earmark raises, as one tree.

    EarmarkError
    ├── SettingsError            a setting or a YAML file cannot be used
    ├── NotPermitted             this person may not do this here
    ├── PluginError              a plug-in is unknown or its parameters are wrong
    ├── AudioError               sound that cannot be used
    │   ├── UnreadableAudio      no decoder reads it
    │   ├── EmptyAudio           it holds no sample
    │   └── NotConforming        what was written is not what was asked for
    ├── StorageError             an object or a folder cannot be read or written
    ├── CatalogError             the database refuses
    │   ├── DatabaseUnavailable  no connection
    │   ├── MigrationError       schema and code do not fit
    │   └── NotFound             no such row for this person
    └── ComputeError             parallel work could not go on
        ├── WorkerDied           this item killed its process
        └── Cancelled            a person stopped it

Every message is one sentence for a person: what, which one, expected, got, what to do now.
"""

from __future__ import annotations


class EarmarkError(Exception):
    """What went wrong, in words for the person who meets it.

    Built from parts so that no part is forgotten: ``EarmarkError("cannot open the store",
    which=uri, expected="a folder", got="a file", do="choose another folder")``.
    """

    def __init__(
        self,
        what: str,
        *,
        which: object = None,
        expected: object = None,
        got: object = None,
        do: str | None = None,
    ) -> None:
        self.what = what
        self.which = which
        self.expected = expected
        self.got = got
        self.do = do
        super().__init__(self._sentence())

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of the stack: the sentence alone."""
        return [f"{type(self).__name__}: {self}"]

    def _sentence(self) -> str:
        sentence = self.what if self.which is None else f"{self.what}: {self.which}"
        if self.expected is not None:
            sentence += f"; expected {self.expected}"
        if self.got is not None:
            sentence += f"; got {self.got}" if self.expected is None else f", got {self.got}"
        if self.do is not None:
            sentence += f"; {self.do}"
        return sentence

    def __reduce__(self) -> tuple[object, ...]:
        parts = (self.what, self.which, self.expected, self.got, self.do)
        return (_rebuild, (type(self), *parts))


def _rebuild(
    kind: type[EarmarkError], what: str, which: object, expected: object, got: object, do: str | None
) -> EarmarkError:
    return kind(what, which=which, expected=expected, got=got, do=do)


class SettingsError(EarmarkError):
    """A setting or a YAML file cannot be used."""


class NotPermitted(EarmarkError):
    """This person may not do this here."""


class PluginError(EarmarkError):
    """A plug-in is unknown or its parameters are wrong."""


class AudioError(EarmarkError):
    """Sound that cannot be used."""


class UnreadableAudio(AudioError):
    """No decoder reads it."""


class EmptyAudio(AudioError):
    """It holds no sample."""


class NotConforming(AudioError):
    """What was written is not what was asked for."""


class StorageError(EarmarkError):
    """An object or a folder cannot be read or written."""


class CatalogError(EarmarkError):
    """The database refuses."""


class DatabaseUnavailable(CatalogError):
    """No connection to the database."""


class MigrationError(CatalogError):
    """Schema and code do not fit."""


class NotFound(CatalogError):
    """No such row for this person."""


class ComputeError(EarmarkError):
    """Parallel work could not go on."""


class WorkerDied(ComputeError):
    """This item killed the process that worked on it."""


class Cancelled(ComputeError):
    """A person stopped the work."""
