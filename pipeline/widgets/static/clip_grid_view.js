// The grid itself: what each action does, what the kernel says, what the screen shows. Joined before clip_grid.js.

const REST_MS = 160;
const ASK_NEXT_AGAIN_MS = 10000;
const MOVES = { arrowleft: -1, arrowright: 1, home: -Infinity, end: Infinity };

class ClipGridView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.state = new GridState();
    this.attention = new Attention();
    this.asked = null;
    this.isArmed = false;
    this.isKernelLost = false;
    this.postponed = null;
    this.refusal = null;
    this.cache = new ClipCache(model, { max: 130, recipe: () => model.get("picture") });
    this.hearing = new GridHearing(this.cache, {
      onturn: (id) => this.#focus(id),
      onchange: () => this.#showSound(),
      isWanted: (id) => this.#canSound(id) && !this.state.batch.struck.has(id),
    });
    window.__earmark_grid = { starts: this.hearing.starts };
    this.screen = new GridScreen(el, {
      labels: model.get("labels").map((label, i) => ({ ...label, color: label.color ?? categoryColour(i) })),
      canChoose: model.get("can_choose"),
      cache: this.cache,
      hearing: this.hearing,
      act: (action) => this.act(action),
      onLabel: (name) => this.#setLabel(name),
      onTrouble: () => this.#refreshSoon(),
      rest: (id) => this.#rest(id),
      leave: () => this.#leave(),
      press: (id, isTouch) => this.#press(id, isTouch),
    });
    this.endKernel = watchKernel(model, { lost: () => (this.isKernelLost = true), changed: () => this.#refreshSoon() });
    this.onSoundState = () => this.#refreshSoon();
    sharedContext().addEventListener("statechange", this.onSoundState);
    this.askTimer = setInterval(() => this.#askAgain(), ASK_NEXT_AGAIN_MS / 4);
    this.outbox = new Outbox(model.get("storage_key"), {
      send: (event) => model.send(event),
      isLinkUp: () => (kernelOf(model)?.connectionStatus ?? "connected") === "connected",
      changed: () => this.#refreshSoon(),
      keptElsewhere: (event) => this.#takeOver(event),
    });
    this.open();
  }

  // ------------------------------------------------------------------------------------------- what a key does

  /** @param {string} action  @param {string} [key] */
  act(action, key) {
    if (sharedContext().state !== "running") sharedContext().resume();
    const wasArmed = this.isArmed;
    this.isArmed = false;
    const { batch } = this.state;
    const deeds = {
      taste: () => (this.hearing.isTasting ? this.hearing.stop() : this.#taste()),
      toggle: () => this.hearing.toggle(this.#focused),
      move: () => this.#move(key),
      replay: () => this.#focused !== undefined && this.hearing.play(this.#focused, "replay"),
      shorter: () => this.hearing.setMoment(-1),
      longer: () => this.hearing.setMoment(1),
      strike: () => this.#strike(this.#focused),
      "strike before": () => this.#strike(batch?.clips[batch.focus - 1]?.id),
      confirm: () => this.#confirm(wasArmed),
      undo: () => this.#undo(),
      label: () => this.model.get("can_choose") && this.screen.bar.chooser.focus(),
      help: () => this.screen.toggleHelp(),
    };
    deeds[action]();
    this.#showSound();
  }

  /** No sound and no tasting any more. */
  silence() {
    clearTimeout(this.restTimer);
    this.hearing.stop();
    this.#showSound();
  }

  get #focused() {
    const { batch } = this.state;
    return batch?.clips[batch.focus]?.id;
  }

  /** Attends to a clip: the arrows go on from here, and X means it. */
  #focus(id) {
    const { batch } = this.state;
    this.attention.turnTo(id);
    batch.focus = batch.clips.findIndex((clip) => clip.id === id);
    this.#refresh();
    this.screen.focusOn(id);
  }

  #move(key) {
    const { batch, isOver } = this.state;
    if (isOver) return;
    const last = batch.clips.length - 1;
    const step = MOVES[key] ?? (key === "arrowup" ? -1 : 1) * this.screen.perRow;
    const place = batch.focus + step;
    const isOutside = Number.isFinite(step) && (place < 0 || place > last);
    this.#focus(batch.clips[isOutside ? batch.focus : Math.max(0, Math.min(last, place))].id);
    this.hearing.play(this.#focused, "move");
  }

  /** What was not heard yet, from the clip attended to on; once all was heard, all again. */
  #taste() {
    const { batch, isOver } = this.state;
    if (isOver) return;
    const unheard = batch.clips.filter(({ id }) => !this.hearing.isHeard(id));
    const turned = (clip) => (batch.clips.indexOf(clip) < batch.focus ? 1 : 0);
    const wanted = unheard.length ? unheard.sort((a, b) => turned(a) - turned(b)) : batch.clips;
    this.hearing.taste(wanted.map(({ id }) => id));
  }

  #canSound(id) {
    return !this.state.batch.gone.has(id) && !this.screen.troubleOf(id);
  }

  // ------------------------------------------------------------------------------------------- the pointer

  #rest(id) {
    clearTimeout(this.restTimer);
    if (this.hearing.isTasting) return;
    this.restTimer = setTimeout(() => {
      if (!this.state.clip(id) || this.hearing.isTasting) return;
      this.#focus(id);
      this.hearing.play(id, "hover");
    }, REST_MS);
  }

  #leave() {
    clearTimeout(this.restTimer);
    if (!this.hearing.isTasting) this.silence();
  }

  /** A finger cannot rest on a clip: its first touch is to hear it. */
  #press(id, isTouch) {
    if (!this.state.clip(id)) return;
    const isFirst = isTouch && this.#focused !== id;
    if (!this.hearing.isTasting) this.#focus(id);
    if (isFirst && !this.hearing.isTasting) this.hearing.play(id, "touch");
    else this.#strike(id);
    this.isArmed = false;
    this.#showSound();
  }

  // ------------------------------------------------------------------------------------------- deciding

  #strike(id) {
    const clip = this.state.clip(id);
    if (!clip) return;
    const isStruck = this.state.toggle(id);
    this.screen.say(isStruck ? `${clip.name} struck out` : `${clip.name} is in again`);
  }

  /** Enter. What nobody heard is confirmed only when asked for a second time. @param {boolean} wasArmed */
  #confirm(wasArmed) {
    const { state } = this;
    if (state.isOver) return;
    if (!state.batch.label) return this.screen.bar.chooser.focus();
    // What cannot be heard is nothing that anybody could confirm.
    for (const { id } of state.rest) if (this.screen.troubleOf(id)) state.batch.struck.add(id);
    const unheard = state.rest.filter(({ id }) => !this.hearing.isHeard(id));
    if (unheard.length && !wasArmed) {
      this.isArmed = true;
      if (!this.hearing.isTasting) this.#focus(unheard[0].id);
      return;
    }
    this.silence();
    const msOf = this.attention.end(state.rest.map(({ id }) => id));
    const answers = new Map();
    for (const { id } of state.rest) {
      const heard = this.hearing.listening.of(id, msOf(id));
      const given = { clip_id: id, answer: "label", label: state.batch.label, supersedes: null, heard };
      answers.set(id, this.#send({ ...given, picture: this.screen.pictureOf(id) }));
    }
    const struck = state.back;
    state.confirm(answers);
    this.screen.say(`${answers.size} confirmed, ${struck.length} struck`);
    this.#askNext({ confirmed: [...answers.keys()], struck });
    this.#show();
  }

  #undo() {
    const step = this.state.undo();
    if (!step) return;
    this.silence();
    for (const [clipId, eventId] of step.answers ?? [])
      this.#send({ clip_id: clipId, answer: "withdrawn", label: null, supersedes: eventId, heard: null });
    if (step.answers) this.screen.say(`${step.answers.size} taken back`);
    this.#show();
    if (step.kind === "strike") this.#focus(step.id);
  }

  /** @returns {string} the event's id */
  #send(given) {
    const eventId = newEventId();
    this.outbox.add({ type: "answer", event_id: eventId, screen: this.model.get("screen"), ...given });
    return eventId;
  }

  /** What another tab of this person decided is not decided here once more. */
  #takeOver(event) {
    if (event.type === "answer" && event.answer !== "withdrawn")
      this.state.leave(event.clip_id, "answered on another page");
    this.#refreshSoon();
  }

  // ------------------------------------------------------------------------------------------- the kernel

  receive(message, buffers) {
    this.isKernelLost = false; // who speaks to this grid knows it
    const deeds = {
      clip: () => this.cache.receive(message, buffers),
      missing: () => this.cache.receive(message),
      saved: () => {
        this.postponed = null;
        this.outbox.confirm(message.event_ids);
      },
      postponed: () => (this.postponed = message.message),
      refused: () => this.#refuse(message),
      batch: () => this.#append(message),
      error: () => (this.refusal = message.message), // #askAgain asks once more
    };
    deeds[message.type]?.();
    this.#refreshSoon();
  }

  #refuse({ event_id: eventId, message }) {
    const kept = this.outbox.events;
    const event = kept.find((one) => one.event_id === eventId);
    // What it takes back got lost on the way and is sent again, in order: then this one is right.
    if (event?.supersedes && kept.some((one) => one.event_id === event.supersedes)) return;
    this.outbox.confirm([eventId]);
    if (!event) return;
    const clips = this.state.batches.flatMap((batch) => batch.clips);
    const name = clips.find(({ id }) => id === event.clip_id)?.name ?? `clip ${event.clip_id}`;
    this.state.leave(event.clip_id, message);
    this.screen.notices.error(`Not saved, ${name}: ${message}`);
  }

  #append({ turn, batch }) {
    if (turn !== this.asked?.turn) return;
    this.asked = null;
    this.refusal = null;
    if (batch) this.state.append(batch);
    if (this.state.at === this.state.batches.length - 1) this.#show();
  }

  /** Tells what became of the clips and asks for those that follow, until the kernel has answered. */
  #askNext({ confirmed, struck }) {
    this.asked = { type: "next", turn: newEventId(), confirmed, struck, is_more_wanted: !this.state.batch };
    this.#ask();
  }

  #ask() {
    this.askedAtMs = performance.now();
    try {
      this.model.send(this.asked);
    } catch {
      // The connection is gone; #askAgain tries once more.
    }
  }

  #askAgain() {
    const isLate = this.asked && performance.now() - this.askedAtMs > ASK_NEXT_AGAIN_MS;
    if (isLate && !this.isKernelLost) this.#ask();
  }

  // ------------------------------------------------------------------------------------------- the screen

  /** The batch that the kernel gives, in place of what is not confirmed. @returns {boolean} whether it has clips */
  open() {
    this.hearing.stop();
    this.asked = null;
    this.refusal = null;
    this.state.open(this.model.get("batch"));
    this.#show();
    return !this.state.isOver;
  }

  #show() {
    this.isArmed = false;
    this.attention.begin();
    this.screen.open(this.state.batch?.clips ?? []);
    this.#refresh();
  }

  #setLabel(name) {
    if (this.state.batch) this.state.batch.label = name;
    this.el.focus({ preventScroll: true });
    this.#refreshSoon();
  }

  #showSound() {
    this.screen.follow();
    this.#refreshSoon();
  }

  #refreshSoon() {
    this.refreshFrame ??= requestAnimationFrame(() => this.#refresh());
  }

  #refresh() {
    cancelAnimationFrame(this.refreshFrame);
    this.refreshFrame = null;
    const { outbox } = this;
    const nUnsaved = outbox.events.length;
    const link = this.isKernelLost ? "lost" : outbox.link;
    const linkWords = gridLinkWords({ link, n: nUnsaved, postponed: this.postponed, isDurable: outbox.isDurable });
    const isWaiting = this.asked !== null;
    this.screen.show(this.state, { nUnsaved, isArmed: this.isArmed, isWaiting, linkWords, refusal: this.refusal });
  }

  destroy() {
    clearTimeout(this.restTimer);
    clearInterval(this.askTimer);
    cancelAnimationFrame(this.refreshFrame);
    sharedContext().removeEventListener("statechange", this.onSoundState);
    this.endKernel();
    this.outbox.destroy();
    this.hearing.destroy();
    this.screen.destroy();
    this.cache.destroy();
  }
}
