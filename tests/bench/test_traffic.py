from bench.traffic import Reply, Sample, build, parse_reply, post_json


def test_builds_a_request() -> None:
    request = build("/a?b=1", x_token="t")
    assert request == b"GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\nX-Token: t\r\n\r\n"


def test_says_how_long_a_body_is() -> None:
    head, _, body = post_json("/", {"a": 1}).partition(b"\r\n\r\n")
    assert b"Content-Length: 8" in head.split(b"\r\n")
    assert body == b'{"a": 1}'


def test_reads_a_reply_in_chunks() -> None:
    reply = parse_reply(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )
    assert reply == Reply(200, {"transfer-encoding": "chunked", "x-a": "b"}, b"ok")


def test_finds_what_is_wrong_with_a_reply() -> None:
    reply = Reply(200, {"x-a": "b"}, b'{"a": 1}')
    assert Sample(b"", 200, {"a": 1}, {"x-a": "b"}).difference(reply) is None
    assert Sample(b"", 0, b'{"a": 1}').difference(reply) is None
    assert Sample(b"", 201).difference(reply) == "status 200 instead of 201: b'{\"a\": 1}'"
    assert Sample(b"", 200, {"a": 2}).difference(reply) == "{'a': 1} instead of {'a': 2}"
    assert Sample(b"", 200, headers={"x-c": "d"}).difference(reply) == "header x-c is None instead of 'd'"
    assert Sample(b"", 200, refused={"x-a": ("b",)}).difference(reply) == "header x-a is 'b'"
    assert Sample(b"", 200, b"other").difference(reply) == "8 bytes that are not the expected ones"
    assert Sample(b"", 200, {}).difference(Reply(200, {}, b"<p>")) == "no JSON: b'<p>'"
