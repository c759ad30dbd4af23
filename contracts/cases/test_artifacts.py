"""Files that runs leave behind."""

from skyvern_testkit.contract import Caller, case

NOT_IN_SDK = "the SDK does not read the bytes of artifacts"


@case("artifacts.content.unknown", fact="resources 11", raw_only=NOT_IN_SDK)
def test_bytes_of_an_unknown_artifact_are_missed(skyvern: Caller) -> None:
    skyvern.send("GET", "/v1/artifacts/a_1/content").refused(404, "Artifact not found a_1")


@case("artifacts.content.method", fact="resources 11", raw_only=NOT_IN_SDK)
def test_bytes_of_an_artifact_are_read_with_get_alone(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/artifacts/a_1/content").refused(405, "Method Not Allowed")


@case("artifacts.run.unknown", fact="runs 6", raw_only=NOT_IN_SDK)
def test_an_unknown_run_has_no_artifacts(skyvern: Caller) -> None:
    assert skyvern.send("GET", "/v1/runs/wr_1/artifacts").ok() == []
