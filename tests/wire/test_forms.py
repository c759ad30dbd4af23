"""Forms of every kind of damage are in the recorded group ``uploads``; here is what becomes of good ones."""

import pytest

from skyvern_testkit.wire.forms import MalformedForm, UploadedFile, read_form

BOUNDARY = "b7"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def form(*parts: tuple[str, bytes]) -> bytes:
    written = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for head, content in parts
    )
    return written + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    "content", [b"", b"a\r\n--b7x\r\n--b\r\n-\r\n--", bytes(range(256)), b"\r\n", b"--b7--"]
)
def test_a_file_keeps_its_bytes(content: bytes):
    body = form(('name="file"; filename="a.csv"', content))
    assert read_form(MULTIPART, body) == {"file": UploadedFile("a.csv", content)}


def test_of_several_fields_with_one_name_the_last_counts():
    body = form(('name="x"', b"1"), ('name="y"', "ä".encode()), ('name="x"', b"2"))
    assert read_form(MULTIPART, body) == {"x": "2", "y": "ä"}


def test_a_body_cut_anywhere_has_the_parts_that_came_to_their_end():
    whole = form(('name="x"', b"1"), ('name="file"; filename="f"', b"content"))
    full = read_form(MULTIPART, whole)
    first = whole.index(b"--b7\r\n", 1) + len(b"--b7\r\n")
    for cut in range(len(whole) - len("\r\n")):
        expected = {} if cut < first else {"x": "1"}
        assert read_form(MULTIPART, whole[:cut]) == expected, cut
    assert set(full) == {"x", "file"}


def test_a_file_does_not_show_its_content():
    assert "secret" not in repr(UploadedFile("f", b"secret"))


def test_an_urlencoded_form_has_texts():
    kind = "application/x-www-form-urlencoded"
    assert read_form(kind, b"a=1&b=x+y&a=%C3%A4&c=") == {"a": "ä", "b": "x y", "c": ""}


@pytest.mark.parametrize("kind", [None, "", "application/json", "multipart/mixed; boundary=b7"])
def test_anything_else_has_no_fields(kind: str | None):
    assert read_form(kind, form(('name="x"', b"1"))) == {}


def test_a_form_without_a_boundary_is_malformed():
    with pytest.raises(MalformedForm, match="Missing boundary"):
        read_form("multipart/form-data", b"")
