"""What stands in `deploy/ci/` runs: the YAML is YAML, the shell is shell, and every command exists with its options."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from tests.conftest import ROOT, need_tool

from plimsoll.cli._app import root

CI = ROOT / "deploy" / "ci"
FILES = sorted([*CI.rglob("*.yml"), *CI.rglob("*.yaml")])
ACTION = CI / "github" / "action.yml"
EXAMPLE = CI / "github" / "example.yml"
TEMPLATE = CI / "gitlab" / "plimsoll.gitlab-ci.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def steps(content: Any) -> list[dict[str, Any]]:
    if "runs" in content:
        return list(content["runs"]["steps"])
    return [step for job in content.get("jobs", {}).values() for step in job["steps"]]


def scripts() -> Iterator[tuple[str, str]]:
    for path in (ACTION, EXAMPLE):
        for step in steps(read(path)):
            if "run" in step:
                yield f"{path.name}: {step['name']}", step["run"]
    for name, job in read(TEMPLATE).items():
        for part in ("before_script", "script"):
            for place, script in enumerate(job[part]):
                yield f"{name} {part} {place}", script


SCRIPTS = dict(scripts())


def test_every_file_is_read_and_known() -> None:
    assert set(FILES) == {ACTION, EXAMPLE, TEMPLATE}
    assert all(isinstance(read(path), dict) for path in FILES)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_shell_parts_are_shell(name: str) -> None:
    bash = need_tool("bash")
    done = subprocess.run([bash, "-n"], input=SCRIPTS[name], capture_output=True, text=True, check=False, timeout=10)
    assert (done.returncode, done.stderr) == (0, "")


def test_values_of_others_reach_the_shell_only_as_variables() -> None:
    assert [name for name, script in SCRIPTS.items() if "${{" in script] == []


def eval_options() -> set[str]:
    group = root.commands["eval"]
    assert isinstance(group, click.Group)
    return {name for parameter in group.commands["run"].params for name in parameter.opts}


@pytest.mark.parametrize("name", [name for name, script in SCRIPTS.items() if "plimsoll --project" in script])
def test_every_option_of_the_commands_exists(name: str) -> None:
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", SCRIPTS[name]))
    known = eval_options() | {option for parameter in root.params for option in parameter.opts}
    assert used
    assert used <= known
    assert "--project" in used


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "eval run --junit J --markdown M --html H --at-once 4 --changed"),
        ({"CHANGED": "false"}, "eval run --junit J --markdown M --html H --at-once 4"),
        (
            {"MAX_USD": "5", "BASELINE": "r-1", "SUITE": "--my suite"},
            "eval run --junit J --markdown M --html H --at-once 4 --changed --max-usd 5 --baseline r-1 -- '--my suite'",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_command_is_put_together_as_wanted_and_its_exit_code_is_that_of_the_job(
    kind: str, given: dict[str, str], wanted: str, tmp_path: Path
) -> None:
    bash = need_tool("bash")
    stand_in = tmp_path / "plimsoll"
    stand_in.write_text('#!/bin/bash\nprintf "%q " "$@"\nexit 1\n')
    stand_in.chmod(0o755)
    plain = {
        "PROJECT": "my app",
        "SUITE": "",
        "CHANGED": "true",
        "MAX_USD": "",
        "AT_ONCE": "4",
        "BASELINE": "",
        **given,
    }
    prefix = "EVAL_" if kind == "gitlab" else ""
    environment = {f"{prefix}{name}": value for name, value in plain.items()}
    name = "action.yml: Run the suites" if kind == "github" else ".plimsoll-evaluation script 0"
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[name]],
        env={**environment, "REPORTS": "evaluation", "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert (done.returncode, done.stderr) == (1, "")
    said = shlex.split(done.stdout)
    assert said[:2] == ["--project", "my app"]
    short = {"evaluation/junit.xml": "J", "evaluation/summary.md": "M", "evaluation/report.html": "H"}
    assert [short.get(word, word) for word in said[2:]] == shlex.split(wanted)


@pytest.mark.parametrize("path", [ACTION, EXAMPLE])
def test_actions_of_others_are_pinned_by_digest_with_their_version_beside_it(path: Path) -> None:
    text = path.read_text()
    used = [step["uses"] for step in steps(read(path)) if not step.get("uses", "./").startswith("./")]
    assert used
    for name in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)
        assert re.search(rf"{re.escape(name)} # v\d+\.\d+\.\d+$", text, re.MULTILINE)


def test_the_workflow_may_only_read_and_keeps_no_credentials() -> None:
    workflow = read(EXAMPLE)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    # `pull_request_target` would hand secrets to code of strangers. PyYAML reads the key `on` as True.
    assert set(workflow[True]) == {"pull_request", "push"}
    assert steps(workflow)[0]["with"]["persist-credentials"] is False


def test_every_input_of_the_example_is_one_of_the_action_and_every_input_is_used() -> None:
    action, text = read(ACTION), ACTION.read_text()
    given = {name for step in steps(read(EXAMPLE)) if step["uses"].startswith("./") for name in step["with"]}
    assert given <= set(action["inputs"])
    assert {name for name in action["inputs"] if f"inputs.{name}" not in text} == set()
    assert all(one["description"] and "default" in one for one in action["inputs"].values())


def test_no_file_prints_the_environment_or_a_secret() -> None:
    for script in SCRIPTS.values():
        assert not re.search(r"\b(printenv|env|set -x|export -p)\b", script)
        assert not re.search(r"_(KEY|TOKEN|SECRET)\b", script)


def test_reports_come_back_also_when_a_gate_fails() -> None:
    found = {step["name"]: step.get("if", "") for step in steps(read(ACTION))}
    assert found["Write the summary"].startswith("always()")
    assert found["Upload the reports"].startswith("always()")
    job = read(TEMPLATE)[".plimsoll-evaluation"]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"]["junit"] == "evaluation/junit.xml"
    assert job["allow_failure"] is False
