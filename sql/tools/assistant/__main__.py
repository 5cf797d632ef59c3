"""The assistant's door: a read-only server of the Model Context Protocol over one athlete.db.

    python sql/tools/assistant athlete.db [--athlete=4001] [--log=reads.jsonl]      over stdio, for one athlete: of --athlete, or with the most activities
    python sql/tools/assistant athlete.db --port=8002 [--log=reads.jsonl]           over HTTP on this machine, for bearers of tokens (make token)
"""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "serve")]  # these files; common; feature_api, for its tokens

from common import arguments, numbers, program, readiness  # noqa: E402
from common.database import Failure, opened, value  # noqa: E402

import bearers  # noqa: E402
import copies  # noqa: E402
import questions  # noqa: E402


def over_stdio(path, athlete, log):
    if athlete is None:
        athlete = copies.most_active(path)
    with opened(path, reads_only=True) as db:
        readiness.check(db, path)
        if not value(db, "SELECT EXISTS (SELECT 1 FROM athlete_rolling_features WHERE athlete_id = ?)", athlete):
            readiness.check_athlete(db, path, athlete)
            raise Failure(f"{path} has no features of athlete {athlete}: none of the activities can be used")
    asker = bearers.Asker("stdio", athlete)
    questions.server(questions.Desk(copies.Copies(path), lambda: asker, log)).run("stdio")


def over_http(path, port, log):
    from mcp.server.auth.settings import AuthSettings

    address = f"http://127.0.0.1:{port}"
    auth = AuthSettings(issuer_url=address, resource_server_url=f"{address}/mcp", validate_token_resource=False)  # tokens are of this file alone
    desk = questions.Desk(copies.Copies(path), bearers.over_http, log)
    questions.server(desk, token_verifier=bearers.Verifier(path), auth=auth).run("streamable-http", host="127.0.0.1", port=port, stateless_http=True, json_response=True)


def main(given):
    options = arguments.parse(__doc__, given, "database", "--athlete", "--port", "--log")
    path = pathlib.Path(options.database)
    with opened(path, reads_only=True, loads=False):
        pass  # or a sentence says what is wrong with it
    log = questions.log_to(options.log)
    if options.port is None:
        over_stdio(path, options.athlete, log)
    elif not numbers.is_whole(options.port) or not 0 < int(options.port) < 65536:
        raise Failure(f"--port is {options.port!r} where a number from 1 to 65535 belongs")
    elif options.athlete is not None:
        raise Failure("over HTTP a token says whose rows are read: leave --athlete out")
    else:
        over_http(path, int(options.port), log)


program.run(main)
