// The player: HLS by the browser itself, or by hls.js where that was brought.

import { playback } from './api.js';
import { facts, title } from './words.js';

const root = document.documentElement;
const section = document.getElementById('player');
const video = document.getElementById('video');
const trouble = document.getElementById('trouble');
const choice = document.getElementById('engine');
const quality = document.getElementById('quality');

const kept = 'streamgate:engine';
const native = video.canPlayType('application/vnd.apple.mpegurl') !== '';
const script = root.dataset.hls; // where hls.js lies; "" when it was not brought

let asset = null;
let hls = null;
let opened = 0; // counts openings, so that a late import finds out that it is late

choice.value = new URLSearchParams(location.search).get('engine') || localStorage.getItem(kept) || 'auto';
if (!choice.value) choice.value = 'auto';
choice.addEventListener('change', () => {
  localStorage.setItem(kept, choice.value);
  if (asset) load(video.currentTime, !video.paused);
});
document.getElementById('again').addEventListener('click', () => load(video.currentTime, true));
quality.addEventListener('change', () => hls && (hls.currentLevel = Number(quality.value)));
video.addEventListener('error', () => !hls && video.error && complain(...mediaError(video.error)));

/** current is the asset in the player, or null. */
export function current() {
  return asset;
}

/** open shows an asset, ready to play. */
export function open(next) {
  const same = asset?.id === next.id && asset.playback === next.playback;
  asset = next;
  document.getElementById('player-title').textContent = title(asset);
  document.getElementById('player-facts').textContent = facts(asset);
  section.hidden = false;
  section.dataset.kind = asset.tracks?.length && !asset.tracks.some((t) => t.kind === 'video') ? 'audio' : 'video';
  root.toggleAttribute('data-playing', true);
  if (!same) load(0, false);
}

/** close stops and hides. */
export function close() {
  asset = null;
  unload();
  section.hidden = true;
  root.toggleAttribute('data-playing', false);
}

function unload() {
  opened++;
  hls?.destroy();
  hls = null;
  video.removeAttribute('src');
  video.load();
  trouble.hidden = true;
  document.getElementById('quality-knob').hidden = true;
}

function engine() {
  if (choice.value === 'native') return native ? 'native' : 'none';
  if (choice.value === 'hls.js') return script ? 'hls.js' : 'none';
  return native ? 'native' : script ? 'hls.js' : 'none';
}

async function load(position, playing) {
  unload();
  const mine = opened;
  const which = engine();
  video.dataset.engine = which;
  document.getElementById('engine-now').textContent = { native: 'Played by the browser itself.', 'hls.js': 'Played by hls.js.' }[which] ?? '';
  if (which === 'none') return complain(...missing());
  if (which === 'native') video.src = playback(asset);
  else if (!(await loadHLS(mine))) return;
  if (position > 0) video.addEventListener('loadedmetadata', () => (video.currentTime = position), { once: true });
  if (playing) video.play().catch(() => {}); // a browser may want a gesture first: the button is there
}

async function loadHLS(mine) {
  let Hls;
  try {
    ({ default: Hls } = await import(new URL(script, document.baseURI)));
  } catch {
    if (mine === opened) complain('hls.js did not load.', 'Reload the page; if that does not help, run make assets and restart the server.');
    return false;
  }
  if (mine !== opened) return false;
  if (!Hls.isSupported()) {
    complain('This browser has no Media Source Extensions, which hls.js needs.', 'Choose “The browser itself” as player, or another browser.');
    return false;
  }
  hls = new Hls({ enableWorker: false }); // CMAF needs no transmuxing, so a worker has nothing to do
  hls.on(Hls.Events.MANIFEST_PARSED, () => offerQualities(hls.levels));
  hls.on(Hls.Events.ERROR, (_, data) => data.fatal && fatal(Hls, data));
  hls.loadSource(playback(asset));
  hls.attachMedia(video);
  return true;
}

function offerQualities(levels) {
  quality.replaceChildren(new Option('Automatic', -1), ...levels.map((l, i) => new Option(l.height ? `${l.height}p` : `${Math.round(l.bitrate / 1000)} kbit/s`, i)));
  document.getElementById('quality-knob').hidden = levels.length < 2;
}

let recovered = 0;

function fatal(Hls, data) {
  if (data.type === Hls.ErrorTypes.MEDIA_ERROR && Date.now() - recovered > 5000) {
    recovered = Date.now();
    return hls.recoverMediaError();
  }
  if (data.type === Hls.ErrorTypes.NETWORK_ERROR) return complain(...networkError(data.response?.code));
  complain('The video cannot be decoded.', `hls.js says: ${data.details}.`);
}

function networkError(code) {
  if (code === 404 || code === 410) return ['This video is not there any more.', 'Somebody deleted it.'];
  return ['The video does not arrive.', 'The server is away or the network is down. Try again in a moment.'];
}

function mediaError(error) {
  switch (error.code) {
    case MediaError.MEDIA_ERR_NETWORK: return networkError(0);
    case MediaError.MEDIA_ERR_DECODE: return ['The video cannot be decoded.', 'Another player may help: choose hls.js, or open the address in VLC.'];
  }
  return ['The browser could not open this video.', 'Either the server is away, or the browser lacks a codec that the video uses. Try again, or choose hls.js as player.'];
}

function missing() {
  if (choice.value === 'native') return ['This browser does not play HLS by itself.', 'Choose “Automatic” as player, or open the address in Chrome, Edge, Safari or VLC.'];
  const get = 'Run make assets where the server was started (it needs npm), and start the server again.';
  if (choice.value === 'hls.js') return ['hls.js is not here.', get];
  return ['This browser does not play HLS by itself, and hls.js is not here.', `${get} Or open the address in Chrome, Edge, Safari or VLC.`];
}

function complain(what, todo) {
  trouble.querySelector('.lead').textContent = what;
  trouble.querySelector('.hint').textContent = todo;
  document.getElementById('again').hidden = video.dataset.engine === 'none';
  trouble.hidden = false;
}
