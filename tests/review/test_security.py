import pytest
from werkzeug.datastructures import Headers

from prefml.review.security import page_token, refusal

TOKEN = page_token("secret")
HERE = "127.0.0.1:8765"


def ask(method="GET", path="/api/automation/queue", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(method, path, Headers({"Host": HERE, **named}), "8765", TOKEN)


@pytest.mark.parametrize("host", [HERE, "localhost:8765"])
def test_this_machine_may_read(host):
    assert ask(Host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80",
     "127.0.0.1.evil.example:8765", "localhost:8765@evil.example", "user@127.0.0.1:8765",
     "[::1]:8765", "127.0.0.1:x", "", "[",
     "127.0.0.1:8765/", "LOCALHOST.evil:8765", "127.0.0.1:99999999"],
)  # fmt: skip
def test_another_host_is_refused(host):
    assert ask(Host=host) == "Host is not this machine"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8765", "http://localhost:8765", ""]
)
def test_another_origin_is_refused(origin):
    assert ask(Origin=origin) == "Origin is another page"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_only_link_to_the_page(site):
    assert ask(Sec_Fetch_Site=site)
    assert ask(path="/picture/x/view", Sec_Fetch_Site=site)
    assert ask(path="/", Sec_Fetch_Site=site) is None


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN.upper(), "é"])
def test_a_change_needs_the_token(token):
    assert ask("POST", X_CSRF_Token=token)
    assert ask("POST")


def test_a_change_with_the_token_passes():
    origin = f"http://{HERE}"
    assert ask("POST", Origin=origin, Sec_Fetch_Site="same-origin", X_CSRF_Token=TOKEN) is None


def test_the_token_does_not_reveal_the_secret():
    assert "secret" not in TOKEN
    assert page_token("other") != TOKEN
