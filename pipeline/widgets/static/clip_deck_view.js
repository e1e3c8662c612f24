// The deck itself: what each action does, what the kernel says, what the screen shows. Joined before clip_deck.js.

class ClipDeckView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.turn = 0;
    this.shownId = null;
    this.shownAtMs = 0;
    this.postponed = null;
    this.isKernelLost = false;
    this.isMany = model.get("labels_per_clip") === "many";
    /** The labels that are chosen for the clip on stage and not yet given, where it may have many. */
    this.chosen = new Set();
    this.labels = model.get("labels").map((label, i) => ({ ...label, color: label.color ?? categoryColour(i) }));
    this.state = new DeckState({ clips: model.get("queue"), total: model.get("total"), done: model.get("done") });
    this.cache = new ClipCache(model, {
      max: Math.max(24, 3 * model.get("prefetch")),
      recipe: () => model.get("picture"),
    });
    this.player = new Player();
    this.player.onended = () => this.#showSound();
    this.starts = [];
    window.__earmark_deck = { starts: this.starts, player: this.player };
    this.recent = new RecentLabels(model.get("storage_key"));
    this.#build();
    this.endKernel = watchKernel(model, {
      lost: () => (this.isKernelLost = true),
      changed: () => this.#refreshSoon(),
    });
    this.more = new DeckMore(model, this.state, {
      isLost: () => this.isKernelLost,
      unsaved: () => this.outbox.events,
    });
    this.onSoundState = () => this.#refreshSoon();
    sharedContext().addEventListener("statechange", this.onSoundState);
    this.outbox = new Outbox(model.get("storage_key"), {
      send: (event) => model.send(event),
      isLinkUp: () => (kernelOf(model)?.connectionStatus ?? "connected") === "connected",
      changed: () => this.#refreshSoon(),
      keptElsewhere: (event) => this.#takeOver(event),
    });
    this.onPicture = () => this.cache.picture((entry) => this.#showPicture(entry));
    model.on("change:picture", this.onPicture);
    this.state.replay(this.outbox.events);
    this.state.position = -1;
    this.show(this.state.nextOpen(), "start", performance.now());
    if (model.get("guided") !== null && !this.guide.isSeen && this.state.current) this.guide.begin();
  }

  // ------------------------------------------------------------------------------------------- what a key does

  /** @param {string} action  @param {{index?: number, atMs?: number}} [how] */
  act(action, { index = 0, atMs = performance.now() } = {}) {
    const { state } = this;
    const clip = state.current;
    const deeds = {
      label: () => this.labels[index] && this.#choose(this.labels[index].name, atMs),
      give: () => this.chosen.size && this.#answer("label", [...this.chosen], atMs),
      digit: () => this.#press(index, atMs),
      search: () => this.search.open(this.labels, this.recent.names),
      accept: () => this.#accept(atMs),
      reject: () => clip?.proposed && !state.rejected.delete(clip.id) && state.rejected.add(clip.id),
      unsure: () => this.#answer("unsure", [], atMs),
      none: () => this.#answer("none_of_these", [], atMs),
      bad: () => this.#answer("bad_audio", [], atMs),
      flag: () => this.#flag(),
      skip: () => this.#skip(atMs),
      previous: () => state.position > 0 && this.show(state.position - 1, "previous", atMs),
      next: () => state.position < state.clips.length && this.show(state.position + 1, "next", atMs),
      undo: () => this.#undo(atMs),
      help: () => this.help.toggle(),
    };
    const isPractice = this.guide.isOn && action !== "digit";
    if (isPractice) this.guide.see(action, this.#labelBy(action, index));
    if (!this.listening.act(action)) {
      this.listening.wake();
      if (!isPractice || action === "help") deeds[action]();
    }
    this.#showSound();
    this.#refreshSoon();
  }

  /** The label on a digit's key; a family opens instead. */
  #press(digit, atMs) {
    const index = this.answers.choose(digit);
    if (index !== undefined) this.act("label", { index, atMs });
  }

  /** The label that this would give, null for none. */
  #labelBy(action, index) {
    const proposed = this.state.current?.proposed?.label;
    if (action === "label") return this.labels[index]?.name ?? null;
    return action === "accept" ? (proposed ?? null) : undefined;
  }

  /** Puts a clip on stage and starts its sound. */
  async show(position, why, atMs) {
    const { state, cache, player, stage } = this;
    const turn = ++this.turn;
    state.position = position;
    player.stop();
    this.answers.back();
    this.shownId = null;
    this.more.ask();
    const clip = state.current;
    if (!clip) return this.#refreshSoon();
    const isHit = cache.has(clip.id);
    cache.request([clip, ...state.ahead(this.model.get("prefetch"))].map(({ id }) => id));
    if (!isHit) {
      stage.wait();
      stage.say("Fetching the clip …");
      this.#refreshSoon();
    }
    let entry;
    try {
      entry = await cache.get(clip.id);
    } catch (error) {
      if (turn !== this.turn) return;
      stage.wait();
      stage.say(`${error.message}. S skips it.`);
      return this.#refreshSoon();
    }
    if (turn !== this.turn) return;
    this.listening.load(entry);
    this.chosen = new Set(labelsOf(state.answers.get(clip.id)));
    this.shownId = clip.id;
    this.shownAtMs = performance.now();
    // Two tabs at once would be heard over each other.
    if (this.model.get("autoplay") && (why !== "elsewhere" || document.hasFocus())) {
      player.play(0);
      this.starts.push({ id: clip.id, why, hit: isHit, dt_ms: performance.now() - atMs });
    }
    this.finished.root.hidden = true;
    this.body.hidden = false;
    stage.show(entry);
    stage.showSpan(null);
    this.live.textContent = `${clip.name}, clip ${position + 1} of ${state.clips.length}`;
    this.#showSound();
    this.#refresh();
  }

  /** Gives the label; where a clip may have many, takes it or lays it aside until all are given together. */
  #choose(name, atMs) {
    if (!this.isMany) return this.#answer("label", [name], atMs);
    if (!this.chosen.delete(name)) this.chosen.add(name);
    this.answers.flash(this.labels.findIndex((label) => label.name === name));
  }

  /** @param {Given["answer"]} answer  @param {string[]} names the labels, none for every other answer */
  #answer(answer, names, atMs) {
    const clip = this.state.current;
    if (!clip || this.shownId !== clip.id) return;
    const before = this.state.answers.get(clip.id);
    const [label = null, ...also] = names;
    if (before?.answer !== answer || String(labelsOf(before)) !== String(names)) {
      const eventId = newEventId();
      const responseMs = Math.max(0, Math.round(atMs - this.shownAtMs));
      const heard = { ...this.player.heard, response_ms: responseMs, speed: this.player.speed };
      this.state.answer(clip.id, { eventId, answer, label, also });
      const event = { type: "answer", event_id: eventId, clip_id: clip.id, answer, label, also, heard };
      const picture = this.player.entry?.spectrogram.recipe.hash ?? null;
      this.outbox.add({ ...event, supersedes: before?.eventId ?? null, picture });
      names.forEach((name) => this.recent.add(name));
      this.answers.flash(this.labels.findIndex(({ name }) => name === label));
    }
    this.show(this.state.nextOpen(), "label", atMs);
  }

  #accept(atMs) {
    const clip = this.state.current;
    const isKnown = this.labels.some(({ name }) => name === clip?.proposed?.label);
    if (isKnown && !this.state.rejected.has(clip.id)) this.#answer("label", [...new Set([clip.proposed.label, ...this.chosen])], atMs);
  }

  #flag(clip = this.state.current, { isStep = true } = {}) {
    if (!clip) return;
    const isRaised = this.state.toggleFlag(clip.id);
    if (isStep) this.state.steps.push({ kind: "flag", clipId: clip.id });
    this.outbox.add({ type: "flag", event_id: newEventId(), clip_id: clip.id, is_raised: isRaised });
  }

  #skip(atMs) {
    const clip = this.state.current;
    if (!clip) return;
    if (this.state.isOpen(clip.id)) {
      this.state.skip(clip.id);
      this.outbox.add({ type: "skip", event_id: newEventId(), clip_id: clip.id });
    }
    this.show(this.state.nextOpen(), "skip", atMs);
  }

  #undo(atMs) {
    const { state } = this;
    for (let step = state.steps.pop(); step; step = state.steps.pop()) {
      const position = state.indexOf(step.clipId);
      if (step.kind === "flag") this.#flag(state.clips[position], { isStep: false });
      const given = state.answers.get(step.clipId);
      if (step.kind === "answer" && !given) continue;
      if (step.kind !== "flag") state.reopen(step.clipId);
      if (step.kind === "answer") this.#withdraw(step.clipId, given);
      if (position !== state.position) this.show(position, "undo", atMs);
      return;
    }
  }

  #withdraw(clipId, given) {
    const event = { type: "answer", event_id: newEventId(), clip_id: clipId, answer: "withdrawn", label: null };
    this.outbox.add({ ...event, supersedes: given.eventId, heard: null });
  }

  /** What another tab of this person decided is not decided here once more. */
  #takeOver(event) {
    const { state } = this;
    const wasOpen = state.current && state.isOpen(state.current.id);
    state.replay([event]);
    const isTaken = wasOpen && !state.isOpen(state.current.id);
    if (isTaken || !state.current) this.show(state.nextOpen(), "elsewhere", performance.now());
    this.#refreshSoon();
  }

  // ------------------------------------------------------------------------------------------- the kernel

  receive(message, buffers) {
    this.isKernelLost = false; // who speaks to this deck knows it
    const deeds = {
      clip: () => this.cache.receive(message, buffers),
      outline: () => this.cache.receive(message, buffers),
      part: () => this.cache.receive(message, buffers),
      missing: () => this.cache.receive(message),
      saved: () => {
        this.postponed = null;
        this.outbox.confirm(message.event_ids);
      },
      postponed: () => {
        this.postponed = message.message;
      },
      refused: () => this.#refuse(message),
      queue: () => this.#append(message),
      no_more: () => this.more.refuse(message.message),
    };
    deeds[message.type]?.();
    this.#refreshSoon();
  }

  #refuse({ event_id: eventId, message, is_settled: isSettled }) {
    const kept = this.outbox.events;
    const event = kept.find((one) => one.event_id === eventId);
    // What it corrects got lost on the way and is sent again, in order: then this one is right.
    if (event?.supersedes && kept.some((one) => one.event_id === event.supersedes)) return;
    this.outbox.confirm([eventId]);
    if (!event) return;
    const { state } = this;
    const id = event.clip_id;
    if (!isSettled && state.answers.get(id)?.eventId === eventId) state.reopen(id);
    if (event.type === "skip") state.skipped.delete(id);
    if (event.type === "flag") state.flagged[event.is_raised ? "delete" : "add"](id);
    const position = state.indexOf(id);
    const name = position < 0 ? `clip ${id}` : state.clips[position].name;
    const way = { text: "Go to the clip", onclick: () => this.show(position, "refused", performance.now()) };
    this.notices.error(`Not saved, ${name}: ${message}`, position < 0 ? undefined : way);
  }

  #append(message) {
    const { state } = this;
    const wasAtEnd = !state.current;
    this.more.take(message);
    const first = state.clips.findIndex(({ id }) => state.isOpen(id));
    if (wasAtEnd && first >= 0) this.show(first, "queue", performance.now());
    else this.cache.request(state.ahead(this.model.get("prefetch")).map(({ id }) => id));
  }

  // ------------------------------------------------------------------------------------------- the screen

  #build() {
    const act = (action) => this.act(action);
    const onLabel = (index, atMs) => this.act("label", { index, atMs });
    this.progress = new DeckProgress();
    this.notices = new DeckNotices();
    this.head = new DeckHead({ onAccept: () => act("accept"), onReject: () => act("reject") });
    this.stage = new DeckStage({
      onSeek: (s) => this.#listen(() => this.player.seek(s)),
      onSpan: (span) => this.#listen(() => this.listening.loopPart(span)),
    });
    this.listening = new DeckListening(this.player, this.stage);
    this.transport = new DeckTransport(act);
    this.answers = new DeckAnswers({ onLabel, act, isMany: this.isMany });
    this.guide = new DeckGuide({
      who: this.model.get("guided") ?? "",
      changed: () => this.#refreshSoon(),
      ended: () => (this.shownAtMs = performance.now()), // practice is no time to answer
    });
    this.help = new DeckHelp({ onGuide: () => this.guide.begin() });
    this.search = new DeckSearch({ onLabel });
    this.finished = new DeckFinished({ onSkipped: () => this.#reviveSkipped(), onMore: () => this.#lookForMore() });
    this.live = make("div", { class: "em-only-read", "aria-live": "polite" });
    this.body = make(
      "div",
      { class: "em-deck-body" },
      this.head.root,
      this.stage.root,
      this.transport.root,
      this.answers.root,
    );
    this.answers.setLabels(this.labels);
    const overlays = [this.search.root, this.help.root, this.live];
    this.el.append(this.progress.root, this.notices.root, this.guide.root, this.body, this.finished.root, ...overlays);
  }

  #listen(deed) {
    this.listening.wake();
    deed();
    this.#showSound();
    this.#refreshSoon();
  }

  #showPicture(entry) {
    if (this.shownId === entry.id) this.stage.show(entry);
  }

  #reviveSkipped() {
    this.state.skipped.clear();
    this.show(this.state.nextOpen(), "skipped", performance.now());
  }

  #lookForMore() {
    this.more.askAgain();
    this.#refreshSoon();
  }

  /** The playhead and the time, for as long as there is sound. */
  #showSound() {
    const { player } = this;
    cancelAnimationFrame(this.soundFrame);
    this.stage.moveHead(player.time);
    this.transport.showTime(player.time, player.duration);
    const isFlagged = this.state.flagged.has(this.state.current?.id);
    this.transport.show({ ...this.listening.state, isFlagged });
    if (player.playing) this.soundFrame = requestAnimationFrame(() => this.#showSound());
  }

  #refreshSoon() {
    this.refreshFrame ??= requestAnimationFrame(() => this.#refresh());
  }

  #refresh() {
    cancelAnimationFrame(this.refreshFrame);
    this.refreshFrame = null;
    const { state, outbox } = this;
    const clip = state.current;
    const unsaved = outbox.events;
    const link = this.isKernelLost ? "lost" : outbox.link;
    this.progress.show({ done: state.done, total: state.total, nUnsaved: unsaved.length, link });
    this.notices.sayLink(
      wordsOnLink({ link, n: unsaved.length, postponed: this.postponed, isDurable: outbox.isDurable }),
      { isLost: link === "lost" },
    );
    this.body.hidden = !clip;
    this.finished.root.hidden = Boolean(clip);
    if (!clip) {
      const counts = { nAnswered: state.answers.size, nSkipped: state.skipped.size, nUnsaved: unsaved.length };
      const { isWaiting, refusal } = this.more;
      this.finished.show({ ...counts, isWaiting, isLost: link === "lost", refusal });
      return;
    }
    const given = state.answers.get(clip.id);
    const isRejected = state.rejected.has(clip.id);
    const colour = this.labels.find(({ name }) => name === clip.proposed?.label)?.color ?? categoryColour(null);
    this.head.show(clip, {
      given,
      isFlagged: state.flagged.has(clip.id),
      isSkipped: state.skipped.has(clip.id),
      isRejected,
      colour,
      position: state.position,
    });
    this.answers.show({ given, chosen: this.isMany ? [...this.chosen] : labelsOf(given), proposed: isRejected ? null : clip.proposed?.label });
    if (this.shownId !== clip.id) return;
    this.stage.showSpan(Array.isArray(this.player.loop) ? this.player.loop : null);
    const isSilenced = this.player.playing && sharedContext().state !== "running";
    this.stage.say(isSilenced ? "Press Space to start the sound" : null);
  }

  destroy() {
    this.turn += 1;
    cancelAnimationFrame(this.soundFrame);
    cancelAnimationFrame(this.refreshFrame);
    sharedContext().removeEventListener("statechange", this.onSoundState);
    this.model.off("change:picture", this.onPicture);
    this.endKernel();
    this.more.destroy();
    this.outbox.destroy();
    this.stage.destroy();
    this.player.destroy();
    this.cache.destroy();
  }
}
