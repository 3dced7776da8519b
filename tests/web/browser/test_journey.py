"""The page as it is used: a song from its upload to its deletion, at two sizes."""

import io
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import soundfile
from tests.web.browser.conftest import SONG
from tests.web.browser.pages import SIZES


def seconds(page) -> float:
    """Where the player says it is."""
    minutes, rest = page.locator(".transport .now").inner_text().split(":")
    return 60 * int(minutes) + float(rest)


def wait_for_seconds(page, condition: str) -> None:
    """Wait until the player's time fulfils a condition on `t`."""
    page.wait_for_function(
        "() => { const [m, s] = document.querySelector('.now').textContent.split(':'); const t = 60 * m + +s; "
        f"return {condition}; }}"
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_song_from_upload_to_deletion(pages, server, size):
    page = pages.open(server, size)
    name = f"My {size} song"
    states = record_states(page)
    page.locator("#files").set_input_files(
        {"name": f"{name}.flac", "mimeType": "audio/flac", "buffer": SONG.read_bytes()}
    )
    row = page.locator("#songs li", has_text=name)
    page.locator("#songs li[data-state=done]", has_text=name).wait_for(timeout=60000)
    assert page.evaluate(states), "the progress was shown"
    if size == "phone":
        row.get_by_role("link").click()
    play_and_loop(page)
    mix_and_reload(page)
    download(page, name)
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    row.wait_for(state="detached")
    page.locator("article.player").wait_for(state="detached")


def record_states(page) -> str:
    """Note the progress that the list shows; gives the expression that asks whether there was any."""
    page.evaluate(
        "() => { window.shown = new Set(); new MutationObserver(() => document.querySelectorAll('#songs .status')"
        ".forEach((node) => window.shown.add(node.textContent))).observe(document.getElementById('songs'), "
        "{subtree: true, childList: true, characterData: true}); }"
    )
    return "[...window.shown].some((text) => /^(Sending|Separating), [0-9]+ %/.test(text))"


def play_and_loop(page) -> None:
    page.get_by_role("button", name="Play").click()
    wait_for_seconds(page, "t > 0.3")
    page.get_by_role("button", name="Pause").click()
    before = seconds(page)
    page.wait_for_timeout(200)
    assert seconds(page) == before
    page.get_by_role("slider", name="Position").focus()
    for key in ("Home", "l", "PageUp", "l"):  # from the start to ten seconds on
        page.keyboard.press(key)
    assert page.locator(".loop").get_attribute("aria-label") == "Loop 0:00.0 – 0:10.0; press to end it"
    page.get_by_role("slider", name="End of the loop").focus()
    page.keyboard.press("Home")  # as short as can be: a quarter of a second
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1500)
    assert seconds(page) < 1
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="press to end it").click()


def mix_and_reload(page) -> None:
    page.get_by_role("button", name="Karaoke").click()
    page.get_by_role("button", name="Solo Instrumental").click()
    page.get_by_role("slider", name="Volume of Instrumental").fill("50")
    page.get_by_role("slider", name="Speed").fill("1.5")
    page.reload()
    page.wait_for_selector(".player")
    assert page.get_by_role("button", name="Karaoke").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Solo Instrumental").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("slider", name="Speed").input_value() == "1.5"
    page.get_by_role("button", name="Play").click()
    wait_for_seconds(page, "t > 0.5")
    page.get_by_role("button", name="Pause").click()


def download(page, name) -> None:
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Vocals wav").click()
    vocal = soundfile.info(io.BytesIO(started.value.path().read_bytes()))
    assert vocal.frames == soundfile.info(SONG).frames
    assert started.value.suggested_filename == f"{name}_vocal.wav"
    address = page.get_by_role("link", name="My mix").get_attribute("href")
    mix = dict(parse_qsl(urlsplit(address).query))
    assert (float(mix["vocal"]), float(mix["instrumental"])) == (0, 0.5)
    page.keyboard.press("Escape")


def test_drop_a_file_that_is_no_song(pages, server):
    page = pages.open(server)
    page.evaluate(
        "() => { const data = new DataTransfer(); data.items.add(new File(['no song'], 'notes.mp3'));"
        "document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }"
    )
    failed = page.locator("#songs li[data-state=failed]")
    failed.wait_for()
    assert failed.locator(".status").inner_text().startswith("Cannot be decoded")  # its name is above that
    failed.get_by_role("button", name=re.compile("again")).first.click()
    failed.wait_for()
    failed.get_by_role("button", name=re.compile("Delete|Dismiss")).click()
    if page.get_by_role("dialog").count():
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    failed.wait_for(state="detached")
    pages.complaints[:] = [text for text in pages.complaints if "status of 4" not in text]  # Chromium's own words


def test_keys_pointer_and_spectrogram(pages, server, song):
    page = pages.open(f"{server}/#/songs/{song['id']}")
    page.wait_for_selector(".player")
    wave = page.locator(".wave").first.bounding_box()
    page.mouse.click(wave["x"] + wave["width"] / 2, wave["y"] + 20)
    assert seconds(page) == pytest.approx(7.5, abs=0.1)
    page.keyboard.press("ArrowRight")
    assert seconds(page) == pytest.approx(12.5, abs=0.1)
    page.keyboard.press("1")
    page.keyboard.press("m")
    assert page.get_by_role("button", name="Mute Vocals").get_attribute("aria-pressed") == "true"
    page.keyboard.press("m")
    page.keyboard.press("2")
    page.keyboard.press("s")
    assert page.get_by_role("button", name="Solo Instrumental").get_attribute("aria-pressed") == "true"
    scale = page.locator(".scale").bounding_box()
    page.mouse.move(scale["x"] + 0.2 * scale["width"], scale["y"] + 5)
    page.mouse.down()
    page.mouse.move(scale["x"] + 0.4 * scale["width"], scale["y"] + 5, steps=3)
    page.mouse.up()
    stored = json.loads(page.evaluate("localStorage.acapella"))["songs"][song["id"]]["loop"]
    assert stored["start"] == pytest.approx(3, abs=0.1)
    assert stored["end"] == pytest.approx(6, abs=0.1)
    page.get_by_role("button", name="Spectrogram of Vocals").click()
    page.locator(".top-hz", has_text="kHz").wait_for()
    page.keyboard.press(" ")  # the button was clicked: space plays
    wait_for_seconds(page, "t > 3.2 && t < 6.2")


def test_a_token_is_asked_for_once(pages, start_server):
    page = pages.open(start_server("--token", "a long secret"))
    page.get_by_role("textbox", name="Token").fill("a wrong secret")
    page.keyboard.press("Enter")
    page.get_by_text("This is not the token").wait_for()
    page.get_by_role("textbox", name="Token").fill("a long secret")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    page.reload()
    page.get_by_role("heading", name="Vocals and music").wait_for()
    assert page.get_by_role("dialog").count() == 0
    pages.complaints[:] = [text for text in pages.complaints if "status of 40" not in text]
