"""What a scene says about the samples it makes. A scene file registers itself with `@scene`; nothing else names it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    file: str
    """Name under captures/; may hold strftime fields (UTC), as the name that live capture writes."""
    title: str
    holds: str
    findings: list[str]
    look: list[str]
    """`display filter | what it shows`"""
    recorded_as: str = ''

    def __post_init__(self) -> None:
        object.__setattr__(self, 'recorded_as', self.recorded_as or self.file)


@dataclass
class Scene:
    name: str
    samples: list[Sample]
    run: Callable = field(repr=False)


SCENES: dict[str, Scene] = {}


def scene(*samples: Sample) -> Callable:
    def register(run: Callable) -> Callable:
        name = run.__name__.replace('_', '-')
        SCENES[name] = Scene(name, list(samples), run)
        return run
    return register
