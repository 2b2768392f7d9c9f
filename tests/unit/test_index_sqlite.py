"""What only the SQLite engine promises: its rules, its lock, its file."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.intakes import begin, facts, intake, put
from posecas.errors import Failed, IndexBusy, Locked, NoStore, StoreTooNew, UsedAfterFork
from posecas.index import rows
from posecas.index.filesystems import filesystem_type, refuse_network_filesystem
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine, create_sqlite_index
from posecas.index.sqlite_module import sqlite3
from posecas.index.writer_lock import WriterLock
from posecas.records import PoseFilter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def engine(path: Path) -> Iterator[SqliteEngine]:
    create_sqlite_index(path, path.with_name("lock"))
    opened = SqliteEngine(path, path.with_name("lock"), wait_seconds=0.3)
    yield opened
    opened.close()


@pytest.fixture
def index(engine: SqliteEngine) -> SqlIndex:
    opened = SqlIndex(engine, host="here")
    opened.identify()
    opened.add_location("local", ".", host=None)
    return opened


# The rules of the protocol hold against any statement


def refused(engine: SqliteEngine, statement: str, *values: int | bytes | str) -> str:
    with pytest.raises(sqlite3.IntegrityError) as caught, engine.writing() as cursor:
        cursor.run(statement, *values)
    return str(caught.value)


def test_a_reference_needs_a_live_replica(engine: SqliteEngine, index: SqlIndex) -> None:
    put(index, intake(1))
    begin(index, intake(2))
    pending = "(SELECT id FROM blobs WHERE refs = 0)"
    message = "a reference needs a live replica"
    columns = "(generation_id, user_id, name, blob_id, created_at, updated_at)"
    insert = f"INSERT INTO poses {columns} VALUES (1, 1, 'x', {pending}, 0, 0)"
    assert message in refused(engine, insert)
    assert message in refused(engine, f"UPDATE poses SET blob_id = {pending}")
    rendition = "(source_id, recipe_id, blob_id, created_at)"
    insert = f"INSERT INTO renditions {rendition} VALUES (1, 1, {pending}, 0)"
    assert message in refused(engine, insert)


def test_a_rendition_needs_a_pose_on_its_source(engine: SqliteEngine, index: SqlIndex) -> None:
    pose = put(index, intake(1))
    put(index, intake(2))
    index.remove([pose.id])
    insert = (
        "INSERT INTO renditions (source_id, recipe_id, blob_id, created_at)"
        " SELECT (SELECT id FROM blobs WHERE refs = 0), 1, id, 0 FROM blobs WHERE refs = 1"
    )
    assert "a rendition needs a pose" in refused(engine, insert)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("live", "pending"),
        ("damaged", "live"),
        ("damaged", "pending"),
        ("condemned", "live"),
        ("condemned", "pending"),
        ("condemned", "damaged"),
        ("pending", "damaged"),
    ],
)
def test_a_state_never_moves_back(
    engine: SqliteEngine, index: SqlIndex, before: str, after: str
) -> None:
    pose = put(index, intake(1))
    index.remove([pose.id])
    begin(index, intake(2))
    if before != "pending":
        with engine.writing() as cursor:
            cursor.run("UPDATE replicas SET state = ? WHERE id = 1", before)
    row = 2 if before == "pending" else 1
    lease = 1 if after == "pending" else None
    with pytest.raises(sqlite3.IntegrityError, match="only moves forward"), engine.writing() as c:
        c.run("UPDATE replicas SET state = ?, lease_until = ? WHERE id = ?", after, lease, row)


def test_the_last_replica_of_something_referenced_is_never_condemned(
    engine: SqliteEngine, index: SqlIndex
) -> None:
    pose = put(index, intake(1))
    condemn = "UPDATE replicas SET state = 'condemned'"
    assert "last replica" in refused(engine, condemn)
    index.checked(1, intact=False)
    assert "last replica" in refused(engine, condemn)
    index.remove([pose.id])
    with engine.writing() as cursor:
        assert cursor.run(condemn) == 1


def test_only_what_is_condemned_is_forgotten_and_no_key_changes(
    engine: SqliteEngine, index: SqlIndex
) -> None:
    put(index, intake(1))
    assert "condemned" in refused(engine, "DELETE FROM replicas")
    assert "never changes" in refused(engine, "UPDATE replicas SET nonce = ?", b"123456")
    assert "never changes" in refused(engine, "UPDATE blobs SET size = 5")
    live = "INSERT INTO replicas (blob_id, location_id, nonce, state, since) VALUES (1, 1, ?, ?, 0)"
    assert "begins pending" in refused(engine, live, b"123456", "live")
    assert refused(engine, "DELETE FROM blobs")


def test_what_is_no_name_type_or_digest_is_refused(engine: SqliteEngine, index: SqlIndex) -> None:
    put(index, intake(1))
    assert refused(engine, "UPDATE users SET name = ''")
    assert refused(engine, "UPDATE users SET quota = 'much'")
    assert refused(engine, "UPDATE poses SET favourite = 2")
    assert refused(engine, "UPDATE poses SET status = 'lost'")
    assert refused(engine, "UPDATE poses SET seed = 'x'")
    insert = "INSERT INTO blobs (digest, size, media_type, width, height, since, created_at)"
    assert refused(engine, f"{insert} VALUES (?, 1, 'image/png', 1, 1, 0, 0)", b"short")


def test_moving_a_generation_moves_its_use(engine: SqliteEngine, index: SqlIndex) -> None:
    put(index, intake(1, size=300))
    index.add_user("bob")
    with engine.writing() as cursor:
        cursor.run("UPDATE generations SET user_id = 2")
    ada, bob = index.user("ada"), index.user("bob")
    assert ada is not None
    assert bob is not None
    assert [(user.used, user.poses) for user in (ada, bob)] == [(0, 0), (300, 1)]
    assert index.pose("g", "p1").user == "bob"


def test_every_connection_is_durable_and_checks_keys(engine: SqliteEngine) -> None:
    with engine.writing() as cursor:
        pragmas = {
            name: cursor.one(f"PRAGMA {name}")
            for name in ("synchronous", "foreign_keys", "recursive_triggers", "journal_mode")
        }
    assert pragmas == {
        "synchronous": (2,),
        "foreign_keys": (1,),
        "recursive_triggers": (1,),
        "journal_mode": ("wal",),
    }


def test_no_hot_question_reads_a_whole_table(engine: SqliteEngine, index: SqlIndex) -> None:
    put(index, intake(1, thumbnail=2))
    questions = {
        "pose by name": f"{rows.POSE} WHERE g.name = 'g' AND p.name = 'p'",
        "a page of a user": f"{rows.POSE} WHERE p.user_id = 1 AND p.id > 5 ORDER BY p.id LIMIT 9",
        "a page of a generation": (
            f"{rows.POSE} WHERE p.generation_id = 1 AND p.id > 5 ORDER BY p.id LIMIT 9"
        ),
        "live replicas": f"{rows.REPLICA} WHERE b.digest = x'00' AND r.state = 'live'",
        "rendition": f"{rows.RENDITION} WHERE s.digest = x'00' AND c.name = 'a' AND c.version = 1",
        "equal pixels": f"{rows.RENDITION} WHERE s.pixels = x'00' AND c.name = 'a'",
        "garbage": "SELECT id FROM blobs WHERE refs = 0 AND since < 5",
        "changes": "SELECT * FROM changes WHERE sequence > 5 ORDER BY sequence LIMIT 9",
        "alias": "SELECT * FROM aliases WHERE path = 'a'",
        "users' generations": f"{rows.GENERATION} WHERE g.user_id = 1 AND g.id > 5 ORDER BY g.id",
    }
    for name, question in questions.items():
        with engine.reading() as cursor:
            plan = [row[3] for row in cursor.all(f"EXPLAIN QUERY PLAN {question}")]
        assert not [step for step in plan if "SCAN" in step and "recipes" not in step], (name, plan)
        assert not [step for step in plan if "TEMP B-TREE" in step and "LIMIT" in step], name


# One writer at a time


def test_a_writer_that_waits_too_long_is_told(engine: SqliteEngine, path: Path) -> None:
    with WriterLock(path.with_name("lock"), seconds=1).held():
        with pytest.raises(Locked, match="lock"), engine.writing():
            pass
        with engine.reading() as cursor:
            assert cursor.one("SELECT 1") == (1,)
    with engine.writing() as cursor:
        cursor.run("SELECT 1")


def test_a_wait_that_was_given_up_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder, impatient = WriterLock(lock, seconds=5), WriterLock(lock, seconds=0.05)
    with holder.held():
        for _ in range(3):
            with pytest.raises(Locked), impatient.held():
                pass
    for _ in range(3):
        with holder.held():
            pass


def test_writers_of_many_processes_all_get_their_turn(path: Path, index: SqlIndex) -> None:
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from kit.intakes import intake, put
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine
path = Path({str(path)!r})
index = SqlIndex(SqliteEngine(path, path.with_name("lock")), host="here")
for number in range(20):
    put(index, intake(number, f"p{{number}}-{{sys.argv[1]}}"))
"""
    workers = [subprocess.Popen([sys.executable, "-c", code, str(worker)]) for worker in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert index.stats().poses == 80
    assert {index.blob(facts(n).digest).references for n in range(20)} == {4}


def test_a_writer_killed_in_its_transaction_leaves_neither_lock_nor_change(
    path: Path, engine: SqliteEngine, index: SqlIndex
) -> None:
    put(index, intake(1))
    code = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from pathlib import Path
from posecas.index.sqlite import SqliteEngine
path = Path({str(path)!r})
with SqliteEngine(path, path.with_name("lock")).writing() as cursor:
    cursor.run("DELETE FROM poses")
    print("in", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"in\n"
        with pytest.raises(Locked), engine.writing():
            pass
        os.kill(victim.pid, signal.SIGKILL)
    put(index, intake(2))
    assert [pose.name for pose in index.poses(PoseFilter()).items] == ["p1", "p2"]


def test_readers_do_not_wait_for_a_writer_and_see_one_moment(
    engine: SqliteEngine, index: SqlIndex
) -> None:
    put(index, intake(1))
    with engine.writing() as writer:
        writer.run("DELETE FROM poses")
        seen: list[int] = []
        thread = threading.Thread(target=lambda: seen.append(index.stats().poses))
        thread.start()
        thread.join(60)
        assert seen == [1]
    assert index.stats().poses == 0


def test_an_error_inside_a_transaction_undoes_it(engine: SqliteEngine, index: SqlIndex) -> None:
    put(index, intake(1))
    with pytest.raises(sqlite3.OperationalError), engine.writing() as cursor:
        assert cursor.run("DELETE FROM poses") + cursor.run("no statement")
    assert index.stats().poses == 1


# The file


def _create(path: Path, results: "multiprocessing.Queue[str]") -> None:
    try:
        create_sqlite_index(path, path.with_name("lock"))
        engine = SqliteEngine(path, path.with_name("lock"))
        index = SqlIndex(engine, host="here")
        results.put(index.identify().store)
        engine.close()
    except Exception as error:  # noqa: BLE001 - the parent asserts on it
        results.put(repr(error))


def test_processes_that_open_a_fresh_index_at_one_moment_all_work(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    for round_ in range(3):
        results = spawn.Queue()
        path = tmp_path / f"{round_}.sqlite"
        workers = [spawn.Process(target=_create, args=(path, results)) for _ in range(4)]
        for worker in workers:
            worker.start()
        stores = {results.get(timeout=60) for _ in workers}
        for worker in workers:
            worker.join(60)
        assert len(stores) == 1, stores


def test_an_index_of_a_newer_version_is_refused_and_not_touched(
    path: Path, engine: SqliteEngine
) -> None:
    with engine.writing() as cursor:
        cursor.run(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('posecas', '99-later', '')"
        )
    engine.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="99-later"):
        SqliteEngine(path, path.with_name("lock"))
    with pytest.raises(StoreTooNew):
        create_sqlite_index(path, path.with_name("lock"))
    assert path.read_bytes() == before


def test_a_missing_index_is_not_made_anew(path: Path) -> None:
    with pytest.raises(NoStore, match="backup"):
        SqliteEngine(path, path.with_name("lock"))
    assert not path.exists()


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to have a header" * 100)
    with pytest.raises(Exception, match="not a database") as caught:
        SqliteEngine(path, path.with_name("lock"))
    assert type(caught.value).__name__ == "Damage"


def test_a_forked_child_is_refused(index: SqlIndex) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            index.users()
        except UsedAfterFork:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert index.users().items == []


def test_a_fork_waits_for_the_transaction_of_another_thread(
    path: Path, engine: SqliteEngine
) -> None:
    inside, times = threading.Event(), []

    def write() -> None:
        with engine.writing() as cursor:
            inside.set()
            time.sleep(0.2)
            cursor.run("UPDATE store SET created_at = 1")
            times.append(time.monotonic())

    thread = threading.Thread(target=write)
    thread.start()
    inside.wait()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    forked = time.monotonic()
    os.waitpid(pid, 0)
    thread.join()
    assert times[0] <= forked
    with WriterLock(path.with_name("lock"), seconds=0.1).held():
        pass


def test_a_closed_index_says_so(index: SqlIndex) -> None:
    index.close()
    index.close()
    with pytest.raises(Failed, match="closed"):
        index.users()


def test_connections_are_kept_for_the_next_transaction(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.reading():
        pass
    monkeypatch.setattr(sqlite3, "connect", None)
    for _ in range(3):
        with engine.reading() as cursor:
            assert cursor.one("SELECT 1") == (1,)


def test_a_busy_index_is_temporary(path: Path, engine: SqliteEngine) -> None:
    with engine.reading() as cursor:
        cursor.run("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexBusy, match="try again"), engine.writing():
        pass
    other.execute("ROLLBACK")
    other.close()


# Where it lies


def test_the_filesystem_of_a_path_is_the_deepest_mount_above_it() -> None:
    assert filesystem_type(Path("/proc/self/none/there")) == "proc"
    assert filesystem_type(Path("/")) != ""


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "fuse", "9p"])
def test_a_network_filesystem_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        rf"36 22 0:42 / /mnt/far\040away rw,nosuid shared:1 - {kind} server:/x rw" + "\n"
    )
    monkeypatch.setattr("posecas.index.filesystems._MOUNTS", mounts)
    refuse_network_filesystem(Path("/mnt/far"))
    with pytest.raises(Failed, match="local disk"):
        refuse_network_filesystem(Path("/mnt/far away/store/index.sqlite"))


# Whether anything was committed


def test_what_another_process_commits_is_another_revision(index: SqlIndex, path: Path) -> None:
    before = index.revision()
    code = f"import sqlite3; sqlite3.connect({str(path)!r}).executescript({_COMMIT!r})"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
    assert index.revision() != before


def test_looking_at_revisions_costs_nobody_a_lock(engine: SqliteEngine, path: Path) -> None:
    engine.revision()
    locks = _locks(path)
    assert locks
    other = SqliteEngine(path, path.with_name("lock"))
    assert other.revision() == engine.revision()
    other.close()
    assert _locks(path) == locks
    with pytest.raises(Failed, match="closed"):
        other.revision()


_COMMIT = "UPDATE locations SET url = url"


def _locks(path: Path) -> list[str]:
    """What this process has locked of the index of the write-ahead log."""
    file = f":{path.with_name(path.name + '-shm').stat().st_ino} "
    found = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return [line.partition(":")[2] for line in found if f" {os.getpid()} " in line and file in line]
