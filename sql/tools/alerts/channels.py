"""The ways on which people are told, by Apprise."""

import contextlib
import hashlib
import logging
import pathlib

import apprise
from common.database import Failure

SAID_CHARACTERS = 300  # of what a library says of a failure


class Channel:
    """One address. `name` tells it from the others and holds nothing of its secrets."""

    def __init__(self, plugin, name):
        self._plugin, self.name = plugin, name

    def tell(self, title, body, is_bad):
        """None, or what went wrong."""
        kind = apprise.NotifyType.WARNING if is_bad else apprise.NotifyType.SUCCESS
        alone = apprise.Apprise()
        alone.add(self._plugin)
        with _heard() as said:
            try:
                # Said to be plain text, so that a mail, which is HTML, shows what is in it instead of obeying it.
                if alone.notify(title=title, body=body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT):
                    return None
            except Exception as error:  # a plugin's; whatever it is, the others are told
                said.append(f"{type(error).__name__}: {error}")
        return (" ".join(said) or "it was refused")[:SAID_CHARACTERS]


def of(file):
    """Of a configuration of Apprise; an address that it does not know is a failure of the whole."""
    path = pathlib.Path(file)
    if not path.is_file():
        raise Failure(f"there is no file of channels {path}")
    if not path.read_text(encoding="utf-8").strip():
        raise Failure(f"{path} names no channel")
    config = apprise.AppriseConfig()
    with _heard(logging.WARNING) as said:
        config.add(str(path.absolute()))
        plugins = [plugin for part in config for plugin in part.services()]
    if said:
        raise Failure(f"{path}: {' '.join(said)[:SAID_CHARACTERS]}")
    if not plugins:
        raise Failure(f"{path} names no channel")
    return _named(plugins)


def _named(plugins):
    found = {}
    for plugin in plugins:
        shown = plugin.url(privacy=True)
        scheme, digest = shown.partition(":")[0], hashlib.sha256(shown.encode()).hexdigest()[:12]
        n = sum(name.startswith(f"{scheme}:{digest}") for name in found)
        name = f"{scheme}:{digest}" + (f":{n + 1}" if n else "")
        found[name] = Channel(plugin, name)
    return list(found.values())


@contextlib.contextmanager
def _heard(level=logging.WARNING):
    """What Apprise says to its log."""
    said, logger = [], logging.getLogger("apprise")
    handler = logging.Handler(level)
    handler.emit = lambda record: said.append(record.getMessage())
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
