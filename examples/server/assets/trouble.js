// Why a video does not play and what to do about it, in a sentence each, and
// whether trying again is hopeless.

import { codec } from './words.js';

const probe = document.createElement('video');

/** undecodable names the codecs of an asset that this browser cannot decode. */
export function undecodable(asset) {
  const names = (asset.tracks ?? [])
    .filter((t) => t.codec && /^(video|audio)$/.test(t.kind) && !decodes(`${t.kind}/mp4; codecs="${t.codec}"`))
    .map((t) => (codec(t.codec) === t.codec ? t.codec : `${codec(t.codec)} (${t.codec})`));
  return [...new Set(names)];
}

function decodes(type) {
  return probe.canPlayType(type) !== '' || Boolean(window.MediaSource?.isTypeSupported(type));
}

/** cannotDecode says so of codecs; said is what there is to add when no codec is known to be missing. */
export function cannotDecode(codecs, said) {
  if (codecs.length === 0) return ['The video cannot be decoded.', said];
  return [`This browser cannot decode ${codecs.join(' or ')}.`, 'Open the address in VLC or in another browser. H.264 with AAC plays everywhere.', true];
}

/** arrival is for what does not arrive: code is the HTTP status, 0 or undefined without one. */
export function arrival(code) {
  if (code === 404 || code === 410) return ['This video is not there any more.', 'Somebody deleted it.'];
  return ['The video does not arrive.', 'The server is away or the network is down. Try again in a moment.'];
}

/** refused is for the MediaError of a video element; other is another player to try. */
export function refused(error, codecs, other) {
  if (error.code === MediaError.MEDIA_ERR_NETWORK) return arrival(0);
  if (error.code === MediaError.MEDIA_ERR_DECODE || codecs.length > 0) return cannotDecode(codecs, `Another player may help: ${other}.`);
  return ['The browser could not open this video.', `Either the server is away, or the browser cannot play what it sends. Try again, or ${other}.`];
}

/** missing is for a browser without HLS, on a page without hls.js. */
export const missing = [
  'This browser does not play HLS by itself, and hls.js is not here.',
  'Run make assets where the server was started (it needs npm), and start the server again. Or open the address in Chrome, Edge, Safari or VLC.',
  true,
];
