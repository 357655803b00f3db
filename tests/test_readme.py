"""What README and docs/ say runs as it stands there, and all that they name exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from hybrid_rec import HybridConfig
from hybrid_rec.cli.app import app, run
from tests.docs import configuration

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return [code for found, code in fences(page.read_text(encoding="utf-8")) if found == language]


def fences(text: str) -> list[tuple[str, str]]:
    """All fenced code blocks, each with its language."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def name(page: Path) -> str:
    """The file of a page."""
    return page.name


def run_code(code: str, folder: Path) -> str:
    """What a script prints, run in a process of its own without a network."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HYBRID_REC_CACHE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", code],
        cwd=folder, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def quick_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README's code has run, and what it printed."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs" / "example", folder / "docs" / "example")
    return folder, run_code("\n".join(blocks(README, "python")), folder)


def test_the_quick_start_answers_what_stands_there(quick_start: tuple[Path, str]) -> None:
    folder, printed = quick_start
    shown = next(block for block in blocks(README, "") if "source" in block)
    # Another machine may order what is nearly equal in another way.
    assert sorted(printed.split()) == sorted(shown.split())
    assert (folder / "model" / "manifest.json").is_file()


# A page that begins with a folder of texts has a test of its own, tests/docs/test_lyrics.py.
RUN_HERE = [page for page in PAGES[1:] if blocks(page, "python") and page.stem != "lyrics"]


@pytest.mark.parametrize("page", RUN_HERE, ids=name)
def test_the_code_of_a_page_runs(page: Path, quick_start: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(quick_start[0], tmp_path, dirs_exist_ok=True)
    run_code("\n".join(blocks(page, "python")), tmp_path)


def test_the_commands_of_the_quick_start_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "docs" / "example", tmp_path / "docs" / "example")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert [line.split()[1] for line in lines] == [
        "fit", "find", "recommend", "similar", "radio", "map", "export", "score",
    ]  # fmt: skip
    for line in lines:
        assert run(shlex.split(line, comments=True)[1:]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert "battery" in printed
    assert "blue-in-green" in printed
    assert "120 queries" in printed


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page: Path) -> None:
    commands: Any = typer.main.get_command(app)
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"hybrid-rec ([a-z]+ [^`\n]*)", "\n".join(code_of(text))):
        words = shlex.split(line, comments=True)
        assert words[0] in commands.commands, line
        command = commands.commands[words[0]]
        if hasattr(command, "commands"):
            assert words[1] in command.commands, line
            command = command.commands[words[1]]
        known = {"--help"}
        for parameter in command.params:
            known.update(parameter.opts)
        options = {word for word in words if re.fullmatch(r"-k|--[a-z-]+", word)}
        assert options <= known, line


def code_of(text: str) -> list[str]:
    """All that stands between backquotes."""
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", rest)
    return [*(code for _, code in fences(text)), *(f"{one} " for one in inline)]


def test_toml_blocks_are_configurations(tmp_path: Path) -> None:
    found = [block for page in PAGES for block in blocks(page, "toml")]
    assert found
    for number, block in enumerate(found):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")
        assert HybridConfig.from_toml(path) != HybridConfig()


def test_the_reference_says_what_the_classes_say() -> None:
    told = "make it anew: python -m tests.docs.configuration"
    assert configuration.PAGE.read_text(encoding="utf-8") == configuration.page(), told


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
            assert anchor in slugs, link


def test_files_that_contributing_names_exist() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    tasks = text.partition("## Ten tasks")[2].partition("## Style")[0]
    found = re.findall(r"`([a-z0-9_/]+(?:/|\.py))`", tasks)
    assert len(found) > 10
    for path in found:
        assert any((base / path).exists() for base in (ROOT, ROOT / "hybrid_rec")), path


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", readme, flags=re.MULTILINE))
    assert {"demo", "test"} <= targets
    for target in targets:
        assert f"\n{target}:" in makefile


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= 900


def test_the_changelog_knows_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", changelog, flags=re.MULTILINE)
    assert versions[0] == project["version"]
