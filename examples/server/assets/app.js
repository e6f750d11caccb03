// The page: what is dropped is uploaded, what is ready plays.

import { at, call, playback, Problem } from './api.js';
import { copy } from './clipboard.js';
import { confirmed } from './confirm.js';
import { listen } from './keys.js';
import { Library } from './library.js';
import { follow } from './live.js';
import * as player from './player.js';
import { askKey, signOut } from './session.js';
import * as transcodes from './transcodes.js';
import * as uploads from './uploads.js';
import { title } from './words.js';

const $ = (id) => document.getElementById(id);
const wanted = new Set(); // assets uploaded here, to be opened once they play

const library = new Library({
  open: (asset) => show(asset, true),
  copy: share,
  remove,
  stop,
  retry,
  changed,
  trouble,
  busy: () => uploads.uploads.size > 0,
}, (id) => [...uploads.uploads].some((u) => u.asset === id));

function show(asset, byHand) {
  player.open(asset);
  library.mark(asset.id);
  if (location.hash.slice(1) !== asset.id) history.pushState(null, '', `#${asset.id}`);
  if (!byHand) return;
  $('player').scrollIntoView({ block: 'start' });
  $('video').focus({ preventScroll: true });
  $('video').play().catch(() => {});
}

function close() {
  const id = player.current()?.id;
  player.close();
  library.mark('');
  if (location.hash) history.pushState(null, '', location.pathname + location.search);
  (document.querySelector(`[data-id="${id}"] .open`) ?? $('choose')).focus();
}

// An asset has changed. One that was uploaded here opens as soon as it plays,
// unless there is something else to watch or to wait for.
function changed(asset) {
  transcodes.look(asset);
  if (player.current()?.id === asset.id && asset.playable) player.open(asset);
  if (!wanted.has(asset.id) || asset.state === 'uploading' || !(asset.playable || asset.state === 'failed')) return; // it may play before it is all there
  wanted.delete(asset.id);
  if (asset.state === 'failed') return toast(`${title(asset)} cannot be played.`);
  if (!player.current() && uploads.uploads.size === 0) show(asset, false);
  toast(`${title(asset)} is ready.`);
}

async function share(asset) {
  const needs = document.documentElement.dataset.sole === 'true' ? ' Players elsewhere need the API key, or a server started with -public-play.' : '';
  toast((await copy(playback(asset)) ? 'Address copied.' : `Copy it by hand: ${playback(asset)}`) + needs);
}

async function remove(asset) {
  if (!(await confirmed('Delete this video?', `“${title(asset)}” and all that belongs to it will be gone for good.`, 'Keep it', 'Delete'))) return;
  try {
    await call('DELETE', `v1/assets/${asset.id}`);
  } catch (err) {
    if (!(err instanceof Problem)) throw err;
    if (err.status !== 404 && err.status !== 410) return toast(`Not deleted. ${err.message}`);
  }
  if (player.current()?.id === asset.id) close();
  library.bury(asset.id);
  toast(`“${title(asset)}” is deleted.`);
}

async function stop(asset) {
  const text = asset.state === 'ready' ? 'It goes on to play as it does now.' : `“${title(asset)}” will not play until it is tried again, from the beginning.`;
  if (!(await confirmed('Cancel the transcoding?', text, 'Go on', 'Cancel it'))) return;
  await tried(transcodes.cancel(asset.id), 'Not cancelled.');
}

async function retry(asset) {
  await tried(transcodes.retry(asset.id), 'Not begun.');
}

// tried says why something that was asked for is not done, and looks at the list again.
async function tried(request, otherwise) {
  try {
    await request;
  } catch (err) {
    if (!(err instanceof Problem)) throw err;
    toast(`${otherwise} ${err.message}`);
  }
}

let again = 0;

function trouble(err) {
  clearTimeout(again);
  if (err?.away) again = setTimeout(() => library.load(), 2000); // the event stream need not have noticed
  if (err?.status === 401) return askKey();
  $('sign-out').hidden = document.documentElement.dataset.locked !== 'true';
  $('banner').hidden = !err;
  $('banner').textContent = err?.away ? 'The server does not answer. The page goes on by itself as soon as it is back.' : err?.message ?? '';
}

let fading = 0;

function toast(words) {
  $('toast').textContent = words;
  $('toast').dataset.shown = '';
  clearTimeout(fading);
  fading = setTimeout(() => delete $('toast').dataset.shown, 5000);
}

function take(files) {
  uploads.start([...files], (upload) => {
    wanted.add(upload.asset);
    queueMicrotask(() => library.refresh(upload.asset));
  }, (deleted) => (deleted ? library.bury(deleted) : library.arrange()));
  library.arrange();
}

function acceptFiles() {
  $('choose').onclick = () => $('files').click();
  $('files').onchange = () => {
    take($('files').files);
    $('files').value = ''; // so that the same file may be chosen again
  };
  let depth = 0; // dragenter and dragleave also come from what lies inside
  const over = (by) => $('drop').toggleAttribute('data-over', (depth = Math.max(0, depth + by)) > 0);
  const carriesFiles = (e) => e.dataTransfer?.types.includes('Files');
  window.addEventListener('dragenter', (e) => carriesFiles(e) && over(1));
  window.addEventListener('dragleave', (e) => carriesFiles(e) && over(-1));
  window.addEventListener('dragover', (e) => carriesFiles(e) && e.preventDefault());
  window.addEventListener('drop', (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    over(-depth);
    take(e.dataTransfer.files);
  });
  window.addEventListener('online', () => {
    uploads.hurry();
    library.load();
  });
  window.addEventListener('beforeunload', (e) => uploads.busy() && e.preventDefault());
}

const due = new Map(); // asset → timer: events come in bursts, one look is enough

function onEvent(event) {
  const { type, asset } = event;
  if (!asset) return;
  transcodes.hear(event);
  if (type === 'transcode.progress') return;
  if (type === 'asset.deleted') {
    clearTimeout(due.get(asset));
    due.delete(asset);
    library.bury(asset);
  } else if (!due.has(asset)) {
    due.set(asset, setTimeout(() => {
      due.delete(asset);
      library.refresh(asset);
    }, 60));
  }
}

// The address names the video, so that a reload, Back and a bookmark find it.
async function followAddress() {
  const id = location.hash.slice(1);
  if (!id) return player.current() && close();
  if (!/^[a-z2-7]{26}$/.test(id) || player.current()?.id === id) return;
  try {
    const asset = library.get(id) ?? (await call('GET', `v1/assets/${id}`));
    if (asset.playable) show(asset, false);
  } catch (err) {
    if (err.status === 404 || err.status === 410) toast('The video of this address is not there.');
  }
}

function showTerminal() {
  const key = document.documentElement.dataset.locked === 'true' ? ' -H "Authorization: Bearer $STREAMGATE_API_KEY"' : '';
  $('curl').textContent = `curl${key} --data-binary @clip.mp4 '${at('v1/uploads?filename=clip.mp4')}'\ncurl${key} -F file=@clip.mp4 ${at('v1/uploads')}`;
  $('endpoint').textContent = at('v1/uploads');
}

const pulses = { live: 'Live', polling: 'Reconnecting…' };

async function start() {
  await library.load();
  if (!$('sign-in').hidden) return; // signing in loads the page again
  followAddress();
  follow({
    onEvent,
    onGap: () => {
      library.load();
      transcodes.load();
    },
    onState: (state) => {
      $('pulse').dataset.live = state;
      $('pulse').textContent = pulses[state];
      if (state === 'live') uploads.hurry();
    },
  });
}

transcodes.follow((id) => library.redraw(id));
$('player-close').onclick = close;
$('player-copy').onclick = () => share(player.current());
$('sign-out').onclick = signOut;
window.addEventListener('popstate', followAddress);
listen(() => player.current() !== null, close);
acceptFiles();
showTerminal();
start();
