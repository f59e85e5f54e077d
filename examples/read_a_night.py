"""What a night decided and why, read from the files that it left.

python examples/read_a_night.py ~/deployments/mine 2026-11-22
"""

import json
import sys
from collections import Counter
from pathlib import Path


def records(path: Path) -> list[dict]:
    """Return the objects of a file that has one on each line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main(workspace: Path, night: str) -> None:
    folder = workspace / ".slumber" / "nights" / night

    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    print(f"Night {night}: {verdict['verdict']}")
    for check in verdict["checks"]:
        print(f"  {check['status']:14}  {check['name']}: {check['reason']}")

    dreams = records(workspace / "data" / "dreams" / f"{night}.jsonl")
    strategies = Counter(dream["strategy"] for dream in dreams)
    print(f"\n{len(dreams)} dreams: " + ", ".join(f"{count} {name}" for name, count in strategies.most_common()))
    for dream in [d for d in dreams if d["source"]][:3]:
        print(f"  {dream['source']}: {dream['question']} -> {dream['answer']}")

    # Each probe was put to the base, the champion and the candidate, without ("closed") and with its document ("open").
    asked: dict[str, dict[str, str]] = {}
    for row in records(folder / "examination" / "answers.jsonl"):
        if row["condition"] == "closed":
            asked.setdefault(row["question"], {})[row["model"]] = row["answer"]
    print("\nClosed book")
    for question, answers in asked.items():
        print(f"  {question}")
        for model, answer in answers.items():
            print(f"    {model:9}  {answer!r}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).expanduser(), sys.argv[2])
