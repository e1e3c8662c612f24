// Who is signed in: the project they look at, the way out, and word when the server has forgotten them.

const ASK_SESSION_MS = 20000;
// Under JupyterHub pages lie below /user/NAME, and the Hub itself knows who is signed in.
const HUB_PREFIX = location.pathname.includes("/voila/") ? location.pathname.split("/voila/")[0] : "";

/** The project's name; a choice where there are several, which keeps the page. */
function projectPart(project, projects) {
  if (!project) return null;
  if (projects.length < 2) return make("div", { class: "em-project em-ellipsis", title: `Project ${project}` }, project);
  const choose = make(
    "select",
    {
      class: "em-project em-project-choice em-ellipsis",
      "aria-label": "Project",
      title: `Project ${project}`,
      onchange: () => {
        location.search = `?${new URLSearchParams({ project: choose.value })}`;
      },
    },
    ...projects.map((name) => make("option", { value: name, selected: name === project }, name)),
  );
  return choose;
}

function signOutForm(person) {
  if (HUB_PREFIX) {
    const words = { title: `Sign out ${person}`, "aria-label": "Sign out" };
    return make("a", { class: "em-btn em-icon em-theme", href: `${HUB_PREFIX}/logout`, ...words }, icon("leave"));
  }
  return make(
    "form",
    { class: "em-sign-out", method: "post", action: "/logout" },
    make("input", { type: "hidden", name: "_xsrf", value: cookieValue("_xsrf") }),
    make(
      "button",
      { class: "em-btn em-icon em-theme", title: `Sign out ${person}`, "aria-label": "Sign out" },
      icon("leave"),
    ),
  );
}

function cookieValue(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)).replace(/^"|"$/g, "") : "";
}

/** Ask the server from time to time, and when the page is looked at again; asking keeps no session alive. */
function watchSession() {
  if (HUB_PREFIX || window.__earmark_session_watch) return;
  const ask = async () => {
    try {
      const answer = await fetch("/session", { cache: "no-store" });
      if (answer.status === 401) sayOver();
    } catch {
      /* no link just now: that is told where answers are sent, and does not end a session */
    }
  };
  window.__earmark_session_watch = setInterval(ask, ASK_SESSION_MS);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  addEventListener("focus", ask);
  // What the back button brings out of the browser's memory may belong to somebody who has left.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function sayOver() {
  if (document.querySelector(".em-over")) return;
  clearInterval(window.__earmark_session_watch);
  const next = encodeURIComponent(location.pathname + location.search);
  const link = make("a", { class: "em-btn em-primary", href: `/login?why=over&next=${next}` }, "Sign in again");
  const words = "What you see may be old. Answers that were not saved yet wait in this browser and are sent then.";
  const over = make(
    "dialog",
    { class: "em em-over", "aria-labelledby": "em-over-title" },
    make("h2", { class: "em-title", id: "em-over-title" }, "Your session has ended"),
    make("p", { class: "em-muted" }, words),
    link,
  );
  over.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(over);
  over.showModal();
  link.focus();
}
