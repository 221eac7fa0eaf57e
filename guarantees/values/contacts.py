"""What people type about themselves: name, mail, login; each refused with a sentence of its own."""

import re

from email_validator import EmailNotValidError, validate_email

from guarantees.errors import N_
from guarantees.values.text import BadText, check_line, half_width, tidy

PERSON_NAME_LIMIT = 60
MAIL_LIMIT = 200
LOGIN_WISH = re.compile(r"[a-z][a-z0-9._-]{1,29}")
"""What a person chooses; the platform adds a number (records.accounts.new_login)."""


class BadMail(BadText):
    code = "bad_mail"
    text = N_("“%(given)s”不是可以收信的邮箱，请按 name@example.com 的样子填写。")


class BadLogin(BadText):
    code = "bad_login"
    text = N_("用户名应以字母开头，只用小写字母、数字、点、减号和下划线，2 至 30 个字符。")


def parse_person_name(text: str) -> str:
    """A person's name as one tidy line; BadText."""
    name = tidy(text)
    check_line(name, field=N_("姓名"), limit=PERSON_NAME_LIMIT)
    return name


def parse_mail(text: str) -> str:
    """A mail address in ASCII form; BadMail. Nobody asks the network whether it exists."""
    given = half_width(text).strip()
    try:
        found = validate_email(given, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise BadMail(given=given[:MAIL_LIMIT]) from None
    address = found.ascii_email or found.normalized
    if len(address) > MAIL_LIMIT:
        raise BadMail(given=given[:MAIL_LIMIT])
    return address


def parse_login_wish(text: str) -> str:
    """The part of a login that the person chooses; BadLogin."""
    wish = half_width(text).strip().lower()
    if not LOGIN_WISH.fullmatch(wish):
        raise BadLogin(given=wish[:30])
    return wish


def tidy_login(text: str) -> str:
    """A login as it is looked up; anything may be typed here."""
    return half_width(text[:200]).strip().lower()
