// What speaks for which label, drawn: chances as bars, the labels of the nearest clips as dots, what people said.

function evidenceBar(label, share, colour, words) {
  const percent = Math.round(100 * share);
  return make(
    "div",
    { class: "em-evidence-bar", role: "img", "aria-label": `${label}: ${words ?? `${percent} %`}` },
    make("span", { class: "em-evidence-label em-ellipsis", title: label }, label),
    make(
      "span",
      { class: "em-evidence-track" },
      make("i", { style: { width: `${100 * share}%`, background: colour } }),
    ),
    make("span", { class: "em-num em-small em-evidence-value" }, words ?? `${percent} %`),
  );
}

/** @param {object} one  the case  @param {(label: string | null) => string} colourOf */
function drawEvidence(one, colourOf) {
  const parts = [];
  const { evidence } = one;
  if (evidence) parts.push(...drawChances(one, evidence, colourOf));
  if (one.camps.length && (one.doubt !== "suspect" || one.camps.length > 1)) parts.push(drawCamps(one.camps, colourOf));
  const nothing = "The other clips do not speak against this label, or were not asked.";
  if (!parts.length) parts.push(make("p", { class: "em-muted em-small" }, nothing));
  return parts;
}

function drawChances(one, evidence, colourOf) {
  const margin = evidence.suggested - evidence.given;
  const rest = Math.max(0, evidence.n_near - evidence.n_near_given - evidence.n_near_suggested);
  const dots = [
    ...Array(evidence.n_near_suggested).fill([one.suggested, colourOf(one.suggested)]),
    ...Array(evidence.n_near_given).fill([one.given, colourOf(one.given)]),
    ...Array(rest).fill(["another label", "var(--em-cat-none)"]),
  ];
  const words =
    `Of the ${evidence.n_near} nearest clips ${evidence.n_near_suggested} are ${one.suggested}, ` +
    `${evidence.n_near_given} ${one.given}${rest ? `, ${rest} another label` : ""}`;
  return [
    make(
      "section",
      { class: "em-evidence-part" },
      make(
        "h4",
        { class: "em-kicker" },
        "What the other clips say",
        make(
          "span",
          { class: "em-pill em-num", title: "Chance of the suggested label less that of the given one" },
          `margin ${margin >= 0 ? "+" : "−"}${Math.abs(margin).toFixed(2)}`,
        ),
      ),
      evidenceBar(one.given, evidence.given, colourOf(one.given)),
      evidenceBar(one.suggested, evidence.suggested, colourOf(one.suggested)),
    ),
    make(
      "section",
      { class: "em-evidence-part" },
      make("h4", { class: "em-kicker" }, `Its ${evidence.n_near} nearest`),
      make(
        "div",
        { class: "em-evidence-dots", role: "img", "aria-label": words },
        ...dots.map(([title, background]) => make("i", { title, style: { background } })),
      ),
      make("p", { class: "em-small em-muted" }, words),
    ),
  ];
}

function drawCamps(camps, colourOf) {
  const nPeople = camps.reduce((sum, camp) => sum + camp.people.length, 0);
  return make(
    "section",
    { class: "em-evidence-part" },
    make("h4", { class: "em-kicker" }, "What people said"),
    ...camps.map((camp) =>
      evidenceBar(camp.words, camp.people.length / nPeople, colourOf(camp.label ?? null), camp.people.join(", ")),
    ),
  );
}
