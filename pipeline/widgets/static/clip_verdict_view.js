// The verdict page itself: what each action does, what the kernel says, what the screen shows.

const VERDICT_FEW_AHEAD = 6;
const VERDICT_ASK_AGAIN_MS = 10000;

class ClipVerdictView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.turn = 0;
    this.shownId = null;
    this.shownAtMs = 0;
    this.askedMoreAt = null;
    this.isExhausted = false;
    this.refusal = null;
    this.postponed = null;
    this.isKernelLost = false;
    this.starts = [];
    this.state = new VerdictState();
    const { starts, state } = this;
    window.__earmark_verdict = {
      starts,
      /** The clip on stage, once it can be decided. */
      stage: () => this.shownId,
      isQuiet: () => !this.trio.isPlaying && !this.trio.isInTurn,
      /** Whether all three clips of the next case can sound at once. */
      isNextHere: () =>
        state.ahead(1).every((one) => this.#clipsOf(one).every((id) => id === null || this.cache.has(id))),
      ids: () => state.cases.filter((one) => state.isOpen(one)).map(({ id }) => id),
    };
    this.cache = new ClipCache(model, { max: 48, recipe: () => model.get("picture") });
    this.trio = new Trio(this.cache, { changed: () => this.#refreshSoon(), starts: this.starts });
    this.#build();
    this.endKernel = watchKernel(model, {
      lost: () => (this.isKernelLost = true),
      changed: () => this.#refreshSoon(),
    });
    this.onSoundState = () => this.#refreshSoon();
    sharedContext().addEventListener("statechange", this.onSoundState);
    this.resize = new ResizeObserver(() => this.trio.repaint());
    this.resize.observe(el);
    this.endTheme = watchTheme(() => this.trio.repaint());
    this.outbox = new Outbox(model.get("storage_key"), {
      send: (event) => model.send(event),
      isLinkUp: () => (kernelOf(model)?.connectionStatus ?? "connected") === "connected",
      changed: () => this.#refreshSoon(),
      keptElsewhere: (event) => {
        this.state.replay([event]);
        this.#refreshSoon();
      },
    });
    this.askTimer = setInterval(() => this.#askMore(), VERDICT_ASK_AGAIN_MS);
    this.onList = () => this.#begin();
    model.on("change:list_key", this.onList);
    this.#begin();
  }

  #begin() {
    this.isExhausted = false;
    this.askedMoreAt = null;
    this.refusal = null;
    this.state.clear(this.model.get("cases"));
    this.state.replay(this.outbox.events);
    this.show(this.state.nextOpen());
  }

  get labels() {
    return this.model.get("labels").map((label, i) => ({ ...label, color: label.color ?? categoryColour(i) }));
  }

  // ------------------------------------------------------------------------------------------- what a key does

  act(action, { index = 0, atMs = performance.now() } = {}) {
    const isWaitingForGesture = sharedContext().state !== "running" && this.trio.isPlaying;
    if (sharedContext().state !== "running") sharedContext().resume();
    const one = this.state.current;
    const deeds = {
      toggle: () => one && !isWaitingForGesture && this.trio.toggle(),
      hear: () => one && this.trio.hear(index),
      confirm: () => one?.given != null && this.#decide("confirmed", one.given, atMs),
      relabel: () => one?.suggested != null && this.#decide("relabelled", one.suggested, atMs),
      search: () => one && this.search.open(this.labels),
      none: () => this.#decide("none_of_these", null, atMs),
      unsure: () => this.#decide("unsure", null, atMs),
      bad: () => this.#decide("bad_audio", null, atMs),
      undo: () => this.#undo(),
      previous: () => this.state.position > 0 && this.show(this.state.position - 1),
      next: () => this.state.position < this.state.cases.length && this.show(this.state.position + 1),
      help: () => this.help.toggle(),
    };
    deeds[action]();
    this.#refreshSoon();
  }

  /** Puts a clip and its two neighbours side by side and lets them be heard. */
  async show(position) {
    const { state, trio, cache } = this;
    const turn = ++this.turn;
    state.position = position;
    this.shownId = null;
    this.#askMore();
    const one = state.current;
    if (!one) {
      trio.halt();
      return this.#refreshSoon();
    }
    const ahead = state.ahead(this.model.get("prefetch"));
    cache.request([one, ...ahead].flatMap((each) => this.#clipsOf(each)).filter((id) => id !== null));
    this.#nameAll(one);
    this.#refreshSoon();
    const isThere = await trio.show(this.#clipsOf(one));
    if (turn !== this.turn || !isThere) return;
    this.shownId = one.id;
    this.shownAtMs = performance.now();
    this.live.textContent = `${one.name}, labelled ${one.given ?? "with no label"}`;
    if (this.model.get("autoplay") && document.hasFocus()) trio.playInTurn("shown");
    this.#refreshSoon();
  }

  #clipsOf(one) {
    return [one.id, one.near_given?.id ?? null, one.near_suggested?.id ?? null];
  }

  #nameAll(one) {
    const colours = [one.given, one.given, one.suggested].map((label) => this.#colourOf(label));
    const clips = [one, one.near_given, one.near_suggested];
    const labels = [one.given, one.given, one.suggested];
    this.trio.panels.forEach((panel, i) => panel.describe(clips[i], labels[i], colours[i]));
  }

  #colourOf(label) {
    return this.labels.find(({ name }) => name === label)?.color ?? categoryColour(null);
  }

  #decide(verdict, label, atMs) {
    const { state } = this;
    const one = state.current;
    if (!one || this.shownId !== one.id || state.settled.has(one.id)) return;
    const before = state.decided.get(one.id);
    if (before?.verdict !== verdict || before.label !== label) {
      const eventId = newEventId();
      const heard = { ...this.trio.heard, response_ms: Math.max(0, Math.round(atMs - this.shownAtMs)) };
      if (before) this.#withdraw(one, before);
      state.decide(one, { eventId, verdict, label });
      const { given, suggested, score, doubt } = one;
      const picture = this.model.get("picture").hash ?? null;
      const facts = { doubt, given, suggested, score, heard, picture, supersedes: null };
      this.outbox.add({ type: "verdict", event_id: eventId, clip_id: one.id, verdict, label, ...facts });
    }
    this.show(state.nextOpen());
  }

  #choose(name, atMs) {
    const one = this.state.current;
    if (one) this.#decide(name === one.given ? "confirmed" : "relabelled", name, atMs);
  }

  #undo() {
    const { state } = this;
    const step = state.steps.at(-1);
    if (!step) return;
    const given = state.decided.get(step.clipId);
    state.reopen(step.clipId);
    if (given) this.#withdraw(step.case, given);
    if (state.indexOf(step.clipId) < 0) state.cases.splice(Math.max(0, state.position), 0, step.case);
    this.show(state.indexOf(step.clipId));
  }

  #withdraw(one, given) {
    const event = { type: "verdict", event_id: newEventId(), clip_id: one.id, doubt: one.doubt, verdict: "withdrawn" };
    this.outbox.add({ ...event, label: null, supersedes: given.eventId, heard: null });
  }

  // ------------------------------------------------------------------------------------------- the kernel

  receive(message, buffers) {
    this.isKernelLost = false;
    const deeds = {
      clip: () => this.cache.receive(message, buffers),
      missing: () => this.cache.receive(message),
      saved: () => {
        this.postponed = null;
        this.outbox.confirm(message.event_ids);
      },
      postponed: () => (this.postponed = message.message),
      refused: () => this.#refuse(message),
      cases: () => this.#append(message),
      no_more: () => {
        this.askedMoreAt = null;
        this.isExhausted = true;
        this.refusal = message.message;
      },
    };
    deeds[message.type]?.();
    this.#refreshSoon();
  }

  #refuse({ event_id: eventId, message, is_settled: isSettled }) {
    const kept = this.outbox.events;
    const event = kept.find((one) => one.event_id === eventId);
    // What it takes back got lost on the way and is sent again, in order: then this one is right.
    if (event?.supersedes && kept.some((one) => one.event_id === event.supersedes)) return;
    this.outbox.confirm([eventId]);
    if (!event) return;
    const { state } = this;
    const id = event.clip_id;
    if (state.decided.get(id)?.eventId === eventId) state.reopen(id);
    if (isSettled) state.settled.add(id);
    const at = state.indexOf(id);
    this.notices.error(`Not saved, ${at < 0 ? `clip ${id}` : visibleText(state.cases[at].name)}: ${message}`);
    if (!state.current) this.show(state.nextOpen());
  }

  #append({ cases, list_key: listKey }) {
    if (listKey !== this.model.get("list_key")) return;
    const { state } = this;
    this.askedMoreAt = null;
    this.refusal = null;
    const wasAtEnd = !state.current;
    this.isExhausted = state.append(cases) === 0;
    if (wasAtEnd && state.nextOpen() < state.cases.length) this.show(state.nextOpen());
  }

  #askMore() {
    if (this.isKernelLost || this.isExhausted) return;
    const isAsked = this.askedMoreAt !== null && performance.now() - this.askedMoreAt < VERDICT_ASK_AGAIN_MS;
    if (isAsked || this.state.ahead(VERDICT_FEW_AHEAD).length >= VERDICT_FEW_AHEAD) return;
    this.askedMoreAt = performance.now();
    const unsaved = this.outbox.events.map((event) => event.clip_id);
    const open = this.state.cases.filter((one) => this.state.isOpen(one)).map(({ id }) => id);
    const have = [...new Set([...open, ...unsaved])];
    this.model.send({ type: "more", have, list_key: this.model.get("list_key") });
  }

  // ------------------------------------------------------------------------------------------- the screen

  #build() {
    const act = (action) => this.act(action);
    this.notices = new VerdictNotices();
    this.head = new VerdictHead({ act });
    this.evidence = make("div", { class: "em-evidence" });
    this.buttons = new VerdictButtons({ act });
    this.finished = new VerdictFinished();
    this.help = new VerdictHelp();
    this.search = new VerdictSearch({ onLabel: (name, atMs) => this.#choose(name, atMs) });
    this.live = make("div", { class: "em-only-read", "aria-live": "polite" });
    const caps = (...letters) => letters.flatMap((letter) => [make("kbd", {}, letter), " "]);
    this.hint = make(
      "div",
      { class: "em-verdict-hint" },
      make(
        "p",
        { class: "em-small em-muted em-grow" },
        ...caps("Space"),
        "hears the three in turn, ",
        ...caps("1", "2", "3"),
        "each alone",
      ),
      makeButton({
        text: "Undo",
        title: "Take the last verdict back (Ctrl Z or ⌫)",
        kind: "em-small em-quiet em-verdict-undo",
        onclick: () => act("undo"),
      }),
    );
    this.body = make(
      "div",
      { class: "em-verdict-body" },
      this.head.root,
      this.trio.root,
      this.hint,
      this.evidence,
      this.buttons.root,
    );
    this.el.append(this.notices.root, this.body, this.finished.root, this.search.root, this.help.root, this.live);
  }

  #refreshSoon() {
    this.refreshFrame ??= requestAnimationFrame(() => this.#refresh());
  }

  #refresh() {
    this.refreshFrame = null;
    const { state, outbox } = this;
    const one = state.current;
    const unsaved = outbox.events;
    const link = this.isKernelLost ? "lost" : outbox.link;
    const words = { link, n: unsaved.length, postponed: this.postponed, isDurable: outbox.isDurable };
    this.notices.sayLink(verdictLinkWords(words), { isLost: link === "lost" });
    this.head.showSaved(unsaved.length, link);
    this.body.hidden = !one;
    this.finished.root.hidden = Boolean(one);
    if (!one) {
      const isWaiting = this.askedMoreAt !== null && !this.isExhausted;
      this.finished.show({ nDecided: state.decided.size, nUnsaved: unsaved.length, isWaiting, refusal: this.refusal });
      return;
    }
    const decided = state.decided.get(one.id);
    const nOpen = Math.max(state.nOpen, this.#nLeft());
    this.head.show(one, { decided, isSettled: state.settled.has(one.id), nOpen });
    this.buttons.show(one, { decided, colourOf: (label) => this.#colourOf(label) });
    if (this.drawnFor !== one) {
      this.drawnFor = one;
      this.evidence.replaceChildren(...drawEvidence(one, (label) => this.#colourOf(label)));
    }
    this.hint.querySelector(".em-verdict-undo").disabled = !state.steps.length;
    const isSilenced = this.trio.isPlaying && sharedContext().state !== "running";
    this.trio.panels[0].say(isSilenced ? "Press a key to start the sound" : null);
    this.trio.follow();
    if (this.trio.isPlaying) this.#refreshSoon();
  }

  /** How many wait in all: those of the list as it was given out, less what was decided since. */
  #nLeft() {
    const decidedHere = this.state.cases.filter((one) => !this.state.isOpen(one)).length;
    return this.model.get("n_open") - decidedHere;
  }

  destroy() {
    this.turn += 1;
    cancelAnimationFrame(this.refreshFrame);
    sharedContext().removeEventListener("statechange", this.onSoundState);
    this.model.off("change:list_key", this.onList);
    this.resize.disconnect();
    this.endTheme();
    this.endKernel();
    clearInterval(this.askTimer);
    this.outbox.destroy();
    this.trio.destroy();
    this.cache.destroy();
  }
}
