// The grid's keys: one table for what they do and for the help that lists them. Joined after dom.js.

/** @typedef {{action: string, keys: string[], show: string[], words: string, group: string}} GridBinding */

/** @type {GridBinding[]} */
const GRID_KEYS = [
  {
    action: "taste",
    keys: ["t"],
    show: ["T"],
    words: "taste: hear each clip for a moment in turn; the one that sounds is lit",
    group: "Listen",
  },
  { action: "toggle", keys: [" "], show: ["Space"], words: "pause, or go on", group: "Listen" },
  {
    action: "move",
    keys: ["arrowleft", "arrowright", "arrowup", "arrowdown", "home", "end"],
    show: ["←", "→", "↑", "↓"],
    words: "go to a clip and hear it",
    group: "Listen",
  },
  { action: "replay", keys: ["r"], show: ["R"], words: "hear the whole clip again", group: "Listen" },
  { action: "shorter", keys: ["["], show: ["["], words: "taste faster: shorter moments", group: "Listen" },
  { action: "longer", keys: ["]"], show: ["]"], words: "taste slower: longer moments", group: "Listen" },
  {
    action: "strike",
    keys: ["x", "delete"],
    show: ["X"],
    words: "strike the odd one out, or take it in again; while tasting, the lit one",
    group: "Decide",
  },
  {
    action: "strike before",
    keys: [],
    show: ["⇧ X"],
    words: "strike the one before it, which has just sounded",
    group: "Decide",
  },
  { action: "confirm", keys: ["enter"], show: ["Enter"], words: "confirm all the rest", group: "Decide" },
  {
    action: "undo",
    keys: ["backspace"],
    show: ["Ctrl Z", "⌫"],
    words: "undo the last strike, or the whole confirmation",
    group: "Decide",
  },
  { action: "label", keys: ["l"], show: ["L"], words: "choose the label", group: "Decide" },
  { action: "help", keys: ["?"], show: ["?"], words: "this help", group: "Decide" },
];

/**
 * What a key press asks the grid to do.
 * @param {KeyboardEvent} event  @returns {{action: string, key?: string} | null}
 */
function gridActionOf(event) {
  const key = event.key.toLowerCase();
  const isThirdLevel = event.getModifierState("AltGraph");
  if ((event.ctrlKey || event.metaKey) && !isThirdLevel)
    return key === "z" && !event.shiftKey && !event.altKey ? { action: "undo" } : null;
  if (event.altKey && !isThirdLevel) return null;
  if (key === "x" && event.shiftKey) return { action: "strike before" };
  const binding = GRID_KEYS.find(({ keys }) => keys.includes(key));
  return binding ? { action: binding.action, key } : null;
}

/** All keys, in a sheet over the grid. @param {{hasLabels: boolean, onclose: () => void}} options */
function makeGridHelp({ hasLabels, onclose }) {
  const bindings = GRID_KEYS.filter(({ action }) => hasLabels || action !== "label");
  const section = (group) =>
    make(
      "section",
      {},
      make("h3", {}, group),
      make(
        "dl",
        {},
        ...bindings
          .filter((binding) => binding.group === group)
          .flatMap(({ show, words }) => [
            make("dt", {}, ...show.map((cap) => make("kbd", {}, cap))),
            make("dd", {}, words),
          ]),
      ),
    );
  const close = makeButton({ iconName: "close", title: "Close (Escape)", kind: "em-icon em-quiet", onclick: onclose });
  const root = make(
    "div",
    { class: "em-grid-overlay", role: "dialog", "aria-modal": "true", "aria-label": "Keys", hidden: true },
    make(
      "div",
      { class: "em-grid-sheet" },
      make("header", {}, make("h2", { class: "em-title em-grow" }, "Keys"), close),
      make("div", { class: "em-grid-help" }, section("Listen"), section("Decide")),
      make(
        "p",
        { class: "em-small em-muted" },
        "With the pointer: rest on a clip to hear it, click it to strike it out or take it in again.",
      ),
    ),
  );
  root.addEventListener("pointerdown", (event) => event.target === root && onclose());
  return { root, focus: () => close.focus({ preventScroll: true }) };
}
