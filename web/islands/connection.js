// Whether the server answers, its clock, the time left until something is due, and the lock of an idle station.

const ASK_MS = 10000;
const PATIENCE_MS = 5000;

export function watchConnection(body) {
  const url = body.dataset.connectionUrl;
  const shown = document.getElementById("connection");
  const clock = document.getElementById("clock");
  const online = shown?.innerHTML;
  const state = { online: true, ahead: 0 }; // ahead: server's clock minus this station's, in ms
  let touched = Date.now();
  let asked = Date.now();

  async function ask() {
    const active = touched > asked; // typing keeps the session open, a page left alone does not
    asked = Date.now();
    try {
      const answer = await fetch(`${url}${active ? "?active=1" : ""}`, {
        credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      state.ahead = Date.parse(said.now) - Date.now();
      if (clock) { clock.textContent = said.shown; clock.dateTime = said.now; }
      if (said.locked && body.dataset.lockAfter) location.reload();
      show(true);
    } catch {
      show(false);
    }
    countDown();
  }

  function show(isOnline) {
    if (state.online === isOnline || !shown) return;
    state.online = isOnline;
    shown.dataset.state = isOnline ? "online" : "offline";
    const glyph = document.getElementById("connection-lost").innerHTML;
    shown.innerHTML = isOnline ? online : `${glyph}<span>Not connected: nothing can be recorded now</span>`;
  }

  function countDown() {
    const now = Date.now() + state.ahead;
    for (const element of document.querySelectorAll("[data-due]")) {
      const left = Date.parse(element.dataset.due) - now;
      element.textContent = left >= 0 ? `${spoken(left)} left` : `${spoken(-left)} over`;
      element.classList.toggle("over", left < 0);
    }
  }

  for (const sign of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(sign, () => { touched = Date.now(); }, { passive: true, capture: true });
  }
  window.addEventListener("online", ask);
  window.addEventListener("offline", () => show(false));
  setInterval(() => document.hidden || ask(), ASK_MS);
  ask();
  return state;
}

function spoken(ms) {
  const minutes = Math.floor(ms / 60000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
