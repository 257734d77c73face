"""A second key and secret of an app, which work beside the first until they take their place.

Facts: an app has two sets at the most; https://help.salesforce.com/s/articleView?id=xcloud.eca_stage_oauth_credentials.htm
"""

from typing import TYPE_CHECKING

from syncline_sim.salesforce import apps
from syncline_sim.salesforce.apps import App

if TYPE_CHECKING:
    from syncline_sim.world import World

#: Where the key of an app stands beside the app itself: what it has lives on under its new key.
_TABLES = ("salesforce_codes", "salesforce_grants")


def stage(world: "World", app: App) -> App:
    """Give an app a second key and secret; those that were staged before are worth nothing any more."""
    return _write(world, app, *apps.new_pair(world))


def discard(world: "World", app: App) -> App:
    """Take the staged key and secret away."""
    return _write(world, app, "", "")


def apply(world: "World", app: App) -> App:
    """Put the staged key and secret in the place of the others, which end; raises `ValueError` when there are none."""
    if not app.staged_key:
        raise ValueError("nothing is staged; stage a key and a secret first")
    world.db.execute(
        """
        UPDATE salesforce_apps SET consumer_key = staged_key, consumer_secret = staged_secret, staged_key = '',
                                   staged_secret = ''
        WHERE consumer_key = ?
        """,
        (app.consumer_key,),
    )
    for table in _TABLES:
        query = f"UPDATE {table} SET consumer_key = ? WHERE consumer_key = ?"  # noqa: S608 - one of the two above
        world.db.execute(query, (app.staged_key, app.consumer_key))
    return _found(world, app.staged_key)


def _write(world: "World", app: App, key: str, secret: str) -> App:
    query = "UPDATE salesforce_apps SET staged_key = ?, staged_secret = ? WHERE consumer_key = ?"
    world.db.execute(query, (key, secret, app.consumer_key))
    return _found(world, app.consumer_key)


def _found(world: "World", key: str) -> App:
    app = apps.find(world.db, key)
    if app is None:
        raise KeyError(key)
    return app
