"""The bundle's pages: model card, notes for the Android developer, Kotlin sample, notices."""

from __future__ import annotations

from typing import Any

from josi_utils.guard.encoder import DIGITS, MOST_TOKENS, PIECES
from josi_utils.guard.encoder_build import ENCODER_FILE, ENCODER_MB
from josi_utils.guard.reply import MAX_DRAWS
from josi_utils.guard.verify import NEAR
from josi_utils.manifest_records import LICENCES
from josi_utils.persona import IM_END, WORD_LIMIT
from josi_utils.release_prompt import shown_user_turn
from josi_utils.release_tables import gate_rows

_MIT_LLAMA_CPP = """\
MIT License

Copyright (c) 2023-2024 The ggml authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def notice() -> str:
    """Return the NOTICE file: who made what, under which licence, and what was changed."""
    rows = "".join(f"- {row['what']}: {row['licence']}, {row['by']}\n" for row in LICENCES)
    return (
        "Josi\n\n"
        f"{rows}\n"
        "The weights are SmolLM2's and, of the encoder, all-MiniLM-L6-v2's, both changed by\n"
        "fine-tuning (LoRA, merged) and by quantisation.\n"
        "The text of Apache-2.0 is in LICENSE. The app shows this file among its notices.\n\n"
        f"llama.cpp, which the app links:\n\n{_MIT_LLAMA_CPP}"
    )


def _model(manifest: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in manifest["files"] if entry["role"] == "model")


def _types(manifest: dict[str, Any]) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in manifest["gguf"]["type_counts"].items())


def _gate_table(gates: dict[str, Any] | None) -> str:
    rows = gate_rows(gates)
    if not rows:
        return "No evaluation in this run.\n"
    heads = list(rows[0])
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(row[head] for head in heads)} |" for row in rows]
    return "\n".join(lines) + "\n"


def model_card(manifest: dict[str, Any]) -> str:
    """Return ``README.md`` of the bundle: a model card as Hugging Face reads it."""
    model, gguf, runtime = _model(manifest), manifest["gguf"], manifest["runtime"]
    base = manifest["base_model"]
    revision = f" at revision `{base['revision']}`" if base.get("revision") else ""
    origin = base.get("repository") or base["name"]
    front = [f"base_model: {origin}"] if "/" in origin and not origin.startswith("/") else []
    front_matter = "\n".join(["---", "license: apache-2.0", "language: en", "library_name: gguf",
                              "pipeline_tag: text-generation", *front, "---"])  # fmt: skip
    return f"""{front_matter}

# {manifest["model_id"]} {manifest["version"]}

Josi is the voice of a sports-coaching app. A deterministic engine decides the training; this
model puts the decision into warm, short, plain words and adds nothing to it. It runs on the
athlete's phone with llama.cpp.

| | |
|---|---|
| file | `{model["name"]}`, {model["size"]:,} bytes |
| SHA-256 | `{model["sha256"]}` |
| made from | {origin}{revision} |
| quantisation | {gguf["file_type"]}: {_types(manifest)} |
| bits a weight | {gguf["bits_per_weight"]} over {gguf["parameters"]:,} weights |
| GGUF version | {gguf["version"]} |
| lowest llama.cpp | build b{runtime["min_llama_cpp_build"]} |

## Meant for, and not

Answers of under {WORD_LIMIT} words to an athlete, in English, behind the app's guard: triage
before the model, acceptance of its reply after it. It gives no medical advice, decides no
training, and is no general assistant. Small models make things up; the guard and the decision in
the prompt are part of the product, not an option.

## How it is asked

ChatML with the system message of the template. The last user turn is the plan, the card, the
athlete's words, and what the app's rules want said and asked; the model words it. In full:

```
{shown_user_turn()}
```

The model was taught with these lines. `template_examples.jsonl` has more of them, byte for byte.

## How it was tested

{_gate_table(manifest.get("gates"))}
## Licences

See `NOTICE` and `LICENSE`.
"""


def _adapter_note(manifest: dict[str, Any]) -> str:
    """Return what the notes say of an adapter; nothing where there is none."""
    adapters = [entry for entry in manifest["files"] if entry["role"] == "adapter"]
    if not adapters:
        return ""
    entry = adapters[0]
    return f"""
`{entry["name"]}` ({entry["size"] / 1e6:.1f} MB) makes the same model from the base file whose
SHA-256 is `{entry["base_sha256"]}`. Take it instead of the whole model where exactly that file is
installed: llama.cpp checks names and shapes only, and a wrong base loads and babbles.
"""


def android_notes(manifest: dict[str, Any]) -> str:
    """Return ``ANDROID.md``: what the developer of the app has to do, in order."""
    model, gguf, runtime = _model(manifest), manifest["gguf"], manifest["runtime"]
    sampling = runtime["sampling"]
    ends = ", ".join(str(i) for i in gguf["end_of_generation_ids"])
    return f"""# For the Android developer

Version {manifest["version"]}, sequence {manifest["sequence"]}, good until {manifest["expires"]}.

## Run it

1. Build llama.cpp at b{runtime["min_llama_cpp_build"]} or newer; older ones do not know this
   tokenizer or these tied weights.
2. Set the context to **{runtime["context"]}** tokens. The llama.android example takes 8192, which
   costs {gguf["kv_bytes_per_token"] * 8192 / 1e6:.0f} MB of cache for this model instead of
   {gguf["kv_bytes_per_token"] * runtime["context"] / 1e6:.0f} MB.
3. Set sampling: temperature **{sampling["temperature"]}** (the example has 0.3), top-k
   {sampling["top_k"]}, top-p {sampling["top_p"]}, min-p {sampling["min_p"]}, repeat penalty
   {sampling["repeat_penalty"]}, at most **{sampling["max_new_tokens"]}** new tokens.
4. Use the template in the file (also `chat_template.jinja`). Always send the system message;
   its SHA-256 is `{runtime["system_prompt_sha256"]}`.
5. Tokenise the rendered prompt **with special tokens parsed** and **without adding a BOS**. With
   specials unparsed the model never stops (llama.cpp#11264).
6. Stop on any end-of-generation token (here {ends}, `{IM_END}`), with `llama_vocab_is_eog`.
7. Memory: about {runtime["min_ram_bytes"] / 1e6:.0f} MB while it answers.

## Write the user turn

The model was taught to word what it is handed, so the app hands over nearly everything. In full:

```
{shown_user_turn()}
```

1. From the engine's decision, each where there is one, in this order: `Plan:`, `Before:` (the
   session it replaces), `Reason:`, `Readiness:`, `Phase:`, `Goal:`. The words for the engine's
   codes are in `prompt.json`.
2. `Card:` with title and text, where the app shows one.
3. `Athlete:` and the message as it was typed.
4. `Say:` and `Ask:`, composed by rule from the message, the decision and the cards
   (`guard_rules.json`, `cards.json`): the same opening, card and question that the fallback has,
   without the plan's own sentence.
5. Each line's white space becomes single spaces, so that nobody's words can pose as a line of
   ours. In every text put U+200D after a `<` that `control_tokens` of `prompt.json` finds: no
   text may hold a control token.
6. Earlier turns go before it as plain user and assistant messages, without these lines.

The reference is `josi_utils/prompt.py` and `josi_utils/guard/points.py`;
`template_examples.jsonl` has the case, the points, the user turn and the prompt of each example,
and your port must give the same bytes.

## Guard it

1. Triage the message first. On a red flag show the vetted reply at once and do not ask the model.
2. Else draw; show the first reply that is accepted, of {MAX_DRAWS} at most.
3. If none is, show the fallback. Never show a reply that was not accepted.

Triage adds two readings of a message: its words (rules and the sums `learnt_triage`,
`learnt_flags` and `learnt_urgent` of `guard_rules.json`), and what it means, by
`{ENCODER_FILE}` ({ENCODER_MB} MB, and about as much memory), which the same llama.cpp runs:

1. A context of {MOST_TOKENS} tokens with embeddings on and mean pooling. Tokenise with special
   tokens added and none parsed; `llama_encode` (builds before mid-2025 read BERT with
   `llama_decode`; not tried here); the sequence's vector v is not normalised.
2. s = `encoder.weights` · v + `encoder.start`, one for each of `encoder.classes`. Over the flags
   (the first twelve): flag = log(sum of exp(s)) - s(none), kind(f) = s(f) - log(sum of exp over
   the other flags); over the three of goals: aims = log(sum of exp of
   `goal too much` and `goal sensible`) - s(no goal); all rounded
   to {DIGITS} digits.
3. More than {MOST_TOKENS} tokens: pieces of {MOST_TOKENS} (first and last token around
   {MOST_TOKENS} - 2 others), each half over the one before; of more than {2 * PIECES} the first
   {PIECES} and the last {PIECES}. For flags the piece with the highest flag counts, for goals the
   one with the highest aims.
4. A rule that is sure, or that reads an answer, calls for help by itself. Else total = the sum of
   `learnt_triage`, and from `least.asked_from` on plus `encoder_factor` · flag; it calls from
   `least.alone` on, beside a rule from `least.beside_rule` on.
5. Where it calls: to each sum of `learnt_flags` add its `encoder_factor` · kind.
6. A goal is told by meaning where the case has no goal of the engine's and no card, the sum of
   `learnt_goal` is its `least.asked_from` or more, and aims its `least.aims` or more. Without a
   decision the composer's words for a goal are said then, but for probes, texts that tell nothing
   and what is always said first; beside a decision only the goal is said back. Whether it is too
   much, figures and phrases tell. If your encoder cannot be loaded, take no goal as told by
   meaning.

If the encoder cannot be loaded, every rule that holds calls for help, sure or not: the thresholds
are made for both readings. Take encoder and `guard_rules.json` of one bundle, never of two.
`guard_golden.jsonl`, kind `meaning`, has token ids and the likeliest kind, which must be equal, and
flag and aims, within {NEAR}.

Rules and texts are `guard_rules.json`, where `{{number}}` stands for the region's emergency number;
`guard_golden.jsonl` has what a port must answer.

## Prove it

`template_examples.jsonl`: same bytes. `golden.json` has messages, rendered text, token ids and
greedy ids: token ids must be equal. Greedy ids are those of the reference CPU build; on another
backend hold the first few against them, with a tolerance on the logits. `guard_golden.jsonl`:
same answers.

## Fetch it

Do not put the model into the APK. On first launch, "Setting up your coach…", and ask for Wi-Fi
above 100 MB. `JosiDownload.kt` is the core; the whole flow, in this order:

1. `channels/stable.json` names the manifest. It is not signed and can only name, never convince.
2. Verify the manifest's Ed25519 signature with the public key compiled into the app; check
   `expires`; refuse a `sequence` below the highest one you have taken. If it has `trusted_keys`,
   these replace the key from then on.
3. Check `min_app_version`, `min_llama_cpp_build`, memory, and the rollout: an install takes part
   if the first 8 bytes of SHA-256(`salt:install_id`), as a big-endian number modulo 10,000, are
   below 100 × percent.
4. Check free room: {model["size"]:,} bytes, {ENCODER_MB} MB for the encoder, and 64 MB to spare,
   beside the model in use.
5. Download to `.part` with `Range`, `If-Range` and `Accept-Encoding: identity`. 206: its
   Content-Range must start where you asked. **200: the body starts at byte 0; never append it.**
   416: ask again. Bounded retries with jitter; give up on a connection that stalls.
6. Compare the SHA-256 of the whole with the manifest's; on a difference compare the chunk hashes
   and fetch the bad chunks only. A missing hash is a failure.
7. fsync, rename, load it once, and only then make it current. Keep the previous model until the
   new one has answered.

The model is {model["size"] / 1e6:.0f} MB: {model["size"] * 8 / 5e6 / 60:.1f} minutes at 5 Mbit/s,
{model["size"] * 8 / 100e6:.0f} s at 100 Mbit/s; the encoder adds {ENCODER_MB} MB where it is new.
{_adapter_note(manifest)}
## Show it

`NOTICE` and `LICENSE` belong into the app's notices.
"""
