"""Who may ask, and the headers of every answer."""

import pytest
from tests.web.studios import client, song_bytes, upload, wait_for

from acapella.errors import UsageError
from acapella.web.security import COOKIE
from acapella.web.settings import ServerSettings

SONGS = "/api/v1/songs"
TOKEN = "correct horse battery"


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    with client(tmp_path_factory.mktemp("data"), allowed_hosts=("studio.example",)) as opened:
        yield opened


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "studio.example", "Studio.Example:80"])
def test_our_hosts(http, host):
    assert http.get(SONGS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a@localhost", "192.168.1.2", "[::1", ""])
def test_other_hosts_are_refused_which_ends_dns_rebinding(http, host):
    answer = http.get(SONGS, headers={"Host": host})
    assert answer.status_code == 400
    assert "detail" in answer.json()


def test_listening_everywhere_any_address_of_the_machine_is_ours(tmp_path):
    with client(tmp_path, host="0.0.0.0", token=TOKEN) as opened:
        hosts = {"192.168.1.2:8000": 200, "evil.example": 400}
        assert {h: opened.get("/api/v1/health", headers={"Host": h}).status_code for h in hosts} == hosts


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_of_other_sites_change_nothing(http, headers):
    assert http.post(SONGS, content=b"slow", headers=headers).status_code == 403
    assert http.delete(f"{SONGS}/x", headers=headers).status_code == 403
    assert http.get(SONGS).json()["songs"] == []


def test_our_own_page_may_write_and_a_link_may_lead_here(http):
    own = {"Origin": str(http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert http.delete(f"{SONGS}/x", headers=own).status_code == 204
    assert http.get(SONGS, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert http.get("/docs/", headers=link).status_code == 200


@pytest.mark.parametrize("path", [SONGS, "/docs/", "/openapi.json", "/nowhere", f"{SONGS}/none"])
def test_every_answer_has_the_headers(http, path):
    headers = http.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_a_defect_is_answered_like_any_error(tmp_path, monkeypatch):
    monkeypatch.setattr("acapella.web.models.Models.all", lambda _: 1 / 0)
    with client(tmp_path) as http:
        answer = http.get("/api/v1/models")
    assert (answer.status_code, list(answer.json())) == (500, ["detail"])
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_token_is_asked_for_everywhere_but_for_health(tmp_path):
    with client(tmp_path / "data", token=TOKEN) as http:
        for path in (SONGS, f"{SONGS}/x", "/api/v1/events", "/api/v1/models", "/api/v1/metrics"):
            refused = http.get(path)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert http.get("/api/v1/health").status_code == 200
        assert http.get(SONGS, headers={"Authorization": "Bearer wrong"}).status_code == 401
        known = {"Authorization": f"Bearer {TOKEN}"}
        song = upload(http, song_bytes(tmp_path), headers=known)["id"]
        assert http.get(f"{SONGS}/{song}", headers=known).status_code == 200


def test_the_page_gives_the_token_for_a_cookie(tmp_path):
    with client(tmp_path / "data", token=TOKEN) as http:
        assert http.post("/api/v1/session", json={"token": "wrong"}).status_code == 401
        answer = http.post("/api/v1/session", json={"token": TOKEN})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert http.get(SONGS).status_code == 200, "the client sends the cookie"
        song = upload(http, song_bytes(tmp_path))["id"]
        wait_for(http, song, "done")
        http.cookies.set(COOKIE, "0" * 64)
        assert http.get(f"{SONGS}/{song}/stems/vocal").status_code == 401
        assert http.post("/api/v1/session", content=b'{"token": "' + b"x" * 5000 + b'"}').status_code in (413, 422)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "studio.example"])
def test_listening_beyond_the_loopback_needs_a_token_or_the_word(tmp_path, host):
    with pytest.raises(UsageError, match="token"):
        ServerSettings(tmp_path, host=host)
    ServerSettings(tmp_path, host=host, token=TOKEN)
    ServerSettings(tmp_path, host=host, open_to_all=True)
    with pytest.raises(UsageError, match="fewer than 8"):
        ServerSettings(tmp_path, host=host, token="short")
