from pwlib import markdown


def test_a_bar_in_a_cell_is_no_edge_of_it():
    text = markdown.markdown_table([["|x|", 1]], ["a", "b"])
    assert text == "| a | b |\n| --- | --- |\n| \\|x\\| | 1 |"
