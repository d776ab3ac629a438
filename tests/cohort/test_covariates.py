import numpy as np
import pandas as pd

from openada.cohort.covariates import PEOPLE_PER_COLUMN, covariate_basis, covariate_design


def people(n, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"age": rng.uniform(12, 18, n), "sex": rng.choice(["f", "m"], n), "site": rng.choice(["x", "y", "z"], n)}
    )


def explained(basis, values):
    left = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return 1 - left.var() / values.var()


def test_the_design_is_a_constant_a_number_less_its_mean_and_a_column_per_group_but_the_first():
    table = pd.DataFrame({"age": [12.0, 14.0, np.nan, 16.0], "site": ["y", None, "x", "x"]})
    design, whole = covariate_design(table, 4)
    assert design.tolist() == [[1, -2, 1], [1, 0, 0], [1, 0, 0], [1, 2, 0]]
    assert whole.tolist() == [True, False, False, True]
    assert covariate_design(None, 3)[0].tolist() == [[1.0]] * 3


def test_curves_and_products_enter_with_enough_people():
    many = people(997)
    age = many["age"].to_numpy() - 15
    curve = np.sin(age)
    product = age * (many["sex"] == "m") * (many["site"] == "z")
    design, basis = covariate_design(many, 997)[0], covariate_basis(many, 997)[0]
    assert explained(design, curve) < 0.8 and explained(basis, curve) > 0.999
    assert explained(design, age * (many["sex"] == "m").to_numpy()) < 0.9
    assert explained(basis, age * (many["sex"] == "m").to_numpy()) > 1 - 1e-9
    assert explained(basis, product.to_numpy()) < 1 - 1e-6  # three together are left out
    some = people(PEOPLE_PER_COLUMN * 9)
    basis = covariate_basis(some, len(some))[0]
    assert basis.shape[1] == 9 and explained(basis, np.sin(some["age"].to_numpy() - 15)) > 0.999
    few = people(PEOPLE_PER_COLUMN * 9 - 1)
    np.testing.assert_array_equal(covariate_basis(few, len(few))[0], covariate_design(few, len(few))[0])


def test_a_number_of_few_values_is_left_as_it_is_and_one_that_never_changes_left_out():
    table = pd.DataFrame({"year": np.arange(499) % 3, "same": 1.0, "one": ["a"] * 499})
    basis, whole = covariate_basis(table, 499)
    assert basis.shape[1] == 1 + 1 and whole.all() and np.isfinite(basis).all()
