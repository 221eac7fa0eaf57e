"""What can go wrong with documents and keys. One base error; the fields say what, where and why."""


class SigningError(Exception):
    """Base of all errors of this package."""


class Malformed(SigningError):
    """A file breaks the rules of its format."""

    def __init__(self, what: str, position: int | None = None) -> None:
        super().__init__(what, position)
        self.what = what
        """The construct that could not be read, in the words of ISO 32000-2."""
        self.position = position
        """Byte offset in the file, where known."""


class LimitExceeded(SigningError):
    """A file asks for more than we are willing to spend on it; that is not held against it."""

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(limit, allowed)
        self.limit = limit
        self.allowed = allowed


class Unreadable(SigningError):
    """A part that we cannot look into (encrypted, or a filter that we do not have)."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class KeyStoreError(SigningError):
    """A key or certificate on disk is missing, unreadable, or does not fit its counterpart."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class KeyUnavailable(SigningError):
    """A key that others hold (a token, an institution) does not sign now."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        """no_token, no_key, pin, lost (token); unavailable, refused, not_an_answer (remote);
        other_key: what came back was made with another key than the certificate's."""
        self.detail = detail
        """Kind of error or HTTP status, for the log."""


class TimestampError(SigningError):
    """A time-stamping authority did not give a token that may be used."""

    def __init__(self, reason: str, *, url: str = "", detail: str = "") -> None:
        super().__init__(reason, url, detail)
        self.reason = reason
        """unavailable, http_status, not_a_response, rejected, imprint, nonce, signature, usage or
        untrusted."""
        self.url = url
        self.detail = detail


class LetterNotSignable(SigningError):
    """The PDF handed over for signing is not one that a certification signature can be put on."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SignatureTooLong(SigningError):
    """Signature and time-stamp do not fit the space that was kept free for them."""

    def __init__(self, needed: int, room: int) -> None:
        super().__init__(needed, room)
        self.needed = needed
        """Hexadecimal digits."""
        self.room = room


class EvidenceMissing(SigningError):
    """What level B-LT needs is not at hand: a chain, or fresh revocation data of one."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """Code of the chain's fault (signing.chain) or of its status (signing.revocation); or
        no_second_reader, where nobody but us can judge the signature."""


class AuthorityChanged(SigningError):
    """A time-stamp came from another certificate than the material of the letter was about."""


class TrustMaterialError(SigningError):
    """A file given as trust material holds no certificate or list that can be read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class WorkerError(SigningError):
    """The pool that looks at uploaded files cannot take work (closed, or no worker starts)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
