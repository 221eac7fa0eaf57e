"""A source speaks again: what a re-imported notice changes, and what people filled in stays."""

from dataclasses import fields, replace

from guarantees.values.notice import LotNotice, ProjectNotice

_IDENTITY = frozenset({"source_system", "source_id", "remarks", "lots"})
_SILENT = (None, "", "unknown", False)
"""Values by which a notice says nothing."""


def merged(base: ProjectNotice, current: ProjectNotice, incoming: ProjectNotice) -> ProjectNotice:
    """`current` with what `incoming` says differently from `base`, the source's last word.

    Three ways, field by field and lot by lot: what the source does not say, or says as before,
    stays as people completed or corrected it. A statement that the source drops stays too: a gap
    in a file cannot be told from a withdrawn statement.
    """
    taken = {
        one.name: getattr(incoming, one.name)
        for one in fields(ProjectNotice)
        if one.name not in _IDENTITY and _says_anew(one.name, base, incoming)
    }
    return replace(current, **taken, lots=_lots(base, current, incoming))


def _says_anew(name: str, base: object, incoming: object) -> bool:
    value = getattr(incoming, name)
    return value not in _SILENT and value != getattr(base, name)


def _lots(
    base: ProjectNotice, current: ProjectNotice, incoming: ProjectNotice
) -> tuple[LotNotice, ...]:
    if not incoming.lots:
        return current.lots
    old = {lot.number: lot for lot in base.lots}
    new = {lot.number: lot for lot in incoming.lots}
    kept = [lot for lot in current.lots if lot.number in new or lot.number not in old]
    joined = [lot for lot in incoming.lots if all(lot.number != one.number for one in current.lots)]
    added = [lot for lot in joined if lot.number not in old]
    return (*(_lot(old.get(lot.number), lot, new.get(lot.number)) for lot in kept), *added)


def _lot(base: LotNotice | None, current: LotNotice, incoming: LotNotice | None) -> LotNotice:
    if incoming is None:
        return current
    known = base or LotNotice(number=current.number, name="")
    taken = {
        name: getattr(incoming, name)
        for name in ("name", "budget", "deposit")
        if _says_anew(name, known, incoming)
    }
    return replace(current, **taken)
