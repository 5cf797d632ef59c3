"""Dask's distributed scheduler; without an address its workers are processes of this machine."""

import contextlib
import sys

import cloudpickle
import dask.distributed as distributed
import job as jobs

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # a worker may not find this file before it was told where


def run(job, pieces, due, workers=None, address=None):
    with _client(workers, address) as client, jobs.scratch_of(job) as folder:
        split = client.map(_split, [job] * len(pieces), range(len(pieces)), pieces, [folder] * len(pieces), pure=False)
        touched = {partition for found in client.gather(split) for partition in found} | due
        for outcomes in client.gather(client.map(_task, [job] * len(touched), sorted(touched), [folder] * len(touched), pure=False)):
            yield from outcomes


def rows(job, numbers, folder, workers=None, address=None):
    with _client(workers, address) as client:
        client.gather(client.map(_rows, [job] * len(numbers), numbers, [folder] * len(numbers), pure=False))


@contextlib.contextmanager
def _client(workers, address):
    if address:
        with distributed.Client(address) as client:
            yield client
        return
    with distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        yield client


def _split(job, number, piece, folder):
    return _tools(job, "job").spooled(job, number, piece, folder)


def _task(job, number, folder):
    return _tools(job, "partition").run(job, number, _tools(job, "job").arrived(number, folder))


def _rows(job, number, folder):
    return _tools(job, "pool").task(job, number, folder)


def _tools(job, module):
    for room in (job["tools"], f"{job['tools']}/fleet"):
        if room not in sys.path:
            sys.path.insert(0, room)
    return __import__(module)
