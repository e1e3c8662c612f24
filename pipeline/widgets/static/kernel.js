// Whether the program behind the page still knows the page: its kernel may be killed, or the server started anew.
// Joined after dom.js.

const FORGETFUL = new Set(["dead", "restarting", "autorestarting"]);
const LOOK_EVERY_MS = 5000;
const N_LOOKS = 3; // so often the server answers without knowing the kernel, until that is final

/** The page's kernel, as Voila and JupyterLab hold it, or null. */
function kernelOf(model) {
  const manager = model.widget_manager;
  return manager?.kernel ?? manager?.context?.sessionContext?.session?.kernel ?? null;
}

/**
 * A kernel that restarts has forgotten every widget of the page, and a server that was started anew every kernel.
 * @param {object} model  @param {{lost: () => void, changed?: () => void}} listeners
 * @returns {() => void} ends it
 */
function watchKernel(model, { lost, changed = () => {} }) {
  const kernel = kernelOf(model);
  const onStatus = (_, status) => {
    if (FORGETFUL.has(status)) lost();
    changed();
  };
  let nLooks = 0;
  let isOver = false;
  const look = async () => {
    if (kernel.connectionStatus === "connected") nLooks = 0;
    else if (!isInVoila()) await connectAgain(kernel); // JupyterLab itself tells what became of its server
    else if (!(await doesServerAnswer())) nLooks = 0;
    else if (nLooks++ < N_LOOKS) await connectAgain(kernel);
    else if (!isOver) lost();
    if (!isOver) changed();
  };
  kernel?.statusChanged?.connect(onStatus);
  const timer = kernel ? setInterval(look, LOOK_EVERY_MS) : null;
  return () => {
    isOver = true;
    kernel?.statusChanged?.disconnect(onStatus);
    clearInterval(timer);
  };
}

async function connectAgain(kernel) {
  try {
    await kernel.reconnect?.();
  } catch {
    // There is still no way to it, or the page is being left: the next look tells.
  }
}

/** Whether there is a server, be it another one than before. */
async function doesServerAnswer() {
  try {
    await fetch(`${document.body.dataset.baseUrl}static/inter-LICENSE.txt`, { method: "HEAD", cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

const reloadPage = () => location.reload();

/** Below the page's header: what happened and how to go on. Where a clip deck says so itself, it is not said twice. */
function sayForgotten(header) {
  const isSaid = document.querySelector(".em-forgotten") || document.querySelector(".em-deck")?.offsetParent;
  if (isSaid) return;
  const words = "The server no longer knows this page, so that nothing here works any more. Reload it to go on.";
  const reload = makeButton({ text: "Reload", kind: "em-small", onclick: reloadPage });
  const text = make("div", { class: "em-grow em-notice-text" }, words);
  const notice = make("div", { class: "em-notice em-error", role: "alert" }, icon("alert"), text, reload);
  header.after(make("div", { class: "em em-notice-root em-forgotten" }, notice));
}
