// One file, sent by tus 1.0 (https://tus.io/protocols/resumable-upload):
// creation, HEAD to find where to go on, PATCH, termination.

import { Problem, problem } from './api.js';

const version = { 'Tus-Resumable': '1.0.0' };
const longestWait = 30_000; // ms between two attempts
const onePiece = 64 << 20; // bytes in one PATCH: proxies like an end to a request

/** Upload sends a file. Its state is one of idle, sending, waiting, paused, failed, done, canceled. */
export class Upload {
  state = 'idle';
  offset = 0; // bytes that the server has, as far as we know
  asset = ''; // the id of the asset that it becomes
  error = null; // the Problem, while waiting or failed
  retryAt = 0; // ms since 1970, while waiting

  #url = '';
  #request = null; // the XMLHttpRequest under way
  #wake = () => {};
  #key;

  /** memory is where addresses are kept over a reload, a Storage; piece is the size of a PATCH in bytes. */
  constructor(file, endpoint, { onChange = () => {}, memory = null, piece = onePiece } = {}) {
    this.file = file;
    this.endpoint = endpoint;
    this.onChange = onChange;
    this.memory = memory;
    this.piece = piece;
    this.#key = `streamgate:upload:${file.name}:${file.size}:${file.lastModified}`;
    const kept = JSON.parse(memory?.getItem(this.#key) ?? 'null');
    if (kept) [this.#url, this.asset] = [kept.url, kept.asset];
  }

  /** run sends until all is there, or until something that only a person can change. */
  async run() {
    if (['sending', 'waiting', 'done', 'canceled'].includes(this.state)) return;
    this.#to('sending');
    for (let failures = 0; this.#active;) {
      const before = this.offset;
      try {
        await (this.#url ? this.#locate() : this.#create());
        while (this.#active && this.offset < this.file.size) await this.#send();
        if (this.#active) this.#finish();
      } catch (err) {
        if (!this.#active) return;
        if (!retryable(err)) return this.#fail(err);
        failures = this.offset > before ? 1 : failures + 1;
        await this.#wait(err, failures);
      }
    }
  }

  pause() {
    if (!this.#active) return;
    this.#to('paused');
    this.#stop();
  }

  /** hurry ends the waiting for the next attempt. */
  hurry() {
    this.#wake();
  }

  /** cancel ends the upload here and on the server. */
  async cancel() {
    this.#to('canceled');
    this.#stop();
    this.memory?.removeItem(this.#key);
    if (this.#url) await this.#ask('DELETE', this.#url).catch(() => {}); // expiry removes what we cannot reach
  }

  get #active() {
    return this.state === 'sending' || this.state === 'waiting';
  }

  #to(state, error = null) {
    [this.state, this.error] = [state, error];
    this.onChange(this);
  }

  #stop() {
    this.#request?.abort();
    this.#wake();
  }

  #finish() {
    this.memory?.removeItem(this.#key);
    this.#to('done');
  }

  #fail(err) {
    if (err.status >= 400 && err.status < 500 && err.status !== 401) this.#forget(); // refused for good: another try starts anew
    this.#to('failed', err);
  }

  #forget() {
    this.memory?.removeItem(this.#key);
    [this.#url, this.offset] = ['', 0];
  }

  async #create() {
    const answer = await this.#ask('POST', this.endpoint, {
      'Upload-Length': this.file.size,
      'Upload-Metadata': encode({ filename: this.file.name, filetype: this.file.type }),
    });
    this.#url = new URL(answer.getResponseHeader('Location'), this.endpoint).href;
    this.asset = answer.getResponseHeader('StreamGate-Asset') ?? '';
    this.memory?.setItem(this.#key, JSON.stringify({ url: this.#url, asset: this.asset }));
    this.onChange(this);
  }

  async #locate() {
    try {
      const answer = await this.#ask('HEAD', this.#url);
      this.offset = Number(answer.getResponseHeader('Upload-Offset'));
    } catch (err) {
      if (err.status !== 404 && err.status !== 410) throw err;
      this.#forget(); // it has expired, or was cancelled elsewhere
      await this.#create();
    }
  }

  async #send() {
    const start = this.offset;
    const body = this.file.slice(start, start + this.piece);
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': start };
    const answer = await this.#ask('PATCH', this.#url, headers, body, (sent) => {
      this.offset = start + Math.min(sent, body.size);
      this.onChange(this);
    });
    this.offset = Number(answer.getResponseHeader('Upload-Offset'));
    this.onChange(this);
  }

  #wait(error, failures) {
    const longest = Math.min(longestWait, 500 * 2 ** failures);
    const delay = Math.max(error.retryAfter ?? 0, longest * (0.5 + Math.random() / 2));
    this.retryAt = Date.now() + delay;
    this.#to('waiting', error);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), delay);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        if (this.state === 'waiting') this.#to('sending');
        resolve();
      };
    });
  }

  // XMLHttpRequest, because fetch tells nothing of a body's progress.
  #ask(method, url, headers = {}, body = null, onProgress = null) {
    return new Promise((resolve, reject) => {
      const xhr = (this.#request = new XMLHttpRequest());
      xhr.open(method, url);
      for (const [name, value] of Object.entries({ ...version, ...headers })) xhr.setRequestHeader(name, value);
      if (onProgress) xhr.upload.onprogress = (e) => onProgress(e.loaded);
      xhr.onload = () => (xhr.status < 300 ? resolve(xhr) : reject(refusal(xhr)));
      xhr.onerror = xhr.onabort = () => reject(new Problem(0));
      xhr.send(body);
    });
  }
}

function refusal(xhr) {
  const err = problem(xhr.status, xhr.responseText);
  err.retryAfter = 1000 * Number(xhr.getResponseHeader('Retry-After') ?? 0) || 0;
  return err;
}

// What time may heal: no answer, somebody else's lock, an offset to ask for
// again, a limit, a server in trouble. A full disk waits for a person.
function retryable(err) {
  if (!(err instanceof Problem)) return false;
  return [0, 408, 409, 423, 429].includes(err.status) || (err.status >= 500 && err.status !== 507);
}

function encode(pairs) {
  return Object.entries(pairs).filter(([, value]) => value).map(([name, value]) => {
    const raw = Array.from(new TextEncoder().encode(value), (b) => String.fromCharCode(b)).join('');
    return `${name} ${btoa(raw)}`;
  }).join(',');
}
