// The deck's standing parts: progress, the clip's name and proposal, transport, answers. Joined after dom.js.

/** A key cap that is for the eye only: its button already has words. */
function keyCap(text) {
  return make("kbd", { "aria-hidden": "true" }, text);
}

function percentOf(confidence) {
  return confidence === null || confidence === undefined ? "" : ` ${Math.round(100 * confidence)} %`;
}

/** How far the queue is, and what is not yet saved. */
class DeckProgress {
  constructor() {
    this.words = make("div", { class: "em-deck-count em-num" });
    this.fill = make("i", {});
    this.bar = make(
      "div",
      { class: "em-deck-bar", role: "progressbar", "aria-label": "Clips answered", "aria-valuemin": "0" },
      this.fill,
    );
    this.saved = make("span", { class: "em-pill em-num em-deck-saved", role: "status" });
    this.root = make("div", { class: "em-deck-progress" }, this.words, this.bar, this.saved);
  }

  show({ done, total, nUnsaved, link }) {
    this.words.replaceChildren(make("b", {}, formatNumber(done)), ` of ${formatNumber(total)} answered`);
    this.fill.style.width = `${total ? Math.min(100, (100 * done) / total) : 0}%`;
    this.bar.setAttribute("aria-valuenow", String(done));
    this.bar.setAttribute("aria-valuemax", String(total));
    this.saved.classList.toggle("em-ok", nUnsaved === 0 && link === "online");
    this.saved.classList.toggle("em-warn", nUnsaved > 0 || link !== "online");
    const words = nUnsaved ? `${nUnsaved} unsaved` : link === "online" ? "all saved" : "offline";
    if (this.saved.textContent !== words) this.saved.textContent = words;
  }
}

/** Which clip it is, why it is asked, and what is proposed. */
class DeckHead {
  constructor({ onAccept, onReject }) {
    this.name = make("h2", { class: "em-title em-ellipsis" });
    this.sub = make("div", { class: "em-deck-sub em-small em-muted em-num" });
    this.reason = make("div", { class: "em-deck-reason em-small" });
    this.badges = make("div", { class: "em-deck-badges" });
    this.words = make("span", { class: "em-deck-proposal-words" });
    this.meter = make("i", {});
    const accept = make(
      "button",
      { type: "button", class: "em-btn em-small", onclick: onAccept },
      keyCap("Y"),
      "Accept",
    );
    const reject = make(
      "button",
      { type: "button", class: "em-btn em-small em-quiet", onclick: onReject },
      keyCap("N"),
      "Reject",
    );
    this.proposal = make(
      "div",
      { class: "em-deck-proposal", role: "group", "aria-label": "Proposed label" },
      this.words,
      make("span", { class: "em-deck-meter", "aria-hidden": "true" }, this.meter),
      accept,
      reject,
    );
    this.root = make(
      "div",
      { class: "em-deck-head" },
      make("div", { class: "em-grow" }, this.name, this.sub, this.reason),
      make("div", { class: "em-deck-side" }, this.badges, this.proposal),
    );
  }

  show(clip, { given, isFlagged, isSkipped, isRejected, colour, position }) {
    this.name.textContent = clip.name;
    this.name.title = clip.name;
    this.sub.textContent = clip.sub || `${clip.duration_s.toFixed(2)} s · ${clip.rate_hz / 1000} kHz`;
    this.reason.hidden = !clip.reason;
    this.reason.replaceChildren(make("span", { class: "em-muted" }, "Asked because "), clip.reason || "");
    this.badges.replaceChildren(
      ...[
        given ? make("span", { class: "em-pill em-accent" }, wordsOf(given)) : "",
        isFlagged ? make("span", { class: "em-pill em-warn" }, "flagged") : "",
        isSkipped ? make("span", { class: "em-pill" }, "skipped") : "",
        make("span", { class: "em-pill em-num", title: "Place in this sitting" }, `clip ${position + 1}`),
      ].filter(Boolean),
    );
    const proposed = clip.proposed;
    this.proposal.hidden = !proposed;
    if (!proposed) return;
    this.proposal.classList.toggle("em-deck-rejected", isRejected);
    this.proposal.style.setProperty("--label", colour);
    this.words.replaceChildren(
      make("span", { class: "em-muted" }, isRejected ? "Rejected " : "Proposed "),
      make("b", {}, proposed.label),
      make("span", { class: "em-muted em-num" }, percentOf(proposed.confidence)),
    );
    this.meter.style.width = `${100 * (proposed.confidence ?? 0)}%`;
    this.meter.parentElement.hidden = proposed.confidence === null || proposed.confidence === undefined;
  }
}

/** An answer in words. @param {Given} given */
function wordsOf(given) {
  return labelsOf(given).join(", ") || given.answer.replaceAll("_", " ");
}

/** Buttons for the sound, its time, speed and loop. */
class DeckTransport {
  /** @param {(action: string) => void} act */
  constructor(act) {
    const button = (action, iconName, title, kind = "") =>
      makeButton({ iconName, title, kind: `em-icon ${kind}`, onclick: () => act(action) });
    this.play = button("toggle", "play", "Play (Space)", "em-primary em-deck-play");
    this.time = make("span", { class: "em-deck-time em-num em-muted" });
    const chip = (words, title, onclick) =>
      make("button", { type: "button", class: "em-btn em-small em-num", title, onclick }, words);
    this.speed = chip("1×", "Speed ([ slower, ] faster); click for the usual speed", () => act("usual speed"));
    this.gain = chip("0 dB", "Loudness for your ears (G louder, ⇧ G softer); click for the usual", () =>
      act("usual gain"),
    );
    this.channel = chip("L+R", "Channel in both ears (C)", () => act("channel"));
    this.loop = chip("Loop", "Loop (L)", () => act("loop"));
    this.flag = chip("Flag", "Flag a doubt for a reviewer (F)", () => act("flag"));
    const hints = ["Space play", "R replay", "J back", "K on", "Backspace undo"].map((hint) => {
      const [key, words] = hint.split(" ");
      return make("span", {}, keyCap(key === "Backspace" ? "⌫" : key), ` ${words}`);
    });
    this.root = make(
      "div",
      { class: "em-deck-transport" },
      button("previous", "left", "Previous clip (J or ←)"),
      this.play,
      button("next", "right", "Next clip (K or →)"),
      this.time,
      make("div", { class: "em-grow" }),
      make("div", { class: "em-deck-hints em-small em-muted" }, ...hints),
      this.channel,
      this.gain,
      this.speed,
      this.loop,
      this.flag,
      makeButton({ text: "?", title: "All keys (?)", kind: "em-small em-quiet", onclick: () => act("help") }),
    );
  }

  showTime(timeS, durationS) {
    const words = (s) => clockWords(s, durationS < 120 ? 2 : 1, durationS);
    this.time.textContent = `${words(timeS)} / ${words(durationS)}${durationS < 120 ? " s" : ""}`;
  }

  show({ isPlaying, speed, loop, gainDb, isOverdriven, channel, nChannels, isFlagged }) {
    const name = isPlaying ? "Pause (Space)" : "Play (Space)";
    if (this.play.title !== name) {
      this.play.title = name;
      this.play.setAttribute("aria-label", name);
      this.play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    }
    this.speed.textContent = `${speed}×`;
    this.speed.classList.toggle("em-deck-on", speed !== 1);
    this.gain.textContent = `${gainDb > 0 ? "+" : gainDb < 0 ? "−" : ""}${Math.abs(gainDb)} dB`;
    this.gain.classList.toggle("em-deck-on", gainDb !== 0 && !isOverdriven);
    this.gain.classList.toggle("em-deck-flagged", isOverdriven);
    this.channel.hidden = nChannels < 2;
    this.channel.textContent = channelWords(channel, nChannels);
    this.channel.classList.toggle("em-deck-on", channel !== null);
    this.loop.textContent = Array.isArray(loop) ? "Loop part" : "Loop";
    this.loop.classList.toggle("em-deck-on", loop !== false);
    this.loop.setAttribute("aria-pressed", String(loop !== false));
    this.flag.classList.toggle("em-deck-flagged", isFlagged);
    this.flag.setAttribute("aria-pressed", String(isFlagged));
  }
}
