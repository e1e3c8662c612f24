// Asks the kernel for the clips that follow, in time and not too often. Joined after clip_deck_state.js and outbox.js.

const FEW_AHEAD = 6;
const ASK_MORE_AGAIN_MS = 10000;
const ASK_LOCKED_AGAIN_MS = 1500;
const N_TRIES = 8;

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
    this.nTries = 0;
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
    const nNew = state.append(clips);
    state.total = total;
    state.done = done + netAnswers(this.unsaved());
    // While the queue is put in order its clips cannot be had for a moment: that is not its end.
    const nElsewhere = total - done - state.open.length - state.skipped.size - this.unsaved().length;
    this.nTries = nNew || nElsewhere <= 0 ? 0 : this.nTries + 1;
    this.isExhausted = nNew === 0 && (this.nTries === 0 || this.nTries > N_TRIES);
    clearTimeout(this.soon);
    if (nNew === 0 && !this.isExhausted) {
      this.askedAt = performance.now();
      this.soon = setTimeout(() => {
        this.askedAt = null;
        this.ask();
      }, ASK_LOCKED_AGAIN_MS);
    }
  }

  /** @param {string} why */
  refuse(why) {
    this.askedAt = null;
    this.isExhausted = true;
    this.refusal = why;
  }

  destroy() {
    clearInterval(this.timer);
    clearTimeout(this.soon);
  }
}
