// What is known of transcodes: the newest of each asset, as the server tells it, and
// as events carry it on.

import { call, Problem } from './api.js';

const on = document.documentElement.dataset.transcode === 'true';
const known = new Map(); // asset → transcode
const asked = new Set(); // failed assets whose transcode was asked for
const ends = { 'transcode.done': 'done', 'transcode.failed': 'failed', 'transcode.canceled': 'canceled' };
let changed = () => {};

/** follow has fn(asset id) called whenever the transcode of an asset has changed. */
export function follow(fn) {
  changed = fn;
}

/** of is the newest transcode of an asset, or undefined. */
export function of(asset) {
  return known.get(asset);
}

/** working says whether a transcode goes on. */
export function working(transcode) {
  return transcode?.state === 'waiting' || transcode?.state === 'running';
}

/** load asks for those of the last day. */
export async function load() {
  const page = on && (await ask('v1/transcodes', { limit: '100' }));
  const seen = new Set();
  for (const transcode of page?.transcodes ?? []) {
    if (seen.has(transcode.asset)) continue; // the newest comes first
    seen.add(transcode.asset);
    put(transcode);
  }
}

/** look asks for the transcode of an asset that waits, or has failed, where it is not known. */
export function look(asset) {
  if (!on || known.has(asset.id)) return;
  if (!asset.waiting && (asset.state !== 'failed' || asked.has(asset.id))) return;
  asked.add(asset.id);
  refresh(asset.id);
}

/** hear takes an event. */
export function hear({ type, asset, data }) {
  if (!on) return;
  const now = known.get(asset);
  if (!type.startsWith('transcode.')) {
    if (working(now)) soon(asset); // a rung may have joined
    return;
  }
  if (type === 'transcode.progress' && now?.id === data.transcode && now.state === 'running') {
    const { percent, speed, seconds_left, rungs, reason = '' } = data;
    const before = new Map(now.rungs.map((r) => [r.name, r]));
    return put({ ...now, reason, percent, speed, seconds_left, rungs: (rungs ?? []).map((r) => ({ ...before.get(r.name), ...r })) });
  }
  if (type === 'transcode.progress' && ['done', 'failed', 'canceled'].includes(now?.state) && now.id === data.transcode) return; // it comes late
  if (now && ends[type] && now.id === data.transcode) put({ ...now, state: ends[type], error: data.error ?? '' });
  soon(asset);
}

const due = new Map(); // asset → timer: several things happen at once

function soon(asset) {
  if (!due.has(asset)) due.set(asset, setTimeout(() => {
    due.delete(asset);
    refresh(asset);
  }, 150));
}

async function refresh(asset) {
  const page = await ask('v1/transcodes', { asset, limit: '1' });
  if (page?.transcodes[0]) put(page.transcodes[0]);
}

/** cancel ends the transcode of an asset; it throws a Problem. */
export async function cancel(asset) {
  await call('DELETE', `v1/transcodes/${known.get(asset).id}`);
  await refresh(asset);
}

/** retry has an asset transcoded again, as it was to be; it throws a Problem. */
export async function retry(asset) {
  put(await call('POST', 'v1/transcodes', { body: { asset, profile: known.get(asset).profile } }));
}

// ask is for what is nice to know: the next event asks again.
async function ask(path, query) {
  try {
    return await call('GET', path, { query });
  } catch (err) {
    if (!(err instanceof Problem)) throw err;
    return null;
  }
}

function put(transcode) {
  known.set(transcode.asset, transcode);
  changed(transcode.asset);
}
