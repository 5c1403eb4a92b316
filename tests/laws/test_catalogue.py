"""Every law holds on every line of the catalogue, at the sizes of the fast selection."""

import itertools

import pytest
import torch

import manifolds
from manifolds.catalogue import ENTRIES, Entry
from manifolds.verify import LAWS
from manifolds.verify.law import Law
from manifolds.verify.measure import measure
from manifolds.verify.selection import DOUBLE, SINGLE, plan
from manifolds.verify.subject import Subject


def fast(device: str) -> list:
    """The fast selection as parameters of a test."""
    planned = plan(ENTRIES, LAWS, dtypes=(SINGLE, DOUBLE), device=torch.device(device))
    return [pytest.param(law, subject, id=name(law, subject)) for law, subject in planned.checks]


def name(law: Law, subject: Subject) -> str:
    dtype = str(subject.dtype).removeprefix("torch.")
    return f"{law.name}-{subject.label}-{dtype}-{subject.batch}"


@pytest.mark.parametrize(("law", "subject"), fast("cpu"))
def test_the_law_holds(law: Law, subject: Subject):
    row = measure(law, subject)
    assert row.passed, row.sentence()


# Skipping is per test, and these are thousands: pytest skips once what has no parameters
@pytest.mark.gpu
@pytest.mark.parametrize(("law", "subject"), fast("cuda") if torch.cuda.is_available() else [])
def test_the_law_holds_on_a_gpu(law: Law, subject: Subject):
    row = measure(law, subject)
    assert row.passed, row.sentence()


@pytest.mark.parametrize(
    ("entry", "law"),
    [
        pytest.param(entry, law, id=f"{entry.name}-{law.name}")
        for entry, law in itertools.product(ENTRIES, LAWS)
        if entry.real_form or not law.real_only  # there are no complex numbers of 16 bit
    ],
)
def test_the_fast_selection_measures_every_law_on_every_entry(entry, law: Law):
    planned = plan([entry], [law], dtypes=(SINGLE, DOUBLE), device=torch.device("cpu"))
    assert planned.checks


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_manifold_of_the_catalogue_is_a_public_name(entry: Entry):
    assert entry.name in manifolds.__all__
    assert getattr(manifolds, entry.name) is entry.manifold
