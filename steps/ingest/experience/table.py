"""The families of formats, in the order in which they are asked. A new one is a module and a row here."""

from steps.ingest.experience import (
    agents_sdk,
    atif,
    claude_code,
    codex,
    inspect_logs,
    langfuse,
    langgraph,
    langsmith,
    mini_swe_agent,
    mlflow_traces,
    open_webui,
    opentelemetry,
    request_logs,
    responses,
    swe_agent,
    toolbench,
)
from steps.ingest.experience.family import Family, each
from steps.ingest.experience.fields import Found

FAMILIES = (
    Family("MLflow", mlflow_traces.is_trace, mlflow_traces.read_traces),
    Family("OpenTelemetry", opentelemetry.is_export, opentelemetry.read_exports),
    Family("Langfuse", langfuse.is_export, langfuse.read_exports),
    Family("LangSmith", langsmith.is_export, langsmith.read_exports),
    Family("LangGraph", langgraph.is_checkpoint, langgraph.read_checkpoints),
    Family("Agents SDK", agents_sdk.is_export, agents_sdk.read_exports),
    Family("Claude Code", claude_code.is_line, claude_code.read_sessions),
    Family("Codex", codex.is_line, codex.read_rollout),
    Family("Codex", codex.is_early, codex.read_early, also=("Responses",)),
    Family("Open WebUI", open_webui.is_feedback, each(open_webui.read_feedback)),
    Family("Open WebUI", open_webui.is_chat, each(open_webui.read_chat)),
    Family("Inspect", inspect_logs.is_log, each(inspect_logs.read_log)),
    Family("SWE-agent", swe_agent.is_trajectory, each(swe_agent.read_trajectory)),
    Family("mini-swe-agent", mini_swe_agent.is_trajectory, each(mini_swe_agent.read_trajectory)),
    Family("ATIF", atif.is_trajectory, each(atif.read_trajectory)),
    Family("ToolBench", toolbench.is_episode, toolbench.read_episodes),
    Family("LiteLLM", request_logs.is_litellm, request_logs.read_litellm),
    Family("Responses", responses.is_response, responses.read_responses),
    Family("Agents SDK", responses.is_session_row, responses.read_sessions),
    Family("OpenAI", request_logs.is_logged, request_logs.read_logged),
    Family("Anthropic", request_logs.is_anthropic, request_logs.read_logged),
    Family("Responses", responses.is_item, responses.read_items),
)


def family_of(value: Found) -> Family | None:
    """Return the family that a record is of; None if it names a kind of ours, or is of none."""
    if "kind" in value:
        return None
    return next((family for family in FAMILIES if family.claims(value)), None)
