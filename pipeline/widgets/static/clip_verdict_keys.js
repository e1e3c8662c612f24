// The keys of the verdict page: one table for what they do and for the help that lists them. Joined after dom.js.

/** @type {{action: string, keys: string[], show: string[], words: string, group: string}[]} */
const VERDICT_KEYS = [
  {
    action: "toggle",
    keys: [" "],
    show: ["Space"],
    words: "the doubtful clip, then the nearest of its label, then the nearest of the other; pause",
    group: "Listen",
  },
  { action: "hear", keys: ["1"], show: ["1"], words: "the doubtful clip alone", group: "Listen", index: 0 },
  { action: "hear", keys: ["2"], show: ["2"], words: "the nearest of its label alone", group: "Listen", index: 1 },
  { action: "hear", keys: ["3"], show: ["3"], words: "the nearest of the other label", group: "Listen", index: 2 },
  { action: "confirm", keys: ["y", "enter"], show: ["Y", "Enter"], words: "the label is right", group: "Decide" },
  { action: "relabel", keys: ["r"], show: ["R"], words: "it is the suggested label", group: "Decide" },
  { action: "search", keys: ["/"], show: ["/"], words: "it is another label: find it by typing", group: "Decide" },
  { action: "none", keys: ["0"], show: ["0"], words: "none of these labels", group: "Decide" },
  { action: "unsure", keys: ["u"], show: ["U"], words: "unsure: keep the label, do not ask again", group: "Decide" },
  { action: "bad", keys: ["b"], show: ["B"], words: "bad audio: nobody could tell", group: "Decide" },
  {
    action: "undo",
    keys: ["backspace"],
    show: ["Ctrl Z", "⌫"],
    words: "take the last verdict back",
    group: "Move",
  },
  { action: "previous", keys: ["j", "arrowleft"], show: ["J", "←"], words: "previous clip", group: "Move" },
  { action: "next", keys: ["k", "arrowright"], show: ["K", "→"], words: "next clip, undecided", group: "Move" },
  { action: "help", keys: ["?"], show: ["?"], words: "this help", group: "Move" },
];

/**
 * What a key press asks for.
 * @param {KeyboardEvent} event  @returns {{action: string, index?: number} | null}
 */
function verdictActionOf(event) {
  const key = event.key.toLowerCase();
  const hasCommand = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
  if (hasCommand) return key === "z" && !event.shiftKey && !event.altKey ? { action: "undo" } : null;
  if (event.altKey && !event.getModifierState("AltGraph")) return null;
  // Keyboards that need Shift for digits (French) mean the digit all the same.
  const digit = /^Digit([0-3])$/.exec(event.code);
  const meant = digit && !event.shiftKey ? digit[1] : key;
  const bindingOf = (wanted) => VERDICT_KEYS.find(({ keys }) => keys.includes(wanted));
  const binding = bindingOf(key) ?? bindingOf(meant);
  return binding ? { action: binding.action, index: binding.index } : null;
}
