"""The card of a style for people: a README in Markdown, made from the facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.text.wording import percent
from rnncomplete_export.exporting.comparison import counted_on
from rnncomplete_export.exporting.label_figures import tell_labels
from rnncomplete_export.network.measure import LN2
from rnncomplete_export.story.skills import ROOM

if TYPE_CHECKING:
    from rnncomplete.network.card import Card, Figures, LabelFigures, Training


def fenced(text: str) -> str:
    """``text`` as a code block that nothing inside it can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def render_readme(card: Card) -> str:
    """The card as Markdown: what it is, its corpus, how it was made, its figures, and what it wrote while learning."""
    corpus, training, figures = card.corpus, card.training, card.figures
    nats = figures["nats_per_character"]
    parts = [
        f"# {card.style}",
        f"{card.description}.".replace("..", "."),
        f"A {card.layers} x {card.hidden_size} LSTM that predicts one character at a time{about(card)}: {card.parameters:,} "
        f"parameters, {len(card.vocabulary)} characters, temperature {card.temperature:g}.",
        "## Corpus",
        f"{corpus['name']}, {corpus['characters']:,} characters (SHA-256 `{corpus['sha256']}`). "
        f"Licence of the text: {corpus['licence']}. The text itself is not shipped. "
        f"The last {corpus['validation_characters']:,} characters were held out of training.",
        "## Training",
        training_of(training),
        "## Figures",
        f"| on {text_of(figures)} | nats per character | bits per character |\n|---|---|---|\n"
        f"| network alone (static, int8), {slice_of(card)} | {nats:.4f} | {nats / LN2:.4f} |\n"
        + ngram_row(figures)
        + adaptive_row(figures)
        + parity_rows(card),
        f"The first line is what `rnncomplete eval --style {card.style} --static {_measured_on(card)}` prints for that slice. "
        f"Typing its first {figures['typed_characters']:,} characters with ghosts saves "
        f"{100 * figures['keystrokes_saved']:.1f} % of the keys in the typing simulation.",
        memory_line(figures),
        labels_part(card),
        translation_part(card),
        description_part(card),
        "## What it learned, and when",
        "![loss and skills against characters seen](stages.svg)",
        skills_table(card),
        labels_table(card),
    ]
    for stage in card.stages:
        parts.append(f"After {stage['characters']:,} characters, {stage['loss']:.3f} nats per character, it wrote:")
        parts.append(fenced(stage["sample"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def about(card: Card) -> str:
    """What its network reads beside the text, if it does."""
    if card.source is None:
        return ""
    encoder = "two bidirectional LSTM layers" if card.source["kind"] == "text" else "a convolutional network"
    return f", with attention to what an encoder of {encoder} has read"


def parity_rows(card: Card) -> str:
    """What smaller numbers cost."""
    figures = card.figures
    where = " in 16 stretches" if card.source is None else ""
    rows = [f"| float32, {figures['parity_characters']:,} characters{where} | {figures['float32_nats']:.4f} | |"]
    for name in ("int8", "fp16"):
        if (nats := figures.get(f"{name}_nats")) is not None:
            rows.append(f"| {name}, the same | {nats:.4f} | |")
    return "\n".join(rows)


def translation_part(card: Card) -> str:
    """How well it translates, if it does."""
    figures = card.figures.get("translation")
    if figures is None:
        return ""
    saved, without = card.figures["keystrokes_saved"], figures["sourceless_keystrokes_saved"]
    return (
        f"## Translation\n\nOf {figures['pairs']:,} lines held out, whose sources were read (`rnncomplete translate --style "
        f"{card.style}`); BLEU (tokenizer {figures.get('tokenizer', '13a')}) and chrF are sacrebleu's, against all translations that are held out of a source, of the "
        "network before its weights were rounded:\n\n"
        "| | BLEU | chrF |\n|---|---|---|\n"
        f"| the likeliest character, one after another | {figures['bleu']:.1f} | {figures['chrf']:.1f} |\n"
        f"| beam search, {figures['beam']} hypotheses | {figures['beam_bleu']:.1f} | {figures['beam_chrf']:.1f} |\n"
        f"| the translation of the nearest source trained on (TF-IDF of characters) | {figures['nearest_bleu']:.1f} | "
        f"{figures['nearest_chrf']:.1f} |\n\n"
        f"All figures above are with the source. Without it the network alone, in float32, has "
        f"{figures['sourceless_nats']:.4f} nats per character instead of {card.figures['float32_nats']:.4f}, and ghosts save "
        f"{100 * without:.1f} % of the keys instead of {100 * saved:.1f} %, with the threshold that was tuned with sources.\n\n"
        "Where it fails: the longer a sentence is and the rarer its words are, the more often it says something else, and says "
        "it fluently; names that it does not know are spelt as others, until the text has had them once or twice. Read what it "
        "writes before it is sent."
    )


def _measured_on(card: Card) -> str:
    """What ``rnncomplete eval`` takes for the slice that a card's figures are of."""
    return (
        {"text": "--source SOURCES FILE", "picture": "--pictures FOLDER"}[card.source["kind"]]
        if card.source
        else "FILE"
    )


def description_part(card: Card) -> str:
    """How well it describes pictures, if it does."""
    figures = card.figures.get("description")
    if figures is None:
        return ""
    saved, without = card.figures["keystrokes_saved"], figures["sourceless_keystrokes_saved"]
    parts = [
        "## Description",
        f"Of {figures['pictures']:,} pictures held out (`rnncomplete describe --style {card.style}`), the likeliest "
        f"character one after another: BLEU {figures['bleu']:.1f}, chrF {figures['chrf']:.1f} (sacrebleu) against all captions "
        f"of each. Without the picture the network alone, before its weights were rounded, has "
        f"{figures['sourceless_nats']:.4f} nats per character instead of {card.figures['float32_nats']:.4f}, and ghosts save "
        f"{100 * without:.1f} % of the keys instead of {100 * saved:.1f} %.",
    ]
    if scenes := figures.get("scenes"):
        unseen, seen = (
            scenes.get(f"scenes of two, {whose}", {}).get("objects") for whose in ("unseen maker", "seen makers")
        )
        if unseen is not None and seen is not None:
            parts.append(
                f"**Where it fails.** Both things in a scene of two are right in {unseen:.0f} % of those by a maker whose "
                f"drawings it has never seen, and in {seen:.0f} % of those by makers that it has: the rest are named after "
                "something that is drawn alike, or the same thing is named twice, oftener the smaller they are and the more of "
                "them there are. It has no words for kinds of things that it was not trained on, and calls them by the likeliest "
                "it has; of a photograph it says nothing that can be relied on."
            )
        parts += [
            "It has seen composed scenes of drawings only, never a photograph. Of scenes and drawings held out, in per cent "
            "(BLEU: 0 to 100, against sentences of the grammar; relations: of those scenes whose objects are right; the nearest "
            "scene known has another pair of objects, so that only its background and BLEU are compared):",
            "\n".join(
                f"- {what}: " + "; ".join(f"{name}: {value:g}" for name, value in sorted(of.items()))
                for what, of in sorted(scenes.items())
            ),
        ]
    return "\n\n".join(parts)


def training_of(training: Training) -> str:
    """How a network was trained; if it went on from another one on the same text, that one first."""
    recipe, earlier = training["recipe"], training.get("earlier")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(training["versions"].items()))
    began = f"It began as the style {training['from']}. " if training.get("from") else ""
    if earlier:
        same = recipe.get("learns", "all") == "all"
        went_on = "the style {} above, which had learned from the same characters" if same else "{}, what came of that"
        began = f"It went on from {went_on.format(training['from'])}. "
    dropped = recipe.get("weight_dropout", 0)
    weight_dropout = f", recurrent weights dropped {dropped:g}" if dropped else ""
    processor = training.get("processor_seconds")
    hours = f"{training['seconds'] / 3600:.2f} hours"
    hours += "" if processor is None else f" ({processor / 3600:.2f} hours of processor time)"
    told = (
        f"{fenced(training['command'])}\n\n"
        f"{began}{training['characters_seen']:,} characters seen in {training['updates']:,} updates and "
        f"{hours}, seed {training['seed']}, {recipe['optimizer']}, "
        f"batch {recipe['batch']} x {recipe['window']}, dropout {recipe['dropout']:g}"
        f"{weight_dropout}, precision {training.get('precision', '32-true')}. Made with {versions}."
    )
    return f"{training_of(earlier)}\n\n{told}" if earlier else told


def ngram_row(figures: Figures) -> str:
    """The n-gram that the network is held against, if it could be counted."""
    if "ngram_nats" not in figures:
        return ""
    nats = figures["ngram_nats"]
    return (
        f"| Kneser-Ney n-gram of order {figures['ngram_order']}, counted on {counted_on(figures)}; the same slice "
        f"| {nats:.4f} | {nats / LN2:.4f} |\n"
    )


def adaptive_row(figures: Figures) -> str:
    """The network with what the text itself and the style's memory teach, if that was measured."""
    if "adaptive_nats" not in figures:
        return ""
    nats = figures["adaptive_nats"]
    return (
        f"| with memories, as ghosts are made; the first {figures['adaptive_characters']:,} characters "
        f"| {nats:.4f} | {nats / LN2:.4f} |\n"
    )


def memory_line(figures: Figures) -> str:
    """What the style remembers of its text, if it does."""
    if not figures.get("memory_bytes"):
        return ""
    return (
        f"`memory.bin` ({figures['memory_bytes'] / 1e6:.1f} MB) counts what followed each context, up to 12 characters or "
        "three words, in the text trained on, by hashes of the contexts, and holds the weights to mix that with the network."
    )


def text_of(figures: Figures) -> str:
    """What was measured on."""
    other = figures.get("measured_on")
    return f"another text, `{other}`" if other else "text held out of training"


def labels_part(card: Card) -> str:
    """How well its labels are told, if it has any."""
    if "labels" not in card.figures:
        return ""
    [labels] = card.readouts.values()
    return (
        f"## Labels\n\nAt every character it says which label the text so far has: {', '.join(labels)} "
        f"(`rnncomplete classify --style {card.style}`). On the texts held out, by the network alone, with what `memory.bin` "
        "counted of words, and of half of each text; beside two linear models that learned from the same texts, over TF-IDF "
        f"of words and characters, and over words weighted by naive Bayes:\n\n{tell_labels(card.figures['labels'], labels)}\n\n{_labels_fail(card.figures['labels'])}"
    )


def _labels_fail(figures: LabelFigures) -> str:
    """Where its labels are told worst."""
    parts = {name: part for name, part in figures["parts"].items() if name != "all"} or figures["parts"]
    worst, least = min(parts.items(), key=lambda item: item[1]["accuracy"])
    behind = [name for name, part in parts.items() if part["accuracy"] < max(part["tfidf"], part["nb"])]
    right = f"{100 * least['accuracy']:.0f} %"
    return (
        "**Where it fails.** "
        + (f"Of {worst} it tells {right} rightly, fewer than of any others. " if len(parts) > 1 else "")
        + (f"A linear model is ahead of it on {_listed(behind)}. " if behind else "")
        + f"Where only half of a text has been read, it is right about {100 * figures['parts']['all']['half']:.0f} % instead of "
        f"{100 * figures['parts']['all']['accuracy']:.0f} %. It has no label for what is neither: any text is told one, in whatever "
        "language and about whatever it is."
    )


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def slice_of(card: Card) -> str:
    """How much of that was measured."""
    kept, measured = card.corpus["validation_characters"], card.figures.get("measured_characters")
    if "measured_on" in card.figures:
        return f"{measured:,} characters"
    return "the whole slice" if measured in {None, kept} else f"{measured:,} characters"


def skills_table(card: Card) -> str:
    """A row a skill, a column a stage, counted on what was written there; nothing if no skills were counted."""
    counted = [stage for stage in card.stages if stage.get("skills")]
    if not counted:
        return ""
    true = card.figures.get("skills_of_the_text", {})
    columns = [f"{stage['characters']:,}" for stage in counted]
    lines = [f"| characters seen | {' | '.join(columns)} | the text |", "|---" * (len(counted) + 2) + "|"]
    losses = " | ".join(f"{stage['loss']:.2f}" for stage in counted)
    lines.append(f"| nats per character | {losses} | |")
    for name in sorted(counted[-1]["skills"], reverse=True):  # words by their length come first
        shares = [skills.get(name) for skills in [*(stage["skills"] for stage in counted), true]]
        if any(share is not None for share in shares):
            lines.append(f"| {name.replace('_', ' ')} | {' | '.join(map(percent, shares))} |")
    lines += [
        "",
        f"Shares counted on about 20,000 characters written at each stage{written_at(card)}, and last on as much "
        f"of {'the ' * ('measured_on' not in card.figures)}{text_of(card.figures)}. Words are known if the training text has them; what is opened is counted if "
        f"{ROOM:,} characters follow it. A dash: there was nothing to count.",
    ]
    return "\n".join(lines)


def labels_table(card: Card) -> str:
    """How soon the label of a text was told at each stage; nothing of a style without labels, or where none was told."""
    told = [stage for stage in card.stages if stage.get("told_right")]
    if not told:
        return ""
    tenths = len(told[0]["told_right"])
    read = " | ".join(percent(place / tenths) for place in range(1, tenths + 1))
    lines = [f"| characters seen, text read: | {read} |", "|---" * (tenths + 1) + "|"]
    lines += [f"| {stage['characters']:,} | {' | '.join(map(percent, stage['told_right']))} |" for stage in told]
    return "\n".join(
        [
            *lines,
            "",
            "The share of texts held out whose label the network alone tells right, by how much of each it has read.",
        ]
    )


def written_at(card: Card) -> str:
    """How a style writes unless told otherwise, as `rnncomplete generate` does; earlier cards don't tell."""
    writing = card.figures.get("writing")
    if writing is None:
        return ", at the temperature above"
    return (
        f" at the temperature of writing, {writing['temperature']:g}, without characters less likely than "
        f"{writing['min_p']:g} times the likeliest (what `rnncomplete generate` does)"
    )
