// What a form would do: a small table that the kernel fills again whenever a field of the form changes.

const QUIET_MS = 250;

export default {
  render({ model, el }) {
    let timer = null;
    let trouble = "";

    function valuesOf(form) {
      const fields = [...form.elements].filter((input) => input.name);
      return Object.fromEntries(fields.map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value]));
    }

    function onInput(event) {
      const form = event.target.form;
      if (!form || form.getAttribute("aria-label") !== model.get("form_title")) return;
      clearTimeout(timer);
      timer = setTimeout(() => model.send({ type: "change", values: valuesOf(form) }), QUIET_MS);
    }

    function draw() {
      const rows = model.get("rows").map((row) =>
        make("tr", {}, ...row.map((text) => make("td", { title: visibleText(text) }, text ? visibleText(text) : make("span", { class: "em-muted" }, "–")))),
      );
      const headings = model.get("headings");
      const head = make("tr", {}, ...headings.map((heading) => make("th", { scope: "col" }, heading)));
      const isHeaded = headings.some(Boolean);
      const note = trouble || model.get("note");
      el.replaceChildren(
        make("section", { class: `em-card em-preview ${model.get("is_counting") ? "em-counting" : ""}`, "aria-live": "polite", "aria-label": model.get("title") },
          make("h2", { class: "em-title" }, model.get("title")),
          note ? make("p", { class: `em-preview-note em-tone-${trouble ? "bad" : model.get("tone")}` }, note) : null,
          rows.length ? make("table", {}, isHeaded ? make("thead", {}, head) : null, make("tbody", {}, ...rows)) : null),
      );
    }

    function onMessage(message) {
      trouble = message.type === "error" ? message.message : "";
      draw();
    }
    const onChange = () => { trouble = ""; draw(); };
    document.addEventListener("input", onInput);
    model.on("msg:custom", onMessage);
    const end = drawOnChange(model, el, onChange);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("input", onInput);
      model.off("msg:custom", onMessage);
      end();
    };
  },
};
