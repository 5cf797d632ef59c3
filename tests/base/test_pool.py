"""Every part of a job is done once, by whoever is there, and a poll that asks to stop ends the job for everybody."""

import json
import resource
import subprocess

import pytest

from helpers.machine.programs import compiled

OK, INTERRUPTED = 0, 3


def build(folder, *flags):
    return compiled(folder, "base/pool_check", ["pool"], "gcc", "-O1", "-g", "-pthread", *flags)


def runner(program):
    def run(threads, jobs, parts, spin=0, stop_after=0, **keywords):
        arguments = [str(x) for x in (threads, jobs, parts, spin, stop_after)]
        return json.loads(subprocess.run([program, *arguments], check=True, capture_output=True, text=True, **keywords).stdout)

    return run


BUILDS = [
    pytest.param([], id="threads"),
    pytest.param(["-fsanitize=thread"], id="race detector", marks=pytest.mark.unsanitized),  # no program bears two sanitizers
    pytest.param(["-DATHLETE_NO_THREADS"], id="none"),
]


@pytest.fixture(scope="module", params=BUILDS)
def check(request, tmp_path_factory):
    run = runner(build(tmp_path_factory.mktemp("pool"), *request.param))
    run.threads = "-DATHLETE_NO_THREADS" not in request.param
    return run


@pytest.mark.parametrize("threads", [0, 1, 2, 3, 8, 1000])
def test_every_part_of_every_job_is_done_once(check, threads):
    answer = check(threads, jobs=300, parts=17)
    assert answer["status"] == OK and answer["wrong"] == 0 and answer["done"] == 300 * 17
    assert answer["hands"] <= 64


def test_long_parts_are_shared(check):
    answer = check(2, jobs=20, parts=40, spin=20000)
    assert answer["wrong"] == 0 and answer["worked"] == (2 if check.threads else 1)


def test_a_job_of_one_part_stays_with_the_caller(check):
    assert check(8, jobs=100, parts=1)["worked"] == 1


@pytest.mark.parametrize("parts", [1, 2, 50])
def test_a_poll_that_asks_to_stop_ends_the_job_and_those_after_it(check, parts):
    answer = check(3, jobs=5, parts=parts, spin=10_000_000, stop_after=3)
    assert answer["status"] == INTERRUPTED and answer["done"] == 0 and answer["polls"] == 3


def test_threads_that_cannot_be_created_are_done_without(tmp_path):
    stack = 2**46  # the default size of a thread's stack: more than there are addresses

    def ask_for_too_much():
        resource.setrlimit(resource.RLIMIT_STACK, (stack, resource.getrlimit(resource.RLIMIT_STACK)[1]))

    answer = runner(build(tmp_path))(4, jobs=10, parts=8, preexec_fn=ask_for_too_much)
    assert answer["hands"] == 1 and answer["wrong"] == 0 and answer["worked"] == 1
