// One thing of a list, opened: name, state, facts. A newly opened one comes into view.

export default {
  render({ model, el }) {
    let shownKey = null;

    function fact({ label, value, lines, tone }) {
      const words = lines ?? [value];
      return make(
        "div",
        { class: "em-sheet-fact" },
        make("dt", { class: "em-muted" }, visibleText(label)),
        make("dd", { class: `em-tone-${tone ?? "plain"}` }, ...words.map((line) => make("div", {}, visibleText(line)))),
      );
    }

    function close() {
      // Back to the row that was opened, so that the keyboard goes on from there.
      document.querySelector("tr.em-chosen")?.focus();
      model.send({ type: "close" });
    }

    function draw() {
      const [key, title] = [model.get("key"), model.get("title")];
      if (!title) {
        shownKey = null;
        return el.replaceChildren();
      }
      const hadFocus = el.contains(document.activeElement);
      const { text, tone } = model.get("pill");
      const card = make(
        "section",
        { class: "em-card em-sheet", tabIndex: -1, "aria-label": title, "aria-live": "polite", onkeydown: (event) => event.key === "Escape" && close() },
        make(
          "div",
          { class: "em-sheet-head" },
          make("h2", { class: "em-title" }, visibleText(title)),
          text ? make("span", { class: `em-pill em-${tone}` }, text) : null,
          make("span", { class: "em-grow" }),
          makeButton({ iconName: "close", title: "Close", kind: "em-icon em-small em-quiet", onclick: close }),
        ),
        make("dl", { class: "em-sheet-facts" }, ...model.get("facts").map(fact)),
      );
      el.replaceChildren(card);
      if (hadFocus) card.focus({ preventScroll: true });
      if (key === shownKey) return;
      shownKey = key;
      requestAnimationFrame(() => card.scrollIntoView({ block: "nearest" }));
    }
    el.classList.add("em-sheet-root");
    return drawOnChange(model, el, draw);
  },
};
