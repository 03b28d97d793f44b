"""Checks of XML and of access rights."""

import pytest

from setup import data_checks

HEADER = "id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink\n"
GOOD = "access_x,x,model_x,base.group_user,1,0,0,0\n"


def test_sane_access_rights_have_no_problem():
    other = "access_y,y,model_y,base.group_user,1,1,1,1\n"
    assert data_checks.access_problems(HEADER + GOOD + other, "retail_x") == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("access_y,y,model_y,,1,0,0,0", "no group"),
        ("access_y,y,,base.group_user,1,0,0,0", "no model"),
        ("access_x,y,model_y,base.group_user,1,0,0,0", "stands twice"),
        ("access_y,y,model_x,base.group_user,1,0,0,0", "a second row"),
        ("access_y,y,model_y,base.group_user,1,0,0,yes", "neither 0 nor 1"),
        ("access_y,y,model_y,base.group_user,0,0,0,0", "grants nothing"),
        ("other.access_y,y,model_y,base.group_user,1,0,0,0", "another addon"),
        ("access_y,y,model_y,base.group_user,1,0,0", "7 columns instead of 8"),
    ],
)
def test_a_bad_row_of_access_rights_is_named(row, problem):
    (found,) = data_checks.access_problems(f"{HEADER}{GOOD}{row}\n", "retail_x")
    assert problem in found
    assert "line 3" in found


def test_other_columns_of_access_rights_are_refused():
    (found,) = data_checks.access_problems("id,name\na,b\n", "retail_x")
    assert "instead of" in found


def test_broken_xml_is_named_with_its_place():
    assert data_checks.xml_problems(b"<odoo><record></odoo>") == ["not well-formed: mismatched tag: line 1, column 16"]
    assert data_checks.xml_problems(b"<odoo/>") == []
