"""What lists show of poses, users and generations."""

from typing import Final

from posecas.machine import generation_json, pose_json, user_json
from posecas.records import Generation, Pose, User
from posecas.units import format_size
from posecas_cli.output import Row
from posecas_cli.text import short_digest, short_time

POSES: Final = ("id", ">size", "pixels", "digest", "created", "")
USERS: Final = ("user", ">poses", ">used", ">quota", "since")
GENERATIONS: Final = ("generation", "user", "changed")


def pose_row(pose: Pose) -> Row:
    """A line of a list of poses; a favourite ends with a star."""
    return pose_json(pose), (
        f"{pose.generation}/{pose.name}",
        format_size(pose.size),
        f"{pose.width}x{pose.height}",
        short_digest(pose.digest),
        short_time(pose.created_at),
        "*" if pose.favourite else "",
    )


def user_row(user: User) -> Row:
    """A line of a list of users."""
    quota = "none" if user.quota is None else format_size(user.quota)
    return user_json(user), (
        user.name,
        f"{user.poses:,}",
        format_size(user.used),
        quota,
        short_time(user.created_at),
    )


def generation_row(generation: Generation) -> Row:
    """A line of a list of generations."""
    return generation_json(generation), (
        generation.name,
        generation.user,
        short_time(generation.changed_at),
    )
