"""Which laws are measured on which subjects: a fast selection, and the full product.

Note [In turn]
The fast selection takes five minutes on two cores. A costly law is measured in one dtype a
place, in turn. Costly laws and those of derivatives, ranks and slopes take every second option and
size of an entry beyond its first, from a start that differs between entries: seven entries share
the maps, so that each map and base is measured by each law on some of them.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch

from manifolds.catalogue.entry import Case, Entry
from manifolds.verify.law import Law, Reach
from manifolds.verify.subject import Batch, Subject, subject_of_case

SINGLE, DOUBLE = torch.float32, torch.float64
COMPLEX = {SINGLE: torch.complex64, DOUBLE: torch.complex128}
BATCHES: tuple[Batch, ...] = ((), (3,), (2, 3), (1,))
NO_BATCH: Batch = (0,)
NO_ENTRIES = "says nothing of a tensor without entries"
NEEDS_DOUBLE = "is read off double precision only"
NEEDS_SINGLE = "is read off single precision only"
NEEDS_REAL = "is about real tensors"
NOT_IN_FAST = "is not in the fast selection (use --all)"
ONE_BATCH = "takes one batch shape a case, in turn"

Check = tuple[Law, Subject]


@dataclass
class Plan:
    """What is measured, and what is not with the reason counted."""

    checks: list[Check] = field(default_factory=list)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, law: Law, subject: Subject, reason: str | None = None) -> None:
        """A check, or the reason why it is none; one that is cut short counts as both."""
        reason = applicable(law, subject) or reason
        if reason is None:
            self.checks.append((law, subject))
        if found := reason or cut_short(law, subject):
            self.skipped[law.name, found] += 1


@dataclass(frozen=True)
class Place:
    """A case in the fast selection: how far a law must reach to be measured there."""

    case: Case
    reach: Reach
    turn: int


def fast_places(entry: Entry) -> Iterator[Place]:
    """Every option at the typical size, every other size with one option in turn."""
    cases = list(entry.cases())
    typical = [c for c in cases if c.size == entry.sizes[0]]
    for turn, case in enumerate(typical):
        yield Place(case, Reach.OPTIONS if turn else Reach.ENTRY, turn)
    for turn, size in enumerate(entry.sizes[1:]):
        options = [c for c in cases if c.size == size]
        yield Place(options[turn % len(options)], Reach.SIZES, len(typical) + turn)


def dtypes_of(case: Case, chosen: Sequence[torch.dtype]) -> list[torch.dtype]:
    """The chosen dtypes, and the complex ones that belong to them, as far as the case has them.

    The instance knows: a view has the forms of what it shows, a complex metric no real frames.
    """
    manifold = case()
    complex_ones = [COMPLEX[d] for d in chosen if d in COMPLEX] if manifold.complex_form else []
    return [*chosen, *complex_ones] if manifold.real_form else complex_ones


def applicable(law: Law, subject: Subject) -> str | None:
    """Why a law has nothing to say about a subject, or None."""
    if law.double_only and torch.finfo(subject.dtype).eps > torch.finfo(DOUBLE).eps:
        return NEEDS_DOUBLE
    if law.single_only and torch.finfo(subject.dtype).eps < torch.finfo(SINGLE).eps:
        return NEEDS_SINGLE
    if law.real_only and subject.dtype.is_complex:
        return NEEDS_REAL
    if 0 in (*subject.size, *subject.batch) and not law.takes_empty:
        return NO_ENTRIES
    return None


def cut_short(law: Law, subject: Subject) -> str | None:
    """How a law that is measured is cut short, or None."""
    return law.shortened if law.shortened and not subject.thorough else None


def plan(
    entries: Sequence[Entry],
    laws: Sequence[Law],
    *,
    dtypes: Sequence[torch.dtype],
    device: torch.device,
    everything: bool = False,
) -> Plan:
    """Laws x entries x options x sizes x dtypes x batch shapes, all or a fast part of them."""
    result = Plan()
    add = _add_all if everything else _add_fast
    for entry in entries:
        add(result, entry, laws, dtypes, device)
    return result


def _add_fast(
    result: Plan,
    entry: Entry,
    laws: Sequence[Law],
    dtypes: Sequence[torch.dtype],
    device: torch.device,
) -> None:
    """Each law as far as it reaches, batch shapes in turn; Note [In turn]."""
    first = zlib.crc32(entry.name.encode())
    for place in fast_places(entry):
        other_half = place.reach > Reach.ENTRY and (first + place.turn) % 2
        chosen = dtypes_of(place.case, dtypes)
        for index, dtype in enumerate(chosen):
            batch = BATCHES[(place.turn + index) % len(BATCHES)]
            subject = subject_of_case(place.case, dtype, device, batch)
            its_turn = index == place.turn % len(chosen)
            for law in laws:
                wanted = law.reach >= place.reach and (its_turn or not law.costly)
                wanted = wanted and not (other_half and (law.costly or law.double_only))
                own = subject if law.takes_batch else replace(subject, batch=())
                result.add(law, own, None if wanted else NOT_IN_FAST)


def _add_all(
    result: Plan,
    entry: Entry,
    laws: Sequence[Law],
    dtypes: Sequence[torch.dtype],
    device: torch.device,
) -> None:
    """Each law on everything; costly ones at one batch shape a case."""
    for turn, case in enumerate(entry.cases()):
        for index, dtype in enumerate(dtypes_of(case, dtypes)):
            subject = subject_of_case(case, dtype, device)
            subject = replace(subject, thorough=turn == 0)  # 10⁴ steps take 10 to 40 seconds
            own = BATCHES[(turn + index) % len(BATCHES)]
            for law in laws:
                for batch in (*BATCHES, NO_BATCH) if law.takes_batch else ((),):
                    once = law.costly and law.takes_batch and batch != own
                    result.add(law, replace(subject, batch=batch), ONE_BATCH if once else None)
