"""What all executors have in common."""

import pickle

import pytest
from tests.jobs.fakes import STEP, STEPS, jobs_of, open_fake, serve_fakes, story, written

from acapella.errors import AcapellaError, AudioFileError, InputError, MissingExtraError
from acapella.jobs import worker
from acapella.jobs.events import Cancelled, Done, Failed, Progressed, Started
from acapella.jobs.local import LocalExecutor
from acapella.jobs.processes import ProcessExecutor

WELL = ["Started", "Progressed", "Done"]


@pytest.fixture(params=["local", "processes"])
def executor(request, monkeypatch):
    monkeypatch.setattr(worker, "serve", serve_fakes)
    made = LocalExecutor(open_isolator=open_fake) if request.param == "local" else ProcessExecutor(2)
    with made:
        yield made


def test_events_come_in_order_and_stems_at_the_end(executor, tmp_path):
    jobs, events = jobs_of(tmp_path, "one", "two", "three"), []
    executor.run(jobs, events.append)
    for job in jobs:
        assert story(events, job) == WELL
        progress = [event for event in events if event.job.id == job.id and isinstance(event, Progressed)]
        assert [event.samples for event in progress] == [STEP * step for step in range(1, STEPS + 1)]
        assert {event.total for event in progress} == {STEP * STEPS}
    assert written(tmp_path) == ["one_vocal.wav", "three_vocal.wav", "two_vocal.wav"]


def test_a_result_says_what_there_is_to_know(executor, tmp_path):
    events = []
    executor.run(jobs_of(tmp_path, "loud", "soft"), events.append)
    results = {event.job.song.stem: event.result for event in events if isinstance(event, Done)}
    assert results["loud"].paths == {"vocal": tmp_path / "loud_vocal.wav"}
    assert results["loud"].duration == 2.0
    assert results["loud"].seconds > 0
    assert results["loud"].clipped == {"vocal": 7}
    (remark,) = results["loud"].remarks
    assert remark.startswith(f"{tmp_path / 'loud_vocal.wav'}: 7 samples were clipped; ")
    assert remark.endswith("normalize or bit_depth 32f (wav) keeps them.")
    assert results["soft"].clipped == {}
    assert results["soft"].remarks == ()


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("bad", AudioFileError, "bad.wav: cannot be decoded (it is text)."),
        ("missing", MissingExtraError, "This model needs packages"),
        ("absent", InputError, "absent.wav: No such file or directory."),
        ("defect", AcapellaError, "defect.wav: ZeroDivisionError (division by zero)"),
    ],
)
def test_a_job_that_fails_does_not_keep_the_others(executor, tmp_path, name, kind, message):
    jobs, events = jobs_of(tmp_path, name, "one", "two"), []
    executor.run(jobs, events.append)
    assert [story(events, job)[-1] for job in jobs] == ["Failed", "Done", "Done"]
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert type(failed.error) is kind
    assert message in str(failed.error)
    assert written(tmp_path) == ["one_vocal.wav", "two_vocal.wav"]


def test_a_running_job_is_cancelled_and_leaves_nothing(executor, tmp_path):
    jobs, events = jobs_of(tmp_path, "slow", "one", "two"), []

    def listen(event):
        events.append(event)
        if event.job is jobs[0] or event.job.id == jobs[0].id:
            executor.cancel(jobs[0].id)

    executor.run(jobs, listen)
    assert story(events, jobs[0])[0] == "Started"
    assert [story(events, job)[-1] for job in jobs] == ["Cancelled", "Done", "Done"]
    assert written(tmp_path) == ["one_vocal.wav", "two_vocal.wav"]


def test_a_job_that_is_cancelled_before_does_not_begin(executor, tmp_path):
    jobs, events = jobs_of(tmp_path, "one", "two"), []
    executor.cancel(jobs[0].id)
    executor.run(jobs, events.append)
    assert story(events, jobs[0]) == ["Cancelled"]
    assert story(events, jobs[1]) == WELL


def test_jobs_come_one_by_one_and_are_taken_when_they_begin(executor, tmp_path):
    """As a server has them: the next one is not known yet."""
    taken, ended = [], []

    def coming():
        for job in jobs_of(tmp_path, *"abcdef"):
            assert len(taken) - len(ended) < 2, "no more are taken than can run"
            taken.append(job)
            yield job

    def listen(event):
        if isinstance(event, Done | Failed | Cancelled):
            ended.append(event.job)

    executor.run(coming(), listen)
    assert len(ended) == 6
    (job,) = jobs_of(tmp_path, "later")
    executor.run([job], ended.append)
    assert ended[-1] == Done(job, ended[-1].result)


def test_an_exception_of_the_listener_ends_everything_and_leaves_nothing(executor, tmp_path):
    def listen(event):
        if isinstance(event, Started):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.run(jobs_of(tmp_path, "slow", "slow2"), listen)
    assert written(tmp_path) == []
    events = []
    executor.run(jobs_of(tmp_path, "one"), events.append)
    assert isinstance(events[-1], Done)


def test_jobs_and_events_can_be_sent(executor, tmp_path):
    jobs, events = jobs_of(tmp_path, "bad", "missing", "loud"), []
    executor.run(jobs, events.append)
    for event in events:
        sent = pickle.loads(pickle.dumps(event))
        assert sent.job == event.job
        if isinstance(event, Failed):
            assert str(sent.error) == str(event.error)
        else:
            assert sent == event
