// Shaka Player on a page of its own, for the tests of the reference server. It is
// bundled by esbuild.
import shaka from "shaka-player/dist/shaka-player.dash.js";

const video = document.querySelector("video");

window.seen = { errors: [], segments: [], licenses: 0 };

// play plays; drm is what Shaka is told of where keys are.
window.play = async (manifest, drm = null) => {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  player.addEventListener("error", (e) => seen.errors.push(`${e.detail.code}: ${e.detail.message}`));
  player.getNetworkingEngine().registerRequestFilter((type, request) => {
    if (type === shaka.net.NetworkingEngine.RequestType.SEGMENT) seen.segments.push(request.uris[0]);
    if (type === shaka.net.NetworkingEngine.RequestType.LICENSE) seen.licenses++;
  });
  if (drm) player.configure({ drm });
  window.player = player;
  await player.load(manifest);
  await video.play();
};

// gaps are how long, in seconds, what is loaded is interrupted.
window.gaps = () => {
  const found = [];
  for (const ranges of Object.values(player.getBufferedInfo())) {
    if (!Array.isArray(ranges)) continue;
    for (let i = 1; i < ranges.length; i++) found.push(ranges[i].start - ranges[i - 1].end);
  }
  return found;
};
