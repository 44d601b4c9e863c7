from __future__ import annotations

import json

import pytest

from jupyter_deploy.targets.shares import Traffic


def test_shares_that_make_100_are_taken() -> None:
    for traffic in (Traffic({1: 90, 2: 10}), Traffic({1: 100, 2: 0}), Traffic({1: 100}, {2: 20}), Traffic.of(3)):
        assert list(traffic.problems()) == []


@pytest.mark.parametrize(
    ("traffic", "problems"),
    [
        (Traffic({1: 90}), ["the shares make 90 % together; they have to make 100 %"]),
        (Traffic({}), ["the shares make 0 % together; they have to make 100 %"]),
        (Traffic({1: 110, 2: -10}), [
            "version 1 has a share of 110 %; it takes a whole number from 0 to 100",
            "version 2 has a share of -10 %; it takes a whole number from 0 to 100",
        ]),
        (Traffic({1: 100}, {2: 101}), ["version 2 has a part to mirror of 101 %; it takes a whole number from 0 to 100"]),
        (Traffic({1: 50, 2: 50}, {2: 10}), [
            "version 2 has a share of the requests, and is to get copies too; give it one of them"
        ]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_said(traffic: Traffic, problems: list[str]) -> None:
    assert list(traffic.problems()) == problems


def test_every_version_that_is_named_runs() -> None:
    traffic = Traffic({3: 100, 1: 0}, {2: 20})
    assert (traffic.versions, traffic.is_shared) == ((1, 2, 3), True)
    assert (Traffic.of(2).versions, Traffic.of(2).is_shared) == ((2,), False)


def test_the_version_to_return_to_stays_while_it_runs() -> None:
    assert Traffic({1: 10, 2: 90}).base(1) == 1
    assert Traffic({1: 100}, {2: 50}).base(2) == 2
    assert Traffic({2: 30, 3: 70}).base(1) == 3
    assert Traffic({2: 50, 3: 50}).base(1) == 2


def test_a_new_version_takes_its_share_from_the_one_to_return_to() -> None:
    assert Traffic.of(1).with_new(2, 10, 1) == Traffic({1: 90, 2: 10})
    assert Traffic({1: 60, 2: 40}).with_new(3, 50, 1).shares == {1: 10, 2: 40, 3: 50}
    assert list(Traffic({1: 20, 2: 80}).with_new(3, 30, 1).problems()) == [
        "version 1 has a share of -10 %; it takes a whole number from 0 to 100"
    ]


def test_it_is_written_and_read() -> None:
    traffic = Traffic({2: 10, 1: 90}, {3: 20})
    assert traffic.to_json() == {"shares": {"1": 90, "2": 10}, "mirror": {"3": 20}}
    assert Traffic.from_json(json.loads(json.dumps(traffic.to_json()))) == traffic
    assert str(traffic) == "version 1: 90 %, version 2: 10 %, copies of 20 % to version 3"
