"""Pairs become groups, and sources that belong together go to one split."""

from mlmodels.ml.datasets.near_duplicate_groups import Link, groups_of, merges_of


def links(*rows: tuple[str, str, float]) -> list[Link]:
    return [Link(*row) for row in rows]


def test_pictures_that_hang_together_are_one_group():
    [large, small] = groups_of(links(("a", "b", 0.9), ("x", "y", 0.8), ("b", "c", 0.85)))
    assert set(large.members) == {"a", "b", "c"}
    assert large.links == (0, 2)
    assert small.members == ("x", "y")


def test_a_group_knows_its_highest_and_lowest_likeness():
    [group] = groups_of(links(("a", "b", 0.8), ("b", "c", 0.99), ("c", "d", 0.9)))
    assert (group.highest, group.lowest) == (0.99, 0.8)


def test_a_group_is_joined_by_its_weakest_needed_link():
    # The link of 0.76 closes a ring: without it, all four still hang together.
    ring = links(("a", "b", 0.99), ("b", "c", 0.95), ("c", "d", 0.97), ("d", "a", 0.76))
    [group] = groups_of(ring)
    assert (group.joined_at, group.lowest) == (0.95, 0.76)


def test_the_most_alike_group_comes_first():
    found = groups_of(links(("a", "b", 0.8), ("c", "d", 0.9), ("e", "f", 0.9)))
    assert [group.members[0] for group in found] == ["c", "e", "a"]


def test_groups_joined_late_keep_their_weakest_link():
    # Two groups at 0.99 and 0.98 that a link of 0.91 joins.
    [group] = groups_of(links(("a", "b", 0.99), ("c", "d", 0.98), ("d", "b", 0.91)))
    assert group.joined_at == 0.91


def test_without_pairs_there_is_no_group():
    assert groups_of([]) == []


def test_a_long_chain_is_one_group():
    [group] = groups_of([Link(n, n + 1, 0.9) for n in range(5000)])
    assert len(group.members) == 5001


def test_sources_go_where_most_of_their_pictures_are():
    [merge] = merges_of([["b", "a"]], {"a": {"train": 1}, "b": {"test": 3}})
    assert (merge.split, merge.source, merge.moved) == ("test", "b", 1)
    assert (merge.pictures, merge.is_tie) == (4, False)


def test_where_two_splits_hold_as_many_training_takes_them():
    [merge] = merges_of([["a", "b"]], {"a": {"test": 2}, "b": {"train": 2}})
    assert (merge.split, merge.source, merge.is_tie) == ("train", "b", True)


def test_lists_that_share_a_source_become_one():
    standing = {name: {"train": 1} for name in "abcd"}
    merges = merges_of([["a", "b"], ["c", "d"], ["b", "c"]], standing)
    assert [merge.sources for merge in merges] == [("a", "b", "c", "d")]


def test_the_name_that_stays_is_that_of_the_most_pictures_there():
    standing = {"a": {"train": 1}, "b": {"train": 4}, "c": {"test": 2}}
    [merge] = merges_of([["a", "b", "c"]], standing)
    assert (merge.source, merge.split, merge.moved) == ("b", "train", 2)


def test_one_source_stays_where_it_is():
    [merge] = merges_of([["a", "a"]], {"a": {"train": 2}})
    assert (merge.sources, merge.moved) == (("a",), 0)
