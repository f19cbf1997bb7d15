"""Verbs that make and judge a model: prepare, train, merge, evaluate, score, chat."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from josi_utils.cli_verb import add_verb, say
from josi_utils.errors import JosiError
from josi_utils.paths import data_dir
from josi_utils.persona import WORD_LIMIT


def add_verbs(verbs: argparse._SubParsersAction) -> None:
    """Declare the verbs of this module."""
    verb = add_verb(verbs, "prepare", prepare, "check the gold examples and write the training rows",
                    "josi prepare --stats --max-words 60 --output train.jsonl")  # fmt: skip
    verb.add_argument("--stats", action="store_true", help="print counts and shares, write nothing")
    verb.add_argument("--max-words", type=int, default=WORD_LIMIT, help="longest reply kept")
    verb.add_argument(
        "--output", type=Path, help="training rows (default: data/smollm2_train.jsonl)"
    )

    verb = add_verb(verbs, "train", train, "fine-tune a LoRA adapter",
                    "josi train --model 1.7b --epochs 3 --out outputs/mine/adapter")  # fmt: skip
    verb.add_argument("--model", default="135m-embedded", help="a known name or a model folder")
    verb.add_argument("--train-file", type=Path, help="rows (default: made from data/ first)")
    verb.add_argument("--valid-file", type=Path, help="validation rows")
    verb.add_argument("--out", type=Path, default=Path("outputs/cli/adapter"), help="adapter room")
    verb.add_argument("--no-resume", action="store_true", help="start over, drop checkpoints")
    verb.add_argument("--num-processes", type=int, default=1,
                      help="more go through accelerate launch; 0 as its configuration says")  # fmt: skip
    verb.add_argument("--accelerate-config", default="", help="a file of accelerate config")
    verb.add_argument("--report-to", default="none", help="none, tensorboard or trackio")
    verb.add_argument("--plan", action="store_true",
                      help="say what would be downloaded and held in memory, and stop")  # fmt: skip
    _add_training_options(verb)

    verb = add_verb(verbs, "merge", merge, "fold an adapter into its base model",
                    "josi merge --model 135m-embedded --lora-path A/lora_weights --output-path M")  # fmt: skip
    verb.add_argument("--model", default="135m-embedded", help="the base that was tuned")
    verb.add_argument("--lora-path", type=Path, required=True, help="adapter folder")
    verb.add_argument("--output-path", type=Path, required=True, help="model folder to write")
    verb.add_argument("--dtype", default="float32", help="of stored weights: float32 or bfloat16")

    verb = add_verb(verbs, "evaluate", evaluate, "ask every case, score, judge the gates",
                    "josi evaluate --model josi-q4_k_m.gguf --seeds 3 --out outputs/mine/eval")  # fmt: skip
    verb.add_argument("--model", type=Path, help="a GGUF file")
    verb.add_argument("--hf-model", type=Path, help="a model folder instead")
    verb.add_argument("--lora", type=Path, help="adapter GGUF on top of --model")
    verb.add_argument("--compare", type=Path, help="a second GGUF or folder, tested in pairs")
    verb.add_argument("--cases", type=Path, help="cases (default: data/eval/cases.jsonl)")
    verb.add_argument("--seeds", type=int, default=3, help="draws a case at temperature 0.7")
    verb.add_argument("--limit", type=int, default=0, help="only so many cases; 0 takes all")
    verb.add_argument("--guard", action=argparse.BooleanOptionalAction, default=True,
                      help="also what the athlete sees behind the guard")  # fmt: skip
    verb.add_argument("--draws", type=int, default=4, help="draws before the guard's fallback")
    verb.add_argument("--out", type=Path, default=Path("outputs/cli/eval"), help="room to write")
    verb.add_argument("--verbose", action="store_true", help="print every reply with its faults")

    verb = add_verb(verbs, "score", score, "score given replies; no model is asked",
                    "josi score --replies replies.jsonl --out scored.jsonl")  # fmt: skip
    verb.add_argument("--replies", type=Path, required=True, help='{"id","case","reply"} a line')
    verb.add_argument("--out", type=Path, required=True, help="the same lines with scores")

    verb = add_verb(verbs, "chat", chat, "talk to a model and see scores and the guard's word",
                    "josi chat --model outputs/default/gguf/josi-q4_k_m.gguf")  # fmt: skip
    verb.add_argument(
        "--model", type=Path, default=None, help="GGUF or folder (default: run default)"
    )
    verb.add_argument("--decision", default="none", help="a decision as JSON or a file with one")
    verb.add_argument("--guard", action=argparse.BooleanOptionalAction, default=True)


def _add_training_options(verb: argparse.ArgumentParser) -> None:
    from josi_utils.sft import SFTParameters

    for field in fields(SFTParameters):
        if field.name == "learning_rate":
            verb.add_argument(
                "--learning-rate", type=float, default=None,
                help=f"default {field.default}; that of the profile for 360m and 1.7b",
            )  # fmt: skip
            continue
        if isinstance(field.default, bool):
            verb.add_argument(
                f"--{field.name.replace('_', '-')}",
                action=argparse.BooleanOptionalAction,
                default=field.default,
            )
            continue
        verb.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default,
            help=f"default {field.default}",
        )  # fmt: skip


def default_rate(model: str) -> float:
    """Return the learning rate of the profile that trains ``model``, else the default one."""
    from josi_utils.profiles import PROFILES
    from josi_utils.sft import SFTParameters

    for profile in PROFILES.values():
        if profile.get("base_model") == model and "learning_rate" in profile:
            return profile["learning_rate"]
    return SFTParameters.learning_rate


def prepare(options: argparse.Namespace) -> int:
    """Check, count, write ``smollm2_train.jsonl`` and ``gold_combined.jsonl``."""
    from josi_utils import dataset
    from josi_utils.files import write_jsonl

    built = dataset.build(data_dir(), max_words=options.max_words)
    stats = dataset.statistics(built)
    for rejected in built.rejected:
        say(f"rejected {rejected['file']}:{rejected['line']}: {'; '.join(rejected['reasons'])}")
    leaks = dataset.check_against_evaluation(built, data_dir())
    for leak in leaks:
        say(f"leak: {leak['row']} is too like evaluation case {leak['case']}")
    if options.stats:
        print(json.dumps({k: v for k, v in stats.items() if k != "coverage"}, indent=2))
    else:
        output = options.output or data_dir() / "smollm2_train.jsonl"
        write_jsonl(output, map(dataset.training_row, built.rows))
        if options.output is None:
            write_jsonl(data_dir() / "gold_combined.jsonl", built.rows)
        print(f"{stats['rows']} rows, {stats['words_mean']} words on average, to {output}")
    return 1 if leaks else 0


def train(options: argparse.Namespace) -> int:
    """Fine-tune; rows are made from ``data/`` where none are given."""
    from josi_utils import basemodel, dataset, launch, sft

    if options.plan:
        from josi_utils.training_plan import sentence, training_plan

        plan = training_plan(options.model, epochs=options.epochs, batch_size=options.batch_size)
        say(sentence(plan))
        print(json.dumps(plan, indent=2))
        return 0
    names = [field.name for field in fields(sft.SFTParameters)]
    values = {name: getattr(options, name) for name in names}
    if values["learning_rate"] is None:
        values["learning_rate"] = default_rate(options.model)
    parameters = sft.SFTParameters(**values)
    train_file, valid_file = options.train_file, options.valid_file
    if (train_file is None) != (valid_file is None):
        raise JosiError("give --train-file and --valid-file together, or neither")
    base, record = basemodel.resolve(options.model)  # first: a wrong name leaves nothing written
    if train_file is None:
        room = options.out.parent / "dataset"
        dataset.write(dataset.build(data_dir()), room)
        train_file, valid_file = room / "train.jsonl", room / "valid.jsonl"
    summary = launch.train(
        base, train_file, valid_file, options.out, parameters,
        num_processes=options.num_processes, accelerate_config=options.accelerate_config,
        resume=not options.no_resume, report_to=options.report_to, say=say,
    )  # fmt: skip
    basemodel.save_record(options.out, record)
    print(f"validation loss {summary['validation_loss_best']:.4f}, in {options.out}/lora_weights")
    return 0


def merge(options: argparse.Namespace) -> int:
    """Merge and prove it."""
    from josi_utils import basemodel, golden, merge
    from josi_utils.persona import render_chatml

    base, record = basemodel.resolve(options.model)
    from josi_utils.prompt import case_messages

    chats = [case_messages(entry["case"]) for entry in golden.golden_cases()[:4]]
    prompts = [render_chatml(messages, generation=True) for messages in chats]
    summary = merge.merge(
        base, options.lora_path, options.output_path, prompts, dtype=options.dtype,
        base_record=record,
    )  # fmt: skip
    print(f"{summary['changed_tensors']} of {summary['tensors']} tensors changed; "
          f"largest logit difference {summary['largest_logit_difference']:.1e}")  # fmt: skip
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate; exit 1 where a gate of the raw model is RED."""
    from josi_utils.eval_run import run_evaluation

    if bool(options.model) == bool(options.hf_model):
        raise JosiError("give --model FILE.gguf or --hf-model FOLDER, one of the two")
    outcome = run_evaluation(
        options.model or options.hf_model, options.out, cases_path=options.cases,
        seeds=options.seeds, limit=options.limit, guard=options.guard, draws=options.draws,
        lora=options.lora, compare=options.compare, say=say,
    )  # fmt: skip
    if options.verbose:
        for sample in outcome["samples"]:
            _print_sample(sample)
    for gate in outcome["gates"]:
        print(f"{gate['status']:<6} {gate['condition']}: {gate['name']} {gate['shown']}")
    for line in outcome["comparison"]:
        print(line)
    print(f"open {outcome['page']}")
    return 1 if any(gate["status"] == "RED" for gate in outcome["gates"]) else 0


def _print_sample(sample: dict[str, Any]) -> None:
    scores = sample["scores"]
    why = "; ".join(entry["reason"] for entry in scores["why"])
    mark = "pass" if scores["pass"] else "FAIL"
    print(f"[{mark}] {sample['case']['id']} ({sample['condition']}): {sample['case']['message']}\n"
          f"    {sample['reply']}\n    {why}")  # fmt: skip


def score(options: argparse.Namespace) -> int:
    """Score replies read from a file."""
    from josi_utils.decision import read_deck
    from josi_utils.evaluate import read_replies
    from josi_utils.files import write_jsonl
    from josi_utils.scoring import score as score_reply

    deck = read_deck(data_dir() / "cards")
    rows = read_replies(options.replies)
    scored = [{**row, "scores": score_reply(row["case"], row["reply"], deck=deck)} for row in rows]
    write_jsonl(options.out, scored)
    passed = sum(row["scores"]["pass"] for row in scored)
    print(f"{len(scored)} replies scored, {passed} pass; {options.out}")
    return 0


def chat(options: argparse.Namespace) -> int:
    """Chat at the terminal."""
    from josi_utils.chat import conversation, parse_decision
    from josi_utils.decision import read_deck
    from josi_utils.evaluate import shipped_model
    from josi_utils.generate import open_backend
    from josi_utils.paths import RunPaths

    model = options.model or shipped_model(RunPaths("default"))
    decision = parse_decision(options.decision)
    backend = open_backend(model)
    try:
        conversation(
            backend, read_deck(data_dir() / "cards"), decision=decision, guard=options.guard
        )
    finally:
        backend.close()
    return 0
