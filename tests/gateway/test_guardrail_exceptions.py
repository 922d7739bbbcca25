"""An exception from a guardrail holds for the actor whom it names, and for nobody else."""

from pathlib import Path

from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, gateway

MAIL = "bob@example.org"
POLICY = """checks:
  - check: pii
    kinds: [email]
    on: [input]
    action: block
    exceptions: [{actors: [load-test], until: 2999-12-31, reason: "made-up addresses"}]
"""


def test_an_actor_is_exempted_by_name(tmp_path: Path, heard: Echo) -> None:
    target = f'model: "vllm/e"\nbase_url: {heard.url}/v1\nprice: {CHEAP}\nretries: {{attempts: 0}}\n'
    files = {
        "guardrails/standard.yaml": POLICY,
        "routes/default.yaml": target,
        "routes/guarded.yaml": f"{target}serves: [guarded]\nguardrail: standard\n",
    }
    with gateway(tmp_path / "harbour", files) as port:
        exempted, other = port.make_key("load-test"), port.make_key("somebody")
        body = {"model": "guarded", "messages": [{"role": "user", "content": f"I am {MAIL}."}]}
        assert port.post("/v1/chat/completions", body, key=exempted).status_code == 200
        refused = port.post("/v1/chat/completions", body, key=other)
    assert refused.status_code == 400
    assert "pii.email" in refused.text
    assert len(heard.heard) == 1
