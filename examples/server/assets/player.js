// The player: HLS by the browser itself, or by hls.js where that was brought.

import { at, playback } from './api.js';
import { arrival, cannotDecode, missing, refused, undecodable } from './trouble.js';
import { facts, title } from './words.js';

const root = document.documentElement;
const section = document.getElementById('player');
const video = document.getElementById('video');
const trouble = document.getElementById('trouble');
const choice = document.getElementById('engine');
const now = document.getElementById('engine-now');
const quality = document.getElementById('quality');

const kept = 'streamgate:engine';
const native = video.canPlayType('application/vnd.apple.mpegurl') !== '';
const apple = 'webkitSupportsPresentationMode' in video; // its HLS has subtitles, that of others has none
const script = root.dataset.hls; // where hls.js lies; "" when it was not brought
const other = script ? 'choose hls.js as player' : 'open the address in VLC';

let asset = null;
let hls = null;
let opened = 0; // counts openings, so that a late import finds out that it is late

choice.querySelector('[value=native]').disabled = !native;
choice.value = new URLSearchParams(location.search).get('engine') || localStorage.getItem(kept) || 'auto';
if (!choice.value || choice.selectedOptions[0].disabled) choice.value = 'auto';
choice.addEventListener('change', () => {
  localStorage.setItem(kept, choice.value);
  if (asset) load(video.currentTime, !video.paused);
});
document.getElementById('again').addEventListener('click', () => load(video.currentTime, true));
quality.addEventListener('change', () => hls && (hls.currentLevel = Number(quality.value)));
video.addEventListener('error', () => asset && !hls && video.error && complain(...refused(video.error, undecodable(asset), other)));
video.addEventListener('loadeddata', () => {
  if (hasSubtitles(asset) && !hls && !video.textTracks.length) now.textContent += ` It shows no subtitles; ${script ? '' : 'after make assets, '}hls.js does.`;
});

/** hasSubtitles: beside the file, or within it. */
function hasSubtitles(of) {
  return Boolean(of?.captions?.length || of?.tracks?.some((t) => t.kind === 'text'));
}

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
  video.poster = asset.poster ? at(asset.poster) : '';
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
  if (choice.value !== 'auto') return choice.value; // what cannot work is disabled
  if (script && hasSubtitles(asset) && !apple && 'MediaSource' in window) return 'hls.js';
  return native ? 'native' : script ? 'hls.js' : 'none';
}

async function load(position, playing) {
  unload();
  const mine = opened;
  const which = engine();
  video.dataset.engine = which;
  now.textContent = { native: 'Played by the browser itself.', 'hls.js': 'Played by hls.js.' }[which] ?? '';
  if (which === 'none') return complain(...missing);
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
  endBrief(hls, Hls.Events);
  hls.loadSource(playback(asset));
  hls.attachMedia(video);
  return true;
}

// endBrief says that a film is over whose sound is shorter than what Chromium collects
// before it shows anything: hls.js says so only once something is shown.
function endBrief(player, { FRAG_BUFFERED, BUFFER_EOS }) {
  const over = new Set();
  player.on(FRAG_BUFFERED, (_, { frag }) => {
    if (frag.endList) over.add(frag.type);
    if (video.duration < 0.25 && over.has('main') && over.has('audio')) player.trigger(BUFFER_EOS, {});
  });
}

function offerQualities(levels) {
  quality.replaceChildren(new Option('Automatic', -1), ...levels.map((l, i) => new Option(l.height ? `${l.height}p` : `${Math.round(l.bitrate / 1000)} kbit/s`, i)));
  document.getElementById('quality-knob').hidden = levels.length < 2;
}

let recovered = 0;

function fatal(Hls, data) {
  const decodable = hls.levels.length > 0; // hls.js drops the levels whose codecs the browser lacks
  if (data.type === Hls.ErrorTypes.MEDIA_ERROR && decodable && Date.now() - recovered > 5000) {
    recovered = Date.now();
    return hls.recoverMediaError();
  }
  if (data.type === Hls.ErrorTypes.NETWORK_ERROR) return complain(...arrival(data.response?.code));
  complain(...cannotDecode(undecodable(asset), `hls.js says: ${data.details}.`));
}

function complain(what, todo, hopeless = false) {
  trouble.querySelector('.lead').textContent = what;
  trouble.querySelector('.hint').textContent = todo;
  document.getElementById('again').hidden = hopeless;
  now.textContent = '';
  trouble.hidden = false;
}
