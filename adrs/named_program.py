"""A program of the user's choice: a file, or RUN:ID, a program of a past run."""

from dataclasses import dataclass
from pathlib import Path

from adrs.errors import UserError
from adrs.folders import find_run
from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class NamedProgram:
    """What an option names; by absolute path, so that a session elsewhere finds it."""

    option: str
    """The option, for messages."""
    reference: str
    """A path, or RUN:ID with the run's path."""

    @classmethod
    def found(cls, option: str, given: str, runs_dir: Path, problem: str) -> "NamedProgram":
        """Raises UserError for a file or a run that is not there; problem: whose programs are meant."""
        if Path(given).is_file():
            return cls(option, str(Path(given).resolve()))
        run, colon, number = given.rpartition(":")
        if not colon or not number.isdigit():
            raise UserError(
                f'{option} "{given}" is neither a file nor RUN:ID, a program of a {problem} run; '
                f"`adrs lineage RUN` shows the numbers"
            )
        return cls(option, f"{find_run(run, runs_dir).resolve()}:{number}")

    def source(self, problem: str) -> str:
        """Its text. Raises UserError for what cannot be read, or is a program of another problem's run."""
        path = Path(self.reference)
        if path.is_file():
            try:
                return path.read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"{self.option} {path} cannot be read: {error}") from None
        run, _, number = self.reference.rpartition(":")
        with Reader(Path(run)) as reader:
            if reader.info.problem != problem:
                raise UserError(
                    f"run {reader.info.name} is of the problem {reader.info.problem}; "
                    f"{self.option} takes a program of {problem}"
                )
            return reader.program(int(number)).source
