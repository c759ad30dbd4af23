"""Tags of workflows and of runs, and the register of keys and values."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

Json = dict[str, Any]
Tag = tuple[str | None, str]
WAIT: Json = {"block_type": "wait", "label": "pause", "wait_sec": 600}
COLORS = [
    *("gray", "red", "orange", "amber", "yellow", "green"),
    *("teal", "blue", "cyan", "indigo", "purple", "pink"),
]
ONE_OF = f"tag color must be one of: {', '.join(COLORS)}"
PATTERN = (
    "tag keys must match '^[A-Za-z0-9][A-Za-z0-9_.-]*$' "
    "(alphanumeric, underscore, dot, hyphen; must start with alphanumeric)"
)
BUCKET = "(reserved as an analytics bucket marker)"
OPERATIONS = {
    "workflow": {
        "apply": "apply_workflow_tags",
        "get": "get_workflow_tags",
        "delete": "delete_workflow_tag",
        "history": "get_workflow_tag_history",
        "many": "batch_get_workflow_tags",
        "many_post": "batch_get_workflow_tags_post",
    },
    "run": {
        "apply": "apply_run_tags",
        "get": "get_run_tags",
        "delete": "delete_run_tag",
        "history": "get_run_tag_history",
        "many": "batch_get_run_tags",
        "many_post": "batch_get_run_tags_post",
    },
}
NO_METHOD = "the SDK has no method for it"
RESERVED = "tag keys must not start with the reserved 'skyvern.' prefix"


def new_workflow(skyvern: Caller, title: str = "Flow", *blocks: Json) -> str:
    inner = {"parameters": [], "blocks": list(blocks or (WAIT,))}
    definition = {"title": title, "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    permanent_id: str = made["workflow_permanent_id"]
    return permanent_id


def new_run(skyvern: Caller, *blocks: Json, headers: Json | None = None) -> str:
    """A run that goes on until it is canceled; the server has tagged it a moment later."""
    agent_id = new_workflow(skyvern, "Flow", *blocks)
    more = {} if headers is None else {"headers": headers}
    run_id: str = skyvern.call("run_workflow", agent_id=agent_id, **more).ok()["run_id"]
    skyvern.wait(1)
    return run_id


def canceled(skyvern: Caller) -> str:
    run_id = new_run(skyvern)
    skyvern.call("cancel_run", run_id=run_id).ok()
    skyvern.wait(1)
    return run_id


@pytest.fixture(params=["workflow", "run"])
def thing(skyvern: Caller, request: pytest.FixtureRequest) -> "Thing":
    """What can be tagged: the same is true of both."""
    made = new_workflow(skyvern) if request.param == "workflow" else new_run(skyvern)
    return Thing(skyvern, str(request.param), made)


class Thing:
    def __init__(self, skyvern: Caller, kind: str, id: str) -> None:
        self.skyvern, self.kind, self.id = skyvern, kind, id

    @property
    def field(self) -> str:
        return "workflow_permanent_id" if self.kind == "workflow" else "workflow_run_id"

    def call(self, deed: str, **more: Any) -> Outcome:
        operation = OPERATIONS[self.kind][deed]
        return self.skyvern.call(operation, **{self.field: self.id}, **more)

    def apply(self, *tags: Tag, delete: tuple[Json, ...] = (), **more: Any) -> Outcome:
        said = [{"key": key, "value": value} for key, value in tags]
        return self.call("apply", tags=said, tags_to_delete=list(delete), **more)

    def tags(self) -> list[Tag]:
        return own(self.call("get").ok())

    def events(self, **asked: Any) -> list[Json]:
        events: list[Json] = self.call("history", **asked).ok()["events"]
        return [event for event in events if event["source"] != "system"]


def own(answer: Json) -> list[Tag]:
    """The tags that a caller set."""
    tags = answer["tags"]
    return [(tag["key"], tag["value"]) for tag in tags if tag["source"] == "manual"]


def system(skyvern: Caller, run_id: str) -> Json:
    """The tags that the server set, without what their keys begin with."""
    tags = skyvern.call("get_run_tags", workflow_run_id=run_id).ok()["tags"]
    found = {tag["key"]: tag["value"] for tag in tags if tag["source"] == "system"}
    return {key.removeprefix("skyvern."): value for key, value in found.items()}


# --- setting and deleting -----------------------------------------------------------------------


@case("tags.apply", fact="resources 5, 14")
def test_tags_are_labels_first_and_groups_by_their_keys(thing: Thing) -> None:
    answer = thing.apply(("env", "prod"), (None, "urgent"), ("App", "x"), (None, "Blue")).ok()
    assert answer[thing.field] == thing.id
    wanted = [(None, "Blue"), (None, "urgent"), ("App", "x"), ("env", "prod")]
    assert own(answer) == wanted == thing.tags()
    assert list(answer["tags"][0]) == ["key", "value", "source", "set_at", "set_by"]
    assert answer["tags"][0]["set_by"].startswith("o_")


@case("tags.apply.group", fact="resources 5")
def test_group_has_one_value(thing: Thing) -> None:
    thing.apply(("env", "prod"))
    assert own(thing.apply(("env", "stage")).ok()) == [("env", "stage")]


@case("tags.apply.twice", fact="resources 5")
def test_last_of_a_request_wins(thing: Thing) -> None:
    assert own(thing.apply(("env", "a"), ("env", "b")).ok()) == [("env", "b")]


@case("tags.apply.same", fact="resources 5")
def test_same_value_keeps_its_time(thing: Thing) -> None:
    first = thing.apply(("env", "prod"), (None, "urgent")).ok()["tags"]
    thing.skyvern.wait(0.01)
    assert thing.apply(("env", "prod"), (None, "urgent")).ok()["tags"] == first
    assert len(thing.events()) == 2


@case("tags.apply.delete", fact="resources 5")
def test_group_is_deleted_by_its_key_and_label_by_its_value(thing: Thing) -> None:
    thing.apply(("env", "prod"), ("app", "x"), (None, "urgent"))
    answer = thing.apply(delete=({"key": "env"}, {"value": "urgent"}, {"value": "x"})).ok()
    assert own(answer) == [("app", "x")]


@case("tags.apply.both", fact="resources 5")
def test_setting_wins_over_deleting(thing: Thing) -> None:
    thing.apply((None, "urgent"))
    deleted = ({"key": "env"}, {"value": "urgent"})
    answer = thing.apply(("env", "prod"), (None, "urgent"), delete=deleted).ok()
    assert own(answer) == [(None, "urgent"), ("env", "prod")]


@case("tags.apply.nothing", fact="resources 5")
def test_nothing_said_is_nothing_changed(thing: Thing) -> None:
    thing.apply(("env", "prod"))
    assert own(thing.apply().ok()) == [("env", "prod")]


@case("tags.apply.spaces", fact="resources 5")
def test_spaces_around_are_dropped(thing: Thing) -> None:
    answer = thing.apply((" env ", " prod "), (" ", " urgent ")).ok()
    assert own(answer) == [(None, "urgent"), ("env", "prod")]


@case("tags.apply.longest", fact="resources 5")
def test_longest_key_and_values(thing: Thing) -> None:
    longest = [(None, "l" * 256), ("k" * 64, "v" * 256)]
    assert own(thing.apply(*longest).ok()) == longest


@case("tags.apply.refused", fact="resources 5")
@pytest.mark.parametrize(
    ("key", "value", "field", "why"),
    [
        ("k" * 65, "x", ["key"], "tag keys must be at most 64 characters"),
        ("a b", "x", ["key"], PATTERN),
        ("-a", "x", ["key"], PATTERN),
        ("skyvern.status", "x", ["key"], RESERVED),
        ("env", "", ["value"], "tag value is required"),
        (None, " ", ["value"], "tag value is required"),
        (None, "v" * 257, ["value"], "tag values must be at most 256 characters"),
        (None, "a,b", ["value"], "tag values must not contain ','"),
        (
            *(None, "a:b", []),
            "standalone label values must not contain ':' (use a group, e.g. key:value)",
        ),
        (
            *("env", "*", []),
            "grouped tag values must not be exactly '*' (reserved as the group filter wildcard)",
        ),
        (
            *("env", "__untagged__", []),
            f"tag values must not be exactly '__untagged__' {BUCKET}",
        ),
        (
            *(None, "__other__", []),
            f"tag values must not be exactly '__other__' {BUCKET}",
        ),
    ],
)
def test_what_a_tag_may_not_be(
    skyvern: Caller, key: str | None, value: str, field: list[str], why: str
) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    refused = thing.apply((key, value))
    refused.invalid(("value_error", "body", "tags", 0, *field))
    assert refused.json["detail"][0]["msg"] == f"Value error, {why}"
    assert thing.tags() == []


@case("tags.apply.taken", fact="resources 5")
@pytest.mark.parametrize(
    ("key", "value"),
    [("env", "a:b"), (None, "*"), ("Skyvern.x", "x"), ("skyvern", "x"), (None, "skyvern.x")],
)
def test_what_a_tag_may_be(skyvern: Caller, key: str | None, value: str) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    assert own(thing.apply((key, value)).ok()) == [(key, value)]


@case("tags.apply.target", fact="resources 5")
@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({}, "each delete target must specify a key (group) or a value (label)"),
        (
            {"key": "a", "value": "b"},
            "a delete target must specify either a key (group) or a value (label), not both",
        ),
    ],
    ids=["neither", "both"],
)
def test_deleted_is_a_group_or_a_label(skyvern: Caller, target: Json, why: str) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    refused = thing.apply(delete=(target,))
    refused.invalid(("value_error", "body", "tags_to_delete", 0))
    assert refused.json["detail"][0]["msg"] == f"Value error, {why}"


@case("tags.apply.many", fact="resources 5")
@pytest.mark.parametrize("field", ["tags", "tags_to_delete"])
def test_twenty_are_said_at_once(skyvern: Caller, field: str) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    many = [{"value": f"v{number}"} for number in range(21)]
    thing.call("apply", **{field: many}).invalid(("value_error", "body", field))
    thing.call("apply", **{field: many[:20]}).ok()


@case("tags.apply.full", fact="recorded: tags.more")
def test_thing_has_twenty_tags_of_callers(thing: Thing) -> None:
    thing.apply(*((None, f"v{number}") for number in range(20))).ok()
    noun = "workflow" if thing.kind == "workflow" else "workflow run"
    thing.apply((None, "more")).refused(
        422, f"{noun} {thing.id} would have 21 user-writable tags; max is 20"
    )
    thing.apply((None, "more"), delete=({"value": "v0"},)).ok()


@case("tags.delete", fact="resources 5")
def test_group_is_deleted_by_its_path(thing: Thing) -> None:
    thing.apply(("env", "prod"), (None, "env"))
    assert own(thing.call("delete", key="env").ok()) == [(None, "env")]
    assert own(thing.call("delete", key="env").ok()) == [(None, "env")]


@case("tags.delete.key", fact="resources 5")
@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("skyvern.status", RESERVED),
        ("a b", PATTERN),
        ("k" * 65, "tag keys must be at most 64 characters"),
    ],
)
def test_key_in_the_path_is_checked_before_the_thing(skyvern: Caller, key: str, why: str) -> None:
    skyvern.call("delete_workflow_tag", workflow_permanent_id="wpid_1", key=key).refused(400, why)
    skyvern.call("delete_run_tag", workflow_run_id="wr_1", key=key).refused(400, why)


@case("tags.unknown", fact="resources 5, 13")
@pytest.mark.parametrize(
    ("deed", "more"),
    [
        ("get", {}),
        ("apply", {"tags": [{"value": "x"}]}),
        ("delete", {"key": "env"}),
        ("history", {}),
    ],
    ids=["get", "apply", "delete", "history"],
)
def test_unknown_thing_is_missed(skyvern: Caller, deed: str, more: Json) -> None:
    flow, run = Thing(skyvern, "workflow", "wpid_1"), Thing(skyvern, "run", "wr_1")
    flow.call(deed, **more).refused(404, "Workflow wpid_1 not found")
    run.call(deed, **more).refused(404, "Workflow run wr_1 not found")


@case("tags.stranger", fact="resources 1")
def test_thing_is_its_organisations_alone(thing: Thing) -> None:
    thing.apply(("env", "prod"))
    theirs = Thing(thing.skyvern.stranger(), thing.kind, thing.id)
    noun = "Workflow" if thing.kind == "workflow" else "Workflow run"
    theirs.call("get").refused(404, f"{noun} {thing.id} not found")
    theirs.apply((None, "x")).refused(404, f"{noun} {thing.id} not found")
    assert thing.tags() == [("env", "prod")]


@case("tags.task", fact="recorded: tagruns.task.tags")
def test_task_has_no_tags(skyvern: Caller) -> None:
    made = skyvern.call("run_task", prompt="x", engine="skyvern-1.0", url="https://example.com")
    run_id = made.ok()["run_id"]
    detail = f"Workflow run {run_id} not found"
    skyvern.call("get_run_tags", workflow_run_id=run_id).refused(404, detail)


@case("tags.workflow.deleted", fact="recorded: tags.gone, tags.back")
def test_tags_of_a_deleted_workflow_come_back_with_it(skyvern: Caller) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"))
    skyvern.call("delete_workflow", workflow_id=thing.id).ok()
    thing.call("get").refused(404, f"Workflow {thing.id} not found")
    inner = {"parameters": [], "blocks": [WAIT]}
    definition = {"title": "Back", "workflow_definition": inner}
    skyvern.call("update_workflow", workflow_id=thing.id, json_definition=definition).ok()
    assert thing.tags() == [("env", "prod")]


@case("tags.workflow.run", fact="recorded: tagruns.inherit")
def test_run_has_not_its_workflows_tags(skyvern: Caller) -> None:
    flow = Thing(skyvern, "workflow", new_workflow(skyvern))
    flow.apply(("env", "prod"))
    run_id = skyvern.call("run_workflow", agent_id=flow.id).ok()["run_id"]
    assert Thing(skyvern, "run", run_id).tags() == []


# --- history ------------------------------------------------------------------------------------


@case("tags.history", fact="resources 5, 14")
def test_history_tells_the_last_first(thing: Thing) -> None:
    thing.apply(("env", "prod"))
    thing.skyvern.wait(0.01)
    thing.apply(("env", "stage"))
    thing.skyvern.wait(0.01)
    thing.apply(delete=({"key": "env"},))
    gone, second, first = thing.events()
    assert [gone["event_type"], second["event_type"], first["event_type"]] == [
        *("delete", "set", "set"),
    ]
    assert [gone["value"], second["value"], first["value"]] == [None, "stage", "prod"]
    assert first["superseded_at"] == second["set_at"]
    assert second["superseded_at"] == gone["set_at"]
    assert gone["superseded_at"] is None
    assert first["tag_event_id"].startswith("tge_" if thing.kind == "workflow" else "rtge_")
    assert list(first) == [
        *("tag_event_id", "key", "value", "event_type", "source", "set_at", "set_by"),
        "superseded_at",
    ]


@case("tags.history.label", fact="recorded: tags.delete.history")
def test_deleted_label_is_named(thing: Thing) -> None:
    thing.apply((None, "urgent"))
    thing.skyvern.wait(0.01)
    thing.apply(delete=({"value": "urgent"},))
    gone = thing.events()[0]
    assert (gone["event_type"], gone["key"], gone["value"]) == ("delete", None, "urgent")


@case("tags.history.key", fact="recorded: tags.history.q")
def test_history_of_a_group(thing: Thing) -> None:
    thing.apply(("env", "prod"), ("app", "x"), (None, "env"))
    assert [event["value"] for event in thing.events(key="env")] == ["prod"]
    assert thing.events(key="nope") == []


@case("tags.history.since", fact="recorded: tags.history.q.exact2", raw_only="the SDK wants a date")
def test_history_since_an_instant_has_it(thing: Thing) -> None:
    thing.apply(("env", "prod"))
    thing.skyvern.wait(0.01)
    second = thing.apply(("env", "stage")).ok()["tags"]
    at = next(tag["set_at"] for tag in second if tag["key"] == "env")
    assert [event["value"] for event in thing.events(since=at, key="env")] == ["stage"]
    assert thing.events(since="2099-01-01T00:00:00") == []


@case("tags.history.since.zone", fact="recorded: tagmore.since", raw_only="the SDK sends UTC")
@pytest.mark.parametrize("zone", ["", "Z", "%2B05:00", "-05:00"])
def test_zone_of_an_instant_is_not_looked_at(skyvern: Caller, zone: str) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    at = thing.apply(("env", "prod")).ok()["tags"][0]["set_at"]
    path = f"/v1/agents/{thing.id}/tags/history?since={at}{zone}"
    assert len(skyvern.send("GET", path).ok()["events"]) == 1


@case("tags.history.limit", fact="resources 5")
def test_history_is_limited(thing: Thing) -> None:
    for value in ("a", "b", "c"):
        thing.apply(("env", value))
        thing.skyvern.wait(0.01)
    assert [event["value"] for event in thing.events(limit=2)] == ["c", "b"]
    thing.call("history", limit=500).ok()
    for limit, problem in ((0, "greater_than_equal"), (501, "less_than_equal")):
        thing.call("history", limit=limit).invalid((problem, "query", "limit"))


# --- many at once -------------------------------------------------------------------------------


def batch(thing: Thing, *ids: str) -> list[Json]:
    """The answers of both ways to ask."""
    field = f"{thing.field}s"
    return [
        thing.skyvern.call(OPERATIONS[thing.kind]["many"], **{field: ",".join(ids)}).ok(),
        thing.skyvern.call(OPERATIONS[thing.kind]["many_post"], **{field: list(ids)}).ok(),
    ]


@case("tags.batch", fact="resources 5")
def test_tags_of_many(skyvern: Caller) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    other = new_workflow(skyvern)
    thing.apply(("env", "prod"), (None, "urgent"))
    for answer in batch(thing, other, thing.id, "nope", f" {thing.id} "):
        tags = answer["workflow_tags"]
        assert list(tags) == [other, thing.id, "nope"]
        labels = [{"key": None, "value": "urgent"}, {"key": "env", "value": "prod"}]
        assert tags == {other: [], thing.id: labels, "nope": []}


@case("tags.batch.runs", fact="resources 5")
def test_tags_of_many_runs_are_the_servers_too(skyvern: Caller) -> None:
    thing = Thing(skyvern, "run", new_run(skyvern))
    thing.apply((None, "urgent"))
    for answer in batch(thing, thing.id, "nope"):
        labels = [{"key": None, "value": "urgent"}, {"key": "skyvern.trigger", "value": "api"}]
        assert answer == {"run_tags": {thing.id: labels, "nope": []}}


@case("tags.batch.stranger", fact="resources 5")
def test_anothers_things_have_no_tags(thing: Thing) -> None:
    thing.apply((None, "urgent"))
    theirs = Thing(thing.skyvern.stranger(), thing.kind, thing.id)
    for answer in batch(theirs, thing.id):
        assert answer == {f"{thing.kind}_tags": {thing.id: []}}


@case("tags.batch.nothing", fact="recorded: tagsearch.batch0")
def test_nothing_asked_is_nothing_found(skyvern: Caller) -> None:
    for kind in ("workflow", "run"):
        assert skyvern.call(OPERATIONS[kind]["many"]).ok() == {f"{kind}_tags": {}}
    none = skyvern.call("batch_get_workflow_tags_post", workflow_permanent_ids=[]).ok()
    assert none == {"workflow_tags": {}}
    assert skyvern.call("batch_get_run_tags_post", workflow_run_ids=[" "]).ok() == {"run_tags": {}}


@case("tags.batch.many", fact="recorded: tagmore.batch201")
def test_two_hundred_are_asked_at_once(skyvern: Caller) -> None:
    ids = [f"i{number}" for number in range(201)]
    for kind, noun in (("workflow", "workflow"), ("run", "workflow run")):
        field = "workflow_permanent_ids" if kind == "workflow" else "workflow_run_ids"
        detail = f"At most 200 {noun} IDs may be requested at once"
        post, get = OPERATIONS[kind]["many_post"], OPERATIONS[kind]["many"]
        skyvern.call(get, **{field: ",".join(ids)}).refused(400, detail)
        skyvern.call(post, **{field: ids}).refused(400, detail)
        assert len(skyvern.call(post, **{field: ids[:200]}).ok()[f"{kind}_tags"]) == 200


# --- the register: keys -------------------------------------------------------------------------


ON_KEYS = [("update_tag_key", {"description": "x"}), ("delete_tag_key", {})]


def keys(skyvern: Caller) -> dict[str, Json]:
    return {row["key"]: row for row in skyvern.call("list_tag_keys").ok()}


def values(skyvern: Caller, **asked: Any) -> dict[Tag, Json]:
    rows = skyvern.call("list_tag_values", **asked).ok()
    return {(row["key"], row["value"]): row for row in rows}


@case("tags.keys", fact="resources 5", alone=True)
def test_keys_are_known_from_their_first_use(skyvern: Caller) -> None:
    assert skyvern.call("list_tag_keys").ok() == []
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"), ("App", "x"), (None, "label"))
    thing.call("delete", key="App")
    assert skyvern.call("list_tag_keys").ok() == [
        {"key": "App", "description": None, "workflow_count": 0},
        {"key": "env", "description": None, "workflow_count": 1},
    ]


@case("tags.keys.system", fact="resources 5", alone=True)
def test_keys_of_the_server_are_listed(skyvern: Caller) -> None:
    new_run(skyvern)
    assert list(keys(skyvern)) == ["skyvern.trigger"]


@case("tags.keys.update", fact="resources 5")
def test_key_is_described(skyvern: Caller) -> None:
    Thing(skyvern, "workflow", new_workflow(skyvern)).apply(("env", "prod"))
    for said, kept in (("where", "where"), ("  a ", "a"), ("", None), ("d" * 500, "d" * 500)):
        answer = skyvern.call("update_tag_key", key="env", description=said).ok()
        assert answer == {"key": "env", "description": kept, "workflow_count": 1}


@case("tags.keys.update.null", fact="resources 5")
def test_no_description_takes_it_away(skyvern: Caller) -> None:
    Thing(skyvern, "workflow", new_workflow(skyvern)).apply(("env", "prod"))
    skyvern.call("update_tag_key", key="env", description="where")
    assert skyvern.call("update_tag_key", key="env", description=None).ok()["description"] is None


@case("tags.keys.update.bounds", fact="resources 5")
def test_description_is_of_500_characters(skyvern: Caller) -> None:
    Thing(skyvern, "workflow", new_workflow(skyvern)).apply(("env", "prod"))
    skyvern.call("update_tag_key", key="env", description="d" * 501).invalid(
        ("value_error", "body", "description")
    )


@case("tags.keys.unknown", fact="resources 5")
@pytest.mark.parametrize(("operation", "more"), ON_KEYS)
def test_unknown_key_is_missed(skyvern: Caller, operation: str, more: Json) -> None:
    skyvern.call(operation, key="nope", **more).refused(404, "Tag key 'nope' not found")
    skyvern.call(operation, key="skyvern.status", **more).refused(400, RESERVED)
    skyvern.call(operation, key="a b", **more).refused(400, PATTERN)


@case("tags.keys.stranger", fact="resources 1")
@pytest.mark.parametrize(("operation", "more"), ON_KEYS)
def test_key_is_its_organisations_alone(skyvern: Caller, operation: str, more: Json) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"))
    skyvern.stranger().call(operation, key="env", **more).refused(404, "Tag key 'env' not found")
    assert thing.tags() == [("env", "prod")]


@case("tags.keys.delete", fact="resources 5", alone=True)
def test_deleted_key_is_gone_from_everything(skyvern: Caller) -> None:
    flow = Thing(skyvern, "workflow", new_workflow(skyvern))
    run = Thing(skyvern, "run", new_run(skyvern))
    for thing in (flow, run):
        thing.apply(("env", "prod"), (None, "env"))
    assert skyvern.call("delete_tag_key", key="env").ok() == {
        "key": "env",
        "removed_from_workflow_count": 1,
        "removed_from_run_count": 1,
        "removed_count": 2,
    }
    assert flow.tags() == run.tags() == [(None, "env")]
    assert flow.events(key="env")[0]["value"] is None
    assert "env" not in keys(skyvern)
    assert values(skyvern, key="env") == {}


# --- the register: values -----------------------------------------------------------------------


@case("tags.values", fact="resources 5", alone=True)
def test_values_are_known_from_their_first_use(skyvern: Caller) -> None:
    assert skyvern.call("list_tag_values").ok() == []
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"), (None, "label"), colors={"env": "red"})
    thing.apply(("env", "Stage"), colors={"env": "Blue"})
    assert skyvern.call("list_tag_values").ok() == [
        {"key": "env", "value": "Stage", "color": "blue", "workflow_count": 1},
        {"key": "env", "value": "prod", "color": "red", "workflow_count": 0},
    ]


@case("tags.values.key", fact="resources 5")
def test_values_of_a_key(skyvern: Caller) -> None:
    for key, value in (("env", "prod"), ("app", "x")):
        skyvern.raw.call("create_tag_value", key=key, value=value).ok()
    assert list(values(skyvern, key="app")) == [("app", "x")]
    assert values(skyvern, key="nope") == {}


@case("tags.values.deleted_workflow", fact="recorded: tagmore.gone", alone=True)
def test_deleted_workflow_counts_among_keys_alone(skyvern: Caller) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"))
    skyvern.call("delete_workflow", workflow_id=thing.id).ok()
    assert keys(skyvern)["env"]["workflow_count"] == 1
    assert values(skyvern)[("env", "prod")]["workflow_count"] == 0


@case("tags.values.create", fact="resources 5", raw_only=NO_METHOD)
@pytest.mark.parametrize("color", COLORS)
def test_value_has_a_colour(skyvern: Caller, color: str) -> None:
    made = skyvern.raw.call("create_tag_value", key="env", value="prod", color=color).ok()
    assert made == {"key": "env", "value": "prod", "color": color, "workflow_count": 0}


@case("tags.values.create.random", fact="resources 5", raw_only=NO_METHOD)
def test_value_without_a_colour_has_one_of_the_palette(skyvern: Caller) -> None:
    made = skyvern.raw.call("create_tag_value", key="env", value="prod").ok()
    assert made["color"] in COLORS
    assert values(skyvern)[("env", "prod")] == made


@case("tags.values.create.twice", fact="resources 5", raw_only=NO_METHOD)
def test_value_is_there_once(skyvern: Caller) -> None:
    skyvern.raw.call("create_tag_value", key="env", value="prod").ok()
    skyvern.raw.call("create_tag_value", key=" env ", value=" prod ").refused(
        409, "tag value 'env:prod' already exists"
    )
    skyvern.raw.call("create_tag_value", key="env", value="Prod").ok()


@case("tags.values.create.refused", fact="resources 5", raw_only=NO_METHOD)
@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"key": " "}, "key", "tag key is required"),
        ({"key": "a b"}, "key", PATTERN),
        ({"key": "skyvern.x"}, "key", RESERVED),
        ({"value": ""}, "value", "tag value is required"),
        (
            {"value": "*"},
            "value",
            "grouped tag values must not be exactly '*' (reserved as the group filter wildcard)",
        ),
        ({"color": "mauve"}, "color", ONE_OF),
        ({"color": ""}, "color", ONE_OF),
    ],
)
def test_what_a_value_may_not_be(skyvern: Caller, asked: Json, field: str, why: str) -> None:
    refused = skyvern.raw.call("create_tag_value", **{"key": "env", "value": "x", **asked})
    refused.invalid(("value_error", "body", field))
    assert refused.json["detail"][0]["msg"] == f"Value error, {why}"


@case("tags.values.update", fact="resources 5")
def test_value_is_given_another_colour(skyvern: Caller) -> None:
    skyvern.raw.call("create_tag_value", key="env", value="prod", color="red").ok()
    asked = {"key": "env", "value": "prod"}
    changed = skyvern.call("update_tag_value", **asked, color="TEAL").ok()
    assert changed == {**asked, "color": "teal", "workflow_count": 0}
    refused = skyvern.call("update_tag_value", **asked, color="mauve")
    refused.invalid(("value_error", "body", "color"))


@case("tags.values.recolor", fact="recorded: tags.recolor")
def test_colour_is_changed_by_setting_the_same(thing: Thing) -> None:
    thing.apply(("env", "prod"), colors={"env": "red"})
    thing.apply(("env", "prod"), colors={"env": "pink"})
    assert values(thing.skyvern)[("env", "prod")]["color"] == "pink"
    thing.apply(("env", "prod"))
    thing.call("apply", colors={"env": "blue"}).ok()
    assert values(thing.skyvern)[("env", "prod")]["color"] == "pink"


@case("tags.values.recolor.refused", fact="recorded: tags.apply.color_bad")
@pytest.mark.parametrize("colors", [{"env": "mauve"}, {"a b": "red"}, {"": "red"}])
def test_colours_of_a_request_are_checked(skyvern: Caller, colors: Json) -> None:
    thing = Thing(skyvern, "workflow", new_workflow(skyvern))
    thing.apply(("env", "prod"), colors=colors).invalid(("value_error", "body", "colors"))
    assert thing.tags() == []


@case("tags.values.rename", fact="resources 5")
def test_value_is_renamed_wherever_it_is_set(skyvern: Caller) -> None:
    flow = Thing(skyvern, "workflow", new_workflow(skyvern))
    run = Thing(skyvern, "run", new_run(skyvern))
    for thing in (flow, run):
        thing.apply(("env", "prod"), colors={"env": "red"})
    skyvern.wait(0.01)
    asked = {"key": "env", "value": "prod", "new_value": "live"}
    assert skyvern.call("rename_tag_value", **asked).ok() == {
        "key": "env",
        "value": "live",
        "color": "red",
        "renamed_workflow_count": 1,
    }
    assert flow.tags() == run.tags() == [("env", "live")]
    assert [event["value"] for event in run.events()] == ["live", "prod"]
    skyvern.call("rename_tag_value", **asked).refused(404, "Tag value 'env:prod' not found")


@case("tags.values.rename.taken", fact="resources 5")
def test_two_values_do_not_become_one(skyvern: Caller) -> None:
    for value in ("prod", "stage"):
        skyvern.raw.call("create_tag_value", key="env", value=value).ok()
    skyvern.call("rename_tag_value", key="env", value="stage", new_value="prod").refused(
        409, "tag value 'env:prod' already exists; rename would merge labels (not supported)"
    )


@case("tags.values.rename.same", fact="resources 5")
@pytest.mark.parametrize("new", ["prod", " prod ", "*", "__other__"])
def test_new_value_is_another_and_a_possible_one(skyvern: Caller, new: str) -> None:
    skyvern.raw.call("create_tag_value", key="env", value="prod").ok()
    asked = {"key": "env", "value": "prod", "new_value": new}
    skyvern.call("rename_tag_value", **asked).invalid(("value_error", "body"))


@case("tags.values.delete", fact="resources 5")
def test_deleted_value_is_gone_from_everything(skyvern: Caller) -> None:
    flow = Thing(skyvern, "workflow", new_workflow(skyvern))
    run = Thing(skyvern, "run", new_run(skyvern))
    for thing in (flow, run):
        thing.apply(("env", "prod"))
    skyvern.wait(0.01)
    assert skyvern.call("delete_tag_value", key="env", value="prod").ok() == {
        "key": "env",
        "value": "prod",
        "removed_from_workflow_count": 1,
        "removed_from_run_count": 1,
        "removed_count": 2,
    }
    assert flow.tags() == run.tags() == []
    last = flow.events()[0]
    assert (last["event_type"], last["value"]) == ("delete", "prod")
    assert "env" in keys(skyvern)


@case("tags.values.delete.body", fact="resources 5", raw_only="the SDK needs the value")
def test_value_to_delete_stands_in_the_body(skyvern: Caller) -> None:
    skyvern.raw.call("create_tag_value", key="env", value="prod").ok()
    skyvern.send("DELETE", "/v1/tag-values/env?value=prod").invalid(("missing", "body"))


@case("tags.values.unknown", fact="resources 5")
@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("update_tag_value", {"color": "red"}),
        ("rename_tag_value", {"new_value": "y"}),
        ("delete_tag_value", {}),
    ],
    ids=["update", "rename", "delete"],
)
def test_unknown_value_is_missed(skyvern: Caller, operation: str, more: Json) -> None:
    skyvern.raw.call("create_tag_value", key="env", value="prod").ok()
    missed = (404, "Tag value 'env:x' not found")
    skyvern.call(operation, key="env", value="x", **more).refused(*missed)
    skyvern.call(operation, key="skyvern.status", value="x", **more).refused(400, RESERVED)
    skyvern.stranger().call(operation, key="env", value="prod", **more).refused(
        404, "Tag value 'env:prod' not found"
    )


# --- what the server says of runs ---------------------------------------------------------------


@case("tags.system.start", fact="recorded: tagruns.fresh")
def test_new_run_carries_what_set_it_off(skyvern: Caller) -> None:
    run_id = new_run(skyvern)
    (tag,) = skyvern.call("get_run_tags", workflow_run_id=run_id).ok()["tags"]
    assert (tag["key"], tag["value"]) == ("skyvern.trigger", "api")
    assert (tag["source"], tag["set_by"]) == ("system", "system:creation-tagging")


@case("tags.system.trigger", fact="recorded: tagdomain.ui, tagdomain.mcp")
@pytest.mark.parametrize(
    ("client", "trigger"),
    [("skyvern-ui", "manual"), ("skyvern-mcp", "mcp"), ("skyvern-python", "api")],
)
def test_skyverns_own_clients_are_told(skyvern: Caller, client: str, trigger: str) -> None:
    run_id = new_run(skyvern, headers={"x-user-agent": client})
    assert system(skyvern, run_id)["trigger"] == trigger


@case("tags.system.end", fact="resources 5")
def test_run_that_is_over_carries_how_it_ended(skyvern: Caller) -> None:
    run_id = canceled(skyvern)
    ended = {"execution_mode": "agent", "status": "canceled", "trigger": "api"}
    assert system(skyvern, run_id) == ended
    tags = skyvern.call("get_run_tags", workflow_run_id=run_id).ok()["tags"]
    assert [tag["set_by"] for tag in tags] == [
        *("system:completion-tagging", "system:completion-tagging", "system:creation-tagging"),
    ]


@case("tags.system.domain", fact="recorded: tagsystem.dom, tagdomain")
@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Example.com/a?b=c", "www.example.com"),
        ("http://sub.example.co.uk:8080/x", "sub.example.co.uk:8080"),
        ("example.org", "example.org"),
        ("https://user:pw@auth.example.com/", "auth.example.com"),
        ("http://localhost", None),
        ("https://[::1]:90/", None),
        ("ftp://files.example.com/", None),
        ("{{ nope }}", None),
    ],
)
def test_run_carries_the_host_of_its_first_address(
    skyvern: Caller, url: str, domain: str | None
) -> None:
    visit = {"block_type": "goto_url", "label": "visit", "url": url}
    run_id = new_run(skyvern, {**WAIT, "next_block_label": "visit"}, visit)
    assert system(skyvern, run_id).get("target_domain") == domain


@case("tags.system.kept", fact="resources 5")
def test_tags_of_the_server_are_not_the_callers(skyvern: Caller) -> None:
    thing = Thing(skyvern, "run", canceled(skyvern))
    thing.call("delete", key="skyvern.status").refused(400, RESERVED)
    thing.apply(("skyvern.status", "x")).invalid(("value_error", "body", "tags", 0, "key"))
    thing.apply(delete=({"key": "skyvern.status"},)).invalid(
        ("value_error", "body", "tags_to_delete", 0, "key")
    )
    assert system(skyvern, thing.id)["status"] == "canceled"


@case("tags.suggestions", fact="resources 5", raw_only=NO_METHOD, alone=True)
def test_suggestions_are_what_runs_are_tagged_with(skyvern: Caller) -> None:
    empty: Json = {"keys": [], "values_by_key": {}, "labels": []}
    assert skyvern.call("get_run_tag_suggestions").ok() == empty
    Thing(skyvern, "workflow", new_workflow(skyvern)).apply(("team", "x"), (None, "no"))
    thing = Thing(skyvern, "run", new_run(skyvern))
    thing.apply(("env", "prod"), (None, "b"), (None, "a"))
    assert skyvern.call("get_run_tag_suggestions").ok() == {
        "keys": ["env", "skyvern.trigger"],
        "values_by_key": {"env": ["prod"], "skyvern.trigger": ["api"]},
        "labels": ["a", "b"],
    }


@case("tags.suggestions.values", fact="recorded: tagsuggest.values", raw_only=NO_METHOD, alone=True)
def test_three_values_are_suggested(skyvern: Caller) -> None:
    for value in ("d", "b", "a", "c"):
        Thing(skyvern, "run", new_run(skyvern)).apply(("env", value))
    suggested = skyvern.call("get_run_tag_suggestions").ok()
    assert suggested["values_by_key"]["env"] == ["a", "b", "c"]


# --- lists by tags ------------------------------------------------------------------------------


@pytest.fixture
def tagged(skyvern: Caller) -> dict[str, str]:
    """Workflows by their titles: ``one``, ``two``, ``three``, each with tags."""
    tags: dict[str, list[Tag]] = {
        "one": [("env", "prod"), (None, "red")],
        "two": [("env", "stage"), (None, "red")],
        "three": [("env", "prod"), ("app", "Pay:Roll"), (None, "Blue")],
    }
    found: dict[str, str] = {}
    for title, said in tags.items():
        found[title] = new_workflow(skyvern, title)
        Thing(skyvern, "workflow", found[title]).apply(*said).ok()
        skyvern.wait(0.01)
    return found


@case("tags.search", fact="recorded: tagsearch", alone=True)
@pytest.mark.parametrize(
    ("terms", "titles"),
    [
        (["red"], ["two", "one"]),
        (["Red"], []),
        (["prod"], ["three", "one"]),
        (["env"], []),
        (["env:*"], ["three", "two", "one"]),
        (["env:prod"], ["three", "one"]),
        (["ENV:prod"], []),
        (["env:prod,env:stage"], ["three", "two", "one"]),
        (["env:prod", "env:stage"], ["three", "two", "one"]),
        (["env:*,env:stage"], ["two"]),
        (["env:prod,red"], ["one"]),
        (["red", "Blue"], []),
        (["env:prod,app:*"], ["three"]),
        (["app:Pay:Roll"], ["three"]),
        (["app:Pay"], []),
        ([" env : prod "], ["three", "one"]),
        ([""], ["three", "two", "one"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_workflows_are_listed_by_tags(
    skyvern: Caller, tagged: dict[str, str], terms: list[str], titles: list[str]
) -> None:
    rows = skyvern.call("get_workflows", tags=terms).ok()
    assert [row["title"] for row in rows] == titles
    assert len(tagged) == 3


@case("tags.search.deleted", fact="recorded: tags.gone.list", alone=True)
def test_deleted_tags_and_workflows_are_not_found(skyvern: Caller, tagged: dict[str, str]) -> None:
    Thing(skyvern, "workflow", tagged["one"]).apply(delete=({"value": "red"},))
    assert [row["title"] for row in skyvern.call("get_workflows", tags=["red"]).ok()] == ["two"]
    skyvern.call("delete_workflow", workflow_id=tagged["two"]).ok()
    assert skyvern.call("get_workflows", tags=["red"]).ok() == []
    assert skyvern.stranger().call("get_workflows", tags=["env:prod"]).ok() == []


@case("tags.search.refused", fact="recorded: tagsearch")
@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (["red,"], "Invalid tag filter; empty term."),
        (["env:"], "Invalid tag filter 'env:'; expected 'label', 'key:*', or 'key:value'."),
        (
            [",".join(f"t{number}" for number in range(21))],
            "Too many tag filter terms; at most 20 distinct terms are allowed.",
        ),
    ],
    ids=["empty term", "no value", "too many"],
)
def test_filter_that_cannot_be_read(skyvern: Caller, terms: list[str], why: str) -> None:
    skyvern.call("get_workflows", tags=terms).refused(400, why)


@case("tags.search.template", fact="recorded: tagsearch.q41")
def test_templates_are_not_listed_by_tags(skyvern: Caller) -> None:
    skyvern.call("get_workflows", tags=["red"], template=True).refused(
        400, "tags filter is not supported with template=true"
    )
