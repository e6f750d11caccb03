// The list of uploads under way: a row each, with progress, speed and time left.

import { at, call } from './api.js';
import { Upload } from './tus.js';
import { bytes, left } from './words.js';

const list = document.getElementById('uploads');
const box = document.getElementById('uploads-box');
const template = document.getElementById('upload-row');
const spoken = document.getElementById('spoken');

export const uploads = new Set();

const hopeless = [413, 415, 422]; // the file itself is refused: trying again changes nothing

/** start uploads files; onDone is told of each that has arrived, onGone when a row leaves the list and, once more, with the id of an asset that was deleted with it. */
export function start(files, onDone, onGone) {
  for (const file of files) {
    if (![...uploads].some((u) => same(u.file, file))) add(file, onDone, onGone);
  }
}

/** hurry makes waiting uploads try now: the network is back. */
export function hurry() {
  for (const u of uploads) u.hurry();
}

/** busy says whether leaving the page would interrupt something. */
export function busy() {
  return [...uploads].some((u) => u.state === 'sending' || u.state === 'waiting');
}

function same(a, b) {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

function add(file, onDone, onGone) {
  const row = template.content.firstElementChild.cloneNode(true);
  const view = new Row(row, file);
  const upload = new Upload(file, at('v1/uploads'), {
    memory: localStorage,
    onChange: (u) => {
      view.show(u);
      if (u.state === 'done') onDone(u);
      if (u.state === 'done' || u.state === 'canceled') drop(u, row, onGone);
    },
  });
  uploads.add(upload);
  list.append(row);
  box.hidden = false;
  view.serve(upload, () => drop(upload, row, onGone), onGone);
  if (file.size === 0) return view.refuse('This file is empty: there is nothing to play.');
  upload.run();
}

function drop(upload, row, onGone) {
  if (row.contains(document.activeElement)) document.getElementById('choose').focus();
  uploads.delete(upload);
  row.remove();
  box.hidden = uploads.size === 0;
  onGone();
}

class Row {
  #speed = 0; // bytes a second, smoothed
  #mark = null; // where and when the speed was measured last
  #told = 0; // percent last spoken

  constructor(row, file) {
    this.row = row;
    this.file = file;
    this.progress = row.querySelector('progress');
    this.note = row.querySelector('.note');
    this.pause = row.querySelector('.pause');
    this.cancel = row.querySelector('.cancel');
    row.querySelector('.name').textContent = file.name;
    this.progress.setAttribute('aria-label', `Upload of ${file.name}`);
  }

  serve(upload, dismiss, onGone) {
    this.pause.onclick = () => this.#act(upload);
    this.cancel.onclick = () => {
      if (upload.state !== 'failed' && upload.state !== 'idle') return upload.cancel();
      dismiss();
      if (upload.asset && hopeless.includes(upload.error?.status)) call('DELETE', `v1/assets/${upload.asset}`).then(() => onGone(upload.asset), () => {}); // there is nothing in it
    };
    this.timer = setInterval(() => {
      if (!this.row.isConnected) return clearInterval(this.timer);
      if (upload.state === 'waiting') this.show(upload); // its countdown
    }, 1000);
  }

  #act(upload) {
    if (upload.state === 'sending') upload.pause();
    else if (upload.state === 'waiting') upload.hurry();
    else upload.run();
  }

  refuse(words) {
    this.row.dataset.state = 'failed';
    this.pause.hidden = this.progress.hidden = true;
    this.#say(words, words);
    this.cancel.textContent = 'Dismiss';
  }

  show(u) {
    this.row.dataset.state = u.state;
    this.progress.value = u.offset / this.file.size;
    this.pause.hidden = this.progress.hidden = hopeless.includes(u.error?.status);
    this.pause.textContent = { waiting: 'Try now', paused: 'Resume', failed: 'Try again' }[u.state] ?? 'Pause';
    this.cancel.textContent = u.state === 'failed' ? 'Dismiss' : 'Cancel';
    const done = `${Math.floor((100 * u.offset) / this.file.size)} %`;
    switch (u.state) {
      case 'sending': return this.#sending(u, done);
      case 'paused': return this.#say(`Paused at ${done}. What has arrived is kept.`, `${this.file.name} paused`);
      case 'waiting': return this.#waiting(u);
      case 'failed': return this.#say(u.error.message, `${this.file.name}: ${u.error.message}`);
      case 'done': return this.#say('Arrived.', `${this.file.name} has arrived`);
    }
  }

  #sending(u, done) {
    this.#measure(u.offset);
    const rest = (this.file.size - u.offset) / this.#speed;
    const pace = this.#speed > 0 ? [`${bytes(this.#speed)}/s`, left(rest)] : [];
    this.note.textContent = [done, `${bytes(u.offset)} of ${bytes(this.file.size)}`, ...pace].filter(Boolean).join(' · ');
    const quarter = Math.floor((4 * u.offset) / this.file.size) * 25;
    if (quarter > this.#told && quarter < 100) spoken.textContent = `${this.file.name}: ${quarter} percent`;
    this.#told = Math.max(this.#told, quarter);
  }

  #waiting(u) {
    this.#mark = null;
    const seconds = Math.max(1, Math.round((u.retryAt - Date.now()) / 1000));
    this.note.textContent = `${u.error.message} Goes on in ${seconds} s.`;
  }

  // Half of the speed is that of the last half second, so that it follows a
  // change and does not tremble.
  #measure(offset) {
    const now = performance.now();
    this.#mark ??= { offset, now };
    const span = (now - this.#mark.now) / 1000;
    if (span < 0.5) return;
    const speed = Math.max(0, offset - this.#mark.offset) / span;
    this.#speed = this.#speed ? (this.#speed + speed) / 2 : speed;
    this.#mark = { offset, now };
  }

  #say(shown, said) {
    this.#mark = null;
    this.note.textContent = shown;
    spoken.textContent = said;
  }
}
