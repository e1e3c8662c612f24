// A form whose fields the kernel describes: checked here for what a browser can know, in the kernel for the rest.

export default {
  render({ model, el }) {
    const inputs = new Map();
    let outcome = null;

    function field(spec) {
      const id = `em-${model.get("form_id")}-${spec.key}`;
      const input = inputOf(spec, id);
      inputs.set(spec.key, { spec, input });
      const help = spec.help ? make("p", { class: "em-help", id: `${id}-help` }, spec.help) : null;
      const error = make("p", { class: "em-field-error", id: `${id}-error`, role: "alert", hidden: true });
      input.setAttribute("aria-describedby", `${id}-help ${id}-error`);
      const label = make("label", { htmlFor: id, class: "em-label" }, spec.label);
      const box =
        spec.kind === "checkbox"
          ? make(
              "div",
              { class: "em-field em-check" },
              make("div", { class: "em-check-line" }, input, label),
              help,
              error,
            )
          : make("div", { class: `em-field em-field-${spec.kind}` }, label, withAddition(spec, input), help, error);
      box.dataset.key = spec.key;
      return box;
    }

    function inputOf(spec, id) {
      // On input, not on change: change comes with the click on the button, whose place would then move under the mouse.
      const common = { id, name: spec.key, oninput: () => clearError(spec.key) };
      if (spec.kind === "select") {
        const options = spec.options.map((option) =>
          typeof option === "object" ? option : { value: option, label: String(option) },
        );
        const select = make(
          "select",
          common,
          ...options.map((option, index) => make("option", { value: String(index) }, option.label)),
        );
        select.value = String(
          Math.max(
            0,
            options.findIndex((option) => option.value === spec.value),
          ),
        );
        select.valueOf_ = () => options[Number(select.value)]?.value ?? null;
        return select;
      }
      const types = { number: "number", checkbox: "checkbox", range: "range" };
      const bounds = { min: spec.min, max: spec.max, step: spec.step ?? (spec.kind === "number" ? "any" : undefined) };
      const input = make("input", {
        ...common,
        type: types[spec.kind] ?? "text",
        ...(types[spec.kind] && spec.kind !== "checkbox" ? bounds : {}),
        placeholder: spec.placeholder,
        spellcheck: false,
        autocomplete: "off",
      });
      if (spec.kind === "checkbox") input.checked = Boolean(spec.value);
      else input.value = spec.value ?? "";
      if (spec.kind === "folder") input.classList.add("em-mono");
      return input;
    }

    function withAddition(spec, input) {
      if (spec.kind === "range") {
        const shown = make("output", { class: "em-num", htmlFor: input.id }, input.value);
        input.addEventListener("input", () => {
          shown.textContent = input.value;
        });
        return make("div", { class: "em-range" }, input, shown);
      }
      if (spec.kind === "folder") return make("div", { class: "em-folder" }, icon("folder"), input);
      if (spec.unit)
        return make("div", { class: "em-with-unit" }, input, make("span", { class: "em-unit" }, spec.unit));
      return input;
    }

    function valueOf({ spec, input }) {
      if (spec.kind === "checkbox") return input.checked;
      if (spec.kind === "select") return input.valueOf_();
      if (spec.kind === "number" || spec.kind === "range") return input.value === "" ? null : Number(input.value);
      return input.value.trim();
    }

    /** What is wrong with a field as far as the browser can tell, as a sentence; null when nothing is. */
    function troubleOf({ spec, input }) {
      const value = valueOf({ spec, input });
      if (input.validity?.badInput) return "This is not a number.";
      if (spec.is_required && (value === null || value === "")) return "This is needed.";
      if (spec.kind !== "number" || value === null) return null;
      if (spec.min !== undefined && spec.min !== null && value < spec.min)
        return `The least is ${formatNumber(spec.min)}.`;
      if (spec.max !== undefined && spec.max !== null && value > spec.max)
        return `The most is ${formatNumber(spec.max)}.`;
      return null;
    }

    function showErrors(errors) {
      for (const [key, { input }] of inputs) {
        const line = el.querySelector(`#${CSS.escape(`${input.id}-error`)}`);
        const sentence = errors[key];
        line.hidden = !sentence;
        line.textContent = sentence ?? "";
        input.setAttribute("aria-invalid", String(Boolean(sentence)));
      }
      const first = [...inputs].find(([key]) => errors[key]);
      if (first) first[1].input.focus();
    }

    function clearError(key) {
      const { input } = inputs.get(key);
      if (input.getAttribute("aria-invalid") !== "true") return;
      input.setAttribute("aria-invalid", "false");
      el.querySelector(`#${CSS.escape(`${input.id}-error`)}`).hidden = true;
    }

    function submit(event) {
      event.preventDefault();
      if (model.get("is_busy")) return;
      const errors = Object.fromEntries(
        [...inputs].map(([key, entry]) => [key, troubleOf(entry)]).filter(([, sentence]) => sentence),
      );
      showErrors(errors);
      if (Object.keys(errors).length)
        return showOutcome({ tone: "bad", text: "Nothing was sent: see the field above." });
      showOutcome(null);
      setBusy(true);
      model.send({
        type: "submit",
        values: Object.fromEntries([...inputs].map(([key, entry]) => [key, valueOf(entry)])),
      });
    }

    function setBusy(isBusy) {
      el.querySelector("fieldset").disabled = isBusy;
      const button = el.querySelector("button[type=submit]");
      button.classList.toggle("em-is-busy", isBusy);
      button.querySelector("span").textContent = isBusy ? model.get("busy_label") : model.get("submit_label");
      el.querySelector("form").setAttribute("aria-busy", String(isBusy));
    }

    function showOutcome(next) {
      outcome = next;
      const line = el.querySelector(".em-form-outcome");
      line.className = `em-form-outcome em-tone-${next?.tone ?? "muted"}`;
      line.replaceChildren(
        ...(next ? [icon(next.tone === "bad" ? "alert" : "check"), make("span", {}, next.text)] : []),
      );
    }

    function draw() {
      inputs.clear();
      const title = model.get("title");
      const fields = model.get("fields").map(field);
      const form = make(
        "form",
        { class: "em-card em-form", onsubmit: submit, noValidate: true, "aria-label": title || undefined },
        title ? make("h2", { class: "em-title" }, title) : null,
        model.get("intro") ? make("p", { class: "em-muted em-form-intro" }, model.get("intro")) : null,
        make(
          "fieldset",
          {},
          make("div", { class: "em-fields" }, ...fields),
          make(
            "div",
            { class: "em-form-foot" },
            make("button", { type: "submit", class: "em-btn em-primary" }, make("span", {}, model.get("submit_label"))),
            make("div", { class: "em-form-outcome", role: "status" }),
          ),
        ),
      );
      el.replaceChildren(form);
      showErrors(model.get("errors"));
      setBusy(model.get("is_busy"));
      showOutcome(outcome);
    }

    const onErrors = () => showErrors(model.get("errors"));
    const onBusy = () => setBusy(model.get("is_busy"));
    function onMessage(message) {
      setBusy(model.get("is_busy"));
      if (message.type === "error") showOutcome({ tone: "bad", text: message.message });
      if (message.type === "done") showOutcome({ tone: "ok", text: message.message });
    }
    el.classList.add("em");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    const listeners = [
      ["change:fields", draw],
      ["change:title", draw],
      ["change:submit_label", draw],
      ["change:errors", onErrors],
      ["change:is_busy", onBusy],
      ["msg:custom", onMessage],
    ];
    for (const [event, listener] of listeners) model.on(event, listener);
    draw();
    return () => {
      for (const [event, listener] of listeners) model.off(event, listener);
    };
  },
};
