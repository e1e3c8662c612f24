// A form whose fields the kernel describes: checked here for what a browser can know, in the kernel for the rest.

export default {
  render({ model, el }) {
    const inputs = new Map();
    let outcome = null;

    function field(spec) {
      const id = `em-${model.get("form_id")}-${spec.key}`;
      // On input, not on change: change comes with the click on the button, whose place would then move under the mouse.
      const input = makeInput(spec, id, () => clearError(spec.key));
      inputs.set(spec.key, { spec, input });
      return makeField(spec, id, input);
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
        [...inputs].map(([key, entry]) => [key, inputTrouble(entry)]).filter(([, sentence]) => sentence),
      );
      showErrors(errors);
      if (Object.keys(errors).length)
        return showOutcome({ tone: "bad", text: "Nothing was sent: see the field above." });
      showOutcome(null);
      setFormBusy(el, model, true);
      model.send({
        type: "submit",
        values: Object.fromEntries([...inputs].map(([key, entry]) => [key, inputValue(entry)])),
      });
    }

    function showOutcome(next) {
      outcome = next;
      showFormOutcome(el, next);
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
          makeFormFoot(model),
        ),
      );
      el.replaceChildren(form);
      showErrors(model.get("errors"));
      setFormBusy(el, model, model.get("is_busy"));
      showOutcome(outcome);
    }

    const onErrors = () => showErrors(model.get("errors"));
    const onBusy = () => setFormBusy(el, model, model.get("is_busy"));
    function onMessage(message) {
      setFormBusy(el, model, model.get("is_busy"));
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
