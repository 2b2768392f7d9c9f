"""`posecas bucket setup`, and what `posecas doctor` tells of a bucket."""

import pytest

from kit.commands import Posecas

APP = "https://app.example.com"


def rules(r2: Posecas, *words: str) -> dict[str, str]:
    done = r2("bucket", "setup", *words, "--json")
    assert done.code == 0, done
    return {one["rule"]: one["state"] for one in done.objects if "rule" in one}


def test_rules_are_told_and_then_set(r2: Posecas) -> None:
    for words in ((), ("--dry-run",), ("r2",)):
        assert rules(r2, *words) == {"incoming": "missing", "multipart": "missing"}
    assert rules(r2, "--apply", "--origin", APP)["browsers"] == "set"
    assert set(rules(r2, "--origin", APP).values()) == {"there"}
    assert rules(r2, "--keep-uploads", "2d")["incoming"] == "missing"


def test_what_must_be_done_by_hand_is_told_in_steps(r2: Posecas) -> None:
    done = r2("bucket", "setup")
    _, _, steps = done.out.partition("\n\nBy hand:\n")
    numbered = [line.split(".")[0].strip() for line in steps.splitlines()]
    assert numbered == [str(number) for number in range(1, len(numbered) + 1)]
    assert "images.example.com" in steps


def test_what_cannot_be_is_one_line(r2: Posecas) -> None:
    for code, words in (
        (2, "--apply --dry-run"),
        (2, "--origin app.example.com"),
        (2, "--origin https://app.example.com/page"),
        (2, "--keep-uploads 12h"),
        (2, "--keep-uploads 0"),
        (2, "local"),
        (4, "absent"),
    ):
        done = r2("bucket", "setup", *words.split())
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), (words, done)


def test_rights_that_do_not_suffice_are_told(r2: Posecas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "not-the-secret")
    done = r2("bucket", "setup", "--apply")
    assert (done.code, done.out, done.err.count("\n")) == (12, "", 1)
    assert "not-the-secret" not in done.err


def found(done: list[dict[str, str]]) -> dict[str, str]:
    return {one["check"]: one["state"] for one in done if one["check"].startswith("r2")}


def test_doctor_tries_the_bucket_and_says_what_that_costs(
    r2: Posecas, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = r2("doctor", "--json")
    states = found(done.objects)
    public = states.pop("r2 public")
    assert (done.code, public) == (1, "fail")
    assert set(states.values()) == {"ok"}
    for check in ("clock", "marker", "writing", "once", "reading", "deleting", "cost"):
        assert f"r2 {check}" in states
    (cost,) = [one for one in done.objects if one["check"] == "r2 cost"]
    assert "2 writes and 6 reads" in cost["detail"]
    monkeypatch.setenv("POSECAS_LOCATION_R2_PRICES", "r2")
    assert "$0.000011 by the prices of r2" in r2("doctor").out


def test_doctor_asks_nothing_if_it_is_told_so(r2: Posecas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R2_ENDPOINT_URL", "http://127.0.0.1:9")
    done = r2("doctor", "--no-remote", "--json")
    assert (done.code, found(done.objects)) == (0, {"r2": "ok"})


def test_doctor_names_wrong_keys_without_showing_them(
    r2: Posecas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "not-the-secret")
    done = r2("doctor")
    assert done.code == 1
    (line,) = [line for line in done.out.splitlines() if "r2 marker" in line]
    assert "→ check the access key and the secret" in line
    assert "not-the-secret" not in done.out
    assert not any("r2 writing" in line for line in done.out.splitlines())


def test_doctor_names_variables_that_are_missing(
    r2: Posecas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("R2_SECRET_ACCESS_KEY")
    done = r2("doctor")
    assert done.code == 1
    assert "R2_SECRET_ACCESS_KEY is not set" in done.out
