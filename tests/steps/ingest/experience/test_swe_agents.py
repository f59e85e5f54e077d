"""Trajectories of SWE-agent 1.x and mini-swe-agent: how they end is no act, and what the program says is no answer."""

import json

import pytest


def step(thought, action, observation):
    return {"thought": thought, "response": thought, "action": action, "observation": observation, "state": {}}


def trajectory(*steps, status):
    opening = [
        {"role": "system", "content": "You help.", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": [{"type": "text", "text": "Fix issue 7"}], "agent": "main"},
    ]
    return {"trajectory": list(steps), "history": opening, "info": {"exit_status": status, "submission": "diff"}}


FAILED = step("Run the tests.", "pytest", "error: no module named x")


def test_what_submits_is_no_try_and_its_patch_no_answer(read, said, steps_of):
    (record,) = read(trajectory(FAILED, step("Done.", "submit", "diff --git a b"), status="submitted"), "a.traj")
    assert said(record)[2:] == [
        ("assistant", 'Run the tests. bash({"command": "pytest"})'),
        ("tool", "error: no module named x"),
        ("assistant", "Done. submit({})"),
    ]
    assert record.entry.outcome.status == "submitted"
    assert [right for *_, right, _ in steps_of(record)] == [None], "nobody tried again what failed"


def test_a_first_submit_that_asks_to_look_once_more_takes_the_place_of_nothing(read, said, steps_of):
    steps = [FAILED, step("", "submit", "Please review your changes."), step("", "submit -f", "diff --git a b")]
    (record,) = read(trajectory(*steps, status="submitted"), "a.traj")
    assert said(record)[-3:] == [
        ("assistant", "submit({})"),
        ("tool", "Please review your changes."),
        ("assistant", 'submit({"flags": ["-f"]})'),
    ]
    assert not any(evidence for *_, evidence in steps_of(record))


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (step("Exit due to cost limit", "", "Exited (autosubmitted)"), "submitted (exit_cost)"),
        (step("", "exit_context", "Exited (autosubmitted)"), "submitted (exit_context)"),
        (step("Exit due to environment error", "", "Exited"), "exit_environment_error"),
        (step("Died", "", "Environment died unexpectedly. Exited (autosubmitted)"), "submitted (exit_error)"),
    ],
)
def test_that_the_program_gave_up_is_its_word_and_not_the_agents(read, said, last, status):
    (record,) = read(trajectory(FAILED, last, status=status), "a.traj")
    assert said(record)[-1] == ("tool", "error: no module named x") and record.entry.outcome.status == status


def test_what_a_last_command_printed_stays(read, said):
    (record,) = read(trajectory(step("Look", "ls", "a b"), status="exit_cost"), "a.traj")
    assert said(record)[-1] == ("tool", "a b")


def mini(*messages, status="Submitted", version="1.1"):
    info = {"exit_status": status, "submission": "diff", "mini_version": "2.4.6"}
    opening = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Fix issue 7"}]
    named = f"mini-swe-agent-{version}"
    return {"info": info, "messages": [*opening, *messages], "trajectory_format": named, "instance_id": "i-7"}


def calling(*commands):
    made = [
        {"id": f"c{n}", "type": "function", "function": {"name": "bash", "arguments": json.dumps({"command": one})}}
        for n, one in enumerate(commands)
    ]
    said = {"role": "assistant", "content": None, "tool_calls": made, "function_call": None}
    return {**said, "extra": {"actions": [{"command": one} for one in commands], "timestamp": 1764500000.5}}


def printed(number, code, output, **more):
    text = json.dumps({"returncode": code, "output": output})
    about = {"raw_output": output, "returncode": code, **more}
    return {"role": "tool", "tool_call_id": f"c{number}", "content": text, "extra": about}


def ended(status):
    return {"role": "exit", "content": "diff", "extra": {"exit_status": status, "submission": "diff"}}


SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git add -A && git diff --cached"


def test_mini_swe_agent_is_a_trace_with_its_own_word_of_how_it_ended(read, said, steps_of):
    found = mini(
        calling("pytest", "ls"),
        printed(0, 1, "no module named x"),
        printed(1, 0, "Makefile"),
        {"role": "assistant", "content": "Let me think."},
        {"role": "user", "content": "No tool calls found.", "extra": {"interrupt_type": "FormatError"}},
        calling(SUBMIT),
        printed(0, -1, "", exception_info="action was not executed"),
        ended("Submitted"),
    )
    (record,) = read(found, "a.json")
    assert said(record) == [
        ("system", "You help."),
        ("user", "Fix issue 7"),
        ("assistant", 'bash({"command": "pytest"}) bash({"command": "ls"})'),
        ("tool", "error (exit code 1): no module named x"),
        ("tool", "Makefile"),
        ("assistant", "Let me think."),
        ("assistant", f"bash({json.dumps({'command': SUBMIT})})"),
    ]
    assert (record.entry.outcome.status, record.entry.source) == ("Submitted", "i-7")
    assert record.entry.created_at == "2025-11-30T10:53:20.500000Z"
    assert not any(evidence for *_, evidence in steps_of(record))


def test_mini_swe_agent_refused_by_a_person_says_why(read, said):
    why = "Commands not executed. The user rejected your commands with the following message: Use make."
    found = mini(
        calling("pytest"),
        printed(0, -1, "", exception_info="action was not executed"),
        {"role": "user", "content": why, "extra": {"interrupt_type": "UserRejection"}},
        calling("make test"),
        printed(0, 0, "12 passed"),
        {"role": "user", "content": "Interrupted by user: Temporary interruption caught."},
        ended("LimitsExceeded"),
        status="LimitsExceeded",
    )
    (record,) = read(found, "a.json")
    assert said(record)[3:] == [
        ("tool", "error: not done"),
        ("user", "Use make."),
        ("assistant", 'bash({"command": "make test"})'),
        ("tool", "12 passed"),
    ]


def test_the_first_mini_swe_agents_wrote_commands_into_the_text(read, said):
    found = mini(
        {"role": "assistant", "content": "THOUGHT: Run it.\n\n```bash\npytest\n```"},
        {"role": "user", "content": "<returncode>2</returncode>\n<output>\nno module\n</output>"},
        {"role": "assistant", "content": "No command."},
        {"role": "user", "content": "Please always provide EXACTLY ONE action in triple backticks."},
        {"role": "assistant", "content": "```mswea_bash_command\nmake test\n```"},
        {
            "role": "user",
            "content": "Command not executed. The user rejected your command with the following message: Wait",
        },
        {"role": "assistant", "content": "```bash\necho MINI_SWE_AGENT_FINAL_OUTPUT\n```"},
        {"role": "user", "content": "diff --git a b"},
        version="1",
    )
    (record,) = read(found, "a.traj")
    assert said(record)[2:] == [
        ("assistant", 'THOUGHT: Run it. bash({"command": "pytest"})'),
        ("tool", "error (exit code 2): no module"),
        ("assistant", "No command."),
        ("assistant", 'bash({"command": "make test"})'),
        ("tool", "error: not done"),
        ("user", "Wait"),
        ("assistant", 'bash({"command": "echo MINI_SWE_AGENT_FINAL_OUTPUT"})'),
    ]


def test_mini_swe_agent_by_the_responses_api(read, said):
    call = {"type": "function_call", "call_id": "c0", "name": "bash", "arguments": '{"command": "ls"}'}
    found = mini(
        {"object": "response", "output": [{"type": "reasoning", "summary": []}, call], "extra": {}},
        {"type": "function_call_output", "call_id": "c0", "output": '{"returncode": 0, "output": "a"}', "extra": {}},
        {"role": "exit", "content": "boom", "extra": {"exit_status": "RuntimeError", "exception_str": "boom"}},
        status="",
    )
    (record,) = read(found, "a.json")
    assert said(record)[2:] == [("assistant", 'bash({"command": "ls"})'), ("tool", "a")]
    assert record.entry.outcome.status == "RuntimeError"
