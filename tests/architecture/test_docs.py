"""Documentation as a property of the build: what exists is described, and what is described exists."""

import re
from pathlib import Path

import click
import grimp
import pytest

from plimsoll.cli._app import root

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "plimsoll"


def commands(group: click.Group, before: str = "plimsoll") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{before} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{before} {name}")
    return found


def test_every_room_is_in_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()]
    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_every_door_says_what_lives_there() -> None:
    for path in SOURCE.rglob("__init__.py"):
        assert path.read_text().startswith('"""'), path


@pytest.mark.parametrize(("name", "command"), commands(root))
def test_every_command_has_help_and_an_example(name: str, command: click.Command) -> None:
    assert command.help
    if not isinstance(command, click.Group):
        assert command.epilog
        assert f"{name.removesuffix(' list')}" in command.epilog or name in command.epilog


def test_every_command_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert [name for name, _ in commands(root) if f"`{name}" not in page] == []


def test_the_readme_names_only_commands_and_targets_that_exist() -> None:
    page = (ROOT / "README.md").read_text()
    known = {name for name, _ in commands(root)}
    used = set(re.findall(r"^\s*(?:\$ )?(plimsoll [a-z]+)", page, re.MULTILINE))
    assert used <= known
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", page)) <= targets


def test_decision_records_are_numbered_and_complete() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert [part for part in ("## Drivers", "## Options", "## Choice", "## Price") if part not in text] == [], path


def test_links_in_the_documentation_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
NOUNS = "budget|ledger|version|lineage|label|gate|release|review|environment|policy|actor|key|subject|storage"


def slugs(page: str) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_to_headings_lead_somewhere() -> None:
    lost = []
    for path in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", path.read_text()):
            page = path.parent / target if target else path
            if anchor not in slugs(page.read_text()):
                lost.append(f"{path.name}: {target}#{anchor}")
    assert lost == []


def test_every_environment_variable_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    named = set(re.findall(r"PLIMSOLL_[A-Z0-9_]*[A-Z0-9]\b(?!_)", (SOURCE / "settings.py").read_text()))
    assert {name for name in named if f"| `{name}` |" not in page} == set()


def test_every_act_of_the_ledger_is_in_the_audit_page() -> None:
    """Acts stand in the code as literals; a few are put together from their noun and a verb."""
    page = (ROOT / "docs" / "audit.md").read_text()
    table = page.partition("| act | facts |")[2].partition("\n\n")[0]
    described = set(re.findall(rf"`((?:{NOUNS})\.[a-z]+)`", table))
    code = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    done = set(re.findall(rf'\bAct\(\s*"((?:{NOUNS})\.[a-z]+)"', code))
    assert done - described == set()
    assert {act for act in described if f'"{act}"' not in code} == set()


def doors_in_the_architecture_page() -> set[str]:
    """The first column of its tables, as far as it names doors: `room.door`, or several of them."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    columns = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    named = {name for column in columns for name in re.findall(r"`([a-z]+(?:\.[a-z_]+)+)`", column)}
    return {name for name in named if (SOURCE / name.partition(".")[0]).is_dir()}


def test_the_doors_further_in_that_the_architecture_names_exist() -> None:
    doors = doors_in_the_architecture_page()
    assert doors
    missing = []
    for door in doors:
        place = SOURCE.joinpath(*door.split("."))
        if not (place / "__init__.py").exists() and not place.with_suffix(".py").exists():
            missing.append(door)
    assert missing == []


def test_every_door_further_in_that_other_rooms_use_is_in_the_architecture_page() -> None:
    """But for `kernel`, of which each module is a door, the flows, which have a table, and steps of migrations."""
    graph = grimp.build_graph("plimsoll", cache_dir=None)
    used = {
        imported.removeprefix("plimsoll.")
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.count(".") > 1 and importer.split(".")[1:2] != imported.split(".")[1:2]
    }
    own_tables = re.compile(r"kernel\..+|flows\.[a-z]+|storage\.migrations\..+")
    assert {door for door in used if not own_tables.fullmatch(door)} - doors_in_the_architecture_page() == set()


def test_every_flow_is_in_the_architecture_page() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text().partition("### The flows")[2].partition("\n## ")[0]
    flows = {path.stem for path in (SOURCE / "flows").iterdir() if not path.name.startswith("_")}
    assert {flow for flow in flows if f"`{flow}`" not in table} == set()


def test_the_files_that_the_architecture_names_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z]+/)+[a-z_]*(?:\.py)?)`", page))
    ours = {name for name in named if (SOURCE / name.partition("/")[0]).is_dir()}
    assert {name for name in ours if not (SOURCE / name).exists()} == set()


def test_the_pages_show_only_commands_that_exist() -> None:
    known = {name for name, _ in commands(root)}
    shown = [
        (path.name, " ".join(words))
        for path in PAGES
        for words in re.findall(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(plimsoll) ([a-z]+)", path.read_text(), re.MULTILINE)
    ]
    assert [(page, command) for page, command in shown if command not in known] == []
