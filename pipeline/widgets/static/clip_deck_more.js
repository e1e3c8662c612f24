// Asks the kernel for the clips that follow, in time and not too often. Joined after clip_deck_state.js and outbox.js.

const FEW_AHEAD = 8;
const ASK_MORE_AGAIN_MS = 10000;

class DeckMore {
  /** @param {object} model  @param {DeckState} state  @param {{isLost: () => boolean, unsaved: () => object[]}} asked */
  constructor(model, state, { isLost, unsaved }) {
    this.model = model;
    this.state = state;
    this.isLost = isLost;
    this.unsaved = unsaved;
    this.askedAt = null;
    this.isExhausted = false;
    /** Why no more came, in the kernel's words. @type {string | null} */
    this.refusal = null;
    this.timer = setInterval(() => this.ask(), ASK_MORE_AGAIN_MS);
  }

  get isWaiting() {
    return this.askedAt !== null;
  }

  ask() {
    if (this.isLost()) return;
    const isAsked = this.isWaiting && performance.now() - this.askedAt < ASK_MORE_AGAIN_MS;
    if (isAsked || this.isExhausted || this.state.ahead(FEW_AHEAD).length >= FEW_AHEAD) return;
    this.askedAt = performance.now();
    const unsaved = this.unsaved().map((event) => event.clip_id);
    const held = [...this.state.open.map(({ id }) => id), ...this.state.skipped, ...unsaved];
    this.model.send({ type: "more", have: [...new Set(held)] });
  }

  /** Once more, though the queue had come to its end. */
  askAgain() {
    this.isExhausted = false;
    this.refusal = null;
    this.ask();
  }

  /** @param {{clips: Clip[], total: number, done: number}} message */
  take({ clips, total, done }) {
    const { state } = this;
    this.askedAt = null;
    this.refusal = null;
    this.isExhausted = state.append(clips) === 0;
    state.total = total;
    state.done = done + netAnswers(this.unsaved());
  }

  /** @param {string} why */
  refuse(why) {
    this.askedAt = null;
    this.isExhausted = true;
    this.refusal = why;
  }

  destroy() {
    clearInterval(this.timer);
  }
}
