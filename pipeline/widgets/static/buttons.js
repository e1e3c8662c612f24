// A row of buttons: things to do, or a choice of which one is on.

export default {
  render({ model, el }) {
    let trouble = "";
    let pressed = null;

    function button(item) {
      const isChoice = model.get("kind") !== "actions";
      const isOn = isChoice && model.get("chosen") === item.key;
      const kind = isChoice ? `em-choice ${isOn ? "em-on" : ""} em-count-${item.tone ?? "plain"}` : item.is_primary ? "em-primary" : "";
      return make(
        "button",
        {
          type: "button",
          class: `em-btn ${kind}`,
          title: item.title,
          "aria-pressed": isChoice ? String(isOn) : undefined,
          // Not disabled: a button that is would lose the focus of who works by keys.
          "aria-disabled": pressed === item.key ? "true" : undefined,
          onclick: () => press(item.key),
        },
        make("span", {}, visibleText(item.label)),
        item.count === undefined || item.count === null ? null : make("span", { class: "em-count em-num" }, formatNumber(item.count)),
      );
    }

    function press(key) {
      if (pressed === key) return;
      pressed = key;
      trouble = "";
      draw();
      keep(key);
      model.send({ type: "press", key });
    }

    // A browser that keeps nothing begins with what is chosen usually.
    const memory = model.get("remembered_as") && `earmark-choice/${model.get("remembered_as")}`;
    function keep(key) {
      try {
        if (memory) localStorage.setItem(memory, key);
      } catch {}
    }
    function recall() {
      try {
        const key = memory && localStorage.getItem(memory);
        if (key && key !== model.get("chosen") && model.get("items").some((item) => item.key === key)) press(key);
      } catch {}
    }

    function draw() {
      const items = model.get("items");
      const focused = [...el.querySelectorAll("button")].indexOf(document.activeElement);
      if (!items.length) return el.replaceChildren();
      el.replaceChildren(
        make(
          "div",
          { class: `em-buttons em-as-${model.get("kind")}`, role: "group", "aria-label": model.get("label") || undefined },
          model.get("label") ? make("span", { class: "em-kicker" }, model.get("label")) : null,
          ...items.map(button),
          trouble ? make("span", { class: "em-tone-bad em-buttons-trouble", role: "alert" }, trouble) : null,
        ),
      );
      el.querySelectorAll("button")[focused]?.focus();
    }

    function onMessage(message) {
      pressed = null;
      trouble = message.type === "error" ? message.message : "";
      draw();
    }
    el.classList.add("em-buttons-root");
    model.on("msg:custom", onMessage);
    const end = drawOnChange(model, el, draw);
    recall();
    return () => {
      end();
      model.off("msg:custom", onMessage);
    };
  },
};
