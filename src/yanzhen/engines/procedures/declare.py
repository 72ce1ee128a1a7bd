"""Declare a procedure: states, transitions, guards, terms and referral, as frozen data checked at import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.rights import RIGHTS

Guard = Callable[[Any], str | None]
"""Takes a subject; returns the reason why it may not move, as the user reads it, or None."""


NoteCheck = Callable[[Any, str], str | None]
UnitCheck = Callable[[Any, Any], str | None]
"""Takes a subject and an organisation; returns why that one may have no part in it, or None."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A pause or an extension of a term: who asks, who approves (never the same person), how much in all."""

    request_right: str
    approve_right: str
    limit: str
    """Code of the parameter that holds the most that may be granted over the life of the clock."""
    variants: tuple[tuple[str, str], ...] = ()
    """Pairs of a parameter that may measure the term and the limit that holds then: days of another kind have a limit
    of their own."""

    def limit_for(self, parameter: str) -> str:
        """Return the code of the limit where `parameter` measures the term."""
        return dict(self.variants).get(parameter, self.limit)

    def limits(self) -> set[str]:
        return {self.limit, *(code for _, code in self.variants)}


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take. The number, its unit, source and article stand in a parameter.

    `warning` names the parameter that says how long before the end the yellow warning comes. A term that both the
    state left and the state entered carry goes on running.
    """

    parameter: str
    label: str
    warning: str | None = None
    pause: Allowance | None = None
    extension: Allowance | None = None
    by: str = ""
    """Field of the subject that chooses among `variants`: a difficult case has longer than an ordinary one."""
    variants: tuple[tuple[str, str], ...] = ()
    """Pairs of a value of that field and the parameter that counts then; any other value takes `parameter`."""

    def code_for(self, subject: Any) -> str:
        """Return the code of the parameter that measures the term of this subject."""
        return (
            dict(self.variants).get(getattr(subject, self.by), self.parameter) if self.by else self.parameter
        )

    def codes(self) -> set[str]:
        return {self.parameter, *(code for _, code in self.variants)}


@dataclass(frozen=True, slots=True)
class Rung:
    """Who is told how long after a term ran out."""

    code: str
    label: str
    depth: int
    """Length of the region prefix told: 6 the county, 4 its city, 2 the province (foundation.scope.DEPTHS)."""
    after: str = ""
    """Code of the parameter that says how long after the end; "" at the end itself."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """How a term that ran out climbs: rung by rung, each once, inside duty hours unless the subject is urgent."""

    right: str
    """Whose holders are told, each at its own level."""
    rungs: tuple[Rung, ...]
    field: str
    urgent: tuple[str, ...]
    """Values of the field with which a subject is told of at any hour."""
    at_once: tuple[tuple[str, str], ...] = ()
    """Pairs of a value of the field and the rung that is told as soon as a move sets it."""


@dataclass(frozen=True, slots=True)
class State:
    """`label` is for staff, `public` (where it differs) for the one whose matter it is."""

    code: str
    label: str
    public: str = ""
    terms: tuple[Term, ...] = ()
    awaits: str = ""
    """The right whose holders are expected to act here: it fills their inbox."""
    personal: bool = False
    """Once the subject has a handler it waits for the handler alone."""
    of_owner: bool = False
    """It waits for the one whose matter it is (Subject.belongs_to): it lies in no official's inbox."""
    final: bool = False
    rests: bool = False
    """Nobody is awaited: the subject stays so until something happens to it, as an honour that is in force."""

    @property
    def public_label(self) -> str:
        return self.public or self.label


@dataclass(frozen=True, slots=True)
class Transition:
    """A move. All that it writes on the subject is written with the state, in one statement.

    `guards` look at the subject as it is, `checks` at the subject with the move's fields set: so the reasons that no
    form can mend are known before it is shown.
    """

    code: str
    label: str
    sources: tuple[str, ...]
    target: str
    right: str
    guards: tuple[Guard, ...] = ()
    checks: tuple[Guard, ...] = ()
    note_checks: tuple[NoteCheck, ...] = ()
    """Checks that the words of the note may answer; over a list nobody answers them, for one note is not about each."""
    fields: tuple[str, ...] = ()
    """Fields of the subject that must be given with the move."""
    optional: tuple[str, ...] = ()
    upward: tuple[str, ...] = ()
    """Those of its fields whose choices have an order and that it may raise, never lower."""
    sets: tuple[tuple[str, Any], ...] = ()
    stamps: tuple[str, ...] = ()
    """Date-time fields that are set to the time of the move."""
    keeps: tuple[tuple[str, str], ...] = ()
    """Pairs (field, other field): the one takes what the other held before the move. Not for moves over a list."""
    note_required: bool = False
    by_handler: bool = False
    """Once the subject has a handler, nobody else makes this move."""
    takes_on: bool = False
    """Whoever makes it is the handler from then on: so that a second person is a second person."""
    not_by_handler: bool = False
    """A second person has to make it."""
    by_owner: bool = False
    """Only the one whose matter it is makes it: an actor without an account."""
    or_owner: bool = False
    """The account whose matter it is makes it too, without a grant (Subject.belongs_to)."""
    by_own_unit: bool = False
    """Only an account of the subject's organisation makes it: nobody signs for another unit."""
    signs: tuple[str, ...] = ()
    """Account fields that are set to whoever makes it."""
    not_by: tuple[str, ...] = ()
    """Account fields: whoever the subject names there does not make it."""
    parties_done: bool = False
    """Not while an organisation that was asked in has still to answer."""
    reopen: bool = False
    """It leaves a final state: the one way back."""
    within: str = ""
    """Code of the parameter that says how long after the end it may still be made."""
    restart: bool = False
    """The terms of the target begin anew, even those that ran on."""
    bulk: bool = False
    """Whether it may be made over a whole list at once."""
    explains: Callable[[Any], Mapping[str, Any]] | None = None
    """What there was to go by, for the record of the move; asked for every row of a list, so it asks no database."""

    def writes(self) -> set[str]:
        set_ = (name for name, _ in (*self.sets, *self.keeps))
        return {*self.fields, *self.optional, *self.stamps, *self.signs, *set_}


@dataclass(frozen=True, slots=True)
class Referral:
    """How another organisation is asked in: it accepts, rejects with a reason, or the asker revokes."""

    states: tuple[str, ...]
    """States of the subject in which an organisation may be asked in."""
    right: str
    respond_right: str
    response: Term
    work: Term
    checks: tuple[UnitCheck, ...] = ()
    """Look at the organisation that is to be asked in."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A versioned state machine with terms. `basis` is the page under docs/rules that quotes the rule.

    A changed shape is a new version; a subject keeps the version under which it began.
    """

    code: str
    version: int
    label: str
    basis: str
    view_right: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    referral: Referral | None = None
    ladder: Ladder | None = None
    _states: dict[str, State] = field(init=False, repr=False, compare=False)
    _moves: dict[tuple[str, str], Transition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        states = {state.code: state for state in self.states}
        moves = {(source, t.code): t for t in self.transitions for source in t.sources}
        object.__setattr__(self, "_states", states)
        object.__setattr__(self, "_moves", moves)
        for problem in self._problems():
            raise DeclarationError(f"{self.code} v{self.version}: {problem}")

    @property
    def initial(self) -> State:
        return self.states[0]

    def state(self, code: str) -> State:
        return self._states[code]

    def transition(self, source: str, code: str) -> Transition | None:
        return self._moves.get((source, code))

    def leaving(self, source: str) -> list[Transition]:
        return [t for t in self.transitions if source in t.sources]

    def term(self, parameter: str) -> Term:
        """Return the term that `parameter` measures; raises KeyError where there is none."""
        return {code: t for t in self.terms() for code in t.codes()}[parameter]

    def terms(self) -> list[Term]:
        found = [term for state in self.states for term in state.terms]
        return found + ([self.referral.response, self.referral.work] if self.referral else [])

    def parameters(self) -> set[str]:
        """Return the codes of all parameters that the procedure reads."""
        terms = self.terms()
        return {
            *(code for t in terms for code in t.codes()),
            *(rung.after for rung in (self.ladder.rungs if self.ladder else ()) if rung.after),
            *(t.warning for t in terms if t.warning),
            *(code for t in terms for a in (t.pause, t.extension) if a for code in a.limits()),
            *(t.within for t in self.transitions if t.within),
        }

    def rights(self) -> set[str]:
        allowances = [a for t in self.terms() for a in (t.pause, t.extension) if a]
        return {
            self.view_right,
            *(t.right for t in self.transitions),
            *(s.awaits for s in self.states if s.awaits),
            *(right for a in allowances for right in (a.request_right, a.approve_right)),
            *((self.referral.right, self.referral.respond_right) if self.referral else ()),
            *((self.ladder.right,) if self.ladder else ()),
        }

    def _problems(self) -> Iterator[str]:
        yield from self._shape_problems()
        for state in self.states:
            yield from self._state_problems(state)
        if lost := self._states.keys() - self._reachable():
            yield f"no way into {sorted(lost)}"
        if undeclared := sorted(r for r in self.rights() if r not in RIGHTS):
            yield f"rights nobody declared: {undeclared}"

    def _shape_problems(self) -> Iterator[str]:
        known = self._states.keys()
        if len(known) != len(self.states):
            yield "two states share a code"
        if len(self._moves) != sum(len(t.sources) for t in self.transitions):
            yield "two transitions share a source and a code"
        for t in self.transitions:
            if unknown := {*t.sources, t.target} - known:
                yield f"{t.code}: unknown states {sorted(unknown)}"
            elif any(self._states[source].final != t.reopen for source in t.sources):
                yield f"{t.code}: a final state is left by reopening, and nothing else is reopened"
            if t.bulk and t.keeps:
                yield f"{t.code}: what each subject held can not be kept over a list"
        if self.referral and (unknown := {*self.referral.states} - known):
            yield f"referral: unknown states {sorted(unknown)}"

    def _state_problems(self, state: State) -> Iterator[str]:
        if len({term.parameter for term in state.terms}) != len(state.terms):
            yield f"{state.code}: two terms of one parameter"
        if state.final:
            if state.terms or state.awaits:
                yield f"{state.code}: nobody is awaited in a final state, and no term runs"
        elif not self.leaving(state.code):
            yield f"no way out of {state.code}"
        elif state.rests:
            if state.terms or state.awaits:
                yield f"{state.code}: nobody is awaited where a subject rests, and no term runs"
        elif state.awaits not in {t.right for t in self.leaving(state.code)}:
            yield f"{state.code}: no move for those whom it awaits"

    def _reachable(self) -> set[str]:
        seen: set[str] = set()
        todo = [self.initial.code]
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo += [t.target for t in self.transitions if here in t.sources]
        return seen


class Procedures:
    """All versions of all procedures that this installation runs."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, int], Procedure] = {}
        self._families: dict[str, Callable[[int], Procedure]] = {}

    def add(self, procedure: Procedure) -> Procedure:
        key = (procedure.code, procedure.version)
        if key in self._items:
            raise DeclarationError(f"procedure {procedure.code} v{procedure.version} is declared twice")
        self._items[key] = procedure
        return procedure

    def add_family(self, whole: Procedure, member: Callable[[int], Procedure]) -> Procedure:
        """List `whole` as version 0 of a code whose other versions are made of data when they are asked for.

        Every state and move of a member is one of `whole`: by it go desks, inboxes and documents.
        """
        self._families[whole.code] = member
        return self.add(whole)

    def get(self, code: str, version: int) -> Procedure:
        if version and code in self._families:
            return self._families[code](version)
        return self._items[code, version]

    def current(self, code: str) -> Procedure:
        """Return the newest version; raises KeyError where there is none."""
        return self._items[code, max(v for c, v in self._items if c == code)]

    def __iter__(self) -> Iterator[Procedure]:
        return iter(self._items.values())


PROCEDURES = Procedures()
