// The standing parts of the verdict page: the clip's head, the buttons to decide, notices, the end of the list.

class VerdictHead {
  constructor({ act }) {
    this.name = make("h2", { class: "em-title em-ellipsis" });
    this.sub = make("div", { class: "em-small em-muted em-num" });
    this.reason = make("div", { class: "em-small em-verdict-reason" });
    this.badges = make("div", { class: "em-verdict-badges" });
    this.saved = make("span", { class: "em-pill em-num em-verdict-saved", role: "status" });
    const step = (iconName, title, action) =>
      makeButton({ iconName, title, kind: "em-icon em-small", onclick: () => act(action) });
    this.root = make(
      "header",
      { class: "em-verdict-head" },
      make("div", { class: "em-grow" }, this.name, this.sub, this.reason),
      make(
        "div",
        { class: "em-verdict-side" },
        this.badges,
        this.saved,
        step("left", "Previous clip (J)", "previous"),
        step("right", "Next clip (K)", "next"),
        makeButton({ text: "?", title: "All keys (?)", kind: "em-small em-quiet", onclick: () => act("help") }),
      ),
    );
  }

  show(one, { decided, isSettled, nOpen }) {
    this.name.textContent = visibleText(one.name);
    this.name.title = one.name;
    this.sub.textContent = one.sub;
    this.reason.textContent = one.reason;
    this.badges.replaceChildren(
      ...[
        decided ? make("span", { class: "em-pill em-accent em-verdict-given" }, verdictWords(decided)) : "",
        isSettled ? make("span", { class: "em-pill em-warn" }, "settled by somebody else") : "",
        make("span", { class: "em-pill em-num" }, `${formatNumber(nOpen)} to hear`),
      ].filter(Boolean),
    );
  }

  showSaved(nUnsaved, link) {
    this.saved.classList.toggle("em-ok", nUnsaved === 0 && link === "online");
    this.saved.classList.toggle("em-warn", nUnsaved > 0 || link !== "online");
    const words = nUnsaved ? `${nUnsaved} unsaved` : link === "online" ? "all saved" : "offline";
    if (this.saved.textContent !== words) this.saved.textContent = words;
  }
}

/** What can be decided, as buttons with their keys. */
class VerdictButtons {
  constructor({ act }) {
    const button = (action, key, kind, ...words) =>
      make(
        "button",
        { type: "button", class: `em-btn ${kind}`, "data-action": action, onclick: () => act(action) },
        make("kbd", { "aria-hidden": "true" }, key),
        ...words,
      );
    this.given = make("b", { class: "em-ellipsis" });
    this.suggested = make("b", { class: "em-ellipsis" });
    this.confirm = button("confirm", "Y", "em-verdict-main", make("span", {}, "It is"), this.given);
    this.relabel = button("relabel", "R", "em-verdict-main", make("span", {}, "It is"), this.suggested);
    this.root = make(
      "div",
      { class: "em-verdict-buttons", role: "group", "aria-label": "Verdict" },
      this.confirm,
      this.relabel,
      button("search", "/", "", "Another label"),
      button("none", "0", "", "None of these"),
      button("unsure", "U", "", "Unsure"),
      button("bad", "B", "", "Bad audio"),
    );
  }

  show(one, { decided, colourOf }) {
    this.given.textContent = one.given ?? "";
    this.suggested.textContent = one.suggested ?? "";
    this.confirm.hidden = one.given === null;
    this.relabel.hidden = one.suggested === null;
    this.confirm.style.setProperty("--label", colourOf(one.given));
    this.relabel.style.setProperty("--label", colourOf(one.suggested));
    this.confirm.title = `The label ${one.given} is right (Y or Enter)`;
    this.relabel.title = `The label is wrong: it is ${one.suggested} (R)`;
    const isSuggested = decided?.verdict === "relabelled" && decided.label === one.suggested;
    const actions = { confirmed: "confirm", none_of_these: "none", unsure: "unsure", bad_audio: "bad" };
    const on = { ...actions, relabelled: isSuggested ? "relabel" : "search" }[decided?.verdict];
    for (const element of this.root.querySelectorAll("button")) {
      const isOn = element.dataset.action === on;
      element.classList.toggle("em-verdict-on", isOn);
      element.setAttribute("aria-pressed", String(isOn));
    }
  }
}

/** Sentences that the person must see: the state of the link, and verdicts that were refused. */
class VerdictNotices {
  constructor() {
    this.words = make("span", { class: "em-grow", role: "status" });
    this.reload = makeButton({ text: "Reload", kind: "em-small", onclick: reloadPage });
    this.link = make("div", { class: "em-verdict-notice em-warn", hidden: true }, this.words, this.reload);
    this.errors = make("div", { class: "em-verdict-errors", role: "alert" });
    this.root = make("div", { class: "em-verdict-notices" }, this.link, this.errors);
  }

  sayLink(words, { isLost }) {
    this.link.hidden = words === null;
    this.reload.hidden = !isLost;
    if (this.words.textContent !== (words ?? "")) this.words.textContent = words ?? "";
  }

  error(words) {
    const text = make("span", { class: "em-grow" }, words);
    const notice = make("div", { class: "em-verdict-notice em-bad" }, icon("alert"), text);
    const onclick = () => notice.remove();
    notice.append(makeButton({ iconName: "close", title: "Dismiss", kind: "em-icon em-small em-quiet", onclick }));
    this.errors.append(notice);
  }
}

/** What the person must know about the way to the kernel, or null. */
function verdictLinkWords({ link, n, postponed, isDurable }) {
  const waits = `${n} ${n === 1 ? "verdict waits" : "verdicts wait"} in this browser`;
  if (link === "lost") {
    return `The server no longer knows this page. Reload it to go on.${n ? ` ${waits}, to be sent then.` : ""}`;
  }
  if (postponed !== null && n) return `Not saved yet: ${postponed} (${waits})`;
  if (link === "offline") {
    return `Offline: ${n ? waits : "nothing waits to be saved"}. Go on with the clips that are here.`;
  }
  return isDurable ? null : "This browser keeps nothing when the tab closes: leave it open until all is saved.";
}

/** The end of the list: why nothing is left the page says itself. */
class VerdictFinished {
  constructor() {
    this.words = make("span", { class: "em-grow" });
    this.root = make(
      "div",
      { class: "em-verdict-finished em-small em-muted", role: "status", hidden: true },
      this.words,
      make(
        "span",
        {},
        make("kbd", {}, "J"),
        " goes back to the last clip, ",
        make("kbd", {}, "⌫"),
        " takes the last verdict back",
      ),
    );
  }

  show({ nDecided, nUnsaved, isWaiting, refusal }) {
    const decided = `${nDecided} ${nDecided === 1 ? "verdict" : "verdicts"} in this sitting`;
    const end = `${decided}, ${nUnsaved ? `${nUnsaved} still on the way` : "everything is saved"}.`;
    this.words.textContent = refusal ?? (isWaiting ? "Looking for more clips …" : end);
  }
}
