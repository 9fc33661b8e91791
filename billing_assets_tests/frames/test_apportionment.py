"""The parts of whole amounts over columns are those of the plain description, whatever stands together."""

import polars as pl

from billing_assets.domain.apportionment import apportioned_between
from billing_assets.frames.apportionment import apportioned_parts

MEMBERS = {1: (1, 1, 2), 2: (10**15 - 1, 1), 3: (5,)}
WHOLES = [(1, 0, 1), (1, 1, 1), (2, 10**15 // 3, 10**14), (3, 7, 9), (1, 2, 2)]


def test_every_whole_is_split_among_the_members_of_its_term() -> None:
    members = pl.DataFrame(
        [
            {"policy_term_id": term, "number": number, "weight": weight, "name": f"{term}-{number}"}
            for term, weights in MEMBERS.items()
            for number, weight in enumerate(weights)
        ]
    )
    wholes = pl.DataFrame(
        [
            {"row": row, "policy_term_id": term, "before_minor": before, "net_minor": net}
            for row, (term, before, net) in enumerate(WHOLES)
        ]
    )
    found = apportioned_parts(wholes, members, "row", "number").sort("row", "number")
    expected = [
        (row, f"{term}-{number}", part)
        for row, (term, before, net) in enumerate(WHOLES)
        for number, part in enumerate(apportioned_between(MEMBERS[term], before, before + net))
    ]
    assert found.select("row", "name", "net_minor").rows() == expected


def test_each_part_says_what_its_member_had_before() -> None:
    members = pl.DataFrame({"policy_term_id": [1, 1], "number": [1, 2], "weight": [2, 1]})
    wholes = pl.DataFrame({"row": [0], "policy_term_id": [1], "before_minor": [10], "net_minor": [5]})
    found = apportioned_parts(wholes, members, "row", "number").sort("number")
    assert found.select("before_minor", "net_minor").rows() == [(7, 3), (3, 2)]
