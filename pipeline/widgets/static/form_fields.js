// The fields of a form: an input by its kind, with label, help and a place for what is wrong with it.

/** The input of a field; a select's options are numbers into the list, since values need not be texts. */
function makeInput(spec, id, oninput) {
  const common = { id, name: spec.key, oninput };
  if (spec.kind === "select") return makeSelect(spec, common);
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

function makeSelect(spec, common) {
  const options = spec.options.map((option) =>
    typeof option === "object" ? option : { value: option, label: String(option) },
  );
  const words = options.map((option, index) => make("option", { value: String(index) }, option.label));
  const select = make("select", common, ...words);
  const place = options.findIndex((option) => option.value === spec.value);
  select.value = String(Math.max(0, place));
  select.valueOf_ = () => options[Number(select.value)]?.value ?? null;
  return select;
}

/** Label, input, help and error in one box, named by its key. */
function makeField(spec, id, input) {
  const help = spec.help ? make("p", { class: "em-help", id: `${id}-help` }, spec.help) : null;
  const error = make("p", { class: "em-field-error", id: `${id}-error`, role: "alert", hidden: true });
  input.setAttribute("aria-describedby", `${id}-help ${id}-error`);
  const label = make("label", { htmlFor: id, class: "em-label" }, spec.label);
  const box =
    spec.kind === "checkbox"
      ? make("div", { class: "em-field em-check" }, make("div", { class: "em-check-line" }, input, label), help, error)
      : make("div", { class: `em-field em-field-${spec.kind}` }, label, withAddition(spec, input), help, error);
  box.dataset.key = spec.key;
  return box;
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
  if (spec.unit) return make("div", { class: "em-with-unit" }, input, make("span", { class: "em-unit" }, spec.unit));
  return input;
}

function inputValue({ spec, input }) {
  if (spec.kind === "checkbox") return input.checked;
  if (spec.kind === "select") return input.valueOf_();
  if (spec.kind === "number" || spec.kind === "range") return input.value === "" ? null : Number(input.value);
  return input.value.trim();
}

/** What is wrong with a field as far as the browser can tell, as a sentence; null when nothing is. */
function inputTrouble({ spec, input }) {
  const value = inputValue({ spec, input });
  if (input.validity?.badInput) return "This is not a number.";
  if (spec.is_required && (value === null || value === "")) return "This is needed.";
  if (spec.kind !== "number" || value === null) return null;
  if (spec.min !== undefined && spec.min !== null && value < spec.min) return `The least is ${formatNumber(spec.min)}.`;
  if (spec.max !== undefined && spec.max !== null && value > spec.max) return `The most is ${formatNumber(spec.max)}.`;
  return null;
}

/** The button that sends the form, and the line that says what came of it. */
function makeFormFoot(model) {
  return make(
    "div",
    { class: "em-form-foot" },
    make("button", { type: "submit", class: "em-btn em-primary" }, make("span", {}, model.get("submit_label"))),
    make("div", { class: "em-form-outcome", role: "status" }),
  );
}

function setFormBusy(el, model, isBusy) {
  el.querySelector("fieldset").disabled = isBusy;
  const button = el.querySelector("button[type=submit]");
  button.classList.toggle("em-is-busy", isBusy);
  button.querySelector("span").textContent = isBusy ? model.get("busy_label") : model.get("submit_label");
  el.querySelector("form").setAttribute("aria-busy", String(isBusy));
}

/** `next` is `{ tone, text }`, or null for nothing. */
function showFormOutcome(el, next) {
  const line = el.querySelector(".em-form-outcome");
  line.className = `em-form-outcome em-tone-${next?.tone ?? "muted"}`;
  line.replaceChildren(
    ...(next ? [icon(next.tone === "bad" ? "alert" : "check"), make("span", {}, next.text)] : []),
  );
}
