"""Values that are found out once."""

from pronghorn._base.kept import kept


class Wanted:
    asked = 0

    @kept
    def answer(self) -> int:
        """The answer."""
        self.asked += 1
        return 42


def test_it_is_found_out_once_for_each_object() -> None:
    one, other = Wanted(), Wanted()

    assert (one.answer, one.answer, one.asked) == (42, 42, 1)
    assert (other.asked, other.answer) == (0, 42)


def test_what_is_set_on_the_object_counts() -> None:
    one = Wanted()
    one.answer = 1

    assert (one.answer, one.asked) == (1, 0)
    del one.answer
    assert one.answer == 42


def test_the_class_has_the_description() -> None:
    assert Wanted.answer.__doc__ == "The answer."
