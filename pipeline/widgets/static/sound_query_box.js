// What the search box is made of: its buttons, the meter of the microphone, the numbers of the region.

/** `actions`: choose(file), record(), unlike(), cancel(). */
function makeSources(actions) {
  const input = make("input", {
    type: "file",
    accept: "audio/*,video/*,.wav,.flac,.mp3,.ogg,.opus,.m4a,.aif,.aiff,.caf,.w64",
    class: "em-only-read",
    tabIndex: -1,
    "aria-hidden": "true",
    onchange: () => {
      if (input.files[0]) actions.choose(input.files[0]);
      input.value = "";
    },
  });
  const file = makeButton({ text: "Choose a file", iconName: "folder", kind: "em-primary", onclick: () => input.click() });
  const record = makeButton({ text: "Record", title: "Search by the microphone (R)", onclick: () => actions.record() });
  record.prepend(make("i", { class: "em-query-dot", "aria-hidden": "true" }));
  const unlike = makeButton({
    text: "Unlike anything",
    iconName: "star",
    title: "The clips that are farthest from all others",
    onclick: () => actions.unlike(),
  });
  const cancel = makeButton({ text: "Cancel", title: "Forget the recording (Esc)", kind: "em-quiet", onclick: () => actions.cancel() });
  const level = make("i", {});
  const clock = make("span", { class: "em-num" }, "0.0 s");
  const meter = make(
    "div",
    { class: "em-query-meter", role: "meter", "aria-label": "Level of the microphone", "aria-valuemin": "0", "aria-valuemax": "100" },
    level,
  );
  const recording = make("div", { class: "em-query-recording", hidden: true }, meter, clock, cancel);
  const hint = make("p", { class: "em-muted em-small em-query-hint" }, "or drop a sound file anywhere here");
  const root = make("div", { class: "em-query-sources" }, file, record, unlike, input, hint, recording);

  function showRecording(isOn) {
    recording.hidden = !isOn;
    hint.hidden = file.hidden = unlike.hidden = isOn;
    record.classList.toggle("em-primary", isOn);
    record.querySelector("span").textContent = isOn ? "Stop and search" : "Record";
    record.title = isOn ? "Stop the recording and search by it (R)" : "Search by the microphone (R)";
    if (isOn) showLevel(0, 0);
  }

  function showLevel(share, seconds) {
    level.style.transform = `scaleX(${share})`;
    meter.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    clock.textContent = `${seconds.toFixed(1)} of ${RECORD_AT_MOST_S} s`;
  }
  return { root, record, showRecording, showLevel };
}

const REGION_FIELDS = [
  { key: "start_s", label: "from", unit: "s", end: "start", step: "0.01" },
  { key: "stop_s", label: "to", unit: "s", end: "end", step: "0.01" },
  { key: "low_hz", label: "above", unit: "Hz", end: "0", step: "1" },
  { key: "high_hz", label: "below", unit: "Hz", end: "top", step: "1" },
];

/** The region in numbers. `actions`: typed(region), search(), whole(). */
function makeRegionForm(actions) {
  const inputs = REGION_FIELDS.map(({ key, label, unit, end, step }) =>
    make("input", {
      type: "number",
      min: "0",
      step,
      placeholder: end,
      "aria-label": `Region ${label}, in ${unit}`,
      "data-key": key,
      oninput: () => actions.typed(read()),
      onkeydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        actions.search();
      },
    }),
  );
  const search = makeButton({ text: "Search this region", kind: "em-small em-primary", onclick: () => actions.search() });
  const whole = makeButton({ text: "Whole sound", kind: "em-small em-quiet", title: "Take the region away (Esc)", onclick: () => actions.whole() });
  const root = make(
    "div",
    { class: "em-query-region", role: "group", "aria-label": "Region" },
    ...REGION_FIELDS.map(({ label, unit }, index) =>
      make("label", { class: "em-query-number em-small em-muted" }, label, inputs[index], unit),
    ),
    search,
    whole,
  );

  function read() {
    return Object.fromEntries(inputs.map((input) => [input.dataset.key, input.value === "" ? null : Number(input.value)]));
  }

  /** @param {Region | null} region */
  function show(region) {
    for (const input of inputs) {
      const value = region?.[input.dataset.key] ?? null;
      if (document.activeElement !== input) input.value = value === null ? "" : String(value);
    }
    search.disabled = whole.disabled = !region;
  }
  return { root, show, read };
}

/** The head of the query: what it is, and a button to hear it. */
function makeQueryHead({ toggle }) {
  const name = make("h2", { class: "em-title em-ellipsis" });
  const detail = make("p", { class: "em-muted em-small em-ellipsis" });
  const play = makeButton({ iconName: "play", title: "Play what is searched by", kind: "em-icon em-play", onclick: toggle });
  const root = make("div", { class: "em-query-head" }, play, make("div", { class: "em-grow" }, name, detail));

  /** @param {{name?: string, detail?: string}} query */
  function show({ name: words, detail: about }, { canPlay }) {
    name.textContent = visibleText(words || "Search by sound");
    name.title = name.textContent;
    detail.textContent = about ?? "";
    play.disabled = !canPlay;
    play.hidden = !words;
  }
  const showPlaying = (isPlaying) => play.replaceChildren(icon(isPlaying ? "pause" : "play"));
  return { root, show, showPlaying };
}

/** Keeps what is ticked, at the foot of the list. `save(name)` sends it. */
function makeSaveBar({ save }) {
  const name = make("input", { type: "text", "aria-label": "Name of the selection of ticked clips", spellcheck: false });
  const button = makeButton({ text: "Save as a selection", kind: "em-primary", type: "submit" });
  const count = make("b", { class: "em-num" });
  const outcome = make("span", { class: "em-found-outcome", role: "status" });
  const form = make("form", { class: "em-found-save-form", onsubmit: submit }, count, name, button);
  const root = make("div", { class: "em-found-save", hidden: true }, form, outcome);
  let proposed = "";

  function submit(event) {
    event.preventDefault();
    if (!name.value.trim()) return say("Give it a name.", "bad");
    button.disabled = true;
    say("Saving…");
    save(name.value.trim());
  }

  function say(text, tone = "") {
    outcome.className = `em-found-outcome ${tone ? `em-tone-${tone}` : "em-muted"}`;
    outcome.replaceChildren(...(text ? [tone ? icon(tone === "bad" ? "alert" : "check") : "", make("span", {}, text)] : []));
  }

  /** A name that the person typed is left alone. @param {number} nTicked  @param {string} proposal */
  function show(nTicked, proposal) {
    root.hidden = !nTicked;
    count.textContent = `${formatNumber(nTicked)} ticked`;
    if (name.value === proposed) name.value = proposal;
    proposed = proposal;
  }

  /** @param {string} text  @param {string} tone */
  function answer(text, tone) {
    button.disabled = false;
    say(text, tone);
  }
  return { root, show, answer, clear: () => say("") };
}
