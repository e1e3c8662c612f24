// What was found: a list that is heard by arrow keys, ticked, and searched on from. Joined after sound.js.

class ResultList {
  /**
   * `actions`: play(row), toggle(row), like(clipId), ticked(ids), more().
   * @param {ClipCache} cache  @param {object} actions
   */
  constructor(cache, actions) {
    this.cache = cache;
    this.actions = actions;
    this.rows = [];
    this.at = 0;
    this.ticked = new Set();
    this.isTickable = true;
    this.title = make("h2", { class: "em-title em-grow" });
    this.autoplay = make("input", { type: "checkbox", checked: true });
    this.tickAll = makeButton({ text: "Tick all", kind: "em-small em-quiet", onclick: () => this.#tickAll() });
    this.list = make("ul", { class: "em-found-list", onkeydown: (event) => this.#key(event) });
    this.more = makeButton({ text: "Show more", iconName: "down", kind: "em-quiet", onclick: () => actions.more() });
    this.root = make(
      "section",
      { class: "em-card em-found", "aria-label": "Found clips", hidden: true },
      make(
        "header",
        { class: "em-found-head" },
        this.title,
        make("label", { class: "em-found-autoplay em-small" }, this.autoplay, "Play on arrow keys"),
        this.tickAll,
      ),
      this.list,
      make("div", { class: "em-found-foot" }, this.more, foundKeys()),
    );
    this.seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries)
        if (isIntersecting) this.#fill(this.rows.find((row) => row.element === target));
    });
    this.endTheme = watchTheme(() => this.rows.forEach((row) => this.#paint(row)));
  }

  /** @param {{results: object[], heading: string, words: string, hasMore: boolean, ticked: number[]}} found */
  show({ results, heading, words, hasMore, ticked, isTickable }) {
    const hadFocus = this.list.contains(document.activeElement);
    const here = this.rows[this.at]?.result.clip_id;
    this.seen.disconnect();
    this.title.textContent = heading;
    this.ticked = new Set(ticked);
    this.isTickable = isTickable;
    this.words = words;
    this.more.hidden = !hasMore;
    this.tickAll.hidden = !isTickable || !results.length;
    this.root.hidden = !heading;
    this.rows = results.map((result, index) => this.#row(result, index));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    const place = this.rows.findIndex((row) => row.result.clip_id === here);
    this.#stand(Math.max(0, place), hadFocus);
    for (const row of this.rows) this.seen.observe(row.element);
    this.#showTicks();
  }

  /** Focuses a row and, if the person wants it, plays it. @param {number} index */
  goTo(index) {
    if (!this.rows.length) return;
    this.#stand(Math.max(0, Math.min(this.rows.length - 1, index)), true);
    if (this.autoplay.checked) this.actions.play(this.rows[this.at]);
  }

  /** @param {number | null} id  @param {number} share of the clip, @param {boolean} isPlaying */
  follow(id, share, isPlaying) {
    for (const row of this.rows) {
      const isHere = row.result.clip_id === id;
      row.element.classList.toggle("em-sounding", isHere);
      if (isHere) row.head.style.transform = `translateX(${share * row.stage.clientWidth}px)`;
      if (row.isShownPlaying === (isHere && isPlaying)) continue;
      row.isShownPlaying = isHere && isPlaying;
      row.play.replaceChildren(icon(row.isShownPlaying ? "pause" : "play"));
    }
  }

  destroy() {
    this.seen.disconnect();
    this.endTheme();
  }

  #row(result, index) {
    const name = visibleText(result.name);
    const row = { result, index, canvas: make("canvas", { "aria-hidden": "true" }), head: make("i", { class: "em-playhead" }) };
    row.tick = make("input", { type: "checkbox", "aria-label": `Tick ${name}`, onchange: () => this.#tick(row) });
    row.play = makeButton({
      iconName: "play",
      title: `Play ${name}`,
      kind: "em-icon em-small em-play",
      onclick: () => this.#use(row, () => this.actions.toggle(row)),
    });
    row.stage = make(
      "div",
      { class: "em-found-picture", title: "Click to play", onclick: () => this.#use(row, () => this.actions.play(row)) },
      row.canvas,
      row.head,
    );
    row.like = makeButton({
      text: "More like this",
      title: `Search by ${name} (M)`,
      kind: "em-small",
      onclick: () => this.#use(row, () => this.actions.like(result.clip_id)),
    });
    const similarity = formatNumber(result.similarity, { digits: 3 });
    const bar = make("i", { style: { width: `${100 * shareOfOne(result.similarity)}%` } });
    row.element = make(
      "li",
      { class: "em-found-row", "aria-label": `${index + 1}. ${name}, ${this.words} ${similarity}` },
      this.isTickable ? make("label", { class: "em-found-tick" }, row.tick) : null,
      make("span", { class: "em-found-rank em-num em-muted em-small" }, String(index + 1)),
      row.play,
      row.stage,
      make(
        "div",
        { class: "em-found-words" },
        make("div", { class: "em-found-name em-ellipsis", title: name }, name),
        make(
          "div",
          { class: "em-found-about em-muted em-small" },
          result.label ? make("span", { class: "em-pill em-accent em-ellipsis" }, visibleText(result.label)) : null,
          make("span", { class: "em-ellipsis" }, result.detail ?? ""),
        ),
      ),
      make(
        "div",
        { class: "em-found-similarity", title: this.words },
        make("b", { class: "em-num" }, similarity),
        make("span", { class: "em-found-bar", "aria-hidden": "true" }, bar),
      ),
      row.like,
    );
    row.element.addEventListener("pointerdown", () => this.#stand(index, false));
    row.element.addEventListener("focusin", () => this.#stand(index, false));
    return row;
  }

  async #fill(row) {
    if (!row || row.spectrogram || row.isAsked) return;
    row.isAsked = true;
    try {
      row.spectrogram = (await this.cache.get(row.result.clip_id)).spectrogram;
      this.#paint(row);
    } catch (error) {
      row.stage.title = `Cannot show this clip: ${error.message}`;
      row.stage.classList.add("em-found-missing");
    }
  }

  #paint(row) {
    if (row.spectrogram && row.element.isConnected && row.canvas.clientWidth)
      paintSpectrogram(row.canvas, row.spectrogram, isDarkPage());
  }

  #use(row, deed) {
    this.#stand(row.index, false);
    deed();
  }

  /** One row at a time is a stop of the Tab key, with what is in it. */
  #stand(index, isFocused) {
    this.at = index;
    this.rows.forEach((row, place) => {
      const isHere = place === index;
      row.element.classList.toggle("em-found-here", isHere);
      row.element.tabIndex = isHere ? 0 : -1;
      for (const part of [row.tick, row.play, row.like]) part.tabIndex = isHere ? 0 : -1;
    });
    if (!isFocused || !this.rows[index]) return;
    this.rows[index].element.focus({ preventScroll: true });
    this.rows[index].element.scrollIntoView({ block: "nearest" });
  }

  #tick(row) {
    if (row.tick.checked) this.ticked.add(row.result.clip_id);
    else this.ticked.delete(row.result.clip_id);
    this.#tellTicks();
  }

  #tickAll() {
    const isAll = this.rows.every((row) => this.ticked.has(row.result.clip_id));
    this.ticked = new Set(isAll ? [] : this.rows.map((row) => row.result.clip_id));
    this.#tellTicks();
  }

  #tellTicks() {
    this.#showTicks();
    this.actions.ticked(this.rows.map((row) => row.result.clip_id).filter((id) => this.ticked.has(id)));
  }

  #showTicks() {
    for (const row of this.rows) row.tick.checked = this.ticked.has(row.result.clip_id);
    const isAll = this.rows.length > 0 && this.rows.every((row) => row.tick.checked);
    this.tickAll.querySelector("span").textContent = isAll ? "Tick none" : "Tick all";
  }

  #key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.rows[this.at];
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isOnControl = event.target instanceof Element && Boolean(event.target.closest("button, input"));
    const goal = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: this.rows.length - 1 }[key];
    if (goal !== undefined) this.goTo(goal);
    else if (!row || event.repeat) return;
    else if (key === " " && !isOnControl) this.actions.toggle(row);
    else if (key === "m") this.actions.like(row.result.clip_id);
    else if (key === "x" && this.isTickable) {
      row.tick.checked = !row.tick.checked;
      this.#tick(row);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function foundKeys() {
  const keys = [
    ["↑ ↓", "next clip"],
    ["Space", "play, pause"],
    ["M", "more like this"],
    ["X", "tick"],
  ];
  const parts = keys.map(([key, words]) =>
    make("span", {}, ...key.split(" ").flatMap((part) => [make("kbd", {}, part), " "]), words),
  );
  return make("div", { class: "em-found-keys em-muted em-small" }, ...parts);
}
