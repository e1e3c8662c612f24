"""How long somebody has to wait who keeps giving wrong passwords; nobody else waits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_S = 60.0
_FORGOTTEN_AFTER_S = 15 * 60.0
_MAX_KEYS = 10_000
_N_FREE_NAME = 3
# Behind one address may sit a whole lab.
_N_FREE_ADDRESS = 12


@dataclass
class _Tries:
    n: int
    last_s: float
    free_at_s: float


class Throttle:
    """Counts tries by name and by address, each in a bounded table. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._names: OrderedDict[str, _Tries] = OrderedDict()
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, name: str, address: str) -> float:
        """How long until the next try is heard; 0 if now."""
        now_s = self._clock()
        known = (self._names.get(name), self._addresses.get(address))
        return max(0.0, *(tries.free_at_s - now_s for tries in known if tries is not None), 0.0)

    def count(self, name: str, address: str) -> None:
        """Note a try before its outcome is known, so that many at once are not free."""
        self._count(self._names, name, _N_FREE_NAME)
        self._count(self._addresses, address, _N_FREE_ADDRESS)

    def forgive(self, name: str, address: str) -> None:
        """The try was right, or was none of the person's fault."""
        self._names.pop(name, None)
        tries = self._addresses.get(address)
        if tries is not None:
            # One right password does not wipe out what the address guessed about others.
            tries.n, tries.free_at_s = tries.n - 1, self._clock()

    def _count(self, table: OrderedDict[str, _Tries], key: str, n_free: int) -> None:
        now_s = self._clock()
        tries = table.pop(key, None)
        if tries is None or now_s - tries.last_s > _FORGOTTEN_AFTER_S:
            tries = _Tries(0, now_s, now_s)
        tries.n, tries.last_s = tries.n + 1, now_s
        if tries.n >= n_free:
            tries.free_at_s = now_s + min(_LONGEST_S, 2.0 ** min(tries.n - n_free, 10))
        table[key] = tries
        while len(table) > _MAX_KEYS:
            table.popitem(last=False)
