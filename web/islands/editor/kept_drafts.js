// The copy of a draft that this station keeps until the server has it: by revision and person, with the version it follows.
const prefix = "batchwright:draft:";

export class KeptDraft {
  constructor(revision, person) {
    this.key = `${prefix}${revision}:${person}`;
  }

  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
      return kept?.xml ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  // False where the browser has no room or allows no storage: the caller says so.
  write(xml, version) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ xml, version, at: new Date().toISOString() }));
      return true;
    } catch {
      return false;
    }
  }

  forget() {
    localStorage.removeItem(this.key);
  }
}
