// Which clips are in doubt, what was decided about them in this sitting, and what can be taken back.

/** @typedef {{eventId: string, verdict: string, label: string | null}} Decided */

class VerdictState {
  constructor() {
    this.clear([]);
  }

  /** Another list; what was decided about its clips before stays known. */
  clear(cases) {
    this.cases = [...cases];
    this.position = 0;
    this.decided ??= new Map();
    /** @type {{clipId: number, case: object}[]} */
    this.steps ??= [];
    this.settled ??= new Set(); // by somebody else
  }

  get current() {
    return this.cases[this.position] ?? null;
  }

  isOpen(one) {
    return !this.decided.has(one.id) && !this.settled.has(one.id);
  }

  get nOpen() {
    return this.cases.filter((one) => this.isOpen(one)).length;
  }

  /** Where the next open clip is, from here on, else from the beginning; the end if there is none. */
  nextOpen() {
    const n = this.cases.length;
    for (let i = 0; i < n; i++) {
      const at = (Math.max(0, this.position) + i) % n;
      if (this.isOpen(this.cases[at])) return at;
    }
    return n;
  }

  /** The open clips that follow, at most n. */
  ahead(n) {
    const following = this.cases.slice(this.position + 1).concat(this.cases.slice(0, this.position));
    return following.filter((one) => this.isOpen(one)).slice(0, n);
  }

  append(cases) {
    const known = new Set(this.cases.map(({ id }) => id));
    const fresh = cases.filter(({ id }) => !known.has(id));
    this.cases.push(...fresh);
    return fresh.length;
  }

  decide(one, given) {
    this.decided.set(one.id, given);
    this.steps = this.steps.filter((step) => step.clipId !== one.id);
    this.steps.push({ clipId: one.id, case: one });
  }

  reopen(clipId) {
    this.decided.delete(clipId);
    this.steps = this.steps.filter((step) => step.clipId !== clipId);
  }

  indexOf(clipId) {
    return this.cases.findIndex(({ id }) => id === clipId);
  }

  /** What the browser still has to send counts as decided. */
  replay(events) {
    for (const event of events) {
      if (event.type !== "verdict") continue;
      if (event.verdict === "withdrawn") this.decided.delete(event.clip_id);
      else this.decided.set(event.clip_id, { eventId: event.event_id, verdict: event.verdict, label: event.label });
    }
  }
}

/** A verdict in words. @param {Decided} given */
function verdictWords({ verdict, label }) {
  const words = {
    confirmed: `right: ${label}`,
    relabelled: `now ${label}`,
    none_of_these: "none of these",
    unsure: "unsure",
    bad_audio: "bad audio",
  };
  return words[verdict] ?? verdict;
}
