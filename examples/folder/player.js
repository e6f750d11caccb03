// Says why a video shows nothing, where the browser itself does not.

const video = document.querySelector('video');
const trouble = document.getElementById('trouble');

async function explain() {
  const answer = await fetch(video.src).catch(() => null);
  const text = (await answer?.text().catch(() => '')) ?? '';
  trouble.textContent = answer?.ok ? undecodable(text) : `It does not play: ${detail(text)}.`;
  trouble.hidden = false;
  video.hidden = true;
}

function detail(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return 'the server does not answer';
  }
}

// What is in a master playlist stands in its CODECS attributes (RFC 8216 §4.3.4.2).
function undecodable(playlist) {
  const codecs = new Set([...playlist.matchAll(/CODECS="([^"]+)"/g)].flatMap((m) => m[1].split(',')));
  const lacking = [...codecs].filter((codec) => video.canPlayType(`video/mp4; codecs="${codec}"`) === '');
  const what = lacking.length > 0 ? `decode ${lacking.join(' or ')}` : 'play this video';
  return `This browser cannot ${what}. Open the address below in VLC or in another browser.`;
}

video?.addEventListener('error', explain);
if (video?.error) explain(); // it failed before this script ran
