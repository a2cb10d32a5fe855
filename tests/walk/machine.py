"""The walk itself: everybody does what they like, in any order, and the laws hold after each step."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from doctapp.accounts import joining, people
from doctapp.appointments import joining as bookings
from doctapp.notifications import telling as notices
from tests.walk.booking import Changing, Lining, Visiting
from tests.walk.paying import Paying
from tests.walk.schedule import Schedule


class Walk(Lining, Paying, Changing, Visiting, Schedule):
    """All of them; and somebody turns out to be somebody who was there before."""

    @rule(into=st.integers(0, 2))
    def join(self, into: int) -> None:
        """Somebody proves the phone of who has nothing but a phone, as the door does it."""
        self.act(lambda: self.joined(self.place.owners[into], self.place.phone_only[0]))

    def joined(self, person_id: int, other_id: int) -> None:
        phone = people.proven(other_id, "phone")
        if phone is None:
            return
        other = joining.candidate(person_id=person_id, phone=phone.value, now=self.now)
        if other is not None:
            joining.lock_both(person_id, other.id)
            joining.join(person_id=person_id, other_id=other.id, phone=phone.value, now=self.now)
            notices.move(person_id=person_id, other_id=other.id)
            bookings.move(person_id=person_id, other_id=other.id)
