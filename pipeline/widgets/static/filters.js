// What a list is narrowed by: selects and days in a row. A field keeps the focus while the list under it changes.

export default {
  render({ model, el }) {
    let trouble = "";

    const idOf = (key) => `em-filter-${model.model_id ?? "x"}-${key}`;

    function control(field) {
      const value = model.get("chosen")[field.key] ?? "";
      const common = { id: idOf(field.key), name: field.key, onchange: send };
      if (field.kind === "day") return make("input", { ...common, type: "date", value, max: field.max });
      const options = field.options.map((option) => make("option", { value: option.value }, visibleText(option.label)));
      const select = make("select", common, ...options);
      select.value = value;
      return select;
    }

    function field(spec) {
      const isOn = Boolean(model.get("chosen")[spec.key]);
      return make(
        "div",
        { class: `em-filter ${isOn ? "em-on" : ""}` },
        make("label", { class: "em-label", htmlFor: idOf(spec.key) }, spec.label),
        control(spec),
      );
    }

    function send() {
      trouble = "";
      const values = [...el.querySelectorAll("select, input")].map((input) => [input.name, input.value]);
      model.send({ type: "change", values: Object.fromEntries(values) });
    }

    function clear() {
      for (const input of el.querySelectorAll("select, input")) input.value = "";
      send();
      el.querySelector("select, input")?.focus();
    }

    function draw() {
      const focused = el.contains(document.activeElement) ? document.activeElement.name : null;
      const isNarrowed = Object.values(model.get("chosen")).some(Boolean);
      el.replaceChildren(
        make(
          "div",
          { class: "em-filters", role: "search", "aria-label": "Filter the list" },
          ...model.get("fields").map(field),
          isNarrowed ? makeButton({ text: "Show all", kind: "em-quiet em-filter-clear", onclick: clear }) : null,
          trouble ? make("span", { class: "em-tone-bad em-filter-trouble", role: "alert" }, trouble) : null,
        ),
      );
      if (focused) el.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
    }

    function onMessage(message) {
      trouble = message.type === "error" ? message.message : "";
      draw();
    }
    model.on("msg:custom", onMessage);
    const end = drawOnChange(model, el, draw);
    return () => {
      end();
      model.off("msg:custom", onMessage);
    };
  },
};
