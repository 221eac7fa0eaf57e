class SigningError(Exception):
    """Base of all errors of signing/."""
