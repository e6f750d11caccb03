// The list of videos: rows that stay where they are while their state changes,
// a search, and pages.

import { at, call, Problem, sentence } from './api.js';
import { of, working } from './transcodes.js';
import { facts, title } from './words.js';
import { draw } from './work.js';

const section = document.getElementById('library');
const list = document.getElementById('assets');
const empty = document.getElementById('empty');
const more = document.getElementById('more');
const search = document.getElementById('search');
const template = document.getElementById('asset-row');

const known = new Map(); // id → { asset, row }, in the order shown
const gone = new Set(); // ids of deleted assets, which an answer that was under way may still name
let next = '';
let turn = 0; // of the last load, so that an older answer never wins

/** Library shows assets and tells of what is done to them. */
export class Library {
  /** on has open(asset), copy(asset, button), remove(asset), stop(asset), retry(asset), changed(asset), trouble(problem) and busy(), whether there are uploads. here(id) says whether one of them makes the asset. */
  constructor(on, here) {
    this.on = on;
    this.here = here;
    let pause = 0;
    search.addEventListener('input', () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.load(), 200);
    });
    more.addEventListener('click', () => this.load(next));
  }

  get(id) {
    return known.get(id)?.asset;
  }

  /** load fetches the first page, or the one behind a cursor; keep leaves alone what is not on it. */
  async load(cursor = '', keep = cursor !== '') {
    const mine = ++turn;
    try {
      const page = await call('GET', 'v1/assets', { query: { q: search.value.trim(), cursor, limit: '50' } });
      if (mine === turn) this.#fill(page, cursor, keep);
    } catch (err) {
      if (mine === turn) this.#trouble(err);
    }
  }

  /** refresh fetches one asset again. */
  async refresh(id) {
    if (!known.has(id)) return this.load('', true);
    try {
      const asset = await call('GET', `v1/assets/${id}`);
      if (!gone.has(id)) this.#put(asset);
    } catch (err) {
      if (err.status === 404 || err.status === 410) this.bury(id);
      else this.#trouble(err);
    }
    this.arrange();
  }

  /** bury is for an asset that is deleted: its id never comes back, so neither does its row. */
  bury(id) {
    gone.add(id);
    this.#forget(id);
  }

  /** redraw shows an asset of which something else has changed: its transcode. */
  redraw(id) {
    if (known.has(id)) this.#draw(known.get(id));
  }

  #forget(id) {
    const entry = known.get(id);
    if (!entry) return;
    const neighbour = entry.row.nextElementSibling ?? entry.row.previousElementSibling;
    const focused = entry.row.contains(document.activeElement);
    entry.row.remove();
    known.delete(id);
    if (focused) (neighbour?.querySelector('.open') ?? search).focus();
    this.arrange();
  }

  mark(id) {
    for (const [key, { row }] of known) {
      if (key === id) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
  }

  /** arrange hides what this page shows as an upload, and says when nothing is left. */
  arrange() {
    const asked = search.value.trim();
    let shown = 0;
    for (const [id, { row }] of known) {
      row.hidden = this.here(id);
      if (!row.hidden) shown++;
    }
    empty.hidden = shown > 0;
    section.hidden = shown === 0 && !asked && this.on.busy(); // the uploads are all there is to see
    empty.querySelector('.lead').textContent = asked ? `Nothing found for “${asked}”` : 'No videos yet';
    empty.querySelector('.hint').textContent = asked
      ? 'All words must occur in title, description or tags.'
      : 'What you upload appears here and plays a moment later.';
    search.hidden = known.size === 0 && !asked;
    document.documentElement.toggleAttribute('data-empty', known.size === 0 && !asked && !this.on.busy());
  }

  #fill(page, cursor, keep) {
    const assets = (page.assets ?? []).filter((a) => !gone.has(a.id));
    if (!keep) {
      const ids = new Set(assets.map((a) => a.id));
      for (const id of [...known.keys()]) if (!ids.has(id)) this.#forget(id);
    }
    let after = cursor ? list.lastElementChild : null;
    for (const asset of assets) {
      const row = this.#put(asset);
      const place = after ? after.nextElementSibling : list.firstElementChild;
      if (place !== row) list.insertBefore(row, place); // moving a row that has the focus would take it away
      after = row;
    }
    if (cursor || known.size <= assets.length) next = page.next ?? '';
    more.hidden = !next;
    this.arrange();
    this.on.trouble(null);
  }

  #trouble(err) {
    if (!(err instanceof Problem)) throw err;
    this.on.trouble(err);
  }

  #put(asset) {
    let entry = known.get(asset.id);
    if (!entry) known.set(asset.id, (entry = { row: this.#row(asset.id) }));
    entry.asset = asset;
    this.#draw(entry);
    this.on.changed(asset);
    return entry.row;
  }

  #row(id) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.id = id;
    row.querySelector('.open').onclick = () => this.on.open(this.get(id));
    row.querySelector('.copy').onclick = () => this.on.copy(this.get(id));
    row.querySelector('.remove').onclick = () => this.on.remove(this.get(id));
    row.querySelector('.stop').onclick = () => this.on.stop(this.get(id));
    row.querySelector('.retry').onclick = () => this.on.retry(this.get(id));
    row.querySelector('img').onerror = (e) => (e.target.hidden = true);
    return row;
  }

  #draw({ row, asset }) {
    const name = title(asset);
    row.dataset.state = asset.state;
    row.querySelector('.open').textContent = name;
    row.querySelector('.open').disabled = !asset.playable;
    row.querySelector('.copy').hidden = !asset.playable;
    row.querySelector('.copy').setAttribute('aria-label', `Copy the playback address of ${name}`);
    row.querySelector('.remove').setAttribute('aria-label', `Delete ${name}`);
    row.querySelector('.note').textContent = note(asset);
    row.querySelector('.note').title = asset.state === 'failed' ? note(asset) : ''; // the row has two lines for it
    row.querySelector('.state').textContent = pill(asset, of(asset.id));
    row.querySelector('.stop').setAttribute('aria-label', `Cancel the transcoding of ${name}`);
    row.querySelector('.retry').setAttribute('aria-label', `Try again to transcode ${name}`);
    drawPoster(row.querySelector('img'), asset.poster);
    draw(row.querySelector('.work'), of(asset.id), asset);
  }
}

function pill(asset, transcode) {
  if (asset.state === 'processing' && working(transcode)) return transcode.state === 'waiting' ? 'Waiting' : asset.playable ? 'Plays already' : 'Transcoding';
  return { uploading: 'Uploading', processing: 'Processing' }[asset.state] ?? '';
}

function drawPoster(image, poster) {
  const address = poster ? at(poster) : '';
  if (image.dataset.of === address) return;
  image.dataset.of = address;
  image.hidden = !address;
  if (address) image.src = address;
  else image.removeAttribute('src');
}

function note(asset) {
  switch (asset.state) {
    case 'failed': return sentence(asset.error || 'it cannot be played');
    case 'processing': return asset.reason ? sentence(asset.reason) : (asset.waiting ? `Waits for the ${asset.waiting}.` : 'Being looked at…');
    case 'uploading': return 'Not all of it has arrived. To go on, choose the same file again in the browser that sent it.';
  }
  return facts(asset);
}
