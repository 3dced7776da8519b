"""The API against its own description: whatever fits it, or nearly, is answered, and never with a 5xx."""

import pytest
from tests.web.studios import client, song_bytes, upload, wait_for

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
hypothesis = pytest.importorskip("hypothesis")

EXAMPLES = 12  # requests for each operation
STREAMS = "/events"  # never end


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    with client(tmp_path_factory.mktemp("data"), patience=5) as opened:
        yield opened


@pytest.mark.slow
def test_no_request_is_a_server_error(http, tmp_path):
    from schemathesis import GenerationMode

    song = upload(http, song_bytes(tmp_path))["id"]
    wait_for(http, song, "done")
    schema = schemathesis.openapi.from_dict(http.get("/openapi.json").json())
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    answers = []
    for operation in schema.get_all_operations():
        operation = operation.ok()
        if operation.path.endswith(STREAMS):
            continue
        for case in cases(operation):
            if "song_id" in case.path_parameters and operation.method.upper() != "DELETE":
                case.path_parameters["song_id"] = song
            answer = case.call(base_url=str(http.base_url), timeout=30)
            answers.append((answer.status_code, case.as_curl_command()))
    assert len(answers) > 100
    assert [found for found in answers if found[0] >= 500] == []


def cases(operation):
    """Some requests that fit an operation."""
    found = []

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def collect(case):
        found.append(case)

    collect()
    return found
