"""What is left of a style sheet when the rules that no page needs are taken out."""

import pytest

from pwlib.book import light_pages


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (".a{color:red}", ".a{color:red}"),
        (".x{color:red}", ""),
        (".a,.x b,h1{color:red}", ".a,h1{color:red}"),
        (".a:not(.x,.y)>p{color:red}", ".a:not(.x,.y)>p{color:red}"),
        (".a.x{color:red}", ""),
        ('[class="x, y"]{content:".x, y"}', '[class="x, y"]{content:".x, y"}'),
        ("@media print{.x{a:b}.a{a:b}}", "@media print{.a{a:b}}"),
        ("@font-face{font-family:'Font Awesome 6'}", ""),
        ("@font-face{font-family:Serif}", "@font-face{font-family:Serif}"),
    ],
)
def test_a_selector_stays_if_all_classes_that_it_asks_for_are_used(rule, left):
    assert light_pages.lighter(rule, {"a"}) == left
