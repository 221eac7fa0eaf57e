"""What a person, a broken program or an attacker may put into a field, as bytes that are sent."""

TEXTS: dict[str, str] = {
    "empty": "",
    "spaces": " \u3000\t ",
    "long": "字" * 10_000,
    "nul": "甲\0乙",
    "bidi override": "甲\u202efdp.exe\u202c",
    "zero width": "\u200b\ufeff\u200d",
    "emoji": "😀👩\u200d👧 甲",
    "full-width digits": "１２３４５６",
    "other digits": "٣٤٥²③",
    "too large a number": "1e400",
    "many digits": "9" * 5000,
    "no number": "NaN",
    "negative": "-1",
    "no such day": "2026-02-30",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "last moment": "9999-12-31T23:59",
    "sql": "'; DROP TABLE person; --",
    "html": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "places": "%(name)s %s {0} {{7*7}} %",
    "lines": "甲\r\nSet-Cookie: a=b\r\n\r\n乙",
    "controls": "\x07\x1b[31m甲\x7f\x85\u2028",
    "no character": "\ufffe\U0010ffff\ue000",
    "address": "http://[::1",
}

VALUES: dict[str, bytes] = {
    **{name: text.encode() for name, text in TEXTS.items()},
    "lone surrogate": b"\xed\xa0\x80",
    "not UTF-8": b"\xff\xfe\xc3(",
}
"""Name → bytes of the value before percent-encoding."""


def as_read(value: bytes) -> frozenset[str]:
    """What the form may get to see: what is no UTF-8 stays percent-encoded, or is replaced."""
    kept = "".join(chr(one) if one < 0x80 else f"%{one:02X}" for one in value)
    return frozenset({value.decode(errors="replace"), kept})
