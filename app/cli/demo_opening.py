"""`./baohan demo-opening`: another demonstration project, to be opened in three minutes."""

from dataclasses import replace
from datetime import timedelta

from app.adapters import demo_projects
from app.adapters.assemble import assembled
from app.cli.arguments import Arguments, CommandError
from app.cli.code import become_owner
from app.demo import offers, projects
from app.demo.cases import Play, perform
from app.demo.projects import Loaded
from app.demo.secrets import DemoSecrets
from app.demo.stage import Stage
from app.processes import child, run_file
from app.processes.places import Places
from app.settings import BadSetting, read
from guarantees.errors import GuaranteeError
from guarantees.values.ids import new_id
from guarantees.values.moments import BEIJING
from signing.errors import SigningError

AHEAD = timedelta(minutes=3)


def main(argv: list[str]) -> int:
    """Prints where the lot is and when it opens; ./baohan serve must run."""
    Arguments(
        "demo-opening", "Make a demonstration project that opens in three minutes."
    ).parse_args(argv)
    child.log_to_stderr("demo-opening", quiet=True)
    try:
        settings = read()
        running = run_file.read(Places(settings).run_file)
        if not settings.demonstration:
            raise BadSetting("only a demonstration has demonstration projects")
        become_owner(settings.keys)
        settings = replace(settings, base_url=running.address)
        with assembled(settings, running) as house:
            print(make(Stage(house, DemoSecrets.of(settings.data))))
    except (BadSetting, GuaranteeError, SigningError) as error:
        raise CommandError(str(error), 1) from error
    return 0


def make(stage: Stage) -> str:
    """Register it, with two applications that the printed supplier does not know of."""
    now = stage.house.now()
    [soon] = [one for one in demo_projects.load(now, soon=AHEAD) if one.stage == "soon"]
    ident = new_id()
    notice = replace(
        soon.notice,
        source_id=ident,
        number=f"YS-{now.astimezone(BEIJING):%Y%m%d}-{ident[:5].upper()}",
        name=f"{soon.notice.name}（{(now + AHEAD).astimezone(BEIJING):%H:%M} 开标）",
    )
    [loaded] = projects.load(stage, (replace(soon, notice=notice),))
    _apply(stage, loaded)
    return _described(stage, loaded)


def _apply(stage: Stage, loaded: Loaded) -> None:
    products = offers.published(stage)
    [lot] = loaded.lots
    for play in (
        Play("supplier-b", "bank", "政采投标保函", lot, "paid"),
        Play("supplier-c", "guarantor", "投标担保函（全国）", lot, "paid"),
    ):
        perform(stage, play, products)


def _described(stage: Stage, loaded: Loaded) -> str:
    time = loaded.demo.notice.opening_time
    shown = f"{time.astimezone(BEIJING):%H:%M:%S}" if time else ""
    base = stage.house.settings.base_url
    return "\n".join(
        [
            f"{loaded.demo.notice.number} {loaded.demo.notice.name}",
            f"opens at {shown} (Beijing time 北京时间); until then suppliers can apply",
            f"procurer and agency open it at {base}/openings/{loaded.lots[0]}",
        ]
    )
