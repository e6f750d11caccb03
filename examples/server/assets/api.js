// The StreamGate API: addresses relative to this page, answers in JSON,
// refusals as Problem.

const base = new URL('.', document.baseURI);

/** at turns a path of the Gate into an address, under whatever prefix this page lies. */
export function at(path) {
  return new URL(path.replace(/^\/+/, ''), base).href;
}

/** Problem is a refusal: a status, and a sentence that a person can act on. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(sentence(body.detail || body.title || words(status)));
    this.status = status; // 0 when there was no answer
    this.type = body.type ?? '';
  }

  get away() {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }
}

/** sentence makes one of a piece of text: a capital letter, but for names of programs, and a full stop. */
export function sentence(text) {
  return (/^ff(mpeg|probe)\b/.test(text) ? text[0] : text[0].toUpperCase()) + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

function words(status) {
  switch (status) {
    case 0: case 502: case 504: return 'The server does not answer.';
    case 413: return 'The file is larger than this server takes.';
    case 415: return 'This is not a kind of file that plays here.';
    case 503: return 'The server is busy, or about to stop.';
    case 507: return 'The disk of the server is full. Delete something and try again.';
  }
  return status >= 500 ? `The server failed (${status}). Its log says why.` : `The server refused (${status}).`;
}

/** problem reads the body of a refusal, which may be problem+json or anything else. */
export function problem(status, text) {
  try {
    return new Problem(status, JSON.parse(text));
  } catch {
    return new Problem(status);
  }
}

/** call sends a request and returns the JSON of the answer, or throws a Problem. */
export async function call(method, path, { query, body } = {}) {
  const url = new URL(at(path));
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value) url.searchParams.set(name, value);
  }
  let answer, text;
  try {
    answer = await fetch(url, {
      method,
      body: body && JSON.stringify(body),
      headers: body ? { 'Content-Type': 'application/json' } : {},
      cache: 'no-store',
    });
    text = await answer.text();
  } catch {
    throw new Problem(0);
  }
  if (!answer.ok) throw problem(answer.status, text);
  return text && JSON.parse(text);
}

/** playback is the address at which an asset plays, complete. */
export function playback(asset) {
  return at(asset.playback);
}
