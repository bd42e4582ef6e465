from pwlib.reruns import progress
from pwlib.reruns.progress import Progress


def lines(capsys):
    found = capsys.readouterr()
    assert not found.out
    return found.err.splitlines()


def test_without_a_terminal_there_are_plain_lines(capsys):
    shown = Progress(2)
    shown.look(["seed=0", "seed=1"])
    shown.ended("seed=0", 3.2, None)
    shown.look(["seed=1"])
    shown.ended("seed=1", 61, "ValueError: on purpose")
    shown.close()
    assert lines(capsys) == [
        "running  seed=0",
        "running  seed=1",
        "done     seed=0  (3 s; 1 of 2)",
        "failed   seed=1  (61 s; 2 of 2)",
    ]


def test_quiet_shows_warnings_alone(capsys):
    shown = Progress(1, quiet=True)
    shown.look(["seed=0"])
    shown.say("refused: a worker")
    shown.ended("seed=0", 1, None)
    shown.close()
    assert lines(capsys) == ["refused: a worker"]


def test_on_a_terminal_there_is_a_bar_with_what_runs_and_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    shown = Progress(4)
    shown.ended("seed=0", 1, None)
    shown.ended("seed=1", 1, "ValueError")
    shown.look(["seed=2", "seed=3"])
    last = capsys.readouterr().err.split("\r")[-1]
    shown.close()
    assert "2/4" in last
    assert "<00:0" in last
    assert "1 failed, 2 running: seed=2 …" in last


def test_a_run_is_named_by_what_tells_it_from_the_others():
    parameters = {"seed": 3, "radius": 1.5, "workers": 1}
    assert progress.label(parameters, ["seed", "radius"]) == "seed=3 radius=1.5"
    assert progress.label(parameters, []) == "the only run"


def test_a_sweep_with_nothing_to_do_has_no_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    Progress(0).close()
    assert lines(capsys) == []
