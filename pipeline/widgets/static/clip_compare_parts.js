// What a compared group is made of on screen: its line in the list, its clips' cards, the keys.

const COMPARE_STATES = {
  proposed: { text: "copy, proposed", tone: "em-warn" },
  copy: { text: "copy", tone: "" },
  restored: { text: "restored", tone: "em-ok" },
};
const COMPARE_KEYS = [
  ["1–9", "play"],
  ["A B", "representative or member, same place"],
  ["← →", "member"],
  ["C", "keep as copy"],
  ["R", "restore"],
  ["M", "make representative"],
  ["Space", "pause"],
  ["P N", "previous, next group"],
];

/** A line of the list of groups; `open(id)` opens it. */
function makeGroupButton(entry, { isHere, open }) {
  const doubt =
    entry.doubt === undefined || entry.doubt === null
      ? null
      : make(
          "span",
          { class: "em-doubt", title: `doubt ${formatNumber(entry.doubt, { digits: 2 })}` },
          make("i", { style: { width: `${Math.round(100 * Math.min(1, Math.max(0, entry.doubt)))}%` } }),
        );
  return make(
    "button",
    {
      type: "button",
      class: "em-group",
      "aria-current": isHere ? "true" : undefined,
      onclick: () => open(entry.id),
      title: entry.name,
    },
    make("span", { class: "em-group-name em-ellipsis" }, visibleText(entry.name)),
    make(
      "span",
      { class: "em-group-about" },
      `${formatNumber(entry.n_clips)} clips`,
      entry.is_settled ? make("span", { class: "em-group-settled" }, icon("check"), "judged") : doubt,
    ),
  );
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
      clip.distance === undefined || clip.distance === null
        ? null
        : make("b", { class: "em-num" }, `distance ${formatNumber(clip.distance, { digits: 3 })}`),
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
