"""Workflows that are templates (facts: resources 3, "Read"). None is one for all organisations."""

from __future__ import annotations

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.workflows.handlers import not_found
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


class TemplateQuery(Lazy):
    is_template: bool


def set_workflow_template(call: Call) -> JsonObject:
    """Every version of it is a template from now on, later ones too, or none is."""
    permanent_id, is_template = call.params["workflow_permanent_id"], call.query.is_template
    if call.world.workflow(permanent_id, call.organization_id) is None:
        raise not_found(permanent_id)
    for row in call.world.workflow_versions(permanent_id, call.organization_id):
        settings = {**row.settings, "is_template": is_template}
        call.world.change(row, settings=settings, modified_at=row.modified_at)
    return {"workflow_permanent_id": permanent_id, "is_template": is_template}


def get_workflow_templates(_: Call) -> list[JsonObject]:
    """Those of all organisations: a server of one's own has none."""
    return []


ENDPOINTS = (
    Endpoint("set_workflow_template", set_workflow_template, query=TemplateQuery),
    Endpoint("get_workflow_templates", get_workflow_templates, needs_key=False),
)
