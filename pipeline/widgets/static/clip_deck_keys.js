// The deck's keys: one table for what they do and for the help that lists them. Joined after dom.js.

/** @typedef {{action: string, keys: string[], show: string[], words: string, group: string}} Binding */

/** @type {Binding[]} */
const DECK_KEYS = [
  { action: "toggle", keys: [" "], show: ["Space"], words: "play or pause", group: "Listen" },
  { action: "replay", keys: ["r"], show: ["R"], words: "play again from the start", group: "Listen" },
  { action: "back", keys: [","], show: [","], words: "a little back", group: "Listen" },
  { action: "ahead", keys: ["."], show: ["."], words: "a little ahead", group: "Listen" },
  { action: "slower", keys: ["["], show: ["["], words: "slower", group: "Listen" },
  { action: "faster", keys: ["]"], show: ["]"], words: "faster", group: "Listen" },
  {
    action: "loop",
    keys: ["l"],
    show: ["L"],
    words: "loop on or off (drag over the sound to loop a part)",
    group: "Listen",
  },
  { action: "louder", keys: ["g"], show: ["G"], words: "louder, for your ears only", group: "Listen" },
  { action: "softer", keys: ["shift+g"], show: ["⇧ G"], words: "softer", group: "Listen" },
  { action: "channel", keys: ["c"], show: ["C"], words: "one channel of several, in both ears", group: "Listen" },
  { action: "zoom in", keys: ["+", "="], show: ["+"], words: "zoom in (or Ctrl and the wheel)", group: "Listen" },
  { action: "zoom out", keys: ["-", "_"], show: ["–"], words: "zoom out", group: "Listen" },
  { action: "digit", keys: [], show: ["1", "…", "9"], words: "give the label, save, next clip", group: "Decide" },
  { action: "give", keys: ["enter"], show: ["⏎"], words: "save all chosen, where clips may have many", group: "Decide" },
  { action: "search", keys: ["/"], show: ["/"], words: "find a label by typing", group: "Decide" },
  { action: "accept", keys: ["y"], show: ["Y"], words: "accept the proposed label", group: "Decide" },
  { action: "reject", keys: ["n"], show: ["N"], words: "reject the proposed label, then choose", group: "Decide" },
  { action: "unsure", keys: ["u"], show: ["U"], words: "unsure", group: "Decide" },
  { action: "none", keys: ["0"], show: ["0"], words: "none of these", group: "Decide" },
  { action: "bad", keys: ["b"], show: ["B"], words: "bad audio: nobody could label it", group: "Decide" },
  { action: "flag", keys: ["f"], show: ["F"], words: "flag a doubt for a reviewer", group: "Decide" },
  { action: "skip", keys: ["s"], show: ["S"], words: "skip for now", group: "Move" },
  { action: "previous", keys: ["j", "arrowleft"], show: ["J", "←"], words: "previous clip", group: "Move" },
  { action: "next", keys: ["k", "arrowright"], show: ["K", "→"], words: "next clip", group: "Move" },
  {
    action: "undo",
    keys: ["backspace"],
    show: ["Ctrl Z", "⌫"],
    words: "undo: reopen the last clip",
    group: "Move",
  },
  { action: "help", keys: ["?"], show: ["?"], words: "this help", group: "Move" },
];

/**
 * What a key press asks the deck to do.
 * @param {KeyboardEvent} event  @returns {{action: string, index?: number} | null}
 */
function deckActionOf(event) {
  const key = event.key.toLowerCase();
  const shifted = event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key;
  const hasCommand = (event.ctrlKey || event.metaKey) && !event.getModifierState("AltGraph");
  if (hasCommand) return key === "z" && !event.shiftKey && !event.altKey ? { action: "undo" } : null;
  if (event.altKey && !event.getModifierState("AltGraph")) return null;
  const bindingOf = (name) => DECK_KEYS.find(({ keys }) => keys.includes(name));
  const binding = bindingOf(shifted) ?? bindingOf(key);
  if (binding) return { action: binding.action };
  const digit = digitOf(event);
  if (digit === null) return null;
  return digit === 0 ? { action: "none" } : { action: "digit", index: digit - 1 };
}

/** The digit, also on keyboards that need Shift for digits (French). */
function digitOf(event) {
  if (/^[0-9]$/.test(event.key)) return Number(event.key);
  const place = /^Digit([0-9])$/.exec(event.code);
  return place && !event.shiftKey ? Number(place[1]) : null;
}
