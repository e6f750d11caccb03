// hls.js on a page of its own, for the tests of the reference server. It is
// bundled by esbuild.
import Hls from "hls.js";

const video = document.querySelector("video");

window.seen = { errors: [], segments: [], levels: [], keys: 0, stalls: 0, first: -1 };

// play plays; with alternate it loads each segment from the next level, and with a
// license, the address of one, it plays by EME.
window.play = async (master, alternate = false, license = null) => {
  const drm = license ? { emeEnabled: true, drmSystems: { "org.w3.clearkey": { licenseUrl: license } } } : {};
  const hls = new Hls({ maxBufferLength: 60, ...drm });
  hls.on(Hls.Events.ERROR, (_, e) => {
    // It counts from the first decode time: what is reordered shows a frame later, and it steps over that.
    if (e.details === "bufferSeekOverHole" && video.currentTime < 0.2) return;
    if (e.fatal || e.details !== "bufferStalledError") seen.errors.push(`${e.details}: ${e.reason || e.error?.message}`);
    else seen.stalls++;
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => {
    seen.segments.push(frag.url);
    if (alternate && frag.type === "main" && Number.isFinite(frag.sn)) hls.nextLoadLevel = (frag.level + 1) % hls.levels.length;
  });
  hls.on(Hls.Events.KEY_LOADED, () => seen.keys++);
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => seen.levels.push(level));
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { firstLevel }) => { seen.first = firstLevel; });
  window.hls = hls;
  hls.attachMedia(video);
  hls.loadSource(master);
  await new Promise((resolve) => hls.once(Hls.Events.MANIFEST_PARSED, resolve));
  await video.play();
};

// heights are those of the levels, in the order of hls.js.
window.heights = () => hls.levels.map((l) => l.height);

// gaps are how long, in seconds, what is loaded is interrupted.
window.gaps = () => {
  const found = [];
  for (let i = 1; i < video.buffered.length; i++) found.push(video.buffered.start(i) - video.buffered.end(i - 1));
  return found;
};
