"""How soon the page is ready: songs and models are listed, files can be chosen."""

from pathlib import Path

READY = (Path(__file__).parent / "ready.js").read_text()


def test_the_page_is_ready_within_a_second(browser, server):
    context = browser.new_context()
    context.add_init_script(READY)
    page = context.new_page()
    page.goto(server)  # the browser starts a process for the page
    context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    times = []
    for _ in range(5):  # the best counts: the machine may be busy
        page.goto(server)
        page.wait_for_function("() => window.readyAt")
        times.append(page.evaluate("window.readyAt"))
        if times[-1] < 1000:
            break
    context.close()
    print(f"ready after {min(times):.0f} ms")
    assert min(times) < 1000
