// What the deck knows: clips, answers, flags and the way back. No screen and no kernel.

/**
 * @typedef {{id: number, name: string, sub?: string, reason?: string, rate_hz: number, duration_s: number,
 *   proposed?: {label: string, confidence?: number | null} | null, is_flagged?: boolean}} Clip
 * @typedef {{eventId: string, answer: "label" | "unsure" | "none_of_these" | "bad_audio", label: string | null,
 *   also?: string[]}} Given
 * @typedef {{kind: "answer" | "skip" | "flag", clipId: number}} Step
 */

class DeckState {
  /** @param {{clips: Clip[], total: number, done: number}} queue */
  constructor({ clips, total, done }) {
    /** @type {Clip[]} */
    this.clips = [];
    this.position = 0;
    /** @type {Map<number, Given>} */
    this.answers = new Map();
    this.skipped = new Set();
    this.flagged = new Set();
    this.rejected = new Set();
    /** @type {Step[]} */
    this.steps = [];
    /** What was decided in other tabs about clips that are not here, or not yet. @type {Map<number, object[]>} */
    this.elsewhere = new Map();
    this.append(clips);
    this.total = total;
    this.done = done;
  }

  /** @returns {Clip | undefined} */
  get current() {
    return this.clips[this.position];
  }

  /** Clips that still wait for an answer, the one on stage included. */
  get open() {
    return this.clips.filter((clip) => this.isOpen(clip.id));
  }

  isOpen(id) {
    return !this.answers.has(id) && !this.skipped.has(id);
  }

  /** Adds the clips that are new. @param {Clip[]} clips  @returns {number} how many were */
  append(clips) {
    const known = new Set(this.clips.map((clip) => clip.id));
    const added = clips.filter((clip) => !known.has(clip.id));
    this.clips.push(...added);
    for (const clip of added) {
      if (clip.is_flagged) this.flagged.add(clip.id);
      this.replay(this.elsewhere.get(clip.id) ?? []);
    }
    return added.length;
  }

  /** The n clips that are likely to come next. */
  ahead(n) {
    return this.clips
      .slice(this.position + 1)
      .filter((clip) => this.isOpen(clip.id))
      .slice(0, n);
  }

  /** The first open clip from here on, then from the start; clips.length when there is none. */
  nextOpen() {
    const isOpen = (clip) => this.isOpen(clip.id);
    const after = this.clips.findIndex((clip, i) => i > this.position && isOpen(clip));
    if (after >= 0) return after;
    const before = this.clips.findIndex(isOpen);
    return before >= 0 ? before : this.clips.length;
  }

  indexOf(id) {
    return this.clips.findIndex((clip) => clip.id === id);
  }

  /** @param {number} id  @param {Given} given */
  answer(id, given) {
    if (!this.answers.has(id)) this.done += 1;
    this.answers.set(id, given);
    this.skipped.delete(id);
    this.steps.push({ kind: "answer", clipId: id });
  }

  /** Reopens the clip. @returns {Given | undefined} what was answered */
  reopen(id) {
    const given = this.answers.get(id);
    if (this.answers.delete(id)) this.done -= 1;
    this.skipped.delete(id);
    return given;
  }

  skip(id) {
    this.skipped.add(id);
    this.steps.push({ kind: "skip", clipId: id });
  }

  /** @returns {boolean} whether the flag is up now */
  toggleFlag(id) {
    if (!this.flagged.delete(id)) this.flagged.add(id);
    return this.flagged.has(id);
  }

  /** Takes over what other tabs decided, earlier ones and those beside this one. @param {object[]} events */
  replay(events) {
    for (const event of events) {
      const id = event.clip_id;
      if (event.type === "flag") this.flagged[event.is_raised ? "add" : "delete"](id);
      if (this.indexOf(id) < 0) {
        this.elsewhere.set(id, [...(this.elsewhere.get(id) ?? []), event]);
        continue;
      }
      if (event.type === "skip") this.skipped.add(id);
      if (event.type !== "answer") continue;
      if (event.answer === "withdrawn") this.reopen(id);
      else {
        if (!this.answers.has(id)) this.done += 1;
        this.answers.set(id, { eventId: event.event_id, answer: event.answer, label: event.label, also: event.also });
      }
    }
  }
}

/** The labels of an answer, none if it is another one. @param {Given} [given]  @returns {string[]} */
function labelsOf(given) {
  return given?.answer === "label" ? [given.label, ...(given.also ?? [])] : [];
}

/** How many more answers the unconfirmed events make. @param {object[]} events */
function netAnswers(events) {
  const given = events.filter((event) => event.type === "answer");
  const withdrawn = given.filter((event) => event.answer === "withdrawn").length;
  return given.filter((event) => event.answer !== "withdrawn" && !event.supersedes).length - withdrawn;
}
