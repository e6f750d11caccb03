// Numbers, times and states in words.

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** bytes(1536000) is "1.5 MB". */
export function bytes(n) {
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 || n >= 99.5 ? Math.round(n) : Number(n.toPrecision(2))} ${units[unit]}`;
}

/** clock(3725) is "1:02:05". */
export function clock(seconds) {
  const s = Math.round(seconds);
  const two = (n) => String(n).padStart(2, '0');
  const head = s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}` : `${Math.floor(s / 60)}`;
  return `${head}:${two(s % 60)}`;
}

/** left(95) is "2 min left". */
export function left(seconds) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 1.5) return 'a moment left';
  if (seconds < 60) return `${Math.round(seconds)} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

/** pace(3.14) is "3.1 times as fast as it plays". */
export function pace(speed) {
  if (speed >= 0.95 && speed < 1.05) return 'as fast as it plays';
  return `${speed >= 9.95 ? Math.round(speed) : speed.toFixed(1)} times as fast as it plays`;
}

const time = new Intl.DateTimeFormat('en', { timeStyle: 'short' });
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });

/** when says the time for today and the date for any other day. */
export function when(iso) {
  const t = new Date(iso);
  if (Number.isNaN(t.getTime())) return '';
  return t.toDateString() === new Date().toDateString() ? `today ${time.format(t)}` : day.format(t);
}

const codecs = [
  [/^avc[13]/, 'H.264'], [/^(hvc1|hev1|dvh[1e])/, 'HEVC'], [/^av01/, 'AV1'], [/^vp09/, 'VP9'],
  [/^mp4a\.(40\.34|6b|69)/i, 'MP3'], [/^mp4a/, 'AAC'], [/^ac-3/, 'AC-3'], [/^ec-3/, 'E-AC-3'],
  [/^opus/i, 'Opus'], [/^flac/i, 'FLAC'],
];

/** codec is what people call a codec, or its name as it is. */
export function codec(name) {
  return codecs.find(([pattern]) => pattern.test(name))?.[1] ?? name;
}

/** facts is what there is to know of an asset, in one line. */
export function facts(asset) {
  const pictures = [...(asset.tracks ?? []).filter((t) => t.kind === 'video'), ...(asset.renditions ?? []).filter((r) => r.state !== 'failed' && r.width > 0)];
  const video = pictures.sort((a, b) => b.height - a.height)[0];
  const names = new Set((asset.tracks ?? []).filter((t) => t.codec && /video|audio/.test(t.kind)).map((t) => codec(t.codec)));
  return [
    asset.duration > 0 && clock(asset.duration),
    video?.width > 0 && `${video.width} × ${video.height}`,
    [...names].join(', '),
    asset.size > 0 && bytes(asset.size),
    asset.created_at && when(asset.created_at),
  ].filter(Boolean).join(' · ');
}

/** title is what an asset is called, whatever it has. */
export function title(asset) {
  return asset.title || asset.filename || 'Untitled';
}
