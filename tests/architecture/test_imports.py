"""`plimsoll --help` stays fast: said by what it imports, not by a clock."""

import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp",
    "alembic",
    "cryptography",
    "dbos",
    "docx",
    "genai_prices",
    "google",
    "httptools",
    "huggingface_hub",
    "jinja2",
    "jsonschema_rs",
    "numpy",
    "obstore",
    "onnx",
    "onnxruntime",
    "openpyxl",
    "optuna",
    "opentelemetry",
    "pebble",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "pypdfium2",
    "re2",
    "rich",
    "safetensors",
    "simsimd",
    "sqlalchemy",
    "starlette",
    "stdnum",
    "tantivy",
    "tokenizers",
    "uvicorn",
    "uvloop",
    "wordllama",
}


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import plimsoll",
        "from plimsoll.cli import main",
        "from plimsoll.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit: pass",
        "from plimsoll.cli import main\ntry:\n    main(['build', '--help'])\nexcept SystemExit: pass",
        "from plimsoll.cli import main\ntry:\n    main(['audit', 'verify', '--help'])\nexcept SystemExit: pass",
        "from plimsoll.cli import main\ntry:\n    main(['serve', '--help'])\nexcept SystemExit: pass",
        "from plimsoll.cli import main\ntry:\n    main(['budget', 'set', '--help'])\nexcept SystemExit: pass",
        "from plimsoll.cli import main\ntry:\n    main(['guardrail', 'test', '--help'])\nexcept SystemExit: pass",
    ],
)
def test_help_imports_nothing_heavy(statement: str) -> None:
    assert imported_by(statement) & HEAVY == set()


def test_the_check_can_fail() -> None:
    assert "numpy" in imported_by("import plimsoll.models")
