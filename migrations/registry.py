"""The set every step registers itself with."""

from sqlite_utils import Migrations

schema = Migrations("emojuke")
