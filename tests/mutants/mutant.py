"""What a mutant is: one guard of the product taken away, and the tests that must notice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard taken away.

    name      : of the mutant, for reports
    failure   : the failure of enforcement.md that comes back with it
    path      : file of the product, from the top of the project
    old, new  : the text that is replaced; it is in the file exactly once
    caught_by : tests ("path::name") of which at least one must fail; all of them pass on the product itself
    """

    name: str
    failure: str
    path: str
    old: str
    new: str
    caught_by: tuple[str, ...]

    @property
    def module(self) -> str:
        """Return the name under which the file is imported."""
        return self.path.removesuffix(".py").replace("/", ".")

    def mutated(self, text: str) -> str:
        """Return the file's text with the guard taken away.

        Raises ValueError where the guard is not there exactly once: the product has changed, and so must the mutant.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(
                f"mutant {self.name}: {self.path} must have its text once, has it {found} times: {self.old!r}"
            )
        return text.replace(self.old, self.new)
