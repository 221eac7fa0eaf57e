"""How each form of the application is sent rightly: by whom, from which page, with what.

The routes themselves come from the URL map; one without a recipe fails the tests.
"""

from collections.abc import Callable

from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.values.codes import make_credit_code
from tests.accounts import PASSWORD
from tests.app.hostile.later_recipes import later
from tests.app.hostile.recipe import Recipe
from tests.app.hostile.stage import Stage
from tests.guarantees.design_samples import png
from tests.world import PASSPHRASE

PDF = b'%PDF-1.7 {"issuer": {"name": "x", "credit_code": "y"}, "number": "BH26-0000-0000"}'
"""What tests.house.PlainVerifier can read."""


def recipes(stage: Stage) -> dict[str, Recipe]:
    """By endpoint."""
    return {
        **_visitors(stage),
        **_accounts(stage),
        **_people(stage),
        **_suppliers(stage),
        **_institutions(stage),
        **_projects(stage),
        **later(stage),
    }


def _signing_in(login: str) -> Callable[[Stage], None]:
    def first_step(stage: Stage) -> None:
        answer = stage.pages.as_("").post("/sign-in", login=login, password=PASSWORD)
        assert answer.status_code == 303

    return first_step


def _visitors(stage: Stage) -> dict[str, Recipe]:
    joining = {
        "name": "新注册有限公司",
        "credit_code": make_credit_code("91140100MA", stage.pages.world.rng),
        "region": "山西省太原市",
        "account": "6222000012345678",
        "person_name": "周新",
        "mail": "zhou@example.com",
        "login_wish": "zhouxin",
        "password": PASSWORD,
        "repeated": PASSWORD,
    }
    chosen = {"login_wish": "zhengyou", "password": PASSWORD, "repeated": PASSWORD}
    return {
        "join.register": Recipe("", "/join", joining),
        "join.accept": Recipe("", f"/invitations/{stage.ids['token']}", chosen),
        "public.upload": Recipe(
            "", "/verify", {"password": ""}, file=("file", PDF), shows_result=True
        ),
        "components.show": Recipe(
            "",
            "/components",
            {
                "credit_code": joining["credit_code"],
                "until": "2026-06-15",
                "amount": "70,000",
                "opening": "2026-03-17 09:30",
                "consent": "basic",
                "way": "fee",
                "remark": "无",
                "otp": "123456",
                "passphrase": "x",
                "checked": "y",
            },
            file=("paper", PDF),
            shows_result=True,
            stores=False,
        ),
        "api_payments.receive": Recipe("", "/api/v1/payments/notices", refused=422),
    }


def _accounts(stage: Stage) -> dict[str, Recipe]:
    return {
        "auth.sign_in": Recipe("", "/sign-in", {"login": "enrolled", "password": PASSWORD}),
        "auth.code": Recipe(
            "",
            "/sign-in/code",
            {"otp": "123456"},
            before=_signing_in("enrolled"),
            refused=422,
        ),
        "auth.enrol": Recipe(
            "",
            "/sign-in/authenticator",
            {"otp": "123456"},
            before=_signing_in("newcomer"),
            refused=422,
        ),
        "auth.sign_out": Recipe("supplier", "/sign-out", page="/account/"),
        "account.password": Recipe(
            "boss",
            "/account/password",
            {"old_password": PASSWORD, "password": PASSWORD[::-1], "repeated": PASSWORD[::-1]},
        ),
        "account.sign_out_everywhere": Recipe(
            "supplier", "/account/sign-out-everywhere", page="/account/"
        ),
    }


def _people(stage: Stage) -> dict[str, Recipe]:
    colleague, absent = (f"/people/{stage.ids[who]}" for who in ("colleague", "absent"))
    waiting = f"/organisations/{stage.ids['pending']}"
    invited = {"name": "李新", "mail": "li@example.com", "roles": "clerk"}
    entered = {
        "role": "institution",
        "name": "新机构有限公司",
        "credit_code": make_credit_code("91140100MA", stage.pages.world.rng),
        "region": "山西省太原市",
        "contact": "0351-0000000",
        "administrator_name": "王管",
        "administrator_mail": "wang@example.com",
        "institution_type": "bank",
        "account": "6222000012345678",
        "address": "山西省太原市演示路 1 号",
        "signatory": "王签",
        "level": "",
    }
    return {
        "people.invite": Recipe("boss", "/people/invite", invited),
        "people.person": Recipe("boss", colleague, {"roles": "viewer"}),
        "people.disable": Recipe("boss", f"{colleague}/disable", page=colleague),
        "people.enable": Recipe("boss", f"{absent}/enable", page=absent),
        "people.reset_authenticator": Recipe("boss", f"{colleague}/authenticator", page=colleague),
        "people.withdraw": Recipe(
            "boss", f"/people/invitations/{stage.ids['invitation']}/withdraw", page="/people/"
        ),
        "organisations.confirm": Recipe("operator", f"{waiting}/confirm", page=waiting),
        "organisations.refuse": Recipe(
            "operator", f"{waiting}/refuse", {"reason": "资料不全"}, page=waiting
        ),
        "organisations.enter": Recipe("operator", "/organisations/new", entered),
    }


def _suppliers(stage: Stage) -> dict[str, Recipe]:
    lot, product = stage.ids["free lot"], stage.pages.world.product
    returned, waiting = (
        f"/supplier/cases/{stage.cases[state]}" for state in ("returned", "awaiting_payment")
    )
    applied: dict[str, str | list[str]] = {
        f"product-{lot}": product,
        "contact": "周予安 13800000000",
        "payer_account": "6222000012345678",
        "members-0-name": "",
        "members-0-credit_code": "",
        "consents": list(CONSENT_ITEMS),
    }
    return {
        "choose.application": Recipe("supplier", f"/supplier/lots/{lot}/apply", applied),
        "supplier.order": Recipe(
            "supplier", f"{waiting}/pay", {"payer_account": "6222000012345678"}, page=waiting
        ),
        "supplier.withdraw": Recipe("supplier", f"{waiting}/withdraw", page=waiting),
        "supplier.complete": Recipe(
            "supplier", f"{returned}/complete", {"answer": "已补正"}, page=returned
        ),
    }


def _institutions(stage: Stage) -> dict[str, Recipe]:
    made, checked = (
        f"/institution/cases/{stage.cases[state]}" for state in ("submitted", "in_review")
    )
    series, policy = f"/institution/products/{stage.ids['series']}", stage.ids["policy"]
    product = {
        "name": "快保",
        "form": "independent",
        "rate": "0.5%",
        "minimum": "100",
        "ceiling": "50万元",
        "regions": "山西省、河北省",
        "minutes": "30",
        "automatic": "y",
    }
    limits = {"ceiling": "10万", "supplier_ceiling": "20万", "total": "500万"}
    decided = {"decision": "approve", "reason": "同意", "checked": "y", "otp": "123456"}
    return {
        "institution.recommend": Recipe(
            "maker", f"{made}/recommend", {"decision": "decline", "reason": "额度不足"}, page=made
        ),
        "institution.decide": Recipe("checker", f"{checked}/decide", decided, page=checked),
        "offers.new_product": Recipe("maker", "/institution/products/new", product),
        "offers.product": Recipe("maker", series, product),
        "offers.withdraw": Recipe("maker", f"{series}/withdraw", page="/institution/products"),
        "offers.policies": Recipe(
            "maker", "/institution/policies", {**limits, "expires_on": "2026-12-31"}
        ),
        "designs.index": Recipe(
            "bank_admin",
            "/institution/design/",
            {"clauses": "请同时以电话告知。"},
            file=("logo", png()),
        ),
        "designs.use": Recipe(
            "bank_admin", "/institution/design/1/use", page="/institution/design/"
        ),
        "offers.decide": Recipe(
            "checker",
            f"/institution/policies/{policy}/approved",
            {"otp": "123456"},
            page="/institution/policies",
        ),
    }


def _projects(stage: Stage) -> dict[str, Recipe]:
    draft, known = f"/projects/{stage.ids['draft']}", f"/projects/{stage.pages.world.project}"
    room = f"/openings/{stage.pages.world.lot}"
    new = {
        "name": "门诊楼空调设备采购",
        "number": "YS-2026-777",
        "method": "公开招标",
        "procurer_name": "演示procurer有限公司",
        "agency_name": "演示agency有限公司",
        "region": "山西省太原市",
        "budget": "1000000",
        "deposit": "20000",
        "bid_validity_days": "90",
        "submission_deadline": "2026-05-02 09:00",
        "opening_time": "2026-05-02 09:30",
        "published_on": "2026-03-01",
        "source": "中国政府采购网",
        "deposit_forms": "保函",
        "guarantee_quote": "可以保函代替",
        "category": "goods",
        "guarantee_accepted": "yes",
        "lot_count": "1",
        "lot0_number": "01",
        "lot0_name": "冷水机组",
        "lot0_budget": "1000000",
        "lot0_deposit": "20000",
    }
    phrase = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    return {
        "projects.new": Recipe("agency", "/projects/new", new),
        "projects.edit": Recipe("agency", f"{draft}/edit", {"name": "门诊楼空调设备采购（二）"}),
        "projects.register": Recipe("agency", f"{draft}/register", page=draft),
        "projects.mandates": Recipe(
            "procurer",
            f"{known}/mandates",
            {"agency": "演示agency有限公司", "actions": "opening.read"},
        ),
        "projects.withdraw_mandate": Recipe(
            "procurer",
            f"{known}/mandates/{stage.ids['mandate']}/withdraw",
            page=f"{known}/mandates",
        ),
        "projects.import_file": Recipe(
            "operator",
            "/projects/import",
            {"system": "other"},
            file=("file", '[{"id": "T1", "name": "甲"}]'.encode()),
            shows_result=True,
        ),
        "opening_keys.make": Recipe("agency", "/opening-keys/", phrase),
        # Before T: nothing is opened, whatever is typed.
        "opening.open_lot": Recipe(
            "procurer",
            f"{room}/open",
            {"passphrase": PASSPHRASE, "otp": "123456"},
            page=room,
            shows_result=True,
        ),
    }
