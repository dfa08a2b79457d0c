"""The lead of a cell: how much nearer it lies to its own class than to one that people must see."""

import numpy as np

from mlmodels.ml.inference.familiarity import Familiarity

CENTRES = np.array([[0, 0], [10, 0], [0, 6]], np.float32)
KNOWN = Familiarity(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), CENTRES, np.ones(1))
BLASTS = np.array([False, False, True])


def test_a_cell_at_its_own_centre_leads_by_the_whole_distance():
    leads = KNOWN.leads(np.array([[0, 0], [10, 0]]), np.array([0, 1]), BLASTS)
    assert np.allclose(leads, [6.0, np.hypot(10, 6)])


def test_a_cell_nearer_to_a_blast_than_to_its_class_has_none():
    assert KNOWN.leads(np.array([[0, 5]]), np.array([0]), BLASTS)[0] == -4.0


def test_another_harmless_class_is_no_rival():
    assert KNOWN.leads(np.array([[9, 0]]), np.array([0]), BLASTS)[0] > 0


def test_nothing_leads_where_no_rival_or_no_centre_is_known():
    named, origin = np.array([0]), np.array([[0, 0]])
    of_four = np.array([False, False, False, True])
    assert KNOWN.leads(origin, named, np.zeros(3, bool))[0] == -np.inf
    assert KNOWN.leads(origin, named, of_four)[0] == -np.inf
