"""`./baohan demo --out DIR`: plays the main job and leaves its papers; status 0 if all held."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from app.adapters.assemble import assembled
from app.cli.arguments import Arguments, CommandError
from app.demo.main_story import MainStory
from app.demo.papers import Papers
from app.demo.secrets import DemoSecrets
from app.demo.stage import Stage
from app.demo.steps import Steps, StoryBroken, write_summary
from app.jobs.sequencer import Sequencer
from app.processes import child
from app.processes.keeper import StartFailed
from app.processes.loopback import listen
from app.processes.supervisor import Supervisor
from app.processes.users import Users
from app.processes.web import application, lanes_of
from app.processes.web_server import WebServer
from app.settings import COPIES, BadSetting, Settings, read
from guarantees.tables.trust import ALONE, PROFILES

STORIES = ("main",)
DRAIN_SECONDS = 5.0


def main(argv: list[str]) -> int:
    """Exit status 0 only if every step held; the papers and summary.json stand in DIR."""
    parser = Arguments("demo", "Play the main job on a throw-away database and keep its papers.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for papers")
    parser.add_argument("--story", choices=(*STORIES, "all"), default="main", help="%(default)s")
    parser.add_argument(
        "--profile", choices=tuple(PROFILES), default=ALONE, help="who must agree: %(default)s"
    )
    given = parser.parse_args(argv)
    folder = _folder(given.out)
    child.log_to_stderr("demo", quiet=True)
    steps = Steps(_say)
    papers = Papers(folder)
    letters: list[dict[str, object]] = []
    begun = time.monotonic()
    try:
        with _stage(steps) as (stage, seconds):
            story = MainStory(stage, papers, steps, seconds, given.profile, letters)
            story.play()
    except StoryBroken:
        pass
    except (BadSetting, StartFailed) as error:
        raise CommandError(str(error), 1) from error
    summary = steps.summary(letters)
    write_summary(folder, summary)
    _say(f"{'完成' if summary['ok'] else '没有完成'}，{time.monotonic() - begun:.1f} 秒：{folder}")
    return 0 if summary["ok"] else 1


def _say(text: str) -> None:
    print(text, flush=True)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
        return path.resolve()
    except OSError as error:
        raise CommandError(f"cannot write to {path}: {error.strerror}") from error


@contextmanager
def _stage(steps: Steps) -> Iterator[tuple[Stage, float]]:
    """All processes on a throw-away folder, and in this one the pages' part; ended in the end."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="baohan-demo-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        listener = stack.enter_context(listen())
        settings = _settings(home, listener.getsockname()[1])
        supervisor = Supervisor(settings, Users.same(), listener, _say)
        stack.callback(supervisor.end)
        begun = time.monotonic()
        steps.play("启动守时、签名、银行和证书进程", _starting(supervisor))
        house = stack.enter_context(assembled(settings, supervisor.running))
        lanes = lanes_of(house)
        stop = threading.Event()
        server = WebServer(application(house, lanes), listener)
        server.start()
        stack.callback(server.drain, DRAIN_SECONDS)
        for run in (*(lane.run for lane in lanes), Sequencer(house).run):
            thread = threading.Thread(target=run, args=(stop,))
            thread.start()
            stack.callback(thread.join)
        stack.callback(stop.set)
        yield Stage(house, DemoSecrets.of(settings.data)), time.monotonic() - begun


def _starting(supervisor: Supervisor) -> Callable[[], tuple[str, None]]:
    def start() -> tuple[str, None]:
        supervisor.start(web=False)
        return f"{len(supervisor.keeper.pids())} 个进程", None

    return start


def _settings(home: Path, port: int) -> Settings:
    """A demonstration of its own below `home`, whatever the environment names."""
    data = home / "data"
    return replace(
        read({}),
        database_url=f"sqlite:///{data / 'baohan.db'}",
        data=data,
        keys=home / "keys",
        timekeeper=home / "timekeeper",
        copies=home / COPIES,
        signer=home / "signer",
        run=home / "run",
        fonts=read().fonts,
        base_url=f"http://127.0.0.1:{port}",
    )
