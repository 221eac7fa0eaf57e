"""Keys in pages: made, registered from a token, changed, retired."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.jobs import key_changes
from tests.signing.tokens import key_usage, token, token_of
from tests.visitors import Pages, said
from tests.world import PASSPHRASE

NEW = "eine neue Losung 新的口令"


def address(pages: Pages, who: str = "procurer") -> str:
    found = re.findall(r'href="(/opening-keys/\w+)"', pages.as_(who).get("/opening-keys/"))
    return str(found[-1])


def fields(old: str = PASSPHRASE, new: str = NEW, again: str = NEW) -> dict[str, str]:
    return {"old": old, "passphrase": new, "passphrase_again": again, "otp": "123456"}


def test_a_passphrase_is_changed(pages: Pages) -> None:
    procurer, path = pages.as_("procurer"), address(pages)
    assert "换一个口令" in said(procurer.get(path))
    wrong = procurer.post(f"{path}/change", **fields(old="not this one at all"))
    assert wrong.status_code == 422
    assert "口令不能打开解密钥匙" in said(wrong.text)
    unequal = procurer.post(f"{path}/change", **fields(again="something else 口令"))
    assert "两次输入的口令不一致" in said(unequal.text)
    assert NEW not in wrong.text + unequal.text
    procurer.sent(f"{path}/change", **fields())
    key_changes.wait_for_all(60)
    assert "这把钥匙已换下" in said(procurer.get(path))
    listed = said(procurer.get("/opening-keys/"))
    assert "使用中" in listed
    assert "已换下" in listed


def test_another_organisation_finds_no_key(pages: Pages) -> None:
    path = address(pages)
    assert pages.as_("agency").status(path) == 404
    assert pages.as_("agency").post(f"{path}/change", **fields()).status_code == 404
    assert pages.as_("supplier").status(path) == 403


def test_the_last_key_is_not_retired(pages: Pages) -> None:
    procurer, path = pages.as_("procurer"), address(pages)
    refused = procurer.post(f"{path}/retire", otp="123456")
    assert "唯一使用中的钥匙" in said(refused.text)
    procurer.sent("/opening-keys/", passphrase=NEW, passphrase_again=NEW)
    procurer.sent(f"{path}/retire", otp="123456")
    assert "已换下" in said(procurer.get("/opening-keys/"))
    assert pages.as_("procurer").post(f"{path}/retire", otp="123456").status_code == 409


def upload(pages: Pages, data: bytes, who: str = "procurer") -> tuple[int, str]:
    answer = pages.as_(who).post("/opening-keys/token", certificate=(BytesIO(data), "token.crt"))
    return answer.status_code, said(answer.text)


def test_a_token_is_registered_as_pem_or_der(pages: Pages) -> None:
    assert upload(pages, token(1).certificate_pem)[0] == 303
    assert upload(pages, token(2).certificate)[0] == 303
    listed = said(pages.as_("procurer").get("/opening-keys/"))
    assert "数字证书：经办人 1" in listed
    assert "数字证书：经办人 2" in listed
    assert "有效期 2026-01-01 至 2027-01-01" in listed
    status, page = upload(pages, token(1).certificate)
    assert (status, "已经登记过" in page) == (422, True)


def test_what_is_no_use_is_refused_with_reasons(pages: Pages) -> None:
    signing = token_of(
        rsa.generate_private_key(65537, 2048), usage=key_usage(key_encipherment=False)
    )
    for data, why in (
        (b"", "不是 X.509 证书"),
        (b"no certificate", "不是 X.509 证书"),
        (token().key_pem, "不是 X.509 证书"),
        (token_of(ec.generate_private_key(ec.SECP256R1())).certificate, "不是 RSA"),
        (signing.certificate, "密钥加密"),
    ):
        status, page = upload(pages, data)
        assert status == 422
        assert why in page
    assert "数字证书" not in said(pages.as_("agency").get("/opening-keys/")).replace(
        "用本单位的数字证书", ""
    )


def test_an_expired_certificate_is_refused(pages: Pages) -> None:
    pages.world.now += timedelta(days=400)
    status, page = upload(pages, token(1).certificate)
    assert (status, "已过有效期" in page) == (422, True)


@pytest.mark.parametrize("who", ["supplier", "operator", "regulator", "maker"])
def test_only_recipients_have_keys(pages: Pages, who: str) -> None:
    status, _page = upload(pages, token(1).certificate, who)
    assert status == 403
