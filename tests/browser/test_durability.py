import signal

import pytest

pytestmark = pytest.mark.browser

HAS_COME = """image => new Promise((resolve) => {
  const look = () => image.naturalWidth ? resolve(true) : setTimeout(look, 50);
  look();
})"""
FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"


@pytest.fixture
def person(process, reviewer):
    return reviewer.open(process.url)


def test_a_reload_loses_nothing_and_decides_nothing(person):
    person.press("a", "2")
    person.reload()
    assert (person.group_id, person.state) == (THIRD, "pending")
    states = person.api("queue")["states"]
    assert states == {FIRST: "approved", SECOND: "overridden"}


def test_undo_reaches_back_across_a_restart(person, process):
    person.press("a", "r")
    process.kill()
    process.start()
    person.reload()
    person.press("z", "z")
    assert (person.group_id, person.state) == (FIRST, "pending")
    process.kill()
    process.start()
    person.reload()
    person.press("Shift+z", "Shift+z")
    assert person.api("queue")["states"] == {FIRST: "approved", SECOND: "rejected"}


def test_kill_9_in_mid_session_loses_nothing_and_the_open_page_goes_on(person, process):
    person.press("a", "1")
    process.kill()
    process.start()
    person.press("r")
    states = person.api("queue")["states"]
    assert states == {FIRST: "approved", SECOND: "overridden", THIRD: "rejected"}


def test_a_key_pressed_while_the_server_is_dead_is_saved_when_it_is_back(person, process):
    process.kill()
    person.page.keyboard.press("a")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    assert person.group_id == FIRST
    process.start()
    person.idle()
    assert person.page.locator("#alert").is_hidden()
    assert person.group_id == SECOND
    assert person.decided(FIRST)["state"] == "approved"


def test_a_key_pressed_while_the_server_is_dead_survives_a_reload(person, process):
    process.kill()
    person.page.keyboard.press("r")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    process.start()
    person.reload()
    assert person.decided(FIRST)["state"] == "rejected"
    assert person.api("progress")["pending"] == 5
    person.press("z")
    assert person.api("progress")["pending"] == 6


def test_keys_pressed_while_the_server_is_silent_decide_nothing_unseen(person, process):
    process.kill()
    person.page.keyboard.press("a")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    for key in ("a", "r", "Enter"):
        person.page.keyboard.press(key)
    assert "Not taken" in person.status
    person.page.get_by_role("button", name="None good").click()
    process.start()
    person.idle()
    assert (person.group_id, person.state) == (SECOND, "pending")
    assert person.api("queue")["states"] == {FIRST: "approved"}


def test_keys_pressed_while_a_batch_is_not_saved_decide_nothing_unseen(person, process):
    person.press("b")
    process.kill()
    person.page.get_by_role("button", name="Approve 2 sets").click()
    person.page.get_by_text("Not saved yet").wait_for()
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("r")
    assert "Not taken" in person.status
    process.start()
    person.idle()
    states = person.api("queue")["states"]
    assert states == {"harbour/g004": "approved", "harbour/g005": "approved"}


def test_a_server_that_hangs_is_told_and_answers_once(person, process):
    process.process.send_signal(signal.SIGSTOP)
    person.page.keyboard.press("a")
    person.page.keyboard.press("r")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    process.process.send_signal(signal.SIGCONT)
    person.idle()
    assert person.api("queue")["states"] == {FIRST: "approved"}
    assert "before the interruption" in person.status


def test_pictures_that_did_not_come_are_asked_for_again(reviewer, serve):
    lost = []

    def lose_once(route):
        url = route.request.url
        if url in lost:
            route.continue_()
        else:
            lost.append(url)
            route.abort("connectionreset")

    reviewer.page.route("**/view?v=*", lose_once)
    person = reviewer.open(serve())
    shown = person.find("group").locator("img")
    for i in range(shown.count()):
        assert shown.nth(i).evaluate(HAS_COME)
    assert len(lost) >= shown.count() > 1
