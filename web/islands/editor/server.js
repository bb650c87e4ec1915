// What the editor asks the server. A refusal comes as an Error with the server's words, its status and its details.
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    Object.assign(this, { status, problem });
  }
}

const PATIENCE_MS = 20000;

export class Server {
  constructor({ draftUrl, draftsUrl, checksUrl, layoutUrl, phrasesUrl, csrf }) {
    Object.assign(this, { draftUrl, draftsUrl, checksUrl, layoutUrl, phrasesUrl, csrf });
  }

  async #ask(method, url, body, more = {}) {
    try {
      return await this.#send(method, url, body, more);
    } catch (error) {
      if (!body || !String(error.problem?.type ?? "").endsWith("csrf")) throw error;
      await this.#renew(error);
      return this.#send(method, url, body, more);
    }
  }

  // Somebody signed in again in another tab: this page's token is of the session before.
  async #renew(error) {
    const page = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    const token = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("editor")?.dataset.csrf;
    if (!page.ok || !token || token === this.csrf) throw error;
    this.csrf = token;
  }

  async #send(method, url, body, more) {
    const { signal, headers = {} } = more;
    const answer = await fetch(url, {
      method, credentials: "same-origin", cache: "no-store",
      signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
      headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json", "X-CSRFToken": this.csrf } : {}), ...headers },
      body: body && JSON.stringify(body),
    });
    const content = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refusal(answer.status, content);
    return content;
  }

  draft() {
    return this.#ask("GET", this.draftUrl);
  }

  save(xml, version, key) {
    return this.#ask("PUT", this.draftUrl, { xml, version }, { headers: { "Idempotency-Key": key } });
  }

  begin(draft, key) {
    return this.#ask("POST", this.draftsUrl, draft, { headers: { "Idempotency-Key": key } });
  }

  checks(xml, signal) {
    return this.#ask("POST", this.checksUrl, { xml }, { signal });
  }

  layout(xml) {
    return this.#ask("POST", this.layoutUrl, { xml });
  }

  phrases(texts) {
    return this.#ask("POST", this.phrasesUrl, { texts });
  }
}

export function freshKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
