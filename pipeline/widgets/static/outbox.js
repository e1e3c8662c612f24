// What a person decided and the kernel has not yet confirmed. It lies in localStorage, so that it outlives the tab.

const SEND_AGAIN_AFTER_MS = 2000;
const MOST_SENT_AT_ONCE = 50;
const OFFLINE_AFTER_MS = 5000;
const KERNEL_LOST_AFTER_MS = 60000;

/** A new event's id: also on pages without https, where crypto.randomUUID is missing. */
function newEventId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Keeps events in the order they were made and sends them until the kernel says saved or refused.
 *
 * Each event has its own key in localStorage, so that two tabs never overwrite each other; both may send the
 * same event, and its id makes that harmless.
 */
class Outbox {
  /**
   * @param {string} name  unique for database, project and person
   * @param {{send: (event: object) => void, isLinkUp: () => boolean, changed: () => void,
   *   keptElsewhere: (event: object) => void}} options  keptElsewhere: another tab of this browser decided something
   */
  constructor(name, { send, isLinkUp, changed, keptElsewhere }) {
    this.prefix = `earmark.outbox/${name}/`;
    this.send = send;
    this.isLinkUp = isLinkUp;
    this.changed = changed;
    this.lastStamp = 0;
    /** Where events go if the browser refuses to keep them (private mode, full disk). */
    this.inMemory = new Map();
    this.sentAt = new Map();
    this.foundAt = new Map();
    this.upSince = null;
    this.timer = setInterval(() => this.flush(), SEND_AGAIN_AFTER_MS / 4);
    this.onStorage = ({ key, newValue }) => {
      if (!key?.startsWith(this.prefix)) return;
      if (newValue !== null) keptElsewhere(JSON.parse(newValue));
      this.changed();
    };
    window.addEventListener("storage", this.onStorage);
  }

  /** Whether events outlive the tab. */
  get isDurable() {
    return this.inMemory.size === 0;
  }

  /** The unconfirmed events, oldest first. @returns {object[]} */
  get events() {
    const keys = [...this.inMemory.keys()];
    for (let i = 0; i < localStorage.length; i++) {
      const key = localStorage.key(i);
      if (key.startsWith(this.prefix)) keys.push(key);
    }
    return keys.sort().map((key) => this.inMemory.get(key) ?? JSON.parse(localStorage.getItem(key)));
  }

  /** Keeps the event, then sends it. @param {{event_id: string, [key: string]: any}} event */
  add(event) {
    this.lastStamp = Math.max(this.lastStamp + 1, Date.now());
    const key = `${this.prefix}${String(this.lastStamp).padStart(15, "0")}/${event.event_id}`;
    try {
      localStorage.setItem(key, JSON.stringify(event));
    } catch {
      this.inMemory.set(key, event);
    }
    // Straight away even if earlier ones wait: those were sent before, and the kernel reads in order.
    this.#sendNow(event);
    this.changed();
  }

  /** The kernel has these: forget them. @param {string[]} eventIds */
  confirm(eventIds) {
    const gone = new Set(eventIds);
    const idOf = (key) => key.slice(key.lastIndexOf("/") + 1);
    for (const key of [...this.inMemory.keys()]) if (gone.has(idOf(key))) this.inMemory.delete(key);
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.prefix) && gone.has(idOf(key))) localStorage.removeItem(key);
    }
    for (const id of eventIds) {
      this.sentAt.delete(id);
      this.foundAt.delete(id);
    }
    this.changed();
  }

  /** Sends again, in order, what has waited for two seconds. */
  flush() {
    const now = performance.now();
    const waiting = this.events;
    for (const event of waiting) if (!this.foundAt.has(event.event_id)) this.foundAt.set(event.event_id, now);
    this.upSince = this.isLinkUp() ? (this.upSince ?? now) : null;
    if (this.upSince !== null) {
      const isDue = ({ event_id: id }) => now - (this.sentAt.get(id) ?? -Infinity) >= SEND_AGAIN_AFTER_MS;
      waiting
        .slice(0, MOST_SENT_AT_ONCE)
        .filter(isDue)
        .forEach((event) => this.#sendNow(event));
    }
    this.changed();
  }

  /** How the way to the kernel looks from here. @returns {"online" | "offline" | "lost"} */
  get link() {
    if (!this.isLinkUp()) return "offline";
    const oldest = Math.min(...this.events.map((event) => this.foundAt.get(event.event_id) ?? Infinity));
    const now = performance.now();
    if (now - Math.max(oldest, this.upSince ?? now) > KERNEL_LOST_AFTER_MS) return "lost";
    return now - oldest > OFFLINE_AFTER_MS ? "offline" : "online";
  }

  destroy() {
    clearInterval(this.timer);
    window.removeEventListener("storage", this.onStorage);
  }

  #sendNow(event) {
    this.sentAt.set(event.event_id, performance.now());
    if (!this.foundAt.has(event.event_id)) this.foundAt.set(event.event_id, performance.now());
    try {
      this.send(event);
    } catch {
      // The connection is gone; flush tries again.
    }
  }
}
