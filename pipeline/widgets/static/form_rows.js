// A form with rows to add and remove. What is filled in lives here; whatever changes is told to the kernel, which
// answers with errors and notes. What a field offers may follow from another field of its row.

const QUIET_MS = 300;

/** What a field is for these values of its row: attributes that follow from another field are filled in. */
function resolved(spec, valueOf) {
  const found = { ...spec };
  for (const [name, by] of Object.entries(spec))
    if (name.endsWith("_by")) found[name.slice(0, -3)] = by.of[valueOf(by.key)] ?? found[name.slice(0, -3)];
  return found;
}

/** The fields of a row that are shown, and the value that counts for each key, shown or not. */
function readRow(fields, values) {
  const valueOf = (key) => {
    const spec = fields.find((field) => field.key === key);
    if (spec && isShown(spec) && key in values) return values[key];
    return spec?.value_by?.of[valueOf(spec.value_by.key)] ?? spec?.value ?? null;
  };
  const isShown = (spec) => (spec.when ?? []).every(({ key, is }) => is.includes(valueOf(key)));
  return { shown: fields.filter(isShown), valueOf };
}

/** Whether other fields are shown or filled by what this one says. */
const isGoverning = (key, fields) =>
  fields.some(
    (field) =>
      (field.when ?? []).some((one) => one.key === key) ||
      Object.entries(field).some(([name, by]) => name.endsWith("_by") && by.key === key),
  );

export default {
  render({ model, el }) {
    const entries = new Map();
    let plain = {};
    let rows = [];
    let isMoreOpen = false;
    let outcome = null;
    let timer = null;

    const idOf = (key) => `em-${model.get("form_id")}-${key.replace(".", "-")}`;
    const plainFields = () => [...model.get("fields"), ...model.get("more")];
    const fieldsOf = (row) => model.get("kinds").find((kind) => kind.kind === row.kind)?.fields ?? [];

    function fill() {
      const { rows: filled, ...others } = model.get("values");
      plain = { ...others };
      rows = (filled ?? []).map((row) => ({ ...row, values: { ...row.values } }));
    }

    function valuesNow() {
      const told = Object.fromEntries(plainFields().map(({ key, value }) => [key, plain[key] ?? (key in plain ? null : value)]));
      told.rows = rows.map((row) => {
        const { valueOf } = readRow(fieldsOf(row), row.values);
        return { ...row, values: Object.fromEntries(fieldsOf(row).map(({ key }) => [key, valueOf(key)])) };
      });
      return told;
    }

    function tellSoon() {
      clearTimeout(timer);
      timer = setTimeout(() => model.send({ type: "change", values: valuesNow() }), QUIET_MS);
    }

    /** One field; what is typed goes into `values` under the field's key. */
    function field(spec, key, values, onGoverned) {
      const onValue = (value) => {
        values[spec.key] = value;
        clearSaid(key);
        showOutcome(null);
        onGoverned?.();
        tellSoon();
      };
      const input = isOptionsKind(spec.kind)
        ? makeOptions(spec, idOf(key), onValue)
        : makeInput(spec, idOf(key), () => onValue(inputValue({ spec, input })));
      entries.set(key, { spec, input });
      const box = makeField(spec, idOf(key), input);
      box.append(make("p", { class: "em-help em-field-note", id: `${idOf(key)}-note`, hidden: true }));
      box.dataset.key = key;
      return box;
    }

    function rowBox(row) {
      const kind = model.get("kinds").find((one) => one.kind === row.kind);
      if (!kind) return null;
      const { shown, valueOf } = readRow(kind.fields, row.values);
      const boxes = shown.map((spec) => {
        const filled = resolved({ ...spec, value: valueOf(spec.key) }, valueOf);
        return field(filled, `${row.key}.${spec.key}`, row.values, isGoverning(spec.key, kind.fields) ? draw : null);
      });
      const remove = () => {
        rows = rows.filter((one) => one !== row);
        draw();
        el.querySelector(".em-rows-add button")?.focus({ preventScroll: true });
        tellSoon();
      };
      return make(
        "section",
        { class: "em-row", "aria-label": kind.label, "data-key": row.key, "data-kind": row.kind },
        make(
          "div",
          { class: "em-row-head" },
          make("h3", {}, kind.label),
          make("p", { class: "em-muted em-small em-grow" }, kind.help ?? ""),
          makeButton({ iconName: "close", title: `Remove: ${kind.label}`, kind: "em-quiet em-icon em-small", onclick: remove }),
        ),
        make("div", { class: "em-fields" }, ...boxes),
        make("p", { class: "em-help em-row-note", id: `${idOf(row.key)}-note`, hidden: true }),
        make("p", { class: "em-field-error", id: `${idOf(row.key)}-error`, role: "alert", hidden: true }),
      );
    }

    function addRow(kind) {
      const place = 1 + Math.max(0, ...rows.map((row) => Number(row.key.slice(1)) || 0));
      rows.push({ key: `r${place}`, kind: kind.kind, values: {} });
      draw();
      el.querySelector(`.em-row[data-key=r${place}] :is(select, input)`)?.focus();
      tellSoon();
    }

    function adding() {
      const buttons = model.get("kinds").map((kind) =>
        makeButton({ text: kind.label, iconName: "plus", title: kind.help, kind: "em-small", onclick: () => addRow(kind) }),
      );
      return make(
        "div",
        { class: "em-rows-add", role: "group", "aria-label": model.get("add_label") },
        make("span", { class: "em-kicker" }, model.get("add_label")),
        ...buttons,
      );
    }

    function folded() {
      const more = model.get("more").map((spec) => field({ ...spec, value: spec.key in plain ? plain[spec.key] : spec.value }, spec.key, plain));
      if (!more.length) return [];
      const toggle = () => {
        isMoreOpen = !isMoreOpen;
        draw();
        el.querySelector(".em-disclosure").focus({ preventScroll: true });
      };
      const button = makeButton({ text: "More", iconName: isMoreOpen ? "down" : "right", kind: "em-quiet em-disclosure", onclick: toggle });
      button.setAttribute("aria-expanded", String(isMoreOpen));
      return [button, make("div", { class: "em-fields em-more", hidden: !isMoreOpen }, ...more)];
    }

    function sayAt(id, sentence) {
      const line = el.querySelector(`#${CSS.escape(id)}`);
      if (!line) return;
      line.hidden = !sentence;
      line.textContent = sentence ?? "";
    }

    function showSaid(errors = model.get("errors")) {
      const notes = model.get("notes");
      for (const [key, { input }] of entries) {
        sayAt(`${idOf(key)}-error`, errors[key]);
        sayAt(`${idOf(key)}-note`, errors[key] ? null : notes[key]);
        input.setAttribute("aria-invalid", String(Boolean(errors[key])));
      }
      sayAt(`${idOf("rows")}-error`, errors.rows);
      for (const { key } of rows) {
        sayAt(`${idOf(key)}-error`, errors[key]);
        sayAt(`${idOf(key)}-note`, errors[key] ? null : notes[key]);
      }
    }

    function clearSaid(key) {
      sayAt(`${idOf(key)}-error`, null);
      entries.get(key)?.input.setAttribute("aria-invalid", "false");
    }

    function focusFirst(errors) {
      const [key] = [...entries.keys()].filter((one) => errors[one]);
      if (!key) return;
      if (!isMoreOpen && model.get("more").some((spec) => spec.key === key)) {
        isMoreOpen = true;
        draw();
      }
      entries.get(key).input.focus();
    }

    function showOutcome(next) {
      outcome = next;
      showFormOutcome(el, next);
    }

    function submit(event) {
      event.preventDefault();
      if (model.get("is_busy")) return;
      const found = [...entries].filter(([, { spec }]) => !isOptionsKind(spec.kind));
      const errors = Object.fromEntries(
        found.map(([key, entry]) => [key, inputTrouble(entry)]).filter(([, sentence]) => sentence),
      );
      showSaid(errors);
      if (Object.keys(errors).length) {
        focusFirst(errors);
        return showOutcome({ tone: "bad", text: "Nothing was sent: see the field above." });
      }
      clearTimeout(timer);
      showOutcome(null);
      setFormBusy(el, model, true);
      model.send({ type: "submit", values: valuesNow() });
    }

    function draw() {
      const focused = el.contains(document.activeElement) ? document.activeElement.id : null;
      entries.clear();
      const title = model.get("title");
      const boxes = rows.map(rowBox);
      const fields = model.get("fields").map((spec) => field({ ...spec, value: spec.key in plain ? plain[spec.key] : spec.value }, spec.key, plain));
      const form = make(
        "form",
        { class: "em-card em-form em-form-rows", onsubmit: submit, noValidate: true, "aria-label": title || undefined },
        title ? make("h2", { class: "em-title" }, title) : null,
        model.get("intro") ? make("p", { class: "em-muted em-form-intro" }, model.get("intro")) : null,
        make(
          "fieldset",
          {},
          make("div", { class: "em-rows" }, ...boxes.filter(Boolean)),
          adding(),
          make("p", { class: "em-field-error em-rows-error", id: `${idOf("rows")}-error`, role: "alert", hidden: true }),
          make("div", { class: "em-fields em-plain" }, ...fields),
          ...folded(),
          makeFormFoot(model),
        ),
      );
      el.replaceChildren(form);
      showSaid();
      setFormBusy(el, model, model.get("is_busy"));
      showFormOutcome(el, outcome);
      if (focused) el.querySelector(`#${CSS.escape(focused)}`)?.focus({ preventScroll: true });
    }

    function onMessage(message) {
      setFormBusy(el, model, model.get("is_busy"));
      if (message.type === "error") {
        showOutcome({ tone: "bad", text: message.message });
        focusFirst(model.get("errors"));
      }
      if (message.type === "done") showOutcome({ tone: "ok", text: message.message });
    }

    const refill = () => {
      fill();
      draw();
    };
    const said = () => showSaid();
    const onBusy = () => setFormBusy(el, model, model.get("is_busy"));
    el.classList.add("em");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    const listeners = [
      ...["fields", "more", "kinds", "title", "submit_label"].map((name) => [`change:${name}`, draw]),
      ["change:values", refill],
      ["change:errors", said],
      ["change:notes", said],
      ["change:is_busy", onBusy],
      ["msg:custom", onMessage],
    ];
    for (const [event, listener] of listeners) model.on(event, listener);
    refill();
    return () => {
      clearTimeout(timer);
      for (const [event, listener] of listeners) model.off(event, listener);
    };
  },
};
