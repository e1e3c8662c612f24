// What would go because it sounds alike, by distance: a slider with its consequences, and the pairs on its border.
// Joined after sound.js and alike_slider_parts.js.

export default {
  render({ model, el }) {
    const cache = new ClipCache(model, { max: 24 });
    const player = new Player();
    let place = 0;
    let differing = [];
    let pairs = [];
    let heardPair = null;
    let wantedIds = [];
    let isBusy = false;
    let isOpen = false;
    let frame = 0;

    const steps = () => model.get("steps");
    /** The last place whose distance is not above this one (0: off). */
    const placeOf = (distance) => (distance === null ? 0 : steps().filter((step) => step.distance <= distance).length);
    const stepAt = () => steps()[place - 1] ?? null;
    const shownDistance = (distance) => formatNumber(distance, { digits: 4 });
    const words = () => stepAt()?.words ?? "Nothing goes because it sounds alike";
    const inForce = () => (model.get("applied") === null ? "off" : `up to ${shownDistance(model.get("applied"))}`);

    const opener = make("button", { type: "button", class: "em-alike-opener", onclick: () => unfold(!isOpen) });
    const range = make("input", { type: "range", class: "em-alike-range", min: 0, step: 1, oninput: () => move(Number(range.value)) });
    const curve = make("div", { class: "em-alike-curve" });
    const said = make("p", { class: "em-alike-said", role: "status" });
    const differ = make("p", { class: "em-small em-muted em-alike-differ" });
    const applyButton = makeButton({ text: "Apply", kind: "em-primary", onclick: () => apply(stepAt()?.distance ?? null) });
    const offButton = makeButton({ text: "Off", title: "Nothing goes because it sounds alike", onclick: () => apply(null) });
    const outcome = make("span", { class: "em-small em-grow", role: "alert" });
    const list = make("ol", { class: "em-alike-pairs", "aria-label": "Pairs on the border" });
    const listTitle = make("div", { class: "em-kicker" });
    const trouble = make("p", { class: "em-muted" });
    const choice = make(
      "div",
      { class: "em-alike-choice" },
      make(
        "div",
        { class: "em-alike-left" },
        curve,
        range,
        make("div", { class: "em-alike-ends em-small em-muted" }, make("span", {}, "off"), make("span", {}, "more goes")),
        said,
        differ,
        make("div", { class: "em-alike-buttons" }, applyButton, offButton, outcome),
      ),
      make("div", { class: "em-alike-right" }, listTitle, list),
    );
    const keys = make(
      "div",
      { class: "em-alike-keys em-small em-muted" },
      ...[["← →", "slider"], ["1–3", "hear a pair"], ["D", "the heard pair differs"], ["Space", "pause"]].map(([key, what]) =>
        make("span", {}, ...key.split(" ").flatMap((part) => [make("kbd", {}, part), " "]), what),
      ),
    );
    const body = make("div", { class: "em-alike-body", id: `alike-${Math.random().toString(36).slice(2)}` }, trouble, choice, keys);
    const card = make("section", { class: "em-card em-alike", "aria-label": "Also remove what sounds alike" }, opener, body);
    opener.setAttribute("aria-controls", body.id);
    el.classList.add("em", "em-alike-root");
    el.setAttribute("data-lm-suppress-shortcuts", "true");
    el.append(card);

    // ------------------------------------------------------------------------------------------ drawing

    function unfold(next) {
      isOpen = next;
      draw();
      if (isOpen && !trouble.textContent) range.focus();
      else silence();
    }

    function drawOpener() {
      opener.setAttribute("aria-expanded", String(isOpen));
      opener.replaceChildren(
        icon(isOpen ? "down" : "right"),
        make("b", {}, "Also remove what sounds alike"),
        make("span", { class: "em-muted em-small" }, `now ${inForce()}`),
      );
    }

    function draw() {
      drawOpener();
      body.hidden = !isOpen;
      trouble.textContent = model.get("trouble");
      trouble.hidden = !trouble.textContent;
      choice.hidden = keys.hidden = Boolean(trouble.textContent);
      if (!isOpen || trouble.textContent) return;
      range.max = steps().length;
      range.value = place;
      const distance = stepAt() ? `up to distance ${shownDistance(stepAt().distance)}` : "off";
      range.setAttribute("aria-label", "Up to which distance clips that sound alike are removed");
      range.setAttribute("aria-valuetext", `${distance}: ${words()}`);
      said.replaceChildren(make("b", {}, words()), make("span", { class: "em-muted" }, ` ${distance}`));
      drawCurve();
      drawDiffering();
      drawButtons();
      drawPairs();
    }

    function drawCurve() {
      const barred = differing.length ? placeOf(Math.min(...differing) - 1e-9) + 1 : null;
      drawAlikeCurve(curve, [0, ...steps().map((step) => step.share)], { place, barred, label: `Share of all clips that would go: ${words()}` });
    }

    function drawDiffering() {
      differ.hidden = !differing.length;
      const n = differing.length;
      differ.replaceChildren(
        `You heard a difference in ${n === 1 ? "1 pair" : `${n} pairs`}, the nearest ${shownDistance(Math.min(...differing))} apart. `,
        make("button", { type: "button", class: "em-btn em-small em-quiet", onclick: () => ((differing = []), draw()) }, "Forget"),
      );
    }

    function drawButtons() {
      const distance = stepAt()?.distance ?? null;
      const isThere = distance === model.get("applied");
      applyButton.hidden = offButton.hidden = !model.get("may_apply");
      applyButton.disabled = isBusy || isThere;
      applyButton.querySelector("span").textContent = isThere ? "In force" : "Apply";
      applyButton.title = isThere ? "This is what is in force" : "Groups the clips anew; nothing is deleted";
      offButton.disabled = isBusy || model.get("applied") === null;
    }

    function drawPairs() {
      const found = stepAt()?.pairs ?? [];
      listTitle.textContent = found.length ? "They would only just go: do they sound alike?" : "Move the slider to hear what would go.";
      pairs = found.map((pair, index) => ({ ...makeBorderPair(pair, index, { hear, hearOne, differ: markDiffering }), pair }));
      list.replaceChildren(...pairs.map((pair) => pair.element));
      cache.request(found.flatMap((pair) => [pair.stays.clip_id, pair.goes.clip_id]));
      follow();
    }

    function follow() {
      cancelAnimationFrame(frame);
      const soundingId = player.playing ? player.entry.id : null;
      for (const pair of pairs) pair.draw(soundingId);
      if (player.playing) frame = requestAnimationFrame(follow);
    }

    function tell(text, tone = "") {
      outcome.className = `em-small em-grow ${tone ? `em-tone-${tone}` : "em-muted"}`;
      outcome.textContent = text;
    }

    // ------------------------------------------------------------------------------------------ deeds

    function move(next) {
      place = Math.min(Math.max(0, next), steps().length);
      heardPair = null;
      tell("");
      draw();
    }

    /** Plays these clips one after the other. */
    async function playAll(ids) {
      wantedIds = ids;
      if (!ids.length) return;
      try {
        const entry = await cache.get(ids[0]);
        if (wantedIds !== ids) return;
        player.load(entry);
        player.play(0);
        follow();
      } catch (error) {
        tell(`Cannot play this clip: ${error.message}`, "bad");
      }
    }
    player.onended = () => playAll(wantedIds.slice(1));

    function hear(pair) {
      heardPair = pair;
      playAll([pair.stays.clip_id, pair.goes.clip_id]);
    }
    const hearOne = (id) => playAll([id]);

    function silence() {
      wantedIds = [];
      player.stop();
      follow();
    }

    /** A pair that is not to go: the slider stands below it from now on. */
    function markDiffering(pair) {
      silence();
      differing.push(pair.distance);
      const hadFocus = list.contains(document.activeElement);
      move(Math.min(place, steps().filter((step) => step.distance < Math.min(...differing)).length));
      if (hadFocus) range.focus();
    }

    function apply(distance) {
      if (isBusy) return;
      isBusy = true;
      tell("");
      draw();
      model.send({ type: "apply", distance });
    }

    function onMessage(message, buffers) {
      if (message.type === "error" || message.type === "applied") {
        isBusy = false;
        if (message.type === "error") tell(message.message, "bad");
        else tell("The clips are grouped anew; this may take a while.");
        draw();
      } else cache.receive(message, buffers);
    }

    function onKey(event) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !isOpen) return;
      const key = event.key.toLowerCase();
      const isOnButton = event.target.closest("button");
      if (/^[1-3]$/.test(key) && pairs[key - 1]) hear(pairs[key - 1].pair);
      else if (key === "d" && heardPair) markDiffering(heardPair);
      else if (key === " " && !isOnButton) silence();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    function onSteps() {
      differing = [];
      heardPair = null;
      place = placeOf(model.get("applied"));
      tell("");
      draw();
    }
    model.on("change:steps", onSteps);
    model.on("change:applied", onSteps);
    for (const trait of ["trouble", "may_apply"]) model.on(`change:${trait}`, draw);
    model.on("msg:custom", onMessage);
    card.addEventListener("keydown", onKey);
    const observer = new ResizeObserver(() => isOpen && !choice.hidden && drawCurve());
    observer.observe(curve);
    onSteps();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      model.off("change:steps", onSteps);
      model.off("change:applied", onSteps);
      for (const trait of ["trouble", "may_apply"]) model.off(`change:${trait}`, draw);
      model.off("msg:custom", onMessage);
      player.destroy();
      cache.destroy();
    };
  },
};
