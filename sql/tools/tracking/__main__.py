"""Shows models to MLflow: sql/tools/mlflow athlete.db"""

import os
import pathlib
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import mirror  # noqa: E402
from common import arguments, database, program  # noqa: E402
from common.database import Failure  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402


def main(given):
    options = arguments.parse(__doc__, given, "database")
    path = pathlib.Path(options.database).absolute()
    if urllib.parse.unquote(str(path.parent)) != str(path.parent):
        raise Failure(f"MLflow finds no model in {path.parent}: it takes a percent sign with two digits after it for another letter")
    with database.opened(path, loads=False, reads_only=True) as db:
        os.chdir(path.parent)  # whatever the folder is called, mlflow.db is in it
        try:
            program.say(mirror.mirror(db, path.parent))
        except MlflowException as error:
            raise Failure(f"mlflow.db: {error.message}") from error
        except SQLAlchemyError as error:
            raise Failure(f"mlflow.db: {error.args[0] if error.args else error}") from error


program.run(main)
