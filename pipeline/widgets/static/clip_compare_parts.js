// What a compared group is made of on screen: the ways to hear a pair, the clips' cards, the keys.

const COMPARE_STATES = {
  proposed: { text: "copy, proposed", tone: "em-warn" },
  copy: { text: "copy", tone: "" },
  restored: { text: "restored", tone: "em-ok" },
};
const COMPARE_KEYS = [
  ["1–9", "play"],
  ["A B", "representative or member, same place"],
  ["O", "both at once"],
  ["L", "left and right"],
  ["← →", "member"],
  ["C", "keep as copy"],
  ["R", "restore"],
  ["M", "make representative"],
  ["U", "take the last decision back"],
  ["Space", "pause"],
  ["P N", "previous, next group"],
];

/** The ways to hear a pair: the mode of PairPlayer, its key, its words. */
const PAIR_MODES = [
  ["a", "A", "Representative"],
  ["b", "B", "Member"],
  ["both", "O", "Both at once"],
  ["apart", "L", "Left and right"],
];

/** Buttons for the ways to hear the open pair; `draw(clip, mode)` says how clip and representative lie, what plays. */
function makePairBar(hear) {
  const buttons = PAIR_MODES.map(([mode, key, words]) =>
    make(
      "button",
      { type: "button", class: "em-btn em-small em-pair-mode", onclick: () => hear(mode), title: `${words} (${key})` },
      make("kbd", {}, key),
      make("span", {}, words),
    ),
  );
  const about = make("span", { class: "em-muted em-small em-grow" });
  const element = make("div", { class: "em-pair-bar", role: "group", "aria-label": "Hear the pair" }, ...buttons, about);
  function draw(clip, mode) {
    element.hidden = !clip;
    PAIR_MODES.forEach(([name], index) => {
      buttons[index].setAttribute("aria-pressed", String(mode === name));
      buttons[index].classList.toggle("em-primary", mode === name);
    });
    about.textContent =
      clip?.lag_s === null
        ? "Nobody laid these two on each other: each is heard from its own beginning."
        : `Heard at the same place${clip?.share ? ` (B: ${clip.share})` : ""}.`;
  }
  return { element, draw };
}

/**
 * One clip of a group, the representative at index 0. `actions`: focusOn(index), playAt(card, share), toggle(card),
 * decide(clip, decision). Its `entry` comes later, with the sound.
 */
function makeCompareCard(clip, index, actions) {
  const isRepresentative = index === 0;
  const state = COMPARE_STATES[clip.state] ?? COMPARE_STATES.proposed;
  const wave = make("canvas", { class: "em-compare-wave" });
  const picture = make("canvas", { class: "em-compare-picture" });
  const playhead = make("i", { class: "em-playhead" });
  const card = { clip, index, wave, picture, playhead, entry: null };
  card.stage = make(
    "div",
    {
      class: "em-stage",
      onclick: (event) => {
        actions.focusOn(index);
        actions.playAt(card, shareOf(event, card.stage));
      },
      title: "Click to play from here",
    },
    wave,
    picture,
    playhead,
  );
  card.play = makeButton({
    iconName: "play",
    title: `Play ${clip.name}`,
    kind: "em-icon em-small em-play",
    onclick: () => {
      actions.focusOn(index);
      actions.toggle(card);
    },
  });
  card.message = make("p", { class: "em-compare-trouble", hidden: true });
  card.element = make(
    "article",
    {
      class: `em-card em-clip ${isRepresentative ? "em-is-representative" : `em-is-${clip.state ?? "proposed"}`}`,
      role: isRepresentative ? undefined : "listitem",
      "aria-label": clip.name,
      onpointerdown: () => actions.focusOn(index),
    },
    make(
      "div",
      { class: "em-clip-head" },
      index < 9 ? make("kbd", {}, String(index + 1)) : null,
      card.play,
      make(
        "div",
        { class: "em-grow" },
        make("div", { class: "em-clip-name em-ellipsis", title: visibleText(clip.name) }, visibleText(clip.name)),
        make("div", { class: "em-muted em-small em-ellipsis", title: clip.detail }, visibleText(clip.detail ?? "")),
      ),
      isRepresentative
        ? make("span", { class: "em-pill em-accent" }, "representative")
        : make("span", { class: `em-pill ${state.tone}` }, state.text),
    ),
    card.stage,
    card.message,
    isRepresentative
      ? make(
          "p",
          { class: "em-muted em-small em-clip-about" },
          "Stands for the group. The others are marked as its copies, never deleted.",
        )
      : memberFoot(clip, actions),
  );
  return card;
}

function memberFoot(clip, actions) {
  return make(
    "div",
    { class: "em-clip-foot" },
    make(
      "p",
      { class: "em-small em-clip-about" },
      makeFinding(clip.finding),
      clip.share ? make("b", { class: "em-num" }, clip.share) : null,
      clip.distance >= 0.0005
        ? make("span", { class: "em-num" }, `distance ${formatNumber(clip.distance, { digits: 3 })}`)
        : null,
      make("span", { class: "em-muted" }, clip.reason ?? ""),
    ),
    make(
      "div",
      { class: "em-clip-buttons" },
      makeButton({
        text: "Keep as copy",
        kind: `em-small ${clip.state === "copy" ? "em-on" : ""}`,
        title: "Same sound: stays out of training (C)",
        "aria-pressed": String(clip.state === "copy"),
        onclick: () => actions.decide(clip, "mark"),
      }),
      makeButton({
        text: "Restore",
        kind: `em-small ${clip.state === "restored" ? "em-on" : ""}`,
        title: "Another sound: back among the clips (R)",
        "aria-pressed": String(clip.state === "restored"),
        onclick: () => actions.decide(clip, "restore"),
      }),
      makeButton({
        text: "Make representative",
        iconName: "star",
        kind: "em-small em-quiet",
        title: "This one stands for the group (M)",
        onclick: () => actions.decide(clip, "represent"),
      }),
    ),
  );
}

const shareOf = (event, stage) => {
  const box = stage.getBoundingClientRect();
  return (event.clientX - box.left) / box.width;
};
