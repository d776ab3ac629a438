"""What trackers built on the follower share: a detector and a mesh started once, a follower per video."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from openada.face import crop, follower, full_range, known, people
from openada.face.follower import Follower
from openada.face.networks import Detector, Mesh
from openada.face.people import Person, check_rule
from openada.face.tracker import FaceObservation

if TYPE_CHECKING:
    from openada.video import Frame

PARAMETERS: dict[str, Any] = {
    **full_range.PARAMETERS,
    **crop.PARAMETERS,
    **follower.PARAMETERS,
    **known.PARAMETERS,
    **people.PARAMETERS,
}
"""What defines the output of every such tracker, besides its mesh."""


class FollowingTracker(ABC):
    """A `FaceTracker` but for its networks. The same frames give the same observations bit for bit."""

    name: str

    def __init__(self, parameters: dict[str, Any]) -> None:
        """`parameters`: what is recorded of the mesh, besides PARAMETERS."""
        self.parameters = {"backend": self.name, **PARAMETERS, **parameters}
        self._networks: tuple[Detector, Mesh] | None = None
        self._follower: Follower | None = None
        self._seen: tuple[Person, ...] | None = None
        self._turn = 0

    @abstractmethod
    def _start(self) -> tuple[Detector, Mesh]:
        """Start the networks; called once, at the first frame."""

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone seen in the video tracked last, in order of first appearance; as far as it has been read."""
        if self._seen is None:
            self._seen = () if self._follower is None else self._follower.census.people
        return self._seen

    @property
    def followed(self) -> Person | None:
        """Who of `people` was followed; None where nobody was."""
        return None if self._follower is None else self._follower.census.followed(self.people)

    def track(
        self, frames: Iterable[Frame], *, subject: str | Person = "largest"
    ) -> Iterator[tuple[Frame, FaceObservation]]:
        """One observation per frame, in order. A new call ends an earlier one that was left unfinished.

        subject: a rule for the best guess at the first frame with a face, or a person whom an earlier pass over the same
        video has seen; then every frame before that person appears is lost. A stream cannot know its future: `people.choose`
        says afterwards who the subject was. Raises UnusableInput for an unknown rule.
        """
        if isinstance(subject, str):
            check_rule(subject)
        self._turn += 1
        self._follower = self._seen = None
        return self._track(frames, subject, self._turn)

    def _track(
        self, frames: Iterable[Frame], subject: str | Person, turn: int
    ) -> Iterator[tuple[Frame, FaceObservation]]:
        warnings.filterwarnings("ignore", category=UserWarning, module=r"google\.protobuf")  # one at every frame
        for frame in frames:
            if turn != self._turn:
                raise RuntimeError("This tracker has begun another video; use one tracker per video tracked at a time.")
            if self._follower is None:
                if self._networks is None:
                    self._networks = self._start()
                self._follower = Follower(*self._networks, subject)
            self._seen = None
            yield frame, self._follower.observe(frame)
