"""Starts, watches and stops all processes of one machine.

Start order: PostgreSQL and Valkey, migrations, workers and the demo study, web. Stopping is the
reverse. Processes that end are restarted. If the supervisor itself is killed, the kernel ends the
others, and the next start recovers what was left.
"""

import contextlib
import http.client
import itertools
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from codesign.config import loading, programs
from codesign.config.housekeeping import LOOK_EVERY, Housekeeping, no_room, rotate
from codesign.config.programs import Application
from codesign.config.servers import discovery
from codesign.config.servers.errors import ServerError
from codesign.config.servers.folders import private_folder, socket_folder
from codesign.config.servers.guardian import Guardian
from codesign.config.servers.postgres import Postgres
from codesign.config.servers.process import Program, Spec, stop, tail
from codesign.config.servers.roles import APP_ROLE, OWNER_ROLE
from codesign.config.servers.valkey import Valkey
from codesign.config.static import collected, is_collected
from codesign.shared import disk_space

ROOT = Path(__file__).resolve().parents[2]
QUICK = 20.0
"""Seconds. A process that ends sooner after its start counts as a quick death."""
QUICK_DEATHS = 5
FULL_WAIT = 5.0
"""Seconds until the next try to start a process that ended because the disk was full."""
PATIENCE = 60.0
"""Seconds without a healthy answer, after which the terminal says where the logs are."""


class StopAskedError(Exception):
    """The supervisor was asked to stop: by Ctrl-C, a closed terminal or TERM."""


class Signals:
    """Turns signals into an exception, but only at the places where the supervisor waits.

    So no signal can arrive between the start of a process and the record of it.
    """

    def __init__(self) -> None:
        """Handle INT, TERM and HUP (unless started with nohup), and the end of children."""
        self.asked = False
        self._read, write = os.pipe()
        for end in (self._read, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def pause(self, seconds: float) -> None:
        """Wait for a signal, at most `seconds`. Raises StopAskedError if asked to stop."""
        self.wait(seconds)
        if self.asked:
            raise StopAskedError

    def wait(self, seconds: float) -> None:
        """Wait for a signal, at most `seconds`."""
        if select.select([self._read], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._read, 512):
                    pass


class Keeper:
    """Keeps one program running. The more often it ends quickly, the longer it waits to restart it.

    While the disk is full, it tries again and again without counting quick deaths.
    """

    def __init__(self, program: Program, *, home: Path) -> None:
        """Take over a program that has been started."""
        self.program = program
        self._home = home
        self._quick_deaths = 0
        self._due: float | None = None
        self._starved = False

    def tend(self, *, pause: Callable[[float], None]) -> float:
        """Restart the program if it has ended and is due. Return seconds until the next check."""
        child = self.program.child
        if child is None:
            raise ServerError(f"{self.program.name} was never started.")
        if self._due is None:
            code = child.exit_code()
            if code is None:
                return 3600.0
            child.clear_away()
            self._due = time.monotonic() + self._delay(time.monotonic() - child.started, code)
        wait = self._due - time.monotonic()
        if wait > 0:
            return wait
        self._due = None
        try:
            self.program.start(pause=pause)
        except (ServerError, OSError):
            if not disk_space.is_full(self._home):
                raise
            if self.program.child is not None and self.program.child is not child:
                self.program.child.clear_away()
            self._due = time.monotonic() + FULL_WAIT
        return 0.0

    def _delay(self, lived: float, code: int) -> float:
        """Count a quick death. Return the seconds to wait: 0, 0.25, 0.5, 1, 2."""
        child = self.program.child
        if disk_space.is_full(self._home):
            if not self._starved:
                say(f"{self.program.name} ended ({code}); retrying until the disk has space")
            self._starved = True
            return FULL_WAIT
        self._starved = False
        self._quick_deaths = self._quick_deaths + 1 if lived < QUICK else 1
        if self._quick_deaths > QUICK_DEATHS and child is not None:
            raise ServerError(
                f"{self.program.name} keeps ending. "
                f"The last lines of {child.spec.log}:\n{tail(child.spec.log)}"
            )
        say(f"{self.program.name} ended ({code}); restarting it")
        return 0.0 if self._quick_deaths == 1 else 0.25 * 2.0 ** (self._quick_deaths - 2)


class Supervisor:
    """A running installation."""

    def __init__(self, *, home: Path, port: int, environment: Mapping[str, str]) -> None:
        """Prepare a run in `home`. `environment` decides which servers are embedded."""
        self._home = home
        self._port = port
        self._logs = private_folder(home / "logs")
        self._signals = Signals()
        self._guardian = None if sys.platform == "linux" else Guardian()
        self._servers: list[Program] = []
        self._applications: list[Program] = []
        self._external = environment
        self._environment = {
            **environment,
            "CODESIGN_HOME": str(home),
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> int:
        """Start everything, watch it and stop it. Return the exit code."""
        rotate(self._logs)
        try:
            self._start_servers()
            self._prepare()
            self._start_applications()
            self._watch()
        except StopAskedError:
            return 0
        except ServerError as error:
            say(str(error))
            if disk_space.is_full(self._home):
                say(no_room(self._home))
            return 1
        finally:
            self._stop()

    def _start_servers(self) -> None:
        sockets = socket_folder(self._home)
        owner_url = self._external.get("DATABASE_OWNER_URL", "")
        if not self._external.get("DATABASE_URL"):
            postgres = Postgres(
                data=self._home / "postgres",
                sockets=sockets,
                log=self._logs / "postgres.log",
                guardian=self._guardian,
            )
            self._start(self._servers, postgres)
            postgres.make_roles()
            self._environment["DATABASE_URL"] = postgres.url(APP_ROLE)
            owner_url = postgres.url(OWNER_ROLE)
        self._environment["DATABASE_OWNER_URL"] = owner_url or self._environment["DATABASE_URL"]
        if not self._external.get("CELERY_BROKER_URL"):
            valkey = Valkey(
                data=self._home / "valkey",
                sockets=sockets,
                log=self._logs / "valkey.log",
                guardian=self._guardian,
            )
            self._start(self._servers, valkey)
            self._environment["CELERY_BROKER_URL"] = valkey.url()
        discovery.announce(
            self._home,
            discovery.Running(
                pid=os.getpid(),
                port=self._port,
                database_url=self._environment["DATABASE_URL"],
                database_owner_url=self._environment["DATABASE_OWNER_URL"],
                broker_url=self._environment["CELERY_BROKER_URL"],
            ),
        )

    def _prepare(self) -> None:
        """Update the tables, and meanwhile load the applications and collect static files."""
        owner = self._environment | {"DATABASE_URL": self._environment["DATABASE_OWNER_URL"]}
        migrate = self._command("migrate", "migrate", "--no-input", environment=owner)
        self._complete([migrate], meanwhile=self._load_and_collect)

    def _load_and_collect(self) -> None:
        """Collect in forks of what was loaded, which start at once.

        Loading looks up no name of a static file, so the web processes find the new names.
        """
        self._load()
        static = self._home / "static"
        if not is_collected(static):
            self._complete([self._command("build_fonts", "build_fonts")])
            self._complete(
                [self._command("collectstatic", "collectstatic", "--no-input", "--clear")]
            )
            collected(static)

    def _load(self) -> None:
        """Load what all applications share. Only on Linux; such a fork can fail elsewhere."""
        if self._guardian is None:
            loading.load(self._environment)

    def _start_applications(self) -> None:
        """Start the workers, create the demo study, and start the web processes last."""
        environment = self._environment
        for spec in [*programs.workers(self._logs, environment), self._beat()]:
            self._start(self._applications, Application(spec, self._guardian))
        demo = "0" if environment.get("CODESIGN_ENV") == "production" else "1"
        if environment.get("CODESIGN_DEMO", demo) != "0":
            self._complete([self._command("demo", "demo_study")])
        web = programs.web(self._port, self._logs, environment)
        self._start(self._applications, Application(web, self._guardian))

    def _beat(self) -> Spec:
        return programs.beat(self._logs, self._environment)

    def _start(self, kept: list[Program], program: Program) -> None:
        kept.append(program)
        program.start(pause=self._signals.pause)

    def _command(
        self, name: str, *words: str, environment: Mapping[str, str] | None = None
    ) -> Application:
        """Return a management command to run once; with an environment, as a new program."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        spec = Spec(
            name=name,
            command=command,
            log=self._logs / f"{name}.log",
            environment=environment or self._environment,
            inside=None if environment else loading.inside(command),
        )
        return Application(spec, self._guardian)

    def _complete(
        self, commands: Sequence[Application], *, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Run commands in parallel until all have succeeded, and `meanwhile` beside them.

        Errors of the commands are reported first, because they are closer to the cause.
        """
        started = []
        try:
            for command in commands:
                command.start()
                if command.child is not None:
                    started.append(command.child)
            failure = error_of(meanwhile)
            for child in started:
                while (code := child.exit_code()) is None:
                    self._signals.pause(3600)
                if code != 0:
                    log = child.spec.log
                    raise ServerError(
                        f"{child.spec.name} failed. The last lines of {log}:\n{tail(log)}"
                    )
            if failure is not None:
                raise failure
        finally:
            stop(started, pause=self._signals.wait)

    def _watch(self) -> NoReturn:
        """Keep everything running. Report once when it is ready."""
        running = (*self._servers, *self._applications)
        keepers = [Keeper(program, home=self._home) for program in running]
        ready = self._readiness()
        house = Housekeeping(home=self._home, logs=self._logs, say=say)
        while True:
            house.look()
            next_look = min(keeper.tend(pause=self._signals.pause) for keeper in keepers)
            self._signals.pause(min(next_look, next(ready), LOOK_EVERY))

    def _readiness(self) -> Iterator[float]:
        """Yield the seconds until the next check. Greet once everything answers."""
        late = time.monotonic() + PATIENCE
        told = False
        while not healthy(self._port):
            if not told and time.monotonic() > late:
                told = True
                say(f"Not everything answers yet. The logs are in {self._logs}")
            yield 0.2
        self._greet()
        yield from itertools.repeat(3600.0)

    def _greet(self) -> None:
        in_production = self._environment.get("CODESIGN_ENV") == "production"
        lines = production_lines if in_production else demo_lines
        for line in [*lines(self._environment), "Press Ctrl-C to stop."]:
            say(line)

    def _stop(self) -> None:
        """Stop applications, then Valkey, then PostgreSQL."""
        for programs_of_a_kind in (self._applications, *([p] for p in reversed(self._servers))):
            stop(
                [program.child for program in programs_of_a_kind if program.child is not None],
                pause=self._signals.wait,
            )
        if self._guardian is not None:
            self._guardian.dismiss()
        discovery.withdraw(self._home)
        say("Codesign has stopped.")


def error_of(act: Callable[[], None]) -> ServerError | None:
    """Call `act`. Return its ServerError, or None."""
    try:
        act()
    except ServerError as error:
        return error
    return None


def healthy(port: int) -> bool:
    """Return whether database, broker and workers answer, according to the web processes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def production_lines(environment: Mapping[str, str]) -> list[str]:
    """Return the site's address and what an operator does next. Localhost would be refused."""
    return [
        f"Codesign is running: {environment['SITE_URL']}",
        f"Your proxy forwards requests to 127.0.0.1:{environment['PORT']}.",
        "Create the first account in a second terminal, with the same variables set:",
        "  .venv/bin/python manage.py make_site_admin you@example.org",
    ]


def demo_lines(environment: Mapping[str, str]) -> list[str]:
    """Return the site's address and the demo sign-ins."""
    accounts = discovery.demo_accounts(Path(environment["CODESIGN_HOME"]))
    width = max((len(account["email"]) for account in accounts), default=0)
    return [
        f"Codesign is running: http://localhost:{environment['PORT']}",
        *(
            f"  {account['role']:<12} {account['email']:<{width}}  {account['password']}"
            for account in accounts
        ),
    ]


def say(line: str) -> None:
    """Print a line. A closed terminal is not an error."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)  # noqa: T201 - the supervisor's output
