"""A recipient with a token of its own: letters sealed to it by CMS, shares opened by openssl."""

import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from app.jobs import openings
from guarantees.errors import TooEarly
from guarantees.flow import make_opening_key, register_token
from guarantees.queries import openings as queries
from guarantees.queries.openings import Room
from tests import world as worlds
from tests.app.jobs.steps import paid
from tests.house import OPENING, WorldTimekeeper
from tests.signing.tokens import Token, token
from tests.visitors import Pages, said
from tests.world import PASSPHRASE, World

CODE = {"otp": "123456"}


@pytest.fixture
def held(pages: Pages) -> Token:
    """The agency's token, registered."""
    world, made = pages.world, token(1)
    worlds.with_policy(world)
    key = register_token.prepare(made.certificate_pem, world.now)
    world.run("opening_key", make_opening_key.store, world.as_("agency"), world.now, key)
    return made


@pytest.fixture
def sealed(pages: Pages, held: Token) -> list[str]:
    """Two letters; it is T."""
    made = [paid(pages.world), paid(pages.world, "rival")]
    pages.work()
    pages.world.now = OPENING
    return made


def room(world: World) -> Room:
    return world.read(queries.room, world.as_("agency"), world.now, world.lot)


def begin(pages: Pages) -> None:
    pages.as_("agency").sent(f"/openings/{pages.world.lot}/token", **CODE)
    openings.wait(pages.world.lot, 30)


def packet(pages: Pages, who: str = "agency") -> zipfile.ZipFile:
    found = [one for one in room(pages.world).keys if one.token]
    path = f"/openings/{pages.world.lot}/shares/{found[0].id}.zip"
    answer = pages.as_(who)._ask("GET", path)
    assert answer.status_code == 200, said(answer.text)
    return zipfile.ZipFile(BytesIO(answer.data))


def decrypted(archive: zipfile.ZipFile, held: Token) -> dict[str, bytes]:
    return {
        name.replace(".cms", ".share"): held.opened(archive.read(name))
        for name in archive.namelist()
        if name.endswith(".cms")
    }


def hand_in(pages: Pages, files: dict[str, bytes]) -> tuple[int, str]:
    uploads = [(BytesIO(data), name) for name, data in files.items()]
    path = f"/openings/{pages.world.lot}/shares"
    answer = pages.as_("agency").post(path, files=uploads, **CODE)
    openings.wait(pages.world.lot, 60)
    return answer.status_code, said(answer.text)


def packed(files: dict[str, bytes]) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


# --- the whole way


def test_a_token_opens_the_lot_with_openssl(
    pages: Pages, held: Token, sealed: list[str], tmp_path: Path
) -> None:
    """As its holder does it: unpack, run the script, pack up, hand in."""
    begin(pages)
    assert (room(pages.world).state, room(pages.world).results) == ("opening", ())
    folder = tmp_path / "shares"
    packet(pages).extractall(folder)
    (tmp_path / "key.pem").write_bytes(held.key_pem)
    line = ["sh", str(folder / "decrypt.sh"), "key.pem"]
    subprocess.run(line, check=True, cwd=tmp_path, timeout=60)
    opened = {path.name: path.read_bytes() for path in (folder / "opened").iterdir()}
    assert [len(data) for data in opened.values()] == [64, 64]
    everything = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.*")}
    assert hand_in(pages, {"back.zip": packed(everything)})[0] == 303
    seen = room(pages.world)
    assert (seen.state, [one.verdict for one in seen.results]) == ("opened", ["verified"] * 2)


def test_what_the_zip_holds(pages: Pages, held: Token, sealed: list[str]) -> None:
    begin(pages)
    archive = packet(pages)
    names = archive.namelist()
    assert {"README.txt", "decrypt.sh", "certificate.pem"} <= set(names)
    assert sum(name.endswith(".cms") for name in names) == 2
    assert "份　　数：2" in archive.read("README.txt").decode()
    assert archive.read("certificate.pem") == held.certificate_pem
    for case in sealed:
        assert all(case not in name for name in names)


def test_one_by_one_and_half_at_a_time(pages: Pages, held: Token, sealed: list[str]) -> None:
    begin(pages)
    (first, one), (second, two) = decrypted(packet(pages), held).items()
    assert hand_in(pages, {first: one})[0] == 303
    half = room(pages.world)
    assert (half.state, len(half.results)) == ("opening", 1)
    assert [n for n in packet(pages).namelist() if n.endswith(".cms")] == [
        second.replace(".share", ".cms")
    ]
    status, page = hand_in(pages, {first: one, second: two})
    assert status == 200
    assert "收下 1 份，有 1 个文件没有收" in page
    assert f"{first} 不属于余下的函件" in page
    whole = room(pages.world)
    assert (whole.state, half.results[0] in whole.results) == ("opened", True)


def test_each_wrong_one_is_told_by_name_and_right_ones_go_on(
    pages: Pages, held: Token, sealed: list[str]
) -> None:
    begin(pages)
    archive = packet(pages)
    (name, right), (other, second) = decrypted(archive, held).items()
    wrong = {
        "still-sealed.bin": archive.read(name.replace(".share", ".cms")),
        "short.share": right[:63],
        "stranger.share": right[:32] + bytes(32),
        "false.share": bytes(32) + second[32:],
        "letter-names-do-not-matter.share": right,
    }
    status, page = hand_in(pages, wrong)
    assert status == 200
    assert "收下 1 份，有 4 个文件没有收" in page
    for told in (
        "still-sealed.bin 还没有解密",
        "short.share 不是解密后的份额",
        "stranger.share 不属于余下的函件",
        "false.share 与函件不符",
    ):
        assert told in page
    seen = room(pages.world)
    assert (seen.state, [one.verdict for one in seen.results]) == ("opening", ["verified"])
    assert hand_in(pages, {other: second})[0] == 303
    assert room(pages.world).state == "opened"


def test_a_procurers_passphrase_opens_what_a_token_left(
    pages: Pages, held: Token, sealed: list[str]
) -> None:
    begin(pages)
    world = pages.world
    openings.start(pages.house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    assert room(world).state == "opened"


def test_a_lot_without_bids_opens_at_once(pages: Pages, held: Token) -> None:
    pages.world.now = OPENING
    begin(pages)
    assert (room(pages.world).state, room(pages.world).total) == ("opened", 0)


# --- before T


def test_before_t_nothing_is_offered_and_nothing_can_be_fetched(pages: Pages, held: Token) -> None:
    """Bids or not: the same pages, the same refusals."""
    world, agency = pages.world, pages.as_("agency")
    before = said(agency.get(f"/openings/{world.lot}"))
    [key] = [one.id for one in room(world).keys if one.token]
    assert agency.status(f"/openings/{world.lot}/shares/{key}.zip") == 409
    paid(world)
    pages.work()
    assert said(agency.get(f"/openings/{world.lot}")) == before
    refused = agency.post(f"/openings/{world.lot}/token", **CODE)
    assert "时间未到" in said(refused.text)
    assert agency.status(f"/openings/{world.lot}/shares/{key}.zip") == 409
    assert room(world).state == "sealed"


def test_the_timekeeper_must_have_released(pages: Pages, held: Token, sealed: list[str]) -> None:
    keeper = pages.house.timekeeper
    assert isinstance(keeper, WorldTimekeeper)

    def early(*_args: object) -> object:
        raise TooEarly("later", noun="opening")

    keeper.release = early  # type: ignore[method-assign,assignment]
    answer = pages.as_("agency").post(f"/openings/{pages.world.lot}/token", **CODE)
    assert answer.status_code == 422
    [key] = [one.id for one in room(pages.world).keys if one.token]
    path = f"/openings/{pages.world.lot}/shares/{key}.zip"
    assert pages.as_("agency").status(path) == 409


# --- what is no ZIP


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 but no zip", packed({})])
def test_uploads_that_hold_nothing(
    pages: Pages, held: Token, sealed: list[str], data: bytes
) -> None:
    begin(pages)
    status, page = hand_in(pages, {"x.zip": data})
    assert status in (200, 422)
    assert room(pages.world).results == ()
    del page


def test_a_bomb_is_not_inflated(pages: Pages, held: Token, sealed: list[str]) -> None:
    begin(pages)
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.share", bytes(50 * 2**20))
    status, page = hand_in(pages, {"bomb.zip": data.getvalue()})
    assert status == 200
    assert "big.share 不是解密后的份额" in page


def test_too_many_files_are_refused(pages: Pages, held: Token, sealed: list[str]) -> None:
    begin(pages)
    many = packed({f"{number}.share": b"" for number in range(5001)})
    status, page = hand_in(pages, {"many.zip": many})
    assert (status, "压缩包里的文件太多" in page) == (422, True)


def test_others_fetch_and_hand_in_nothing(pages: Pages, held: Token, sealed: list[str]) -> None:
    begin(pages)
    lot = pages.world.lot
    [key] = [one.id for one in room(pages.world).keys if one.token]
    assert pages.as_("procurer").status(f"/openings/{lot}/shares/{key}.zip") == 404
    for who in ("supplier", "operator", "regulator"):
        assert pages.as_(who).status(f"/openings/{lot}/shares/{key}.zip") == 403
        assert pages.as_(who).post(f"/openings/{lot}/shares", **CODE).status_code == 403


# --- the rehearsal of a token


def test_a_token_rehearses(pages: Pages, held: Token) -> None:
    agency, lot = pages.as_("agency"), pages.world.lot
    [key] = [one.id for one in room(pages.world).keys if one.token]
    assert agency.status(f"/openings/{lot}/rehearse/{key}.cms") == 404
    agency.sent(f"/openings/{lot}/rehearse/{key}/ask")
    assert "下载演练份额" in said(agency.get(f"/openings/{lot}"))
    question = agency._ask("GET", f"/openings/{lot}/rehearse/{key}.cms").data
    share = held.opened(question)
    assert len(share) == 64
    wrong = agency.post(
        f"/openings/{lot}/rehearse/{key}", share=[(BytesIO(share[::-1]), "rehearsal.share")]
    )
    assert "不是这份演练份额解密的结果" in said(wrong.text)
    agency.sent(f"/openings/{lot}/rehearse/{key}", share=[(BytesIO(share), "rehearsal.share")])
    for one in pages.world.lots:
        found = pages.world.read(queries.room, pages.world.as_("agency"), pages.world.now, one)
        assert [key.proved_at for key in found.keys if key.token] == [pages.world.now]


def test_an_expired_token_gets_no_letters(pages: Pages, held: Token) -> None:
    """And says so in the list of keys."""
    world = pages.world
    world.now += timedelta(days=400)
    assert "证书不在有效期内" in said(pages.as_("agency").get("/opening-keys/"))
