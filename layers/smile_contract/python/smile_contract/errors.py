"""The one error of this package."""

from __future__ import annotations


class ContractError(ValueError):
    """A message breaks the contract.

    Attributes
    ----------
    field : str
        Path of the offending field, such as ``face.box[2]``.
    problem : str
        What was expected and what came instead, without the message's other contents.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

    def __reduce__(self) -> tuple[type[ContractError], tuple[str, str]]:
        return type(self), (self.field, self.problem)
