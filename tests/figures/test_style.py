"""The one kind of table."""

from pwlib.figures import style


def test_a_bar_in_a_cell_is_no_edge_of_it():
    text = style.markdown_table([["|x|", 1]], ["a", "b"], "Two")
    assert text == "*Two*\n\n| a | b |\n| --- | --- |\n| \\|x\\| | 1 |"
