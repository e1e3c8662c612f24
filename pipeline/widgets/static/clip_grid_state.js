// What the grid knows: batches of clips under one label, what is struck, what is confirmed, the way back. No screen,
// no kernel, no sound.

/**
 * @typedef {{id: number, name: string, sub?: string, confidence?: number | null, duration_s: number}} GridClip
 * @typedef {{label: string, clips: GridClip[], nLeft: number, struck: Set<number>, gone: Map<number, string>,
 *   answers: Map<number, string> | null, focus: number}} Batch
 *   gone: why a clip is no longer asked about; answers: the event of each confirmed clip, null before Enter
 * @typedef {{kind: "strike", batch: Batch, id: number} | {kind: "confirm", batch: Batch}} Step
 */

class GridState {
  constructor() {
    /** @type {Batch[]} */
    this.batches = [];
    this.at = 0;
    /** @type {Step[]} */
    this.steps = [];
  }

  /** @returns {Batch | undefined} the clips on screen */
  get batch() {
    return this.batches[this.at];
  }

  get isOver() {
    return !this.batch || this.batch.clips.length === 0;
  }

  /** Puts these clips on screen, in place of what is not confirmed. @param {object} given */
  open(given) {
    this.batches = this.batches.filter((batch) => batch.answers !== null);
    this.steps = this.steps.filter((step) => this.batches.includes(step.batch));
    this.at = this.batches.length;
    this.append(given);
  }

  /** Puts these clips after the others. @param {{label: string, clips: GridClip[], n_left: number}} given */
  append({ label, clips, n_left: nLeft }) {
    this.batches.push({ label, clips, nLeft, struck: new Set(), gone: new Map(), answers: null, focus: 0 });
  }

  clip(id) {
    return this.batch?.clips.find((clip) => clip.id === id);
  }

  /** Clips that Enter confirms. */
  get rest() {
    const { batch } = this;
    return batch ? batch.clips.filter(({ id }) => !batch.struck.has(id) && !batch.gone.has(id)) : [];
  }

  /** Clips that go back to be asked one by one: struck, or without sound here. */
  get back() {
    const { batch } = this;
    return batch ? batch.clips.filter(({ id }) => batch.struck.has(id)).map(({ id }) => id) : [];
  }

  /** Strikes a clip out, or takes that back. @returns {boolean} whether it is struck now */
  toggle(id, { isStep = true, batch = this.batch } = {}) {
    if (batch.gone.has(id)) return false;
    if (!batch.struck.delete(id)) batch.struck.add(id);
    if (isStep) this.steps.push({ kind: "strike", batch, id });
    return batch.struck.has(id);
  }

  /** The rest was confirmed by these events. @param {Map<number, string>} answers */
  confirm(answers) {
    this.batch.answers = answers;
    this.steps.push({ kind: "confirm", batch: this.batch });
    const next = this.batches.findIndex((batch) => batch.answers === null);
    this.at = next >= 0 ? next : this.batches.length;
  }

  /** Takes the last step back. @returns {Step & {answers?: Map<number, string>} | null} */
  undo() {
    const step = this.steps.pop();
    if (!step) return null;
    this.at = this.batches.indexOf(step.batch);
    if (step.kind === "strike") {
      this.toggle(step.id, { isStep: false, batch: step.batch });
      return step;
    }
    const answers = step.batch.answers;
    step.batch.answers = null;
    return { ...step, answers };
  }

  /** A clip that is decided elsewhere, or that the kernel refused: it is asked about no more. */
  leave(id, why) {
    for (const batch of this.batches) {
      if (!batch.clips.some((clip) => clip.id === id)) continue;
      batch.gone.set(id, why);
      batch.struck.delete(id);
      batch.answers?.delete(id);
    }
  }
}
