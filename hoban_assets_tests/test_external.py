"""Workers in processes of their own: what reaches the log, what stops them from starting."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from external_runs import Ran, script_of

from hoban_assets.errors import HobanError
from hoban_assets.external import clean_environment
from hoban_assets.processes import liveness


class TestOutput:
    def test_reaches_the_log_and_the_caller(self, tmp_path: Path) -> None:
        body = """
print("ein Wort, 한글")
print("10 %\\r20 %\\rdone", file=sys.stderr)
pipes.log.info("half way")
pipes.report_custom_message({"twice": 2 * pipes.get_extra("number"), "cwd": os.getcwd()})
"""
        ran = Ran(script_of(tmp_path, body), extras={"number": 21}, cwd=tmp_path)
        assert ran.messages == [{"twice": 42, "cwd": str(tmp_path)}]
        lines = [text for level, text in ran.log if level == 10]
        assert [x for x in lines if "[pipes]" not in x] == [
            "ein Wort, 한글",
            "10 %",
            "20 %",
            "done",
        ]
        assert (20, "half way") in ran.log

    def test_that_is_no_text_does_no_harm(self, tmp_path: Path) -> None:
        body = "os.write(1, b'\\xff\\xfe\\n' + b'x' * 100_000)"
        lines = [text for level, text in Ran(script_of(tmp_path, body)).log if level == 10]
        assert "".join(lines[1:]) == "x" * 100_000

    def test_of_a_failure_is_in_its_message(self, tmp_path: Path) -> None:
        body = """
for i in range(100):
    print("line", i)
sys.stdout.flush()
os._exit(3)
"""
        with pytest.raises(dg.Failure) as caught:
            Ran(script_of(tmp_path, body), tail_lines=5)
        text = str(caught.value.description)
        assert text.startswith("some_worker.py failed with exit code 3.")
        assert text.splitlines()[1:] == [f"line {i}" for i in range(95, 100)]
        assert caught.value.metadata["exit_code"].value == 3

    def test_of_an_exception_is_its_traceback(self, tmp_path: Path) -> None:
        with pytest.raises(dg.Failure, match="ZeroDivisionError"):
            Ran(script_of(tmp_path, "1 / 0"))

    @pytest.mark.parametrize(
        ("number", "words"),
        [("SIGSEGV", "was killed by SIGSEGV"), ("SIGKILL", "SIGKILL .*memory ran out")],
    )
    def test_names_the_signal(self, tmp_path: Path, number: str, words: str) -> None:
        body = f"import signal; print('before'); os.kill(os.getpid(), signal.{number})"
        with pytest.raises(dg.Failure, match=f"(?s){words}.*before"):
            Ran(script_of(tmp_path, body))


class TestSilence:
    def test_is_reported_with_what_the_worker_does_and_stops_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worker goes on once its silence was reported, as only then `go` is there."""
        go, described = tmp_path / "go", liveness.describe

        def describe(*told: Any) -> str:
            go.touch()
            return described(*told)

        monkeypatch.setattr(liveness, "describe", describe)
        body = """
import time
pipes.log.info("reading the images")
while not os.path.exists(pipes.get_extra("go")):
    time.sleep(0.01)
pipes.report_custom_message("went on")
"""
        ran = Ran(script_of(tmp_path, body), extras={"go": str(go)}, stall_seconds=0.3)
        assert ran.messages == ["went on"]
        first = next(text for level, text in ran.log if level == 30)
        assert first.startswith("some_worker has said nothing for ")
        assert 'its last words: "reading the images"; process state: ' in first

    def test_ends_the_worker_only_where_that_was_chosen(self, tmp_path: Path) -> None:
        body = "import time; print('before', flush=True); time.sleep(1000)"
        with pytest.raises(dg.Failure, match=r"(?s)silent for 0\.3 s and was stopped.*before"):
            Ran(script_of(tmp_path, body), stall_seconds=1000, give_up_seconds=0.3)


class TestBeforeItStarts:
    def test_launcher_and_interpreter_variables_stay_out(self) -> None:
        env = {"RANK": "0", "MASTER_ADDR": "x", "TORCHELASTIC_RUN_ID": "x", "PYTHONPATH": "x"}
        kept = clean_environment({**env, "PATH": "/bin", "WORLD_SIZE_NOTE": "kept"})
        assert not set(env) & set(kept)
        assert (kept["PATH"], kept["WORLD_SIZE_NOTE"]) == ("/bin", "kept")

    def test_a_missing_interpreter_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        with pytest.raises(HobanError, match=r'no/python .*does not exist -> run "make fastdup"'):
            Ran(script_of(tmp_path, "pass"), python=tmp_path / "no" / "python")

    def test_a_missing_worker_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(HobanError, match=r"gone\.py does not exist"):
            Ran(tmp_path / "gone.py")

    def test_a_file_that_is_no_program_is_named(self, tmp_path: Path) -> None:
        python = tmp_path / "python"
        python.write_text("no program")
        python.chmod(0o755)
        with pytest.raises(HobanError, match="cannot be started"):
            Ran(script_of(tmp_path, "pass"), python=python)
