// Fields of many options: ticks (choices) or a number each (shares), with a line to search by where there are many.

const N_WITHOUT_SEARCH = 10;

const isOptionsKind = (kind) => kind === "choices" || kind === "shares";

/** The group of a field of kind choices or shares; `onchange(value)` gets a list, or an object of numbers. */
function makeOptions(spec, id, onchange) {
  const isShares = spec.kind === "shares";
  const value = isShares ? { ...spec.value } : new Set(spec.value ?? []);
  const options = spec.options ?? [];
  const lines = options.map((option, index) => {
    const inputId = `${id}-${index}`;
    const input = isShares
      ? make("input", { id: inputId, type: "number", min: 0, step: "any", value: value[option.value] ?? "" })
      : make("input", { id: inputId, type: "checkbox", checked: value.has(option.value) });
    input.addEventListener("input", () => {
      if (!isShares) value[input.checked ? "add" : "delete"](option.value);
      else if (input.value === "") delete value[option.value];
      else value[option.value] = Number(input.value);
      onchange(isShares ? { ...value } : options.map((one) => one.value).filter((one) => value.has(one)));
    });
    const words = make("label", { htmlFor: inputId, class: "em-ellipsis", title: visibleText(option.label) }, visibleText(option.label));
    const note = make("span", { class: "em-muted em-num em-small" }, option.note ?? "");
    return make("div", { class: "em-option" }, ...(isShares ? [words, note, input] : [input, words, note]));
  });
  const list = make("div", { class: "em-options-list" }, ...lines);
  const search = make("input", {
    type: "search",
    class: "em-options-search",
    placeholder: `Search ${formatNumber(options.length)} values`,
    "aria-label": `Search in ${spec.label}`,
    oninput: (event) => {
      event.stopPropagation();
      const wanted = search.value.trim().toLowerCase();
      options.forEach((option, index) => {
        lines[index].hidden = !option.label.toLowerCase().includes(wanted);
      });
    },
  });
  return make(
    "div",
    { id, class: `em-options em-options-${spec.kind}`, role: "group", "aria-label": spec.label, tabIndex: -1 },
    options.length > N_WITHOUT_SEARCH ? search : null,
    options.length ? list : make("p", { class: "em-help" }, "There are no values."),
  );
}
