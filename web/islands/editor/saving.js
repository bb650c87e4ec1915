// Saves the draft by itself, and never says so before the server has it. Until then, this station keeps a copy.
import { button, clockTime, dayTime, download, make } from "./dom.js";
import { differences } from "./differences.js";
import { KeptDraft } from "./kept_drafts.js";
import { openDiagram } from "./opening.js";
import { freshKey } from "./server.js";

const QUIET_MS = 1500; // after the last change
const LONGEST_MS = 10000; // while changes go on
const KEEP_MS = 400;
const AGAIN_MS = 5000;
const MOST_SHOWN = 200;

export class Saving {
  constructor({ root, model, server, notices, draft }) {
    Object.assign(this, { root, model, server, notices });
    const { revision, recipe, person, zone } = root.dataset;
    Object.assign(this, { revision, recipe, zone, line: root.querySelector("#editor-saved") });
    this.kept = new KeptDraft(revision, person);
    this.version = draft.version;
    this.savedXml = draft.xml;
    this.savedEdition = model.edition;
    this.stopped = Boolean(root.dataset.locked);
    this.say(this.stopped ? "locked" : "saved", this.stopped ? "Read only" : this.#lastSaved(draft));
    if (this.stopped) return;
    this.#listen();
    this.#offerKept(draft);
  }

  #lastSaved({ saved_at: at, saved_by: by }) {
    this.line.title = by ? `by ${by}` : "";
    return at ? `Saved ${dayTime(at, this.zone)}` : "No changes yet";
  }

  get dirty() {
    return this.model.edition !== this.savedEdition;
  }

  say(state, text) {
    this.line.dataset.state = state;
    this.line.textContent = text;
  }

  #listen() {
    this.model.on("stack", () => this.#changed());
    window.addEventListener("beforeunload", (event) => {
      if (this.dirty && !this.stopped) event.preventDefault();
    });
    window.addEventListener("online", () => this.dirty && this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.dirty && this.keep());
  }

  #changed() {
    if (this.stopped || !this.dirty) return;
    this.since ??= Date.now();
    this.say("changed", "Not saved yet");
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), KEEP_MS);
    this.#later(Math.min(QUIET_MS, Math.max(0, this.since + LONGEST_MS - Date.now())));
  }

  #later(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), after);
  }

  async keep() {
    if (!this.dirty) return;
    const xml = await this.model.xml();
    if (this.dirty) this.keptAt = this.kept.write(xml, this.version) ? new Date() : undefined;
  }

  // Sends the draft as it is now, one save at a time. True when the server has it.
  save() {
    if (this.stopped) return Promise.resolve(false);
    this.sending ??= this.#send().finally(() => void (this.sending = undefined));
    return this.sending;
  }

  async #send() {
    const { edition } = this.model;
    try {
      const xml = await this.model.xml();
      this.say("saving", "Saving …");
      if (this.unsent?.xml !== xml) this.unsent = { xml, key: freshKey() };
      this.#saved(await this.server.save(xml, this.version, this.unsent.key), edition, xml);
      return true;
    } catch (error) {
      await this.#failed(error);
      return false;
    }
  }

  #saved({ version, saved_at: at }, edition, xml) {
    Object.assign(this, { version, savedEdition: edition, savedXml: xml, unsent: undefined, since: undefined });
    this.notices.close("saving");
    this.model.emit("saved", { version, at });
    if (this.dirty) return this.#changed();
    this.kept.forget();
    return this.say("saved", `Saved ${clockTime(at, this.zone)}`);
  }

  async #failed(error) {
    await this.keep();
    const where = this.keptAt ? `kept on this station since ${clockTime(this.keptAt, this.zone)}` : "not kept anywhere: this browser has no room";
    const kind = String(error.problem?.type ?? "");
    if (kind.endsWith("stale-record")) return this.#conflict(error.problem);
    if (kind.endsWith("revision-locked")) return this.#nowLocked(error.message);
    if (error.status === 401) {
      this.say("failed", `Not saved: your session has ended; ${where}`);
      const actions = [["Sign in again in a new tab", () => window.open("/sign-in", "_blank", "noopener")], ["Save now", () => this.save()]];
      return this.notices.show("saving", "watch", "Your session has ended. Your changes are " + where + ".", actions);
    }
    if (error.status && error.status < 500) {
      this.say("failed", `Not saved; ${where}`);
      const actions = [["Try again", () => this.save()], ["Download my copy", () => this.download()]];
      return this.notices.show("saving", "bad", `The server did not take the draft: ${error.message}`, actions);
    }
    this.say("failed", `Not saved: no connection; ${where}. Trying again.`);
    return this.#later(AGAIN_MS);
  }

  #nowLocked(message) {
    this.stopped = true;
    this.say("failed", "Not saved: the revision is locked");
    this.model.lock();
    this.notices.show("saving", "bad", `${message} Your last changes are kept on this station.`, [["Download my copy", () => this.download()]]);
  }

  // ---------------------------------------------------------------- somebody else saved
  async #conflict({ saved_by: by, saved_at: at }) {
    this.stopped = true;
    const mine = await this.model.xml();
    this.say("failed", "Not saved: somebody else saved this draft");
    const said = at ? `${by} saved this draft at ${dayTime(at, this.zone)}, after you opened it.` : "Somebody else saved this draft after you opened it.";
    this.#choice(`${said} Nothing was overwritten. Yours is kept on this station.`, mine);
  }

  #choice(text, mine) {
    const list = make("div", { class: "editor-differences" });
    this.notices.show("saving", "bad", text, [
      ["Show what differs", () => this.#showDifferences(list, mine)],
      ["Take theirs", () => this.#takeTheirs(mine)],
      ["Save mine as a new draft", () => this.#askRevision(list, mine)],
      ["Download mine", () => this.download(mine)],
    ], list);
  }

  async #showDifferences(list, mine) {
    const theirs = (await this.server.draft()).xml;
    const found = await differences(this.model.modeler.get("moddle"), theirs, mine);
    const rows = found.slice(0, MOST_SHOWN).map(({ place, theirs: their, mine: my }) => make("tr", {},
      make("th", { scope: "row" }, place), make("td", {}, their === "" ? "there" : their ?? "–"), make("td", {}, my === "" ? "there" : my ?? "–")));
    const head = make("tr", {}, ...["Where", "Theirs", "Mine"].map((text) => make("th", { scope: "col" }, text)));
    const more = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} of ${found.length}` : "";
    list.replaceChildren(found.length
      ? make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What differs" },
        make("table", {}, make("caption", {}, `What differs${more}`), make("thead", {}, head), make("tbody", {}, rows)))
      : make("p", {}, "Only the places of shapes differ."));
  }

  async #takeTheirs(mine) {
    const draft = await this.server.draft();
    await openDiagram(this, draft.xml);
    this.version = draft.version;
    Object.assign(this, { stopped: draft.state !== "DRAFT", savedEdition: this.model.edition, savedXml: draft.xml, unsent: undefined, since: undefined });
    if (this.stopped) this.model.lock();
    this.kept.forget();
    this.say("saved", this.#lastSaved(draft));
    this.notices.show("saving", "", "You see the other draft now. What you had can still be downloaded until you leave this page.",
      [["Download mine", () => this.download(mine)], ["Close", () => this.notices.close("saving")]]);
  }

  #askRevision(list, mine) {
    const field = make("input", { type: "text", id: "editor-new-revision", value: `${this.revision.split("@")[1]}-b`, autocomplete: "off" });
    const problem = make("p", { class: "error", role: "alert" });
    const begin = async () => {
      try {
        const begun = await this.server.begin({ recipe_id: this.recipe, revision: field.value.trim(), xml: mine }, freshKey());
        this.savedEdition = this.model.edition;
        this.kept.forget();
        location.assign(this.root.dataset.editUrl.replace("REVISION", encodeURIComponent(begun.revision)));
      } catch (error) {
        problem.textContent = error.message;
        field.focus();
      }
    };
    list.replaceChildren(make("div", { class: "field" }, make("label", { for: field.id }, "Revision of the new draft"), problem, field), button("Begin the draft", begin));
    field.focus();
  }

  async download(xml) {
    download(`${this.revision.replace("@", "-")}.bpmn`, xml ?? (await this.model.xml()));
  }

  // ---------------------------------------------------------------- what was left on this station
  #offerKept(draft) {
    const kept = this.kept.read();
    if (!kept) return;
    if (kept.xml === draft.xml) return void this.kept.forget();
    const when = dayTime(kept.at, this.zone);
    if (kept.version !== draft.version) {
      const said = `This station keeps changes of yours of ${when} that were not saved, and ${draft.saved_by || "somebody"} saved the draft since.`;
      const list = make("div", { class: "editor-differences" });
      this.notices.show("kept", "watch", said, [
        ["Show what differs", () => this.#showDifferences(list, kept.xml)],
        ["Save mine as a new draft", () => this.#askRevision(list, kept.xml)],
        ["Download mine", () => this.download(kept.xml)],
        ["Discard mine", () => this.#discardKept()],
      ], list);
      return;
    }
    this.notices.show("kept", "watch", `This station keeps changes of yours of ${when} that were not saved.`, [
      ["Take them", () => this.#takeKept(kept)], ["Download them", () => this.download(kept.xml)], ["Discard them", () => this.#discardKept()],
    ]);
  }

  #discardKept() {
    this.kept.forget();
    this.notices.close("kept");
  }

  async #takeKept(kept) {
    await openDiagram(this, kept.xml);
    this.notices.close("kept");
    this.savedEdition = -1;
    await this.save();
  }
}
